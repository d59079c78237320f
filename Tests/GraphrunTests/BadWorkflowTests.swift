import Foundation
import Testing

/// Runs a workflow that must be refused, and says what was told.
private func refusal(of workflow: String, named name: String = "w.json") async throws -> String {
    let workplace = try Workplace()
    try workplace.write(name, workflow)
    let result = try await workplace.graphrun(name)
    #expect(result.code == 2 && result.output.isEmpty)
    #expect(workplace.outputs.isEmpty)
    let check = try await workplace.graphrun("check", name)
    #expect(check.code == 2 && check.output.isEmpty && check.errors == result.errors)
    return result.errors
}

@Suite("A file that is no workflow", .timeLimit(.minutes(1)))
struct UnreadableWorkflowTests {
    @Test(
        "is refused with place and reason",
        arguments: [
            (
                "hello there", "not valid JSON: line 1, column 1: expected a value but found 'hello'",
                "Check the file: it holds text, not JSON."
            ),
            (
                "", "not valid JSON: line 1, column 1: expected a value but found the end of the file",
                "Check the file: it is empty."
            ),
            (
                " \n", "not valid JSON: line 2, column 1: expected a value but found the end of the file",
                "Check the file: it is empty."
            ),
            (
                String(Samples.small.prefix(60)),
                #"not valid JSON: line 1, column 61: expected '"' at the end of the string but found the end of the file"#,
                "Copy the file again: it seems cut off."
            ),
            (
                String(repeating: "[", count: 200) + String(repeating: "]", count: 200),
                "not valid JSON: line 1, column 129: lists and objects are nested more than 128 deep",
                "Correct the file there, or export the workflow again."
            ),
            (
                Samples.workflow(#""width": NaN"#),
                "not valid JSON: line 1, column 56: expected a value but found 'NaN'", "Use a number: JSON has no NaN."
            ),
            (
                Samples.workflow(#""width": True"#),
                "not valid JSON: line 1, column 56: expected a value but found 'True'", "Write true, as JSON spells it."
            ),
            (
                #"{"nodes": [{"id": "a", "type": "SaveImage", "inputs": {"images": ddcolor_node.output}}]}"#,
                "not valid JSON: line 1, column 66: expected a value but found 'ddcolor_node.output'",
                #"Put it in double quotes: "ddcolor_node.output"."#
            ),
            (
                "[]", "a workflow is a JSON object, but this is a list",
                "Export the workflow with 'Workflow > Export (API)' in ComfyUI."
            ),
            (
                #"{"name": "x"}"#, #"this JSON is no workflow: none of its entries has a "class_type""#,
                "Export the workflow with 'Workflow > Export (API)' in ComfyUI."
            ),
            (
                #"{"prompt": [1]}"#, #""prompt" must hold the nodes, but it is a list"#,
                #"Write {"prompt": {"1": {"class_type": ...}}}."#
            ),
            (
                #"{"last_node_id": 2, "nodes": [{"type": "LoadImage", "pos": [0, 0]}], "links": []}"#,
                "node number 1 of the list has no \"id\"", "Save the workflow again in ComfyUI."
            ),
            (
                "{}", "the workflow has no output node, so there is nothing to do",
                "Add a node that shows or keeps a result, such as SaveImage or PreviewAny."
            ),
        ])
    func form(_ text: String, _ message: String, _ suggestion: String) async throws {
        let told = try await refusal(of: text)
        #expect(told == "error: w.json: \(message)\n  \(suggestion)\n")
    }

    @Test("is refused by its size before it is read")
    func large() async throws {
        let workplace = try Workplace()
        try workplace.write("big.json", "")
        // 70 MB that take no room on the disk.
        let file = try FileHandle(forWritingTo: workplace.url("big.json"))
        try file.truncate(atOffset: 70_000_000)
        let result = try await workplace.graphrun("big.json")
        #expect(result.code == 2 && result.output.isEmpty)
        #expect(
            result.errors == """
                graphrun: big.json: the file has 70000000 bytes; the limit is 67108864
                  Split the workflow into smaller ones.

                """)
    }

    @Test("may not even be a file")
    func noFile() async throws {
        let workplace = try Workplace()
        let missing = try await workplace.graphrun("none.json")
        #expect(missing.code == 2 && missing.output.isEmpty)
        #expect(
            missing.errors == """
                graphrun: none.json: there is no such file
                  Check the name; examples are in workflows/.

                """)
        let folder = try await workplace.graphrun("input")
        #expect(folder.code == 2 && folder.output.isEmpty)
        #expect(
            folder.errors == """
                graphrun: input: this is a folder, not a workflow
                  Name a file inside it.

                """)
    }
}

