internal import GraphCore
internal import Synchronization

/// The prompts that have ended, oldest first, up to a number of them and of bytes.
final class History: Sendable {
    struct Limits: Sendable {
        var promptCount = 10_000
        var byteCount = 256 << 20
    }

    struct Entry: Sendable {
        let prompt: Prompt
        let outcome: RunEvent.Outcome
        let startedAt: Int?
        let endedAt: Int
        /// `{"3": {"images": [...]}}` and the nodes they are of, as JSON.
        let outputs: [UInt8]
        let meta: [UInt8]
        let outputCount: Int
        /// The file to show for the whole: a member of `outputs`, with the node it came from.
        let preview: (file: JSON, node: NodeID, kind: String)?
        /// `["execution_start", {...}]` and so on, as JSON.
        let messages: [[UInt8]]

        /// Taken out of the queue before its turn: ComfyUI's history knows nothing of such prompts.
        var neverStarted: Bool { startedAt == nil }

        var byteCount: Int {
            prompt.byteCount + outputs.count + meta.count + messages.reduce(300) { $0 + $1.count + 40 }
        }

        /// `{"status_str": ..., "completed": ..., "messages": [...]}`.
        var status: [UInt8] {
            var text = JSONText()
            text.raw("{\"status_str\":\"\(outcome == .succeeded ? "success" : "error")\"")
            text.raw(",\"completed\":\(outcome == .succeeded),\"messages\":[")
            for (index, message) in messages.enumerated() {
                if index > 0 { text.raw(",") }
                text.raw(message)
            }
            text.raw("]}")
            return text.bytes
        }

        var json: [UInt8] {
            var text = JSONText()
            text.raw("{\"prompt\":")
            text.raw(prompt.json)
            text.raw(",\"outputs\":")
            text.raw(outputs)
            text.raw(",\"status\":")
            text.raw(status)
            text.raw(",\"meta\":")
            text.raw(meta)
            text.raw("}")
            return text.bytes
        }
    }

    private struct State {
        var order = Ring<RunID>()
        var entries: [RunID: Entry] = [:]
        var byteCount = 0
        /// Prompts that left the queue and whose end has not been read from the log yet.
        var expected: [RunID: Prompt] = [:]
    }

    private let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits = Limits()) { self.limits = limits }

    func knows(_ id: RunID) -> Bool { state.withLock { $0.entries[id] != nil || $0.expected[id] != nil } }

    /// Keeps a prompt that left the queue until its end is read.
    func expect(_ prompt: Prompt) { state.withLock { $0.expected[prompt.id] = prompt } }

    func expected(_ id: RunID) -> Prompt? { state.withLock { $0.expected[id] } }

    func add(_ ended: Narrator.Ended, of prompt: Prompt) {
        var outputs: [JSONObject.Member] = [], meta: [JSONObject.Member] = []
        for output in ended.outputs {
            // What inner nodes show belongs to the node that people see; later ones replace earlier ones.
            outputs.removeAll { $0.key == output.display.text }
            meta.removeAll { $0.key == output.display.text }
            outputs.append(.init(output.display.text, .object(output.values)))
            meta.append(
                .init(
                    output.display.text,
                    [
                        "node_id": .string(output.node.text), "display_node": .string(output.display.text),
                        "parent_node": output.parent.map { .string($0.text) } ?? .null,
                        "real_node_id": .string(output.real.text),
                    ]))
        }
        var kept = prompt
        (kept.ready, kept.queued) = (nil, nil)
        let entry = Entry(
            prompt: kept, outcome: ended.outcome, startedAt: ended.startedAt, endedAt: ended.endedAt,
            outputs: JSONWriter.bytes(.object(JSONObject(outputs))),
            meta: JSONWriter.bytes(.object(JSONObject(meta))),
            outputCount: ended.outputs.reduce(0) { $0 + Self.fileCount($1.values) },
            preview: Self.preview(ended), messages: ended.messages)
        state.withLock { state in
            state.expected[entry.prompt.id] = nil
            state.order.append(entry.prompt.id)
            state.entries[entry.prompt.id] = entry
            state.byteCount += entry.byteCount
            while state.entries.count > limits.promptCount
                || (state.byteCount > limits.byteCount && state.entries.count > 1),
                let oldest = state.order.removeFirst()
            {
                forget(oldest, &state)
            }
        }
    }

    private static func fileCount(_ values: JSONObject) -> Int {
        values.members.reduce(0) { count, member in count + (member.value.array?.count ?? 1) }
    }

    /// The last file that was put out, saved ones before temporary ones.
    private static func preview(_ ended: Narrator.Ended) -> (file: JSON, node: NodeID, kind: String)? {
        var found: (file: JSON, node: NodeID, kind: String)?
        for output in ended.outputs {
            for member in output.values.members {
                guard let file = member.value.array?.first, let saved = SavedFile(file) else { continue }
                if saved.folder == .temp, let type = found?.file["type"]?.string, type != "temp" { continue }
                found = (file, output.display, member.key)
            }
        }
        return found
    }

    private func forget(_ id: RunID, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: id) else { return }
        state.byteCount -= entry.byteCount
    }

    func entry(_ id: RunID) -> Entry? { state.withLock { $0.entries[id] } }

    /// All of them, oldest first.
    var entries: [Entry] {
        state.withLock { state in
            (state.order.start..<state.order.end).compactMap { state.order[$0].flatMap { state.entries[$0] } }
        }
    }

    func remove(_ ids: [RunID]) {
        state.withLock { state in
            for id in ids { forget(id, &state) }
            var order = Ring<RunID>()
            for number in state.order.start..<state.order.end {
                if let id = state.order[number], state.entries[id] != nil { order.append(id) }
            }
            state.order = order
        }
    }

    func removeAll() {
        state.withLock { state in
            (state.order, state.entries, state.byteCount) = (Ring(), [:], 0)
        }
    }
}
