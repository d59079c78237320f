import Testing

@testable import GraphCore

/// What the pairs of ComfyUI's frontend do not show: files that are wrong, and what is said of them.
@Suite("A file of the editor")
struct EditorFileTests {
    /// As /object_info describes them.
    static let shapes = NodeShapes(
        NodeRegistry(),
        objectInfo: JSONObject([
            .init(
                "Load",
                ["input": ["required": ["image": [["a.png", "b.png"], ["image_upload": true]]]], "output": ["IMAGE"]]),
            .init(
                "Scale",
                [
                    "input": [
                        "required": [
                            "image": ["IMAGE"], "width": ["INT", ["default": 512]],
                            "seed": ["INT", ["default": 0]], "mode": [["area", "lanczos"]],
                        ]
                    ], "output": ["IMAGE"],
                ]),
            .init(
                "Save",
                [
                    "input": ["required": ["images": ["IMAGE"], "filename_prefix": ["STRING", ["default": "x"]]]],
                    "output": [],
                ]),
            .init(
                "SaveImage",
                [
                    "input": ["required": ["images": ["IMAGE"], "filename_prefix": ["STRING", ["default": "x"]]]],
                    "output": [],
                ]),
            .init(
                "Text",
                [
                    "input": ["required": ["text": ["STRING", ["multiline": true, "dynamicPrompts": true]]]],
                    "output": ["STRING"],
                ]),
        ]))

    static func read(_ file: JSON, now: LocalTime? = nil) throws -> WorkflowReader.Reading {
        try WorkflowReader(registry: NodeRegistry(), shapes: shapes, now: now).read(file)
    }

    /// One line an error: code, node, message; suggestions on lines of their own.
    static func complaint(_ file: JSON) -> String {
        do {
            _ = try read(file)
            return "read"
        } catch let error as UnreadableWorkflow { return told(error.diagnostics) } catch { return "\(error)" }
    }

    static func file(_ nodes: [JSON], links: [JSON] = [], definitions: [JSON] = []) -> JSON {
        [
            "last_node_id": 100, "version": 0.4, "nodes": .array(nodes), "links": .array(links),
            "definitions": ["subgraphs": .array(definitions)],
        ]
    }

    static func node(_ id: JSON, _ type: String, inputs: [String] = [], values: [JSON] = []) -> JSON {
        [
            "id": id, "type": .string(type), "mode": 0,
            "inputs": .array(inputs.map { ["name": .string($0), "type": "IMAGE", "link": nil] }),
            "outputs": [], "widgets_values": .array(values),
        ]
    }

    static func definition(_ id: String, _ nodes: [JSON], links: [JSON] = []) -> JSON {
        [
            "id": .string(id), "name": .string(id.uppercased()), "inputs": [["name": "image", "type": "IMAGE"]],
            "outputs": [["name": "IMAGE", "type": "IMAGE"]], "nodes": .array(nodes), "links": .array(links),
        ]
    }

    // MARK: Wrong files

