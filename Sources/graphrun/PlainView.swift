internal import GraphCore

/// Progress in a pipe or a log file: plain lines, one when a node finishes, then the outputs.
struct PlainView: EventView {
    /// In a larger graph only nodes that took a while get a line.
    private static let smallNodeCount = 100
    private static let longNode: Duration = .milliseconds(500)
    /// A line about the whole run, for someone who watches a log.
    private static let interval: Duration = .seconds(5)

    private let outputs: OutputLines
    private let console: Console
    private var state = RunState()
    private var lastTold: Duration = .zero
    /// When something outside the run was told last; nil when the run goes on.
    private var lastNoted: SuspendingClock.Instant?

    init(_ file: WorkflowFile, _ console: Console) {
        (outputs, self.console) = (OutputLines(folders: file.folders), console)
    }

    mutating func show(_ events: [RunEvent]) {
        var lines: [String] = []
        for event in events {
            let finished = state.apply(event)
            if let finished {
                if state.nodeCount <= Self.smallNodeCount || finished.elapsed >= Self.longNode {
                    lines.append("\(finished.type) (\(finished.node)): \(Words.duration(finished.elapsed))")
                }
                lines += finished.outputs.flatMap(outputLines)
            }
            switch event.kind {
            case .runQueued: lastTold = .zero
            // A running node's come with its line.
            case .nodeOutput(let node, _, let output) where !state.isRunning(node): lines += outputLines(output)
            case .nodeLog(let node, let level, let message): lines.append("\(node) [\(level.rawValue)] \(message)")
            case .nodePreviewFile(let node, let file): lines.append(outputs.beginning(node, file))
            case .nodeBlocked(let node, _, let message?): lines.append("\(node) did not run: \(message)")
            case .runProgress where event.elapsed - lastTold >= Self.interval:
                lastTold = event.elapsed
                lines.append(Self.summary(state))
            case .runFinished(let outcome): lines.append(Self.lastLine(outcome, state))
            default: break
            }
        }
        if !lines.isEmpty { console.output(lines.joined(separator: "\n")) }
    }

    /// One line when it begins, and then no more than one in a while.
    mutating func note(_ note: Note?) {
        guard let note else { return lastNoted = nil }
        if let lastNoted, lastNoted.duration(to: .now) < Self.interval { return }
        lastNoted = .now
        console.output(note.text)
    }

    private func outputLines(_ output: JSONObject) -> [String] { outputs.lines(output).map { "  " + $0 } }

    /// `done: 3 nodes in 49 ms`, `failed: 1 of 3 nodes in 49 ms`.
    static func lastLine(_ outcome: RunEvent.Outcome, _ state: RunState) -> String {
        let isPart = outcome != .succeeded && state.nodeCount > 0
        let count =
            isPart
            ? "\(state.finishedCount) of \(Words.count(state.nodeCount, "node"))"
            : Words.count(state.finishedCount, "node")
        let cached = state.cachedCount > 0 ? ", \(state.cachedCount) from the cache" : ""
        return "\(outcome.text): \(count)\(cached) in \(Words.duration(state.now))"
    }

    static func summary(_ state: RunState) -> String {
        let left = state.remaining.map { left in
            ", about \(Words.duration(max(.zero, left.value - (state.now - left.told)))) left"
        }
        return "\(state.settledCount) of \(Words.count(state.nodeCount, "node"))\(left ?? "")"
            + (state.running.first.map { "; " + status($0) } ?? "")
    }

    /// What the node that has run longest is at.
    private static func status(_ running: RunState.Running) -> String {
        let share = running.fraction.map { ["\(Words.whole(($0 * 100).rounded(.down), in: 0...100)) %"] } ?? []
        let phase = running.phase.isEmpty ? [] : [running.phase]
        let parts = (phase + share).joined(separator: ", ")
        return "\(running.type) (\(running.node))" + (parts.isEmpty ? "" : ": " + parts)
    }
}

extension RunEvent.Outcome {
    /// The first word of the last line.
    var text: String {
        switch self {
        case .succeeded: "done"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }
}
