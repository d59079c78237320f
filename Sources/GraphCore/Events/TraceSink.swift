/// Folds events into a trace that Perfetto and chrome://tracing open: a bar a node, nodes that ran at once on rows of
/// their own. Format: the Trace Event Format's complete ("X") and instant ("i") events, times in microseconds.
public struct TraceSink {
    private struct Running {
        let started: Double
        let row: Int
        let type: String
        let reason: String
    }

    private var running: [NodeID: Running] = [:]
    private var rows: [Bool] = []
    private var out: [UInt8] = Array("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[".utf8)
    private var isEmpty = true

    public init() {}

    public mutating func add(_ event: RunEvent) {
        let time = event.elapsed.seconds * 1e6
        switch event.kind {
        case .nodeStarted(let node, let type, _, _, let reason):
            let row = rows.firstIndex(of: false) ?? rows.count
            if row == rows.count { rows.append(true) } else { rows[row] = true }
            running[node] = Running(started: time, row: row, type: type, reason: reason.text)
        case .nodeFinished(let node): end(node, time, "done")
        case .nodeFailed(let node, let diagnostic): end(node, time, diagnostic.message)
        case .nodeInterrupted(let node): end(node, time, "interrupted")
        case .nodeWaiting(let node, _): end(node, time, "waits for others")
        case .nodeCached(let node): instant("cached", node, time)
        case .nodeBlocked(let node, _, _): instant("blocked", node, time)
        case .nodePhase(let node, _, let stage, _, _): instant(stage, node, time)
        case .runQueued, .runStarted, .runProgress, .nodeProgress, .nodePreview, .nodePreviewFile, .nodePicture,
            .nodeLog, .nodeOutput,
            .runFinished:
            break
        }
    }

    /// The whole file.
    public consuming func bytes() -> [UInt8] {
        out.append(contentsOf: "]}\n".utf8)
        return out
    }

    private mutating func end(_ node: NodeID, _ time: Double, _ result: String) {
        guard let start = running.removeValue(forKey: node) else { return }
        rows[start.row] = false
        write([
            "name": .string("\(start.type) \(node)"), "ph": "X", "pid": 1, "tid": .number(JSONNumber(start.row)),
            "ts": Self.time(start.started), "dur": Self.time(max(0, time - start.started)),
            "args": ["because": .string(start.reason), "result": .string(result)],
        ])
    }

    private mutating func instant(_ name: String, _ node: NodeID, _ time: Double) {
        let row = running[node]?.row ?? 0
        write([
            "name": .string("\(name) \(node)"), "ph": "i", "s": "t", "pid": 1, "tid": .number(JSONNumber(row)),
            "ts": Self.time(time),
        ])
    }

    private static func time(_ microseconds: Double) -> JSON {
        .number(JSONNumber((microseconds * 10).rounded() / 10))
    }

    private mutating func write(_ event: JSON) {
        if !isEmpty { out.append(contentsOf: ",\n".utf8) }
        isEmpty = false
        out.append(contentsOf: JSONWriter.bytes(event))
    }
}
