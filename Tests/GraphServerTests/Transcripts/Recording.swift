import GraphCore
import TestData

/// What ComfyUI told two clients of one prompt, and what its history kept of it (shared/wire/ws_*.json).
struct Recording: Sendable {
    let json: JSON

    init(_ name: String) throws {
        let text = String(decoding: try Shared.bytes("wire/\(name).json"), as: UTF8.self)
        // A node of ComfyUI's test pack that fails there by mistake; what was told of its failure holds for any.
        // What is interrupted lasts long enough for any machine.
        json = try JSONParser.parse(
            text.replacing("TestAsyncProgressUpdate", with: "TestSyncError")
                .replacing("\"seconds\": 3.0", with: "\"seconds\": 1000.0"))
    }

    var id: String { json["post"]?["body"]?["prompt_id"]?.string ?? "" }
    var graph: JSON { json["prompt"] ?? .null }
    var history: JSON { json["history"]?[id] ?? .null }
    /// The second client, who posted nothing, has this name.
    static let bystander = "bystander"

    private var prompt: [JSON] { history["prompt"]?.array ?? [] }
    private var extraData: JSONObject { prompt.count > 3 ? prompt[3].object ?? JSONObject() : JSONObject() }

    /// nil for a prompt that was posted without one.
    var clientID: String? { extraData["client_id"]?.string }

    /// What was posted besides the graph and the client's id.
    var more: [(String, JSON)] {
        var more: [(String, JSON)] = []
        var extra = extraData
        extra["client_id"] = nil
        if !extra.members.isEmpty { more.append(("extra_data", .object(extra))) }
        let outputs = prompt.last?.strings ?? []
        let shown = graph.object?.members.count { $0.value["class_type"] == "PreviewImage" } ?? 0
        if !outputs.isEmpty, outputs.count < shown {
            more.append(("partial_execution_targets", .array(outputs.map { .string($0) })))
        }
        return more
    }

    func messages(_ client: String) -> [Transcript.Message] {
        (json[client]?.array ?? []).map { Transcript.Message(recorded: $0) }
    }

    /// The features that the submitter announced before.
    var announcesFeatures: Bool {
        (json["client_A_submitter"]?.array ?? []).contains { $0["type"] == "feature_flags" }
    }

    var isInterrupted: Bool {
        (json["client_A_submitter"]?.array ?? []).contains { $0["type"] == "execution_interrupted" }
    }

    /// A prompt that leaves in the cache what this one found there; nil when that was nothing.
    var priming: JSON? {
        let messages = json["client_A_submitter"]?.array ?? []
        let cached = messages.first { $0["type"] == "execution_cached" }?["data"]?["nodes"]?.strings ?? []
        guard !cached.isEmpty, let members = graph.object?.members else { return nil }
        var nodes = members.filter { cached.contains($0.key) }
        if !nodes.contains(where: { $0.value["class_type"] == "PreviewImage" }) {
            for id in cached {
                nodes.append(.init("shown \(id)", Graphs.node("PreviewImage", ["images": [.string(id), 0]])))
            }
        }
        return .object(JSONObject(nodes))
    }
}

extension JSON {
    fileprivate var strings: [String]? { array?.compactMap(\.string) }
}
