import Testing

@testable import GraphCore

/// Rules of ComfyUI's editor that no pair shows, found by giving its frontend files made for them.
@Suite("The editor's rules")
struct EditorRulesTests {
    /// As /object_info describes them.
    private static let shapes = NodeShapes(
        NodeRegistry(),
        objectInfo: JSONObject([
            .init("Load", ["input": ["required": [:]], "output": ["IMAGE", "MASK"]]),
            .init("Number", ["input": ["required": ["value": ["INT", ["min": -9]]]], "output": ["INT"]]),
            .init(
                "Size",
                [
                    "input": [
                        "required": [
                            "width": ["INT", ["default": 512, "min": 16, "max": 16384, "step": 8]],
                            "steps": ["INT", ["default": 20, "min": 1, "max": 10000]],
                            "cfg": ["FLOAT", ["default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1, "round": 0.01]],
                        ]
                    ], "output": ["LATENT"],
                ]),
            .init(
                "Text",
                [
                    "input": ["required": ["text": ["STRING", ["multiline": true, "dynamicPrompts": true]]]],
                    "output": [],
                ]
            ),
            .init("Show", ["input": ["required": ["image": ["IMAGE"]]], "output": []]),
            .init(
                "Choose",
                [
                    "input": [
                        "required": [
                            "pick": [["u", "v"], ["control_after_generate": true]],
                            "tags": ["COMBO", ["options": ["a", "b"], "multi_select": true]], "last": ["INT"],
                        ]
                    ], "output": [],
                ]),
            .init(
                "Grow",
                [
                    "input": [
                        "required": [
                            "images": [
                                "COMFY_AUTOGROW_V3",
                                ["template": ["input": ["required": ["image": ["IMAGE"]]], "prefix": "image"]],
                            ]
                        ]
                    ], "output": [],
                ]),
            .init(
                "SaveImage",
                ["input": ["required": ["images": ["IMAGE"], "filename_prefix": ["STRING"]]], "output": []]),
        ]))

    private static func slot(_ name: String, _ type: String = "*", isWidget: Bool = false) -> JSON {
        let slot: [JSONObject.Member] = [.init("name", .string(name)), .init("type", .string(type))]
        return .object(JSONObject(slot + (isWidget ? [.init("widget", ["name": .string(name)])] : [])))
    }

    private static func node(
        _ id: JSON, _ type: String, _ slots: [JSON] = [], values: [JSON]? = nil, output: String = "*",
        title: String = "", properties: JSON = [:]
    ) -> JSON {
        var members: [JSONObject.Member] = [
            .init("id", id), .init("type", .string(type)), .init("mode", 0), .init("inputs", .array(slots)),
            .init("outputs", [["name": "o", "type": .string(output)]]), .init("title", .string(title)),
            .init("properties", properties),
        ]
        if let values { members.append(.init("widgets_values", .array(values))) }
        return .object(JSONObject(members))
    }

    /// `4.width = 32` and `5.image < 1.0`, a line for each input.
    private static func inputs(_ nodes: [JSON], _ links: [JSON] = [], definitions: [JSON] = []) throws -> [String] {
        let file: JSON = [
            "last_node_id": 100, "version": 0.4, "nodes": .array(nodes), "links": .array(links),
            "definitions": ["subgraphs": .array(definitions)],
        ]
        let workflow = try WorkflowReader(registry: NodeRegistry(), shapes: shapes).read(file).workflow
        return workflow.nodes.flatMap { node in
            node.inputs.map { input in
                switch input.source {
                case .link(let link): "\(node.id.text).\(input.name) < \(link.node.text).\(link.slot)"
                case .literal(let value), .malformedLink(let value):
                    "\(node.id.text).\(input.name) = \(JSONWriter.text(value))"
                }
            }
        }
    }

    // MARK: Primitives

    @Test(
        "round and bound what a PrimitiveNode hands to widgets",
        arguments: [
            (33, "width", "INT", "2.width = 32"), (9_999_999, "width", "INT", "2.width = 16384"),
            (-5, "steps", "INT", "2.steps = 1"), (7.1234, "cfg", "FLOAT", "2.cfg = 7.1"),
            ("5", "steps", "INT", "2.steps = 5"), (33, "steps", "FLOAT", "2.steps = 20"),
        ] as [(JSON, String, String, String)])
    func primitive(value: JSON, widget: String, type: String, expected: String) throws {
        let found = try Self.inputs(
            [
                Self.node(1, "PrimitiveNode", values: [value, "fixed"], output: type),
                Self.node(2, "Size", [Self.slot(widget, "INT", isWidget: true)]),
            ], [[1, 1, 0, 2, 0, "INT"]])
        #expect(found.contains(expected), "\(found)")
    }

    @Test("give a PrimitiveNode the limits that its widgets have in common")
    func commonLimits() throws {
        let found = try Self.inputs(
            [
                Self.node(1, "PrimitiveNode", values: [12001, "fixed"], output: "INT"),
                Self.node(2, "Size", [Self.slot("width", "INT", isWidget: true)]),
                Self.node(3, "Size", [Self.slot("steps", "INT", isWidget: true)]),
            ], [[1, 1, 0, 2, 0, "INT"], [2, 1, 0, 3, 0, "INT"]])
        #expect(found.contains("2.width = 10000") && found.contains("3.steps = 10000"), "\(found)")
    }

    // MARK: Slots

    @Test("keep linked slots that the type does not have, but for those of widgets that are gone")
    func extraSlots() throws {
        let slots = [
            Self.slot("old", "IMAGE"), Self.slot("gone", "INT", isWidget: true), Self.slot("image", "IMAGE"),
        ]
        let found = try Self.inputs(
            [Self.node(1, "Load"), Self.node(2, "Show", slots)],
            [[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 0, 2, 1, "INT"], [3, 1, 0, 2, 2, "IMAGE"]])
        #expect(found == ["2.image < 1.0", "2.old < 1.0"])
    }

    @Test("drop a link from a Reroute to an input that does not take what comes into it")
    func mismatchedReroute() throws {
        let found = try Self.inputs(
            [
                Self.node(1, "Load"), Self.node(2, "Reroute", [Self.slot("")]),
                Self.node(3, "Show", [Self.slot("image", "IMAGE")]), Self.node(4, "Reroute", [Self.slot("")]),
                Self.node(5, "Show", [Self.slot("image", "IMAGE")]),
            ],
            [
                [1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"], [3, 1, 1, 4, 0, "MASK"],
                [4, 4, 0, 5, 0, "IMAGE"],
            ])
        #expect(found == ["3.image < 1.0"])
    }

    @Test("put the slots of a group that grows in the order of their numbers")
    func grown() throws {
        let slots = [2, 0, 1].map { Self.slot("images.image\($0)", "IMAGE") }
        let found = try Self.inputs(
            [Self.node(1, "Load"), Self.node(2, "Grow", slots)],
            (0..<3).map { [.number(JSONNumber($0 + 1)), 1, 0, 2, .number(JSONNumber($0)), "IMAGE"] })
        #expect(found == ["2.images.image0 < 1.0", "2.images.image1 < 1.0", "2.images.image2 < 1.0"])
    }

    // MARK: Values

    @Test("store two entries behind a choice that goes on, and make null in a multi-select an empty text")
    func choices() throws {
        let found = try Self.inputs([Self.node(1, "Choose", values: ["v", "fixed", "", nil, 7])])
        #expect(found == ["1.pick = \"v\"", "1.tags = \"\"", "1.last = 7"])
    }

    @Test(
        "make texts of whatever is in a text area",
        arguments: [
            (["x", 0], "x,0"), ([nil, [1, 2]], ",1,2"), (["a": 1], "[object Object]"),
            (.number(JSONNumber(Int128(1) << 64)), "18446744073709552000"),
        ] as [(JSON, String)])
    func texts(value: JSON, expected: String) throws {
        #expect(try Self.inputs([Self.node(1, "Text", values: [value])]) == ["1.text = \"\(expected)\""])
    }

    @Test("take 0 for a number that has no default, whatever its limits are")
    func noDefault() throws {
        #expect(try Self.inputs([Self.node(1, "Number")]) == ["1.value = 0"])
    }

    @Test(
        "find a node for a file name by its type, when the file gives it no name, and by its title",
        arguments: [
            ("%Size.width%", "512"), ("%Mine.steps%", "20"), ("%Primitive.value%", "6"),
            ("%SaveImage.filename_prefix%", "%SaveImage.filename_prefix%"),
        ])
    func fileNames(template: String, expected: String) throws {
        let found = try Self.inputs([
            Self.node(1, "Size", title: "Mine"), Self.node(2, "PrimitiveNode", values: [6, "fixed"]),
            Self.node(3, "SaveImage", values: [.string(template)], title: "Save"),
        ])
        #expect(found.last == "3.filename_prefix = \"\(expected)\"")
    }

    // MARK: Subgraphs

    private static let definition: JSON = [
        "id": "sub", "name": "Sub", "inputs": [["name": "n", "type": "INT"]], "outputs": [],
        "nodes": [
            node(11, "Size", [slot("steps", "INT", isWidget: true)], values: [64, 5, 1]),
            node(12, "Size", [slot("steps", "INT", isWidget: true)], values: [64, 6, 1]),
        ],
        "links": [
            ["id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 11, "target_slot": 0, "type": "INT"],
            ["id": 2, "origin_id": -10, "origin_slot": 0, "target_id": 12, "target_slot": 0, "type": "INT"],
        ],
    ]

    @Test(
        "give a host's value, or else the first widget's, to all that an input leads to",
        arguments: [(nil, "5"), ([], "5"), ([9], "9"), ([nil], "null")] as [([JSON]?, String)])
    func promoted(values: [JSON]?, expected: String) throws {
        let found = try Self.inputs(
            [Self.node(1, "sub", [Self.slot("n", "INT")], values: values)], definitions: [Self.definition])
        #expect(found.filter { $0.contains("steps") } == ["1:11.steps = \(expected)", "1:12.steps = \(expected)"])
    }

    @Test("let a widget of proxyWidgets replace the link that it has inside")
    func proxied() throws {
        let inner: JSON = [
            "id": "sub", "name": "Sub", "inputs": [], "outputs": [],
            "nodes": [
                Self.node(11, "Number", values: [3]),
                Self.node(12, "Size", [Self.slot("steps", "INT", isWidget: true)], values: [64, 6, 1]),
            ],
            "links": [["id": 1, "origin_id": 11, "origin_slot": 0, "target_id": 12, "target_slot": 0, "type": "INT"]],
        ]
        let host = Self.node(1, "sub", values: [40], properties: ["proxyWidgets": [["12", "steps"]]])
        #expect(try Self.inputs([host], definitions: [inner]).contains("1:12.steps = 40"))
    }
}
