extension RunEvent {
    /// One JSON object an event, as `graphrun --events jsonl` writes it; docs/EVENTS.md is its reference.
    ///
    /// `seq` has no gaps over all runs of a log, `run_seq` none in one run; `t` is seconds since the run was queued.
    public var json: JSON {
        let head: [JSONObject.Member] = [
            .init("seq", .number(JSONNumber(Int128(order)))), .init("run", .string(run.text)),
            .init("run_seq", .number(JSONNumber(Int128(sequence)))), .init("t", Self.rounded(elapsed.seconds)),
        ]
        let (type, members) = kind.named
        return .object(JSONObject(head + [.init("type", .string(type))] + members.map { .init($0.0, $0.1) }))
    }

    /// Microseconds are as much as a reader can use. What a node reports need not be finite; JSON must be.
    static func rounded(_ seconds: Double) -> JSON {
        let rounded = (seconds * 1e6).rounded() / 1e6
        return rounded.isFinite ? .number(JSONNumber(rounded)) : .null
    }
}

extension RunEvent.Kind {
    /// The event's name on the wire and its members. No `default`: a new kind does not compile until it has a name.
    fileprivate var named: (String, [(String, JSON)]) {
        switch self {
        case .runQueued: ("run_queued", [])
        case .runStarted(let count, let cached):
            ("run_started", [("nodes", Self.number(count)), ("cached", Self.number(cached.count))])
        case .runProgress(let finished, let count, let remaining):
            (
                "run_progress",
                [("finished", Self.number(finished)), ("nodes", Self.number(count))] + Self.estimate(remaining)
            )
        case .nodeCached(let node): ("node_cached", [("node", .string(node.text))])
        case .nodeStarted(let node, let type, let display, let parent, let reason):
            (
                "node_started",
                [("node", .string(node.text)), ("node_type", .string(type)), ("display_node", .string(display.text))]
                    + (parent.map { [("parent_node", .string($0.text))] } ?? []) + reason.members
            )
        case .nodeWaiting(let node, .inputs(let names)):
            ("node_waiting", [("node", .string(node.text)), ("inputs", .array(names.map { .string($0) }))])
        case .nodeWaiting(let node, .expansion(let count)):
            ("node_waiting", [("node", .string(node.text)), ("expansion", Self.number(count))])
        case .nodePhase(let node, let type, let stage, let message, let percent):
            (
                "node_phase",
                [
                    ("node", .string(node.text)), ("source", .string(type)), ("stage", .string(stage)),
                    ("message", .string(message)), ("progress", RunEvent.rounded(percent)),
                ]
            )
        case .nodeProgress(let node, let completed, let total, let remaining, _):
            (
                "node_progress",
                [
                    ("node", .string(node.text)), ("value", RunEvent.rounded(completed)),
                    ("max", RunEvent.rounded(total)),
                ] + Self.estimate(remaining)
            )
        case .nodePreview(let node, let format, let bytes): ("node_preview", Self.picture(node, format, bytes))
        case .nodePreviewFile(let node, let file):
            ("node_preview", [("node", .string(node.text)), ("file", file.json)])
        case .nodePicture(let node, let format, let bytes): ("node_picture", Self.picture(node, format, bytes))
        case .nodeLog(let node, let level, let message):
            (
                "node_log",
                [("node", .string(node.text)), ("level", .string(level.rawValue)), ("message", .string(message))]
            )
        case .nodeOutput(let node, let display, let values):
            (
                "node_output",
                [("node", .string(node.text)), ("display_node", .string(display.text)), ("output", .object(values))]
            )
        case .nodeFinished(let node): ("node_finished", [("node", .string(node.text))])
        case .nodeFailed(let node, let diagnostic):
            (
                "node_failed",
                [("node", .string(node.text)), ("message", .string(diagnostic.message))]
                    + (diagnostic.suggestion.map { [("suggestion", .string($0))] } ?? [])
            )
        case .nodeInterrupted(let node): ("node_interrupted", [("node", .string(node.text))])
        case .nodeBlocked(let node, _, let message):
            ("node_blocked", [("node", .string(node.text))] + (message.map { [("message", .string($0))] } ?? []))
        case .runFinished(let outcome): ("run_finished", [("outcome", .string(outcome.rawValue))])
        }
    }

    private static func number(_ value: Int) -> JSON { .number(JSONNumber(value)) }

    /// Marked as what it is.
    private static func estimate(_ remaining: Duration?) -> [(String, JSON)] {
        remaining.map { [("estimated_seconds_left", RunEvent.rounded($0.seconds))] } ?? []
    }
}

extension RunEvent.Kind {
    /// The bytes are not text; a line says how many there are.
    fileprivate static func picture(
        _ node: NodeID, _ format: RunEvent.PreviewFormat, _ bytes: [UInt8]
    ) -> [(String, JSON)] {
        [
            ("node", .string(node.text)), ("format", .string(format.rawValue)), ("byte_count", number(bytes.count)),
        ]
    }
}

extension RunEvent.Reason {
    fileprivate var members: [(String, JSON)] {
        var members: [(String, JSON)] = [("because", .string(code))]
        if case .inputChanged(let input) = self { members.append(("input", .string(input))) }
        return members
    }

    /// In words, for people.
    public var text: String {
        switch self {
        case .neverRan: "never ran"
        case .inputChanged(let input): "input '\(input)' changed"
        case .typeChanged: "its type changed"
        case .contentChanged: "a file changed"
        case .notCacheable: "not cacheable"
        case .evicted: "its result was let go"
        }
    }
}
