import GraphCore
import Nodes
import TestData
import Testing

@Suite("The /object_info of the built-in nodes", .enabled(if: Shared.has("wire/object_info_samples.json")))
struct ObjectInfoTests {
    @Test(
        "is what ComfyUI itself answered",
        arguments: [
            "EmptyImage", "PreviewImage", "SaveImage", "LoadImage", "ImageScale", "ImageInvert", "PrimitiveInt",
            "PreviewAny", "ImageBlend",
        ])
    func samples(type: String) throws {
        let samples = try JSONParser.parse(Shared.bytes("wire/object_info_samples.json"))
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
