import Foundation
import GraphCore
import Nodes
import Testing

/// What ComfyUI answered, beside the repository.
private enum Samples {
    static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared/wire/object_info_samples.json")
    static let exist = FileManager.default.fileExists(atPath: file.path)
}

@Suite("The /object_info of the built-in nodes", .enabled(if: Samples.exist))
struct ObjectInfoTests {
    @Test(
        "is what ComfyUI itself answered",
        arguments: [
            "EmptyImage", "PreviewImage", "SaveImage", "LoadImage", "ImageScale", "ImageInvert", "PrimitiveInt",
            "PreviewAny", "ImageBlend",
        ])
    func samples(type: String) throws {
        let samples = try JSONParser.parse([UInt8](try Data(contentsOf: Samples.file)))
        let schema = try #require(NodeRegistry(BuiltInNodes.all())[type]?.schema)
        let ours = ObjectInfo.json(of: schema, in: EmptyEnvironment())
        #expect(Self.sorted(ours) == Self.sorted(try #require(samples[type])))
    }

    /// Key order aside; numbers compare by their text.
    private static func sorted(_ json: JSON) -> JSON {
        switch json {
        case .object(let object):
            .object(JSONObject(object.members.map { .init($0.key, sorted($0.value)) }.sorted { $0.key < $1.key }))
        case .array(let elements): .array(elements.map(sorted))
        default: json
        }
    }
}
