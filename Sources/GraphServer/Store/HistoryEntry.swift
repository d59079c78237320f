internal import ComfyProtocol
internal import GraphCore

/// A prompt that has ended, as ComfyUI's `/history` and `/jobs` show it: made of what the store keeps.
struct HistoryEntry {
    let run: StoredRun
    let encoding: RunEncoding

    /// Writes `{"prompt": [...], "outputs": {...}, "status": {...}, "meta": {...}}`.
    func write(to json: inout JSONPieces) {
        json.text.raw("{\"prompt\":")
        run.prompt.write(to: &json)
        json.text.raw(",\"outputs\":")
        writeOutputs(to: &json)
        json.text.raw(",\"status\":")
        writeStatus(to: &json)
        json.text.raw(",\"meta\":")
        writeMeta(to: &json)
        json.text.raw("}")
    }

    /// Writes `{"status_str": ..., "completed": ..., "messages": [...]}`.
    func writeStatus(to json: inout JSONPieces) {
        let isSuccess = run.status.state == .succeeded
        json.text.raw("{\"status_str\":\"\(isSuccess ? "success" : "error")\"")
        json.text.raw(",\"completed\":\(isSuccess),\"messages\":[")
        for (index, message) in messages.enumerated() {
            if index > 0 { json.text.raw(",") }
            json.raw(message.historyEntry(of: run.prompt.id))
        }
        json.text.raw("]}")
    }

    /// What ComfyUI's history keeps of a run's messages.
    private var messages: [ComfyMessage] {
        guard let started = run.startedAt else { return [] }
        var messages: [ComfyMessage] = [
            .executionStart(timestamp: started), .executionCached(run.status.cached, timestamp: started),
        ]
        if let error { messages.append(.executionError(error)) }
        guard let ended = run.endedAt else { return messages }
        switch run.status.state {
        case .succeeded: messages.append(.executionSuccess(timestamp: ended))
        case .cancelled:
            messages.append(
                .executionInterrupted(
                    node: run.status.interrupted?.node, type: run.status.interrupted?.type ?? "",
                    executed: run.status.executed, timestamp: ended))
        case .failed, .queued, .running: break
        }
        return messages
    }

    /// Nil unless the run failed.
    var error: ExecutionError? {
        guard let failure = run.status.failure else { return nil }
        let origin = encoding.origin(of: run.prompt)
        return ExecutionError(
            origin.redact(failure.diagnostic), of: failure.node, type: failure.nodeType, run: run.prompt.id,
            executed: Array(run.status.executed.prefix(failure.executedCount)), inputs: origin.inputs(failure.node),
            timestamp: origin.milliseconds(failure.elapsed))
    }

    /// What inner nodes show belongs to the node that people see; later ones replace earlier ones.
    private var shown: [RunStatus.Output] {
        let all = run.status.outputs
        var last: [NodeID: Int] = [:]
        for (index, output) in all.enumerated() { last[output.display] = index }
        return all.enumerated().filter { last[$0.element.display] == $0.offset }.map(\.element)
    }

    /// Writes `{"3": {"images": [...]}}`.
    func writeOutputs(to json: inout JSONPieces) {
        json.text.raw("{")
        for (index, output) in shown.enumerated() {
            if index > 0 { json.text.raw(",") }
            json.text.string(output.display.text)
            json.text.raw(":")
            json.raw(output.json)
        }
        json.text.raw("}")
    }

    /// Writes the nodes that the outputs are of.
    func writeMeta(to json: inout JSONPieces) {
        json.text.raw("{")
        for (index, output) in shown.enumerated() {
            if index > 0 { json.text.raw(",") }
            json.text.string(output.display.text)
            json.text.raw(":{\"node_id\":")
            json.text.string(output.node.text)
            json.text.raw(",\"display_node\":")
            json.text.string(output.display.text)
            json.text.raw(",\"parent_node\":")
            if let parent = output.parent { json.text.string(parent.text) } else { json.text.raw("null") }
            json.text.raw(",\"real_node_id\":")
            json.text.string(output.real.text)
            json.text.raw("}")
        }
        json.text.raw("}")
    }
}