@Suite("A workflow with a mistake", .timeLimit(.minutes(1)))
struct InvalidWorkflowTests {
    @Test(
        "is refused by node, input and reason",
        arguments: [
            (
                #"{"1": {"class_type": "EmptyImage", "inputs": {}}, "1": {"class_type": "EmptyImage", "inputs": {}}}"#,
                "node 1: the node id '1' is used more than once", "Give each node an id of its own."
            ),
            (
                #"{"1": {"class_type": "EmptyImage", "inputs": {"width": 1, "width": 2}}}"#,
                "node 1: the input 'width' is given more than once", "Keep one of them."
            ),
            (
                Samples.workflow(save: #""images": [1, 0], "filename_prefix": "x""#),
                "node 2 (SaveImage): input 'images' has [1,0], "
                    + "which is no link: node ids are strings, slots whole numbers from 0",
                #"Put the node's id in quotes: ["1", 0]."#
            ),
            (
                Samples.workflow(save: #""images": ["1", -1], "filename_prefix": "x""#),
                #"node 2 (SaveImage): input 'images' has ["1",-1], "#
                    + "which is no link: node ids are strings, slots whole numbers from 0",
                #"Write ["NODE", SLOT], such as ["1", 0]."#
            ),
            (
                Samples.workflow(save: #""images": ["nothing", 0], "filename_prefix": "x""#),
                "node 2 (SaveImage): input 'images' links to node 'nothing', which does not exist",
                "Link it to one of the nodes of the workflow."
            ),
            (
                Samples.workflow(save: #""images": ["1", 99], "filename_prefix": "x""#),
                "node 2 (SaveImage): input 'images' links to output 99 of node 1 (EmptyImage), which has 1",
                "Use one of: 0 (IMAGE)."
            ),
            (
                #"{"3": {"class_type": "ImageInvert", "inputs": {"image": ["7", 0]}}, "#
                    + #""7": {"class_type": "ImageInvert", "inputs": {"image": ["3", 0]}}, "#
                    + #""9": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}}"#,
                "node 3 (ImageInvert): these nodes wait for each other: 3 -> 7 -> 3",
                "Remove one of the links of the circle."
            ),
            (
                #"{"3": {"class_type": "ImageInvert", "inputs": {"image": ["3", 0]}}, "#
                    + #""9": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}}"#,
                "node 3 (ImageInvert): these nodes wait for each other: 3 -> 3",
                "Remove one of the links of the circle."
            ),
            (
                Samples.workflow(more: #", "3": {"class_type": "Saveimage", "inputs": {}}"#),
                "node 3 (Saveimage): unknown node type 'Saveimage'", "Did you mean 'SaveImage'?"
            ),
            (
                Samples.workflow(#""width": 8, "height": 8, "batch_size": 1, "color": 1e999"#),
                "node 1 (EmptyImage): input 'color': 1e999 is beyond what an INT holds",
                "Use -2^63 to 2^64 - 1."
            ),
            (
                #"{"1": {"class_type": "PrimitiveFloat", "inputs": {"value": 1e999}}, "#
                    + #""2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}"#,
                "node 1 (PrimitiveFloat): input 'value': 1e999 is beyond what a FLOAT holds",
                "Use a number below 1.8e308."
            ),
            (
                Samples.workflow(#""width": 18446744073709551616, "height": 8, "batch_size": 1, "color": 0"#),
                "node 1 (EmptyImage): input 'width': 18446744073709551616 is beyond what an INT holds",
                "Use -2^63 to 2^64 - 1."
            ),
        ])
    func mistake(_ workflow: String, _ message: String, _ suggestion: String) async throws {
        #expect(try await refusal(of: workflow) == "error: \(message)\n  \(suggestion)\n")
    }

    @Test(
        "of the hybrid format is refused for what contradicts itself or leads nowhere",
        arguments: [
            (
                #""inputs": {"images": "a.image"}, "widgets_values": ["x"]}], "links": [[1, "b", 0, "s", 0]"#,
                "node s: input 'images' is said to be output 0 of node a and output 0 of node b", "Keep one of them."
            ),
            (
                #""inputs": {"images": "a.image", "filename_prefix": "y"}, "widgets_values": ["x"]"#,
                #"node s: input 'filename_prefix' is said to be "y" and "x""#, "Keep one of them."
            ),
            (
                #""inputs": {"images": "a.mask"}, "widgets_values": ["x"]"#,
                "node s: 'a.mask': node a (EmptyImage) has no output 'mask'", "Use one of: IMAGE."
            ),
            (
                #""widgets_values": ["x"]}], "links": [[1, "a", 0, "s", 7]"#,
                "node s: a link goes to its input 7, but SaveImage has 1 to link to", "They are: 0 (images)."
            ),
            (
                #""widgets_values": ["x"]}], "links": [[3]"#, "w.json: the link [3] is malformed",
                #"Write [ID, "FROM NODE", FROM SLOT, "TO NODE", TO SLOT]."#
            ),
        ])
    func hybrid(_ rest: String, _ message: String, _ suggestion: String) async throws {
        let end = rest.contains("links") ? "]}" : "}]}"
        let workflow = """
            {"nodes": [{"id": "a", "type": "EmptyImage", "widgets_values": [8, 8, 1, 0]},
             {"id": "b", "type": "EmptyImage", "widgets_values": [8, 8, 1, 0]},
             {"id": "s", "type": "SaveImage", \(rest)\(end)
            """
        #expect(try await refusal(of: workflow) == "error: \(message)\n  \(suggestion)\n")
    }

    @Test("of 1,000 mistakes tells the first hundred")
    func many() async throws {
        let nodes = (3...1002).map { #", "\#($0)": {"class_type": "Nope\#($0)", "inputs": {}}"# }.joined()
        let told = try await refusal(of: Samples.workflow(more: nodes))
        #expect(told.hasSuffix("\n... and 900 more\n"))
        #expect(told.split(separator: "\n").count { $0.hasPrefix("error: ") } == 100)
    }
}
