internal import GraphCore

/// What the events of a run add up to, for views that show where it stands.
struct RunState {
    struct Running {
        let node: NodeID
        let type: String
        let started: Duration
        var phase = ""
        var completed = 0.0
        var total = 0.0
        /// The time left as it was told, and when.
        var remaining: (value: Duration, told: Duration)?
        /// What it has shown; told once it has finished.
        var outputs: [JSONObject] = []

        /// How far it is, 0...1; nil while that is not known, or makes no sense.
        var fraction: Double? {
            let share = completed / total
            return total > 0 && share.isFinite ? min(max(share, 0), 1) : nil
        }
    }

    /// Far beyond any run, and far from where counting on would overflow.
    private static let counts = 0...Int(Int32.max)

    struct Finished {
        let node: NodeID
        let type: String
        let elapsed: Duration
        let outputs: [JSONObject]
    }

    private(set) var running: [Running] = []
    /// Nodes that ran to their end.
    private(set) var finishedCount = 0
    /// Nodes that came to any end, failed ones too, of `nodeCount`: what a bar shows.
    private(set) var settledCount = 0
    /// Nodes whose result was there, of an earlier run or of an equal node.
    private(set) var cachedCount = 0
    private(set) var nodeCount = 0
    private(set) var remaining: (value: Duration, told: Duration)?
    private(set) var now: Duration = .zero

    /// - Returns: the node that has just finished, if one has.
    mutating func apply(_ event: RunEvent) -> Finished? {
        now = event.elapsed
        switch event.kind {
        case .runQueued: self = RunState()
        case .runStarted(let count, _): nodeCount = Self.bounded(count)
        case .runProgress(let settled, let count, let left):
            (settledCount, nodeCount) = (Self.bounded(settled), Self.bounded(max(count, settled)))
            remaining = left.map { ($0, event.elapsed) }
        case .nodeStarted(let node, let type, _, _, _):
            running.append(Running(node: node, type: type, started: event.elapsed))
        case .nodePhase(let node, _, _, let message, _): update(node) { $0.phase = message }
        case .nodeProgress(let node, let completed, let total, let left, _):
            update(node) {
                ($0.completed, $0.total) = (completed, total)
                $0.remaining = left.map { ($0, event.elapsed) }
            }
        case .nodeFinished(let node):
            finishedCount += 1
            settledCount += 1
            return remove(node).map {
                Finished(node: node, type: $0.type, elapsed: event.elapsed - $0.started, outputs: $0.outputs)
            }
        case .nodeOutput(let node, _, let output): update(node) { $0.outputs.append(output) }
        case .nodeCached: cachedCount += 1
        case .nodeFailed(let node, _), .nodeInterrupted(let node), .nodeBlocked(let node, _, _): _ = remove(node)
        case .nodeWaiting(let node, .inputs): _ = remove(node)
        case .nodeWaiting(_, .expansion), .nodePreview, .nodePreviewFile, .nodePicture, .nodeLog, .runFinished: break
        }
        return nil
    }

    private static func bounded(_ count: Int) -> Int { min(max(count, counts.lowerBound), counts.upperBound) }

    func isRunning(_ node: NodeID) -> Bool { running.contains { $0.node == node } }

    private mutating func update(_ node: NodeID, _ change: (inout Running) -> Void) {
        if let index = running.firstIndex(where: { $0.node == node }) { change(&running[index]) }
    }

    private mutating func remove(_ node: NodeID) -> Running? {
        running.firstIndex { $0.node == node }.map { running.remove(at: $0) }
    }
}
