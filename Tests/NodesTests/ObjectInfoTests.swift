import GraphCore
import Nodes
import TestData
import Testing

@Suite(
    "The /object_info of the built-in nodes",
    .enabled(if: Shared.has("wire/object_info_samples.json") && Shared.has("ui-format/object_info.json")))
struct ObjectInfoTests {
    @Test(
        "is what ComfyUI itself answered, for every type that occurs there",
        arguments: ["wire/object_info_samples.json", "ui-format/object_info.json"])
    func samples(path: String) throws {
        let samples = try JSONParser.parse(Shared.bytes(path))
        var compared = 0
        for node in BuiltInNodes.all() {
            guard let sample = samples[node.schema.type] else { continue }
            var ours = ObjectInfo.json(of: node.schema, in: EmptyEnvironment())
            // Of some nodes ComfyUI says null there, and editors then show the type.
            if sample["display_name"] == .null, var object = ours.object {
                #expect(object["display_name"]?.string?.isEmpty == false)
                object["display_name"] = .null
                ours = .object(object)
            }
            #expect(
                Self.sorted(ours) == Self.sorted(Self.withoutFiles(sample)), "\(node.schema.type) in \(path)")
            compared += 1
        }
        #expect(compared >= 9)
    }

    /// What lies in the input folder is another matter.
    private static func withoutFiles(_ sample: JSON) -> JSON {
        guard case .object(let object) = sample else { return sample }
        return .object(
            JSONObject(object.members.map { .init($0.key, $0.key == "input" ? emptied($0.value) : $0.value) }))
    }

    private static func emptied(_ json: JSON) -> JSON {
        switch json {
        case .object(let object):
            return .object(JSONObject(object.members.map { .init($0.key, emptied($0.value)) }))
        case .array(let elements)
        where elements.last?["image_upload"] == true || elements.last?["audio_upload"] == true:
            return .array([.array([])] + elements.dropFirst())
        default: return json
        }
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
