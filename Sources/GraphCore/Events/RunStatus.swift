/// What a run has come to, in our own words: a fold over its events, for pages, lists and metrics.
public struct RunStatus: Sendable {
    public enum State: String, Sendable, CaseIterable {
        case queued, running, succeeded, failed, cancelled

        public var hasEnded: Bool {
            switch self {
            case .queued, .running: false
            case .succeeded, .failed, .cancelled: true
            }
        }
    }

    /// What a node showed.
    public struct Output: Sendable {
        public let node: NodeID
        public let display: NodeID
        public let parent: NodeID?
        /// The node of the posted workflow that it goes back to.
        public let real: NodeID
        /// `{"images": [...]}`, as JSON.
        public let json: [UInt8]
    }

    /// The file that stands for all that a run showed, and the member of the node's output it is from.
    public struct Preview: Sendable {
        public let file: JSON
        public let node: NodeID
        public let kind: String
    }

    public struct Failure: Sendable {
        public let node: NodeID
        public let nodeType: String
        public let diagnostic: Diagnostic
        /// How many of `executed` had run to their end.
        public let executedCount: Int
        /// Since the run was queued.
        public let elapsed: Duration
    }

    public private(set) var state = State.queued
    /// What happens now: a word such as `inference`, and for people.
    public private(set) var stage: String?
    public private(set) var message: String?
    /// How far the run is, 0...100.
    public private(set) var percent = 0.0
    /// An estimate from measured durations.
    public private(set) var remaining: Duration?
    /// Since the run was queued.
    public private(set) var startedAt: Duration?
    public private(set) var endedAt: Duration?
    /// Nodes whose results an earlier run left.
    public private(set) var cached: [NodeID] = []
    /// Nodes that ran to their end, in order; cached ones not among them.
    public private(set) var executed: [NodeID] = []
    public private(set) var outputs: [Output] = []
    /// Files and texts shown, all nodes together.
    public private(set) var outputCount = 0
    /// The last file that was put out, saved ones before temporary ones.
    public private(set) var preview: Preview?
    public private(set) var failure: Failure?
    /// The node that ran when the run was cancelled, and its type.
    public private(set) var interrupted: (node: NodeID, type: String)?

    private struct Running { let node: NodeID, type: String }
    /// In order of their start; few.
    private var running: [Running] = []
    /// Of nodes that an expansion brought, the node of the workflow that they go back to, and their parent.
    private var expanded: [NodeID: (real: NodeID, parent: NodeID)] = [:]

    public init() {}

    public mutating func apply(_ kind: RunEvent.Kind, at elapsed: Duration) {
        switch kind {
        case .runQueued, .nodeCached, .nodeProgress, .nodePreview, .nodePreviewFile, .nodePicture, .nodeLog: break
        case .runStarted(_, let cached): (state, startedAt, self.cached) = (.running, elapsed, cached)
        case .runProgress(let finished, let count, let remaining):
            percent = max(percent, 100 * Double(finished) / Double(max(1, count)))
            self.remaining = remaining
        case .nodeStarted(let node, let type, _, let parent, _):
            running.append(Running(node: node, type: type))
            if let parent { expanded[node] = (expanded[parent]?.real ?? parent, parent) }
        case .nodeWaiting(let node, _): leave(node)
        case .nodePhase(_, _, let stage, let message, let percent):
            (self.stage, self.message) = (stage, message)
            self.percent = max(self.percent, percent)
        case .nodeOutput(let node, let display, let values): show(node, display, values)
        case .nodeFinished(let node):
            leave(node)
            executed.append(node)
        case .nodeFailed(let node, let diagnostic):
            let type = running.last { $0.node == node }?.type ?? ""
            leave(node)
            failure = Failure(
                node: node, nodeType: type, diagnostic: diagnostic, executedCount: executed.count, elapsed: elapsed)
        case .nodeInterrupted(let node):
            if interrupted == nil { interrupted = (node, running.last { $0.node == node }?.type ?? "") }
            leave(node)
        case .nodeBlocked: break
        case .runFinished(let outcome): finish(outcome, at: elapsed)
        }
    }

    private mutating func finish(_ outcome: RunEvent.Outcome, at elapsed: Duration) {
        (stage, message, remaining, endedAt) = (nil, nil, nil, elapsed)
        switch outcome {
        case .succeeded: (state, percent) = (.succeeded, 100)
        case .failed: state = .failed
        case .cancelled:
            state = .cancelled
            if interrupted == nil, let last = running.last { interrupted = (last.node, last.type) }
        }
        (running, expanded) = ([], [:])
    }

    private mutating func leave(_ node: NodeID) {
        if let index = running.lastIndex(where: { $0.node == node }) { running.remove(at: index) }
    }

    private mutating func show(_ node: NodeID, _ display: NodeID, _ values: JSONObject) {
        let origin = expanded[node]
        outputs.append(
            Output(
                node: node, display: display, parent: origin?.parent, real: origin?.real ?? node,
                json: JSONWriter.bytes(.object(values))))
        for member in values.members {
            outputCount += member.value.array?.count ?? 1
            guard let file = member.value.array?.first, let saved = SavedFile(file) else { continue }
            if saved.folder == .temp, let type = preview?.file["type"]?.string, type != "temp" { continue }
            preview = Preview(file: file, node: display, kind: member.key)
        }
    }

    /// Its lists in memory, in bytes.
    public var byteCount: Int {
        let ids = MemoryLayout<NodeID>.stride
        return outputs.reduce(0) { $0 + $1.json.count + 3 * ids + 48 } + (cached.count + executed.count) * ids
            + (failure?.diagnostic.text.utf8.count ?? 0)
    }
}
