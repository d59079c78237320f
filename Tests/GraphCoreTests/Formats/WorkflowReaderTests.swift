import TestData
import Testing

@testable import GraphCore

@Suite("A file that is no workflow")
struct WorkflowReaderTests {
    private func complaint(_ text: String) -> String {
        do {
            _ = try WorkflowReader(registry: NodeRegistry()).read(Array(text.utf8))
            return "read"
        } catch { return told(error.diagnostics) }
    }

    @Test(
        "is refused with one sentence and the next thing to try",
        arguments: [
            (
                "[]",
                """
                - unknownFormat: a workflow is a JSON object, but this is a list
                  Export the workflow with 'Workflow > Export (API)' in ComfyUI.
                """
            ),
            (
                #"{"name": "graph", "version": 1}"#,
                """
                - unknownFormat: this JSON is no workflow: none of its entries has a "class_type"
                  Export the workflow with 'Workflow > Export (API)' in ComfyUI.
                """
            ),
            (
                #"{"prompt": [1]}"#,
                """
                - malformedWorkflow: "prompt" must hold the nodes, but it is a list
                  Write {"prompt": {"1": {"class_type": ...}}}.
                """
            ),
        ])
    func otherJSON(text: String, message: String) {
        #expect(complaint(text) == message)
    }

    @Test(
        "but of ComfyUI's editor is told by its form",
        arguments: [
            #"{"last_node_id": 2, "nodes": [], "links": []}"#,
            #"{"version": 0.4, "nodes": []}"#,
            #"{"nodes": [{"id": 1, "type": "LoadImage", "pos": [0, 0]}], "links": []}"#,
            #"{"nodes": [{"id": 1, "type": "X", "inputs": [{"name": "image", "type": "IMAGE", "link": 1}]}]}"#,
        ])
    func editor(text: String) throws {
        #expect(WorkflowReader.isEditorFile(try JSONParser.parse(text)))
    }

    @Test(
        "nor JSON is refused with the place and a suggestion that fits",
        arguments: [
            ("", "line 1, column 1: expected a value but found the end of the file", "Check the file: it is empty."),
            (
                " \n\t", "line 2, column 2: expected a value but found the end of the file",
                "Check the file: it is empty."
            ),
            (
                #"{"1": {"class_type": "Fail""#,
                "line 1, column 28: expected ',' or '}' but found the end of the file",
                "Copy the file again: it seems cut off."
            ),
            (
                #"{"1": {"inputs": {"images": ddcolor_node.output}}}"#,
                "line 1, column 29: expected a value but found 'ddcolor_node.output'",
                "Put it in double quotes: \"ddcolor_node.output\"."
            ),
            (
                "{nodes: []}", "line 1, column 2: expected a name in double quotes or '}' but found 'nodes'",
                "Put it in double quotes: \"nodes\"."
            ),
            ("[NaN]", "line 1, column 2: expected a value but found 'NaN'", "Use a number: JSON has no NaN."),
            (
                "[-Infinity]", "line 1, column 3: expected a digit but found 'Infinity'",
                "Use a number: JSON has no Infinity."
            ),
            ("[True]", "line 1, column 2: expected a value but found 'True'", "Write true, as JSON spells it."),
            ("[None]", "line 1, column 2: expected a value but found 'None'", "Write null, as JSON spells it."),
            ("[1,]", "line 1, column 4: expected a value but found ']'", "Remove the comma before it."),
            (
                #"{"a": 1,}"#, "line 1, column 9: expected a name in double quotes but found '}'",
                "Remove the comma before it."
            ),
            (
                String(repeating: "[", count: 200),
                "line 1, column 129: lists and objects are nested more than 128 deep",
                "Correct the file there, or export the workflow again."
            ),
        ])
    func notJSON(text: String, message: String, suggestion: String) {
        #expect(complaint(text) == "- notJSON: not valid JSON: \(message)\n  \(suggestion)")
    }

    @Test("is refused unread when it is larger than 64 MiB")
    func tooLarge() throws {
        let bytes = [UInt8](repeating: 0x20, count: 70_000_000)
        let error = #expect(throws: UnreadableWorkflow.self) {
            try WorkflowReader(registry: NodeRegistry()).read(bytes)
        }
        #expect(
            told(error?.diagnostics ?? []) == """
                - tooLarge: the workflow has 70000000 bytes; the limit is 67108864
                  Split it into smaller ones.
                """)
    }

    @Test("says nothing against an empty object: the validator does")
    func empty() throws {
        #expect(try WorkflowReader(registry: NodeRegistry()).read(Array("{}".utf8)).workflow.nodes.isEmpty)
    }
}

@Suite("A damaged workflow file")
struct DamagedFileTests {
    private let registry = ValidatorTests.registry

    @Test(
        "is read or refused, and never more than that",
        arguments: [
            """
            {"load": {"class_type": "Load", "inputs": {"file": "a.png"}, "_meta": {"title": "\\ud83d\\ude00"}},
             "2": {"class_type": "Scale", "inputs": {"image": ["load", 0], "width": 64, "height": "64", "method": "area"}},
             "3": {"class_type": "Save", "inputs": {"images": ["2", 0]}}}
            """,
            """
            {"nodes": [{"id": "load", "type": "Load", "widgets_values": ["a.png"]},
                       {"id": 2, "type": "Scale", "inputs": {"image": "load.image"}, "widgets_values": [64, 64.0, "area"]},
                       {"id": "3", "type": "Save"}],
             "links": [[1, "load", 0, 2, 0], [2, 2, 0, "3", 0]]}
            """,
        ])
    func damage(text: String) throws {
        let whole = Array(text.utf8)
        let pieces = [
            "\"", "[", "]", "{", "}", ",", ":", "-1", "1e999", "99999999999999999999", "null", ".", "\\u", "\0",
        ]
        var random = SplitMix(seed: 7)
        var readCount = 0
        for _ in 0..<4000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let start = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, start + Int.random(in: 0...4, using: &random))
                let piece = pieces[Int.random(in: 0..<pieces.count, using: &random)]
                bytes.replaceSubrange(start..<end, with: Bool.random(using: &random) ? Array(piece.utf8) : [])
            }
            guard let workflow = try? WorkflowReader(registry: registry).read(bytes).workflow else { continue }
            readCount += 1
            let checked = Validator.check(workflow, registry: registry, environment: Pictures())
            #expect(!checked.errors.isEmpty || checked.plan != nil)
        }
        #expect(readCount > 0)
    }
}
