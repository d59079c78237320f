/// A run's name: ComfyUI's prompt id.
public struct RunID: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral value: String) { text = value }
    public var description: String { text }
}

/// A fact about a run. History, WebSocket, SSE, the terminal and the trace file are folds over these.
public struct RunEvent: Sendable {
    public let run: RunID
    /// 1, 2, 3... without gaps in one run. A client that saw `n` resumes after `n`.
    public let sequence: UInt64
    /// 1, 2, 3... over all runs of one log.
    public let order: UInt64
    /// Since the run was queued, monotonic clock.
    public let elapsed: Duration
    public let kind: Kind

    public init(run: RunID, sequence: UInt64, order: UInt64, elapsed: Duration, kind: Kind) {
        (self.run, self.sequence, self.order, self.elapsed, self.kind) = (run, sequence, order, elapsed, kind)
    }

    public enum Kind: Sendable {
        case runQueued
        /// - nodeCount: nodes the outputs may need, lazy ones included; expansions add to it.
        /// - cached: those of them whose results an earlier run left, whether or not they will be asked for.
        indirect case runStarted(nodeCount: Int, cached: [NodeID])
        /// How far the run is. `remaining` is an estimate from measured durations, nil while there are none.
        case runProgress(finished: Int, of: Int, remaining: Duration?)
        /// The result of an earlier run, or of a twin in this one, is used.
        case nodeCached(NodeID)
        /// - display: the node of the visible workflow that this one reports as.
        /// - parent: the node whose expansion brought this one; nil for a node of the workflow itself.
        case nodeStarted(NodeID, type: String, display: NodeID, parent: NodeID?, because: Reason)
        /// The node asked for lazy inputs, or answered with an expansion, and runs on when they are there.
        case nodeWaiting(NodeID, for: Awaited)
        /// What happens now, for people. `percent` is how far the whole run is, 0...100.
        indirect case nodePhase(NodeID, type: String, stage: String, message: String, percent: Double)
        /// - remaining: an estimate from measured durations, nil while there are none.
        /// - hasPicture: the next event is the `nodePicture` of this step.
        indirect case nodeProgress(
            NodeID, completed: Double, total: Double, remaining: Duration?, hasPicture: Bool = false)
        case nodePreview(NodeID, PreviewFormat, [UInt8])
        /// A file of the temp folder that shows the work so far, such as the first sentence of a speech.
        indirect case nodePreviewFile(NodeID, SavedFile)
        /// A picture that is itself the node's result, sent instead of saved. It may not be skipped as a preview may.
        case nodePicture(NodeID, PreviewFormat, [UInt8])
        case nodeLog(NodeID, LogLevel, String)
        /// What people may look at: under `images`, the files saved, for example.
        case nodeOutput(NodeID, display: NodeID, JSONObject)
        case nodeFinished(NodeID)
        indirect case nodeFailed(NodeID, Diagnostic)
        /// The node was running when the run ended early.
        case nodeInterrupted(NodeID)
        /// The node did not run because something before it stopped the flow, on purpose or by failing.
        case nodeBlocked(NodeID, type: String, message: String?)
        case runFinished(Outcome)
    }

    /// Why a node ran instead of coming from the cache.
    public enum Reason: Sendable, Hashable {
        case neverRan
        case inputChanged(String)
        case typeChanged
        /// A file or another thing outside the graph changed.
        case contentChanged
        case notCacheable
        /// It ran before, but the cache has let its result go.
        case evicted

        /// A word for programs.
        public var code: String {
            switch self {
            case .neverRan: "never_ran"
            case .inputChanged: "input_changed"
            case .typeChanged: "type_changed"
            case .contentChanged: "content_changed"
            case .notCacheable: "not_cacheable"
            case .evicted: "evicted"
            }
        }
    }

    public enum Awaited: Sendable, Hashable {
        case inputs([String])
        case expansion(nodeCount: Int)
    }

    public enum Outcome: String, Sendable { case succeeded, failed, cancelled }
    public enum LogLevel: String, Sendable { case info, warning, error }
    public enum PreviewFormat: String, Sendable { case jpeg, png }
}

extension RunEvent.Kind {
    /// The node concerned, if one is.
    public var node: NodeID? {
        switch self {
        case .runQueued, .runStarted, .runProgress, .runFinished: nil
        case .nodeCached(let node), .nodeStarted(let node, _, _, _, _), .nodeWaiting(let node, _),
            .nodePhase(let node, _, _, _, _), .nodeProgress(let node, _, _, _, _), .nodePreview(let node, _, _),
            .nodePreviewFile(let node, _), .nodePicture(let node, _, _), .nodeLog(let node, _, _),
            .nodeOutput(let node, _, _),
            .nodeFinished(let node), .nodeFailed(let node, _),
            .nodeInterrupted(let node), .nodeBlocked(let node, _, _):
            node
        }
    }

    /// Whether a later event of the same kind makes this one worthless: such events go first when the log is full.
    public var isSuperseded: Bool {
        switch self {
        case .runProgress, .nodeProgress, .nodePreview: true
        default: false
        }
    }

    /// Memory beside the event itself, in bytes.
    var payloadByteCount: Int {
        switch self {
        case .nodePhase(_, _, let stage, let message, _): stage.utf8.count + message.utf8.count
        case .nodePreview(_, _, let bytes), .nodePicture(_, _, let bytes): bytes.count
        case .nodeLog(_, _, let message): message.utf8.count
        case .nodeOutput(_, _, let object): JSONWriter.bytes(.object(object)).count * 2
        case .nodeFailed(_, let diagnostic): diagnostic.text.utf8.count
        case .nodeBlocked(_, _, let message): message?.utf8.count ?? 0
        default: 0
        }
    }
}