    @Test("is refused when a subgraph contains itself")
    func itself() {
        let file = Self.file([Self.node(1, "a")], definitions: [Self.definition("a", [Self.node(2, "a")])])
        #expect(
            Self.complaint(file) == """
                - cycle: the subgraph 'A' contains itself
                  Take one of them out in ComfyUI, or restore an older copy of the file.
                """)
    }

    @Test("is refused when subgraphs contain one another in a circle")
    func circle() {
        let file = Self.file(
            [Self.node(1, "a")],
            definitions: [
                Self.definition("a", [Self.node(2, "b")]), Self.definition("b", [Self.node(3, "c")]),
                Self.definition("c", [Self.node(4, "b")]),
            ])
        #expect(
            Self.complaint(file) == """
                - cycle: the subgraphs contain one another in a circle: 'B' contains 'C' contains 'B'
                  Take one of them out in ComfyUI, or restore an older copy of the file.
                """)
    }

    @Test("is refused when subgraphs stand 100 deep inside one another, and read at the limit")
    func deep() throws {
        func nested(_ depth: Int) -> JSON {
            Self.file(
                [Self.node(1, "s0")],
                definitions: (0..<depth).map { level in
                    Self.definition("s\(level)", [Self.node(2, level + 1 < depth ? "s\(level + 1)" : "Load")])
                })
        }
        #expect(
            Self.complaint(nested(100)) == """
                - tooLarge: its subgraphs stand more than 64 deep inside one another
                  Unpack some of them in ComfyUI.
                """)
        #expect(try Self.read(nested(64)).workflow.nodes.map(\.type) == ["Load"])
    }

    @Test("is refused when its subgraphs unfold into many more nodes than it holds")
    func unfolded() {
        // Ten in each of four levels: 10,000 of 41.
        let levels = (0..<4).map { level in
            Self.definition(
                "s\(level)",
                (0..<10).map { Self.node(JSON.number(JSONNumber($0)), level < 3 ? "s\(level + 1)" : "Load") })
        }
        #expect(
            Self.complaint(Self.file([Self.node(1, "s0")], definitions: levels)) == """
                - tooLarge: its subgraphs unfold into more than 5820 nodes, the limit for a file that holds 41
                  Use them less often, or split the workflow.
                """)
    }

    @Test("may use a subgraph of 50 nodes a hundred times")
    func usedOften() throws {
        let hosts = (0..<100).map { Self.node(.number(JSONNumber($0)), "a") }
        let inner = (0..<50).map { Self.node(.number(JSONNumber($0)), "Load") }
        let workflow = try Self.read(Self.file(hosts, definitions: [Self.definition("a", inner)])).workflow
        #expect(workflow.nodes.count == 5_000)
    }

    @Test("is refused when empty subgraphs come to too many")
    func unfoldedToNothing() {
        let levels = (0..<5).map { level in
            Self.definition(
                "s\(level)",
                level < 4 ? (0..<10).map { Self.node(JSON.number(JSONNumber($0)), "s\(level + 1)") } : [])
        }
        #expect(
            Self.complaint(Self.file([Self.node(1, "s0")], definitions: levels)) == """
                - tooLarge: its subgraphs unfold into more than 5820 nodes, the limit for a file that holds 41
                  Use them less often, or split the workflow.
                """)
    }

    @Test("is refused when its subgraphs repeat a long text too often")
    func longText() {
        let text = JSON.string(String(repeating: "x", count: 1 << 20))
        let hosts = (0..<100).map { Self.node(.number(JSONNumber($0)), "a") }
        let file = Self.file(hosts, definitions: [Self.definition("a", [Self.node(1, "Load", values: [text])])])
        #expect(
            Self.complaint(file) == """
                - tooLarge: its subgraphs unfold into more than 24 MiB, the limit for a file of its size
                  Use them less often, or split the workflow.
                """)
    }

    @Test("is refused when it has a million links")
    func links() {
        let link: JSON = [1, 1, 0, 2, 0, "IMAGE"]
        let file = Self.file([Self.node(1, "Load")], links: Array(repeating: link, count: 1_000_000))
        #expect(
            Self.complaint(file) == """
                - tooLarge: the file has more than 500000 links
                  Split it into smaller workflows.
                """)
    }

    @Test("is refused when ids clash, of nodes and of definitions")
    func clash() {
        let file = Self.file(
            [Self.node(1, "Load"), Self.node("1", "Load")],
            definitions: [
                Self.definition("a", [Self.node(2, "Load"), Self.node(2, "Load")]), Self.definition("a", []),
            ])
        #expect(
            Self.complaint(file) == """
                1 repeatedID: the node id '1' is used more than once
                  Give each node an id of its own.
                2 repeatedID: the node id '2' of the subgraph 'A' is used more than once
                  Give each node an id of its own.
                - repeatedID: the subgraph id 'a' is defined more than once
                  Keep one of the definitions of 'A'.
                """)
    }

    @Test("is refused for a link from nowhere, a link that is none and a node without an id")
    func brokenParts() {
        let save = Self.node(2, "Save", inputs: ["images"])
        #expect(
            Self.complaint(Self.file([save], links: [[7, 9, 0, 2, 0, "IMAGE"]])) == """
                - badLink: link 7 comes from node '9', which does not exist
                  Remove the link in ComfyUI and save the workflow again.
                """)
        #expect(
            Self.complaint(Self.file([save, ["type": "Save"]], links: [[7, "x"]])) == """
                - malformedWorkflow: node number 2 of the list has no "id"
                  Save the workflow again in ComfyUI.
                - badLink: the link [7,"x"] is malformed
                  Write [ID, FROM NODE, FROM SLOT, TO NODE, TO SLOT, "TYPE"], or save it again in ComfyUI.
                """)
    }

    @Test("is refused when reroutes go in a circle")
    func reroutes() {
        let file = Self.file(
            [
                Self.node(1, "Reroute", inputs: [""]), Self.node(2, "Reroute", inputs: [""]),
                Self.node(3, "Save", inputs: ["images"]),
            ],
            links: [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 1, 0, "*"], [3, 2, 0, 3, 0, "*"]])
        #expect(
            Self.complaint(file) == """
                2 cycle: links go in a circle through it, and nothing in the circle makes a value
                  Cut the circle of reroutes and bypassed nodes in ComfyUI.
                """)
    }

    @Test("is refused for a node that nobody knows, by its name")
    func unknown() {
        let lost = "0f2b3c4d-0f2b-0f2b-0f2b-0f2b3c4d5e6f"
        let file = Self.file([
            Self.node(1, "Nobody", values: [1, "two"]), Self.node(2, "Scales", values: [1]),
            Self.node(3, lost, values: [1]),
        ])
        #expect(
            Self.complaint(file) == """
                1 unknownNodeType: its type 'Nobody' is unknown, and the file does not name its widgets
                  That server does not know it either: install the node pack that has it there.
                2 unknownNodeType: its type 'Scales' is unknown, and the file does not name its widgets
                  Did you mean 'Scale'?
                3 unknownNodeType: it is a subgraph, and the file does not hold its definition (\(lost))
                  Save the workflow again in the ComfyUI that shows it.
                """)
    }

    @Test("is refused when its group nodes unfold into many more nodes than it holds")
    func groups() {
        let inner: [JSON] = Array(repeating: ["type": "Load"], count: 1000)
        let hosts = (0..<300).map { Self.node(.number(JSONNumber($0)), "workflow>G") }
        let file: JSON = [
            "version": 0.4, "nodes": .array(hosts), "links": [],
            "extra": ["groupNodes": ["G": ["nodes": .array(inner), "links": []]]],
        ]
        #expect(
            Self.complaint(file) == """
                - tooLarge: its group nodes unfold into more than 31000 nodes, the limit for a file that holds 1300
                  Use them less often, or split the workflow.
                """)
    }

    @Test("is refused when the ids of nodes in its subgraphs take too much")
    func longIDs() {
        let host = JSON.string(String(repeating: "x", count: 1 << 20))
        let inner = (0..<100).map { Self.node(.number(JSONNumber($0)), "Load") }
        #expect(
            Self.complaint(Self.file([Self.node(host, "a")], definitions: [Self.definition("a", inner)])) == """
                - tooLarge: the ids of the nodes in its subgraphs take more than 64 MiB
                  Give the nodes shorter ids.
                """)
    }

    // MARK: Odd files

    @Test("is read with a note when values are too many or too few")
    func valueCounts() throws {
        let reading = try Self.read(
            Self.file([
                Self.node(1, "Scale", values: [1, 2, "fixed", "area", 5, 6, 7]), Self.node(2, "Scale", values: [640]),
                Self.node(3, "Scale"),
            ]))
        #expect(
            told(reading.notes) == """
                1 malformedWorkflow (warning): it has 7 widgets_values, and Scale has 4: the last are left out
                  Check its values.
                2 malformedWorkflow (warning): it has 1 widgets_values, and Scale has 4: the others are filled in with defaults
                  Check its values.
                """)
        #expect(reading.workflow.nodes[1]["width"] == .literal(640))
        #expect(reading.workflow.nodes[1]["mode"] == .literal("area"))
        #expect(reading.workflow.nodes[2]["width"] == .literal(512))
    }

    @Test("is read with a note when a link goes to a slot that is not there")
    func lostLinks() throws {
        let reading = try Self.read(
            Self.file(
                [
                    Self.node(1, "Load", values: ["a.png", "image"]),
                    Self.node(2, "Save", inputs: ["images", "gone"], values: ["p"]),
                ],
                links: [[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 0, 2, 1, "IMAGE"], [3, 1, 0, 2, 8, "IMAGE"]]))
        #expect(
            told(reading.notes) == """
                2 badSlot (warning): link 2 goes to its input 'gone', which Save does not have: a server ignores it
                  Link it anew in ComfyUI if it matters.
                2 badSlot (warning): link 3 goes to its input 8, and it has 2: the link is left out
                  Link it anew in ComfyUI if it matters.
                """)
        #expect(reading.workflow.nodes[1].inputs.map(\.name) == ["filename_prefix", "images", "gone"])
    }

    @Test("tells itself what the widgets of unknown nodes are called, where it does")
    func selfDescribed() throws {
        let node: JSON = [
            "id": 1, "type": "Custom",
            "inputs": [
                ["name": "image", "type": "IMAGE", "link": nil],
                ["name": "seed", "type": "INT", "widget": ["name": "seed"]],
                ["name": "text", "type": "STRING", "widget": ["name": "text"]],
            ], "widgets_values": [5, "randomize", "hello"],
        ]
        let read = try #require(try Self.read(Self.file([node])).workflow.nodes.first)
        #expect(read.inputs == [.init("seed", .literal(5)), .init("text", .literal("hello"))])
    }

    @Test("keeps what the editor shows, for pictures made with it")
    func stored() throws {
        let file = Self.file([Self.node(1, "Load")])
        #expect(try Self.read(file).workflow.extraPNGInfo["workflow"] == file)
    }

    @Test("fills in names of nodes and the date in file names")
    func fileNames() throws {
        let now = LocalTime(year: 2026, month: 3, day: 9, hour: 7, minute: 5, second: 42)
        func prefix(_ text: String, now: LocalTime?) throws -> Workflow.Source? {
            let file = Self.file([
                Self.node(1, "SaveImage", values: [.string(text)]),
                Self.node(2, "Scale", values: [7, 2, "fixed", "a/b"]),
            ])
            return try Self.read(file, now: now).workflow.nodes[0]["filename_prefix"]
        }
        #expect(try prefix("%Scale.width%_%Scale.mode%_%Nobody.x%_%%", now: now) == .literal("7_a_b_%Nobody.x%_%%"))
        #expect(
            try prefix("%date:yyyy-MM-dd_hhmmss%/%date:yy-M-d h:m:s%", now: now)
                == .literal("2026-03-09_070542/26-3-9 7:5:42"))
        #expect(try prefix("%date:yyyy%", now: nil) == .literal("%date:yyyy%"))
    }
}

