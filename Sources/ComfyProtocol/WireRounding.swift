public import GraphCore

/// How exactly numbers are written.
enum WireRounding {
    /// Tenths.
    static func percent(_ percent: Double) -> Double { (percent * 10).rounded() / 10 }
    /// Milliseconds, in seconds.
    static func seconds(_ duration: Duration) -> Double { (duration / .milliseconds(1)).rounded() / 1000 }
}

extension RunEvent.Kind {
    /// What `ComfyDecoder` makes of the event's messages: rounded, and without what they leave out. Nil where it makes
    /// nothing of them.
    public var asOnTheWire: RunEvent.Kind? {
        func rounded(_ duration: Duration?) -> Duration? { duration.map { .seconds(WireRounding.seconds($0)) } }
        switch self {
        // The client knows itself that it has queued the run, and how it ended is `ComfyDecoder.outcome`.
        case .runQueued, .runFinished: return nil
        // Pictures are binary messages, which name no event; `ComfyDecoder.picture` reads them.
        case .nodePreview, .nodePicture: return nil
        case .runProgress(let finished, let count, let remaining):
            return .runProgress(finished: finished, of: count, remaining: rounded(remaining))
        case .nodeStarted(let node, let type, let display, _, let reason):
            return .nodeStarted(node, type: type, display: display, parent: nil, because: reason)
        case .nodePhase(let node, let type, let stage, let message, let percent):
            return .nodePhase(
                node, type: type, stage: stage, message: message, percent: WireRounding.percent(percent))
        case .nodeProgress(let node, let completed, let total, let remaining, _):
            return .nodeProgress(node, completed: completed, total: total, remaining: rounded(remaining))
        case .nodeFailed(let node, let diagnostic):
            return .nodeFailed(
                node, Diagnostic(.nodeFailed, node: node, diagnostic.message, suggestion: diagnostic.suggestion))
        case .runStarted, .nodeCached, .nodeWaiting, .nodePreviewFile, .nodeLog, .nodeOutput, .nodeFinished,
            .nodeInterrupted, .nodeBlocked:
            return self
        }
    }
}
