public import GraphCore

/// Encodes the events of one run as ComfyUI's messages, in its order: a fold, without sockets, clocks or files.
///
/// What it makes of an event depends on the events before it only, so that a run that is folded again has the same facts
/// with the same numbers.
public struct ComfyEncoder: Sendable {
    /// What the server knows of a run besides its events.
    public struct Origin: Sendable {
        /// Milliseconds since 1970 at which it was queued; events count on from there.
        public let queuedAt: Int
        public let inputs: @Sendable (NodeID) -> JSONObject
        public let redact: @Sendable (Diagnostic) -> Diagnostic
        public let showsEarlyProgress: @Sendable (String) -> Bool

        /// - Parameters:
        ///   - inputs: a node's inputs as the prompt gives them, for error reports.
        ///   - redact: what clients may know of an error.
        ///   - showsEarlyProgress: whether the progress of a node type counts from its first value, by its name.
        public init(
            queuedAt: Int, inputs: @escaping @Sendable (NodeID) -> JSONObject = { _ in JSONObject() },
            redact: @escaping @Sendable (Diagnostic) -> Diagnostic = { $0 },
            showsEarlyProgress: @escaping @Sendable (String) -> Bool = { _ in false }
        ) {
            (self.queuedAt, self.inputs) = (queuedAt, inputs)
            (self.redact, self.showsEarlyProgress) = (redact, showsEarlyProgress)
        }

        /// When an event happened, in milliseconds since 1970.
        public func milliseconds(_ elapsed: Duration) -> Int {
            queuedAt.addingClamped(Int(clamping: elapsed / .milliseconds(1)))
        }
    }

    /// What is done with a message besides passing it on.
    public enum Role: UInt8, Sendable {
        /// Numbered, kept, never skipped.
        case fact
        /// The same, and what a client that comes back is given first: without it ComfyUI's frontend shows progress of a
        /// run that it offers no way to interrupt.
        case start
        /// The same, and the newest of a run is given to a client that comes back.
        case executing
        /// The same, and the last message of a run.
        case end
        /// Skipped for a client that falls behind.
        case transient
        /// The same, and the newest of a run is given to a client that comes back.
        case state

        public var isFact: Bool {
            switch self {
            case .fact, .start, .executing, .end: true
            case .transient, .state: false
            }
        }
    }

    /// Which of a client's streams a message is for: they differ in what they understand and in what they asked for.
    public enum Variant: UInt8, Sendable {
        case all
        /// A picture for streams that take only the picture (binary type 1), and for those that take its metadata (4).
        case plainPreview, describedPreview
        /// Progress text (binary type 3), for streams that announced it: scripts take any binary message for a picture.
        case progressText
        /// Progress of a node that has only just started, for streams that resume and for `/events`.
        case earlyProgress
    }

    public struct Emission: Sendable {
        public let message: ComfyMessage
        public let role: Role
        public let variant: Variant
        /// Of the event, from 0.
        public let part: UInt64
        /// `MessageNumbers.runSeq`.
        public let runSeq: UInt64
    }

    private struct HeldProgress {
        let node: NodeID
        let message: ComfyMessage
        let variant: Variant
    }

    public let run: RunID
    public let origin: Origin
    /// How many facts were emitted.
    public private(set) var runSeq: UInt64 = 0
    private var progress: NodeProgressList
    /// Nodes whose results an earlier run left.
    private var cached: Set<NodeID> = []
    /// Nodes that ran to their end, in order; cached ones not among them.
    private var executed: [NodeID] = []
    private var interrupted: NodeID?
    /// Told with the picture that follows it.
    private var heldProgress: HeldProgress?
    /// When the last state of a large run was emitted.
    private var stateTime = Duration.zero
    /// Of the event in hand: how many facts it was emitted as, and how many other messages since.
    private var eventFactCount: UInt64 = 0
    private var otherCount: UInt64 = 0

    /// 50 ms: 20 states a second of a large run.
    public static let stateInterval = Duration.milliseconds(50)
    /// 250 ms: a bar that is over sooner is of no use, and scripts that know their prompt only after the POST was answered
    /// stumble over a `progress` that came before.
    static let progressDelay = Duration.milliseconds(250)
    /// How many nodes a message that ends nothing says have run, the newest ones.
    private static let maxExecutedCount = 64

    public init(_ run: RunID, _ origin: Origin) {
        (self.run, self.origin) = (run, origin)
        progress = NodeProgressList(of: run)
    }

