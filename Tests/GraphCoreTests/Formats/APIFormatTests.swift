import TestData
import Testing
import TestNodes

@testable import GraphCore

@Suite("A workflow in API format")
struct APIFormatTests {
    private let registry = NodeRegistry(TestNodeTable.comfyUI() + TestNodeTable.small())

    private func read(_ text: String) throws -> Workflow {
        let reading = try WorkflowReader(registry: registry).read(Array(text.utf8))
        let (workflow, format) = (reading.workflow, reading.format)
        #expect(format == .api)
        return workflow
    }

    private func complaint(_ text: String) -> String {
        do {
            _ = try WorkflowReader(registry: registry).read(Array(text.utf8))
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
            let read = try WorkflowReader(registry: registry).read(JSONWriter.bytes(json, style: style)).workflow
            #expect(read.nodes.map(\.id) == nodes.map(\.id))
            #expect(read.nodes.map(\.type) == nodes.map(\.type))
            #expect(read.nodes.map(\.title) == nodes.map(\.title))
            #expect(read.nodes.map(\.inputs) == nodes.map(\.inputs))
        }
    }
}
