import Testing
import TestNodes

@testable import GraphCore

@Suite("A workflow in API format")
struct APIFormatTests {
    private let registry = NodeRegistry(TestNodeTable.comfyUI() + TestNodeTable.small())

    private func read(_ text: String) throws -> Workflow {
        let (workflow, format) = try WorkflowReader.read(Array(text.utf8), registry: registry)
        #expect(format == .api)
        return workflow
    }

    private func complaint(_ text: String) -> String {
        do {
            _ = try WorkflowReader.read(Array(text.utf8), registry: registry)
            return "read"
        } catch { return told(error.diagnostics) }
    }

    @Test("gives nodes in file order, with literals and links")
    func reading() throws {
        let workflow = try read(
            """
            {"9": {"class_type": "Show", "inputs": {"value": ["sum", 0]}},
             "sum": {"inputs": {"a": 18446744073709551615, "b": "x"}, "class_type": "Add", "_meta": {"title": "Both"}}}
            """)
        #expect(workflow.nodes.map(\.id) == ["9", "sum"])
        #expect(workflow.nodes.map(\.type) == ["Show", "Add"])
        #expect(workflow.nodes.map(\.title) == [nil, "Both"])
        #expect(workflow.nodes[0].inputs == [.init("value", .link(Link("sum", 0)))])
        #expect(
            workflow.nodes[1].inputs == [
                .init("a", .literal(.number(JSONNumber(Int128(UInt64.max))))), .init("b", .literal("x")),
            ])
    }

    @Test("may be wrapped with what the editor stored beside it")
    func wrapped() throws {
        let workflow = try read(
            """
            {"client_id": "x", "prompt": {"1": {"class_type": "Fail", "inputs": {}}},
             "extra_data": {"extra_pnginfo": {"workflow": {"nodes": []}}}}
            """)
        #expect(workflow.nodes.map(\.id) == ["1"])
        #expect(JSONWriter.text(.object(workflow.extraPNGInfo)) == #"{"workflow":{"nodes":[]}}"#)
        #expect(try read(#"{"prompt": {"1": {"class_type": "Fail"}}}"#).extraPNGInfo.members.isEmpty)
    }

    @Test("may have nodes called 'prompt' and 'nodes'")
    func nodeNames() throws {
        let workflow = try read(#"{"prompt": {"class_type": "Fail"}, "nodes": {"class_type": "Fail"}}"#)
        #expect(workflow.nodes.map(\.id) == ["prompt", "nodes"])
    }

    @Test(
        "has a link where a list is a name and a slot, and only there",
        arguments: [
            (#"["3", 0]"#, Workflow.Source.link(Link("3", 0))),
            (#"["3", -1]"#, .malformedLink(["3", -1])),
            (#"["3", 0.0]"#, .malformedLink(["3", 0.0])),
            (#"["3"]"#, .malformedLink(["3"])),
            ("[3, 0]", .malformedLink([3, 0])),
            ("[0.5, 0.5]", .literal([0.5, 0.5])),
            (#"["3", "0"]"#, .literal(["3", "0"])),
            (#"["3", 0, 1]"#, .literal(["3", 0, 1])),
            ("[]", .literal([])),
            (#"{"__value__": ["3", 0]}"#, .literal(["__value__": ["3", 0]])),
        ])
    func links(text: String, source: Workflow.Source) throws {
        #expect(APIFormat.source(try JSONParser.parse(text)) == source)
    }

    @Test("has a malformed link where the slot exceeds what can be counted")
    func hugeSlot() throws {
        let json = try JSONParser.parse(#"["3", 99999999999999999999]"#)
        #expect(APIFormat.source(json) == .malformedLink(json))
    }

    @Test("is refused with everything wrong with its form at once")
    func refusals() {
        let text = """
            {"1": {"class_type": "Fail", "inputs": []},
             "2": 5,
             "3": {"class_type": "Add", "inputs": {"a": 1, "b": 2, "a": 3}},
             "1": {"class_type": "Fail"}}
            """
        #expect(
            complaint(text) == """
                1 repeatedID: the node id '1' is used more than once
                  Give each node an id of its own.
                1 malformedWorkflow: its "inputs" must be an object, but they are a list
                  Write "inputs": {"NAME": VALUE}.
                2 malformedWorkflow: the entry '2' is a number, not a node
                  Write {"class_type": ..., "inputs": {...}}, or remove it.
                3 repeatedInput: the input 'a' is given more than once
                  Keep one of them.
                """)
    }

    @Test("keeps a node without a type for the validator to tell")
    func missingType() throws {
        #expect(try read(#"{"1": {"class_type": "Fail"}, "2": {"class_type": 5}}"#).nodes[1].type == nil)
    }

    @Test("is written as ComfyUI exports it")
    func writing() throws {
        let text =
            #"{"1":{"inputs":{"a":1.0,"b":["2",3]},"class_type":"Add","_meta":{"title":"Sum"}},"#
            + #""2":{"inputs":{},"class_type":"Fail"}}"#
        #expect(JSONWriter.text(APIFormat.json(of: try read(text))) == text)
    }

    @Test("reads back to the same workflow, whatever is in it", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let literals: [JSON] = [
            nil, true, "", "text", "a.b", 5, 5.0, .number(JSONNumber(Int128(UInt64.max))), [], ["3", -1], [1, 2],
            ["x", "y"], ["__value__": ["1", 0]], [["1", 0]],
        ]
        let nodes = (0..<Int.random(in: 0...12, using: &random)).map { index in
            let inputs = (0..<Int.random(in: 0...5, using: &random)).map { input -> Workflow.Input in
                let isLink = Bool.random(using: &random)
                let link = Link(
                    NodeID("\(Int.random(in: 0...12, using: &random))"), Int.random(in: 0...9, using: &random))
                let literal = literals[Int.random(in: 0..<literals.count, using: &random)]
                return Workflow.Input("in \(input)", isLink ? .link(link) : APIFormat.source(literal))
            }
            return Workflow.Node(
                id: NodeID(index % 2 == 0 ? "\(index)" : "node \"\(index)\""), type: "T\(index % 3)",
                title: Bool.random(using: &random) ? "a title \u{1F600}" : nil, inputs: inputs)
        }
        let json = APIFormat.json(of: Workflow(nodes: nodes))
        for style in [JSONWriter.Style.compact, .python, .indented] {
            let (read, _) = try WorkflowReader.read(JSONWriter.bytes(json, style: style), registry: registry)
            #expect(read.nodes.map(\.id) == nodes.map(\.id))
            #expect(read.nodes.map(\.type) == nodes.map(\.type))
            #expect(read.nodes.map(\.title) == nodes.map(\.title))
            #expect(read.nodes.map(\.inputs) == nodes.map(\.inputs))
        }
    }
}

@Suite("A file that is no workflow")
struct WorkflowReaderTests {
    private func complaint(_ text: String) -> String {
        do {
            _ = try WorkflowReader.read(Array(text.utf8), registry: NodeRegistry())
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
                  Export the workflow with 'Save (API Format)' in ComfyUI.
                """
            ),
            (
                #"{"name": "graph", "version": 1}"#,
                """
                - unknownFormat: this JSON is no workflow: none of its entries has a "class_type"
                  Export the workflow with 'Save (API Format)' in ComfyUI.
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
        "but of ComfyUI's editor is recognised and refused",
        arguments: [
            #"{"last_node_id": 2, "nodes": [], "links": []}"#,
            #"{"version": 0.4, "nodes": []}"#,
            #"{"nodes": [{"id": 1, "type": "LoadImage", "pos": [0, 0]}], "links": []}"#,
            #"{"nodes": [{"id": 1, "type": "X", "inputs": [{"name": "image", "type": "IMAGE", "link": 1}]}]}"#,
        ])
    func editor(text: String) {
        #expect(
            complaint(text) == """
                - unknownFormat: this is a file of ComfyUI's editor, which graphrun does not read yet
                  Export it with 'Workflow > Export (API)' in ComfyUI and run that file.
                """)
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
            try WorkflowReader.read(bytes, registry: NodeRegistry())
        }
        #expect(
            told(error?.diagnostics ?? []) == """
                - tooLarge: the workflow has 70000000 bytes; the limit is 67108864
                  Split it into smaller ones.
                """)
    }

    @Test("says nothing against an empty object: the validator does")
    func empty() throws {
        #expect(try WorkflowReader.read(Array("{}".utf8), registry: NodeRegistry()).workflow.nodes.isEmpty)
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
            guard let workflow = try? WorkflowReader.read(bytes, registry: registry).workflow else { continue }
            readCount += 1
            let checked = Validator.check(workflow, registry: registry, environment: Pictures())
            #expect(!checked.errors.isEmpty || checked.plan != nil)
        }
        #expect(readCount > 0)
    }
}

/// A small generator that gives the same numbers for the same seed everywhere (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
