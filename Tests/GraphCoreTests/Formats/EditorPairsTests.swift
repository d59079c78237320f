import Foundation
import TestData
import Testing

@testable import GraphCore

/// Files of ComfyUI's editor and what its own frontend made of them.
@Suite("An editor's file", .enabled(if: Shared.has("ui-format/index.json")))
struct EditorPairsTests {
    private static let names =
        (try? Shared.files("ui-format", ending: ".ui.json"))?.map { String($0.dropLast(8)) } ?? []
    private static let shapes = Result {
        let info = try JSONParser.parse(try Shared.bytes("ui-format/object_info.json")).object ?? JSONObject()
        return NodeShapes(NodeRegistry(), objectInfo: info)
    }

    @Test("is converted as ComfyUI's frontend converts it", arguments: names)
    func pair(name: String) throws {
        let reader = WorkflowReader(registry: NodeRegistry(), shapes: try Self.shapes.get())
        let reading = try reader.read(try Shared.bytes("ui-format/\(name).ui.json"))
        #expect(reading.format == .editor)
        let expected = try JSONParser.parse(try Shared.bytes("ui-format/\(name).api.json"))
        #expect(Self.lines(APIFormat.json(of: reading.workflow)) == Self.lines(expected))
    }

    /// One line for each input, so that a failure shows where it is. Titles and the inputs that only the frontend has
    /// are left out, and numbers are doubles.
    private static func lines(_ json: JSON) -> [String] {
        (json.object?.members ?? []).flatMap { node -> [String] in
            let type = node.value["class_type"]?.string ?? "?"
            let inputs = (node.value["inputs"]?.object?.members ?? []).filter {
                !(type == "SaveGLB" && $0.key == "image") && !(type == "RecordAudio" && $0.key == "audio")
            }
            let meta = (node.value["_meta"]?.object?.members ?? []).filter { $0.key != "title" }
            return [
                "\(node.key) \(type) \(meta.map { "\($0.key)=\(text($0.value))" }) \(node.value.object?.members.map(\.key) ?? [])"
            ]
                + inputs.map { "\(node.key) \($0.key) = \(text($0.value))" }
        }
    }

    private static func text(_ json: JSON) -> String {
        switch json {
        case .number(let number): "\(number.double ?? .nan)"
        case .array(let items): "[" + items.map(text).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.members.map { "\($0.key): \(text($0.value))" }.joined(separator: ", ") + "}"
        default: JSONWriter.text(json)
        }
    }
}
