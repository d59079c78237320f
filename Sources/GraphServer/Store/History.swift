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
        /// The file to show for the whole.
        let preview: RunFold.Preview?
        /// `["execution_start", {...}]` and so on, as JSON.
        let messages: [[UInt8]]
        /// What it takes in memory, about.
        let byteCount: Int

        init(_ ended: Narrator.Ended, of prompt: Prompt) {
            (self.prompt, outcome, messages) = (prompt, ended.outcome, ended.messages)
            (startedAt, endedAt) = (ended.startedAt, ended.endedAt)
            (outputCount, preview) = (ended.outputCount, ended.preview)
            (outputs, meta) = Self.texts(ended.outputs)
            byteCount =
                prompt.byteCount + outputs.count + meta.count + messages.reduce(300) { $0 + $1.count + 40 }
        }

        private static func texts(_ all: [RunFold.Output]) -> (outputs: [UInt8], meta: [UInt8]) {
            // What inner nodes show belongs to the node that people see; later ones replace earlier ones.
            var last: [NodeID: Int] = [:]
            for (index, output) in all.enumerated() { last[output.display] = index }
            var outputs = JSONText(), meta = JSONText()
            outputs.raw("{")
            meta.raw("{")
            var isFirst = true
            for (index, output) in all.enumerated() where last[output.display] == index {
                if !isFirst {
                    outputs.raw(",")
                    meta.raw(",")
                }
                isFirst = false
                outputs.string(output.display.text)
                outputs.raw(":")
                outputs.raw(output.json)
                write(output, &meta)
            }
            outputs.raw("}")
            meta.raw("}")
            return (outputs.bytes, meta.bytes)
        }

        private static func write(_ output: RunFold.Output, _ meta: inout JSONText) {
            meta.string(output.display.text)
            meta.raw(":{\"node_id\":")
            meta.string(output.node.text)
            meta.raw(",\"display_node\":")
            meta.string(output.display.text)
            meta.raw(",\"parent_node\":")
            if let parent = output.parent { meta.string(parent.text) } else { meta.raw("null") }
            meta.raw(",\"real_node_id\":")
            meta.string(output.real.text)
            meta.raw("}")
        }

        /// Taken out of the queue before its turn: ComfyUI's history knows nothing of such prompts.
        var neverStarted: Bool { startedAt == nil }

        /// Writes `{"status_str": ..., "completed": ..., "messages": [...]}`.
        func writeStatus(to json: inout JSONPieces) {
            json.text.raw("{\"status_str\":\"\(outcome == .succeeded ? "success" : "error")\"")
            json.text.raw(",\"completed\":\(outcome == .succeeded),\"messages\":[")
            for (index, message) in messages.enumerated() {
                if index > 0 { json.text.raw(",") }
                json.raw(message)
            }
            json.text.raw("]}")
        }

        func write(to json: inout JSONPieces) {
            json.text.raw("{\"prompt\":")
            prompt.write(to: &json)
            json.text.raw(",\"outputs\":")
            json.raw(outputs)
            json.text.raw(",\"status\":")
            writeStatus(to: &json)
            json.text.raw(",\"meta\":")
            json.raw(meta)
            json.text.raw("}")
        }
    }

    private struct State {
        /// Ids of entries by their numbers; some may be gone.
        var order = Ring<RunID>()
        var entries: [RunID: (number: Int, entry: Entry)] = [:]
        var byteCount = 0
        /// Prompts that left the queue and whose end has not been read from the log yet.
        var expected: [RunID: Prompt] = [:]

        func entry(at number: Int) -> Entry? {
            guard let id = order[number], let found = entries[id], found.number == number else { return nil }
            return found.entry
        }
    }

    private let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits = Limits()) { self.limits = limits }

    func knows(_ id: RunID) -> Bool { state.withLock { $0.entries[id] != nil || $0.expected[id] != nil } }

    /// Keeps a prompt that left the queue until its end is read.
    func expect(_ prompt: Prompt) { state.withLock { $0.expected[prompt.id] = prompt } }

    func expected(_ id: RunID) -> Prompt? { state.withLock { $0.expected[id] } }

    func add(_ ended: Narrator.Ended, of prompt: Prompt) {
        let entry = Entry(ended, of: prompt)
        state.withLock { state in
            state.expected[prompt.id] = nil
            forget(prompt.id, &state)
            state.entries[prompt.id] = (state.order.end, entry)
            state.order.append(prompt.id)
            state.byteCount += entry.byteCount
            while state.entries.count > limits.promptCount
                || (state.byteCount > limits.byteCount && state.entries.count > 1)
            {
                let number = state.order.start
                guard let oldest = state.order.removeFirst() else { break }
                if state.entries[oldest]?.number == number { forget(oldest, &state) }
            }
            compact(&state)
        }
    }

    private func forget(_ id: RunID, _ state: inout State) {
        guard let (_, entry) = state.entries.removeValue(forKey: id) else { return }
        state.byteCount -= entry.byteCount
    }

    /// Gives back the places of entries that are gone once they are the most: each is moved once for each that went.
    private func compact(_ state: inout State) {
        guard state.order.end - state.order.start > 2 * state.entries.count + 64 else { return }
        var order = Ring<RunID>()
        for number in state.order.start..<state.order.end {
            guard let entry = state.entry(at: number) else { continue }
            state.entries[entry.prompt.id]?.number = order.end
            order.append(entry.prompt.id)
        }
        state.order = order
    }

    func entry(_ id: RunID) -> Entry? { state.withLock { $0.entries[id]?.entry } }

    /// All of them, oldest first.
    var entries: [Entry] {
        state.withLock { state in (state.order.start..<state.order.end).compactMap { state.entry(at: $0) } }
    }

    /// Of those that started at most `maxCount`, oldest first: the newest, or from `offset`.
    func started(maxCount: Int, offset: Int?) -> [Entry] {
        state.withLock { state in
            let numbers = state.order.start..<state.order.end
            var found: [Entry] = []
            var skipCount = offset ?? 0
            for number in offset == nil ? AnySequence(numbers.reversed()) : AnySequence(numbers) {
                if found.count == maxCount { break }
                guard let entry = state.entry(at: number), !entry.neverStarted else { continue }
                if skipCount > 0 { skipCount -= 1 } else { found.append(entry) }
            }
            return offset == nil ? found.reversed() : found
        }
    }

    func remove(_ ids: [RunID]) {
        state.withLock { state in
            for id in ids { forget(id, &state) }
            compact(&state)
        }
    }

    func removeAll() {
        state.withLock { state in
            (state.order, state.entries, state.byteCount) = (Ring(), [:], 0)
        }
    }
}