@Suite("A prompt with choices")
struct DynamicPromptTests {
    @Test(
        "is filled in",
        arguments: [
            ("a {red|blue} car", "a blue car"), ("{one}", "one"), ("{a|{b|c}}", "c"), ("x // gone\ny", "x \ny"),
            ("a /* gone\nhere */ b", "a  b"), ("a /* open", "a /* open"), (#"\{kept\|this\}"#, "{kept|this}"),
            ("{open|end", "end"), ("}", "}"), ("", ""), ("{}", ""), (#"{a\|b|c\}d}"#, "c}d"),
        ])
    func choices(template: String, text: String) {
        #expect(DynamicPrompt.text(template) { $0 - 1 } == text)
    }

    @Test("comes to an end, however deep its choices stand")
    func deep() {
        let text = DynamicPrompt.text(String(repeating: "{", count: 100_000)) { _ in 0 }
        #expect(text.allSatisfy { $0 == "{" })
    }
}

@Suite("A number in JavaScript")
struct JavaScriptTests {
    @Test(
        "is printed with the fewest digits",
        arguments: [
            ("1.0", "1"), ("-0.0", "0"), ("0.10", "0.1"), ("1e3", "1000"), ("1e-7", "1e-7"), ("0.000001", "0.000001"),
            ("1e21", "1e+21"), ("123456789012345680000.0", "123456789012345680000"), ("-1.5e-10", "-1.5e-10"),
            ("18446744073709551615", "18446744073709551615"), ("3.14159", "3.14159"), ("1e400", "1e400"),
        ])
    func text(source: String, printed: String) throws {
        let number = try #require(try JSONParser.parse(source).number)
        #expect(JavaScript.text(number) == printed)
    }
}
