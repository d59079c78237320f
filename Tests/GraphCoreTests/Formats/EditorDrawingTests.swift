import TestData
import TestNodes
import Testing

@testable import GraphCore

@Suite("A workflow drawn for the editor")
struct EditorDrawingTests {
    /// As /object_info describes them.
    private static let shapes = NodeShapes(
        NodeRegistry(),
        objectInfo: JSONObject([
            .init(
                "LoadImage",
                ["input": ["required": ["image": [["a.png"], ["image_upload": true]]]], "output": ["IMAGE", "MASK"]]),
            .init(
                "PrimitiveInt",
                ["input": ["required": ["value": ["INT", ["control_after_generate": true]]]], "output": ["INT"]]),
            .init(
                "ImageScale",
                [
                    "input": [
                        "required": [
                            "image": ["IMAGE"], "upscale_method": [["area", "lanczos"]],
                            "width": ["INT", ["default": 512]],
                            "height": ["INT", ["default": 512]], "crop": [["disabled", "center"]],
                        ]
                    ], "output": ["IMAGE"],
                ]),
            .init(
                "SaveImage",
                [
                    "input": [
                        "required": ["images": ["IMAGE"], "filename_prefix": ["STRING", ["default": "ComfyUI"]]]
                    ], "output": [],
                ]),
        ]))

    private func graph(_ prompt: JSON) throws -> JSON {
        EditorDrawing.json(of: try WorkflowReader(registry: NodeRegistry()).read(prompt).workflow, shapes: Self.shapes)
            .file
    }

    @Test("has a box for each node, a value for each widget, and a line for each link")
    func converted() throws {
        let graph = try graph([
            "load": ["class_type": "LoadImage", "inputs": ["image": "photo.jpg"], "_meta": ["title": "Mine"]],
            "size": ["class_type": "PrimitiveInt", "inputs": ["value": 64]],
            "scale": [
                "class_type": "ImageScale",
                "inputs": ["crop": "center", "width": ["size", 0], "image": ["load", 0], "height": 32],
            ],
            "save": ["class_type": "SaveImage", "inputs": ["images": ["scale", 0]]],
        ])
        let nodes = try #require(graph["nodes"]?.array)
        #expect(nodes.map { $0["id"] } == [1, 2, 3, 4])
        #expect(nodes.map { $0["type"]?.string } == ["LoadImage", "PrimitiveInt", "ImageScale", "SaveImage"])
        #expect(nodes.map { $0["title"]?.string } == ["Mine", nil, nil, nil])
        #expect(nodes[0]["widgets_values"] == ["photo.jpg", "image"])
        #expect(nodes[1]["widgets_values"] == [64, "fixed"])
        #expect(nodes[2]["widgets_values"]?.array?.suffix(2) == [32, "center"])
        #expect(nodes[2]["widgets_values"]?.array?.count == 4)
        #expect(
            nodes[2]["inputs"] == [
                ["name": "image", "type": "IMAGE", "link": 1],
                ["name": "width", "type": "INT", "widget": ["name": "width"], "link": 2],
            ])
        #expect(graph["links"] == [[1, 1, 0, 3, 0, "IMAGE"], [2, 2, 0, 3, 1, "INT"], [3, 3, 0, 4, 0, "IMAGE"]])
        #expect(nodes[0]["outputs"]?.array?.first == ["name": "IMAGE", "type": "IMAGE", "links": [1]])
        #expect(nodes.map { $0["pos"]?.array?.first } == [100, 100, 500, 900])
        #expect(graph["last_node_id"] == 4 && graph["last_link_id"] == 3)
    }

    @Test("keeps ids that are numbers")
    func numbered() throws {
        let graph = try graph([
            "7": ["class_type": "LoadImage", "inputs": ["image": "a.png"]],
            "3": ["class_type": "SaveImage", "inputs": ["images": ["7", 0]]],
        ])
        #expect(graph["nodes"]?.array?.map { $0["id"] } == [7, 3])
        #expect(graph["links"] == [[1, 7, 0, 3, 0, "IMAGE"]])
    }

    @Test("has a box for a node of no known type, and comes to an end for a circle")
    func strange() throws {
        let graph = try graph([
            "a": ["class_type": "Nobody", "inputs": ["x": ["b", 1], "y": 5]],
            "b": ["class_type": "Nobody", "inputs": ["x": ["a", 0]]],
        ])
        let nodes = try #require(graph["nodes"]?.array)
        #expect(nodes[0]["widgets_values"] == [5])
        #expect(
            nodes[0]["inputs"] == [
                ["name": "x", "type": "*", "link": 1],
                ["name": "y", "type": "*", "widget": ["name": "y"], "link": nil],
            ])
        #expect(nodes[1]["outputs"]?.array?.count == 2)
        #expect(graph["links"] == [[1, 2, 1, 1, 0, "*"], [2, 1, 0, 2, 0, "*"]])
    }

    @Test("is read back as the same graph", .enabled(if: Shared.has("ui-format/index.json")))
    func roundTrip() throws {
        let info = try JSONParser.parse(try Shared.bytes("ui-format/object_info.json")).object ?? JSONObject()
        let shapes = NodeShapes(NodeRegistry(), objectInfo: info)
        // An empty list has nothing to choose, and what an editor calls null is that, too. What looks like a comment or
        // like the name of a widget is read as one.
        for name in try Shared.files("ui-format", ending: ".api.json")
        where !["f-combo-edge.api.json", "f-subgraph-proxy-text.api.json"].contains(name) {
            let json = try JSONParser.parse(try Shared.bytes("ui-format/\(name)"))
            let workflow = try WorkflowReader(registry: NodeRegistry()).read(json).workflow
            let (file, notes) = EditorDrawing.json(of: workflow, shapes: shapes)
            #expect(notes == [], "\(name)")
            let back = try WorkflowReader(registry: NodeRegistry(), shapes: shapes).read(file).workflow
            #expect(Self.inputs(of: back) == Self.inputs(of: workflow), "\(name)")
        }
    }

    /// Sorted, with links by position: ids that are no numbers are counted anew.
    private static func inputs(of workflow: Workflow) -> [[String]] {
        let positions = Dictionary(uniqueKeysWithValues: workflow.nodes.enumerated().map { ($1.id, $0) })
        return workflow.nodes.map { node in
            node.inputs.map { input in
                switch input.source {
                case .link(let link): return "\(input.name) from \(positions[link.node] ?? -1).\(link.slot)"
                case .literal(let json), .malformedLink(let json):
                    return "\(input.name) = \(JSONWriter.text(json))"
                }
            }.sorted()
        }
    }

    @Test("says what no editor can show")
    func notes() throws {
        let prompt: JSON = ["1": ["class_type": "SaveImage", "inputs": ["images": "x", "prefix": "y"]]]
        let workflow = try WorkflowReader(registry: NodeRegistry()).read(prompt).workflow
        #expect(
            EditorDrawing.json(of: workflow, shapes: Self.shapes).notes.map(\.text) == [
                "'images' of SaveImage has a value, and in an editor it can only be linked: it is left out",
                "an editor shows no input 'prefix' of SaveImage: it is left out",
            ])
    }
}