    /// Whether it has so many nodes that states are emitted by time.
    public var isLarge: Bool { !progress.isSmall }
    /// Whether `pendingState` has something to tell.
    public var isDirty: Bool { isLarge && progress.isDirty }

    /// The state of a large run that was not emitted with an event; nil when there is none.
    public mutating func pendingState() -> Emission? {
        guard isDirty else { return nil }
        stateTime += Self.stateInterval
        return Emission(
            message: .progressState(progress.takeState()), role: .state, variant: .all,
            part: MessageNumbers.partCount - 1, runSeq: runSeq)
    }

    /// Appends the messages of an event of the run.
    public mutating func encode(_ event: RunEvent, into out: inout [Emission]) {
        (eventFactCount, otherCount) = (0, 0)
        let elapsed = event.elapsed
        if let held = heldProgress {
            // A picture that was dropped leaves its progress behind.
            if case .nodePicture(let node, _, _) = event.kind, node == held.node {} else { emitHeldProgress(to: &out) }
        }
        switch event.kind {
        case .runQueued: emit(.runQueued, to: &out)
        case .runStarted(_, let nodes):
            let time = origin.milliseconds(elapsed)
            cached = Set(nodes)
            emit(.executionStart(timestamp: time), as: .start, to: &out)
            emit(.executionCached(nodes, timestamp: time), to: &out)
        case .runProgress(let finished, let count, let remaining):
            emit(.runProgress(finished: finished, count: count, remaining: remaining), as: .transient, to: &out)
        case .nodeCached(let node):
            // Those of earlier runs were emitted at the start; this is an equal node's result.
            guard !cached.contains(node) else { break }
            progress.finish(node, at: elapsed)
            emitState(at: elapsed, to: &out)
            emit(.nodeCached(node), to: &out)
        case .nodeStarted(let node, let type, let display, let parent, let reason):
            progress.begin(node, type: type, display: display, parent: parent, at: elapsed)
            emitState(at: elapsed, to: &out)
            emit(.executing(node, display: display, type: type, because: reason), as: .executing, to: &out)
        case .nodeWaiting(let node, let awaited): emit(.nodeWaiting(node, awaited), to: &out)
        case .nodePhase(let node, let type, let stage, let message, let percent):
            let display = progress[node]?.display ?? node
            emit(
                .nodePhase(node, display: display, stage: stage, message: message, percent: percent, type: type),
                to: &out)
            emit(.progressText(message, node), as: .transient, for: .progressText, to: &out)
        case .nodeProgress(let node, let completed, let total, let remaining, let hasPicture):
            let isShown = showsProgress(of: node, at: elapsed)
            progress.progress(node, completed, of: total, isShown: isShown)
            emitState(at: elapsed, to: &out)
            let message = ComfyMessage.progress(node, value: completed, max: total, remaining: remaining)
            let variant = isShown ? Variant.all : .earlyProgress
            if hasPicture {
                heldProgress = HeldProgress(node: node, message: message, variant: variant)
            } else {
                emit(message, as: .transient, for: variant, to: &out)
            }
        case .nodePreview(let node, let format, let bytes):
            emit(.describedPicture(bytes, format, origin(of: node)), as: .transient, for: .describedPreview, to: &out)
            emit(.picture(bytes, format), as: .transient, for: .plainPreview, to: &out)
        case .nodePicture(let node, let format, let bytes):
            // ComfyUI sends a picture with metadata before the progress, one without behind it.
            emit(.describedPicture(bytes, format, origin(of: node)), as: .fact, for: .describedPreview, to: &out)
            emitHeldProgress(to: &out)
            emit(.picture(bytes, format), as: .fact, for: .plainPreview, to: &out)
        case .nodePreviewFile(let node, let file): emit(.nodePreview(node, file), to: &out)
        case .nodeLog(let node, let level, let message): emit(.nodeLog(node, level, message), to: &out)
        case .nodeOutput(let node, let display, let values):
            // Stored outputs of a cached node: it is done with this.
            let isCached = progress[node] == nil
            emit(.executed(node, display: display, output: JSONWriter.bytes(.object(values))), to: &out)
            if isCached {
                progress.finish(node, at: elapsed)
                emitState(at: elapsed, to: &out)
            }
        case .nodeFinished(let node): finish(node, at: elapsed, to: &out)
        case .nodeFailed(let node, let diagnostic):
            emit(
                .executionError(
                    ExecutionError(
                        origin.redact(diagnostic), of: node, type: progress[node]?.type ?? "", run: run,
                        executed: executed, inputs: origin.inputs(node), timestamp: origin.milliseconds(elapsed))),
                to: &out)
        case .nodeInterrupted(let node):
            if interrupted == nil { interrupted = node }
            emit(.nodeInterrupted(node), to: &out)
        case .nodeBlocked(let node, let type, let message): emitBlocked(node, type, message, at: elapsed, to: &out)
        case .runFinished(let outcome): finish(outcome, at: elapsed, to: &out)
        }
    }

