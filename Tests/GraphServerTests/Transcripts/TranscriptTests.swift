import GraphCore
import TestData
import Testing

/// Every recording of ComfyUI answering two clients, replayed on a server of ours.
@Suite("What clients are told of a run", .enabled(if: Shared.has("wire/ws_uncached.json")), .timeLimit(.minutes(2)))
struct TranscriptTests {
    /// ws_connect.json is of another shape; SocketTests has it.
    static let names =
        ((try? Shared.files("wire", ending: ".json")) ?? []).map { String($0.dropLast(5)) }
        .filter { $0.hasPrefix("ws_") && $0 != "ws_connect" }

    @Test("is what ComfyUI told them", arguments: names)
    func replay(name: String) async throws {
        try await withServerProcess { _, endpoint in
            let recording = try Recording(name)
            if let priming = recording.priming { _ = try endpoint.run(priming, client: "primer") }
            // Who did not submit it may be named as the submitter of others.
            let submitter = try endpoint.socket(recording.clientID ?? "wirecid")
            let bystander = try endpoint.socket(Recording.bystander)
            var told = [try submitter.next()]
            var overheard = [try bystander.next()]
            if recording.announcesFeatures {
                submitter.send(#"{"type": "feature_flags", "data": {"supports_preview_metadata": true}}"#)
                told.append(try submitter.next())
                bystander.send(#"{"type": "feature_flags", "data": {"supports_preview_metadata": true}}"#)
                overheard.append(try bystander.next())
            }

            let id = try endpoint.submit(recording.graph, client: recording.clientID, recording.more)
            if recording.isInterrupted {
                told += try submitter.read { $0.type == "progress" }
                // The one recording is of an interrupt by id, the other of whatever runs.
                let body: JSON = name.contains("global") ? [:] : ["prompt_id": .string(id)]
                #expect(try endpoint.post("/interrupt", body).status == 200)
            }
            let isLast: (WireSocket.Frame) -> Bool =
                recording.clientID == nil
                ? { $0["status"]?["exec_info"]?["queue_remaining"] == 0 } : { $0.isEnd(of: id) }
            told += try submitter.read(until: isLast)
            told += try submitter.readWaiting()
            overheard += try bystander.read { $0["status"]?["exec_info"]?["queue_remaining"] == 0 }
            overheard += try bystander.readWaiting()

            compare(name, recording, "client_A_submitter", told, id)
            compare(name, recording, "client_B_bystander", overheard, id)
            let kept = try #require(try endpoint.history(id))
            let areTwins = name == Self.twins
            let shape = HistoryShape(kept, prompt: id, hasMeta: !areTwins)
            let recordedShape = HistoryShape(recording.history, prompt: recording.id, hasMeta: !areTwins)
            #expect(lineDifference(shape.text, from: recordedShape.text) == "")
        }
    }

    /// Equal nodes, of which one runs: here each has its own entry in the history, there one has the other's.
    private static let twins = "ws_duplicate_nodes_in_prompt"

    private func compare(
        _ name: String, _ recording: Recording, _ client: String, _ frames: [WireSocket.Frame], _ id: String
    ) {
        var leeway = Transcript.Leeway(countsProgress: name.contains("binary"))
        leeway.ignoresOrderInNodes = name == Self.twins
        var expected = Transcript(recording.messages(client), prompt: recording.id, leeway: leeway)
        leeway.quietNodes = Set(expected.nodes.keys).subtracting(expected.progressing)
        expected = Transcript(recording.messages(client), prompt: recording.id, leeway: leeway)
        var found = Transcript(frames.map { Transcript.Message($0) }, prompt: id, leeway: leeway)
        if name == Self.twins {
            let hasRun = { (node: String) in found.nodes[node]?.contains { $0.hasPrefix("executing") } == true }
            for (one, other) in [("2", "3"), ("4", "5")] where hasRun(one) { found.exchange(one, other) }
        }
        #expect(found.difference(from: expected) == "", "\(client) of \(name)")
    }
}

/// A prompt's entry in /history: everything but what differs from run to run.
struct HistoryShape {
    let text: String

    init(_ entry: JSON, prompt: String, hasMeta: Bool) {
        var lines: [String] = ["keys \((entry.object?.members ?? []).map(\.key).sorted())"]
        let tuple = entry["prompt"]?.array ?? []
        lines.append("prompt of \(tuple.count): \(tuple.first?.number?.isInteger == true ? "a number" : "?")")
        lines.append("id \(tuple.dropFirst().first?.string == prompt)")
        for part in tuple.dropFirst(2) {
            let strings = part.array?.compactMap(\.string).sorted().map { JSON.string($0) }
            lines.append(Self.sorted(strings.map { .array($0) } ?? part))
        }
        lines.append("outputs \(Self.sorted(entry["outputs"] ?? .null).withoutChance)")
        if hasMeta { lines.append("meta \(Self.sorted(entry["meta"] ?? .null))") }
        let status = entry["status"]
        lines.append("status_str \(Self.sorted(status?["status_str"] ?? .null))")
        lines.append("completed \(Self.sorted(status?["completed"] ?? .null))")
        for message in status?["messages"]?.array ?? [] {
            let parts = message.array ?? []
            let keys = (parts.last?.object?.members ?? []).map(\.key).filter { $0 != "suggestion" }.sorted()
            lines.append("message \(Self.sorted(parts.first ?? .null)) of \(parts.count) \(keys)")
            if parts.last?["prompt_id"]?.string != prompt { lines.append("    of another prompt") }
        }
        text = lines.joined(separator: "\n")
    }

    private static func sorted(_ value: JSON) -> String {
        switch value {
        case .object(let object):
            "{"
                + object.members.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \(sorted($0.value))" }
                .joined(separator: ", ") + "}"
        case .array(let array): "[" + array.map { sorted($0) }.joined(separator: ", ") + "]"
        default: JSONWriter.text(value)
        }
    }
}
