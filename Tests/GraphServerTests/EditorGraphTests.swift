import GraphCore
import Nodes
import Testing

@testable import GraphServer

@Suite("A workflow for the editor")
struct EditorGraphTests {
    private let registry = NodeRegistry(BuiltInNodes.all())

    private func graph(_ prompt: JSON) throws -> JSON {
        EditorGraph.json(of: try WorkflowReader.read(prompt, registry: registry).workflow, registry: registry)
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
        #expect(nodes.map { $0["pos"]?.array?.first } == [100, 100, 470, 840])
        #expect(graph["last_node_id"] == 4 && graph["last_link_id"] == 3)
    }

    @Test("keeps ids that are numbers")
    func numbered() throws {
        let graph = try graph([
            "7": ["class_type": "LoadImage", "inputs": ["image": "a.png"]],
            "3": ["class_type": "PreviewImage", "inputs": ["images": ["7", 0]]],
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
        #expect(nodes[0]["inputs"] == [["name": "x", "type": "*", "link": 1]])
        #expect(nodes[1]["outputs"]?.array?.count == 2)
        #expect(graph["links"] == [[1, 2, 1, 1, 0, "*"], [2, 1, 0, 2, 0, "*"]])
    }
}