    // MARK: Events of several messages

    private func showsProgress(of node: NodeID, at elapsed: Duration) -> Bool {
        guard let node = progress[node] else { return true }
        return elapsed - node.startedAt >= Self.progressDelay || origin.showsEarlyProgress(node.type)
    }

    private func origin(of node: NodeID) -> PictureOrigin {
        let known = progress[node]
        return PictureOrigin(
            node: node, display: known?.display ?? node, parent: known?.parent, real: known?.real ?? node)
    }

    private mutating func emitHeldProgress(to out: inout [Emission]) {
        guard let held = heldProgress else { return }
        heldProgress = nil
        emit(held.message, as: .transient, for: held.variant, to: &out)
    }

    private mutating func finish(_ node: NodeID, at elapsed: Duration, to out: inout [Emission]) {
        executed.append(node)
        if let known = progress[node], known.hasProgress, known.shownValue != known.max,
            showsProgress(of: node, at: elapsed), !origin.showsEarlyProgress(known.type)
        {
            emit(.progress(node, value: known.max, max: known.max, remaining: nil), as: .transient, to: &out)
        }
        progress.finish(node, at: elapsed)
        emitState(at: elapsed, to: &out)
        emit(.nodeFinished(node), to: &out)
    }

    /// ComfyUI tells a blocked node as one that runs, and a block with a message as an error that ends nothing.
    private mutating func emitBlocked(
        _ node: NodeID, _ type: String, _ message: String?, at elapsed: Duration, to out: inout [Emission]
    ) {
        progress.begin(node, type: type, display: node, parent: nil, at: elapsed)
        emitState(at: elapsed, to: &out)
        emit(.executingBlocked(node), to: &out)
        if let message {
            // There may be as many such messages as nodes: with all that ran before they would cost their square.
            let executed = Array(executed.suffix(Self.maxExecutedCount))
            emit(
                .executionError(ExecutionError(blocked: node, type: type, executed: executed, message: message)),
                to: &out)
        }
        progress.finish(node, at: elapsed)
        emitState(at: elapsed, to: &out)
    }

    private mutating func finish(_ outcome: RunEvent.Outcome, at elapsed: Duration, to out: inout [Emission]) {
        if progress.isDirty { emitState(at: elapsed, always: true, to: &out) }
        let time = origin.milliseconds(elapsed)
        switch outcome {
        case .succeeded: emit(.executionSuccess(timestamp: time), to: &out)
        case .cancelled:
            let node = interrupted ?? progress.lastRunning
            emit(
                .executionInterrupted(
                    node: node, type: node.flatMap { progress[$0]?.type } ?? "", executed: executed, timestamp: time),
                to: &out)
        case .failed: break  // emitted when the node failed
        }
        emit(.executionEnded, as: .end, to: &out)
    }

    private mutating func emitState(at elapsed: Duration, always: Bool = false, to out: inout [Emission]) {
        guard always || progress.isSmall || elapsed - stateTime >= Self.stateInterval else { return }
        stateTime = elapsed
        emit(.progressState(progress.takeState()), as: .state, to: &out)
    }

    private mutating func emit(
        _ message: ComfyMessage, as role: Role = .fact, for variant: Variant = .all, to out: inout [Emission]
    ) {
        // Binary messages have no place for it.
        if role.isFact, message.kind != nil { runSeq += 1 }
        let part: UInt64
        // The part of a fact does not depend on the other messages, which another fold of the same facts may lack.
        if role.isFact {
            part = eventFactCount * 4 + 3
            (eventFactCount, otherCount) = (eventFactCount + 1, 0)
        } else {
            part = eventFactCount * 4 + otherCount
            otherCount += 1
        }
        out.append(Emission(message: message, role: role, variant: variant, part: part, runSeq: runSeq))
    }
}
