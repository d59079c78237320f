internal import GraphCore

/// Tells the events of all runs as ComfyUI's messages, in its order: a fold, without sockets, clocks or files.
///
/// Every message about a run has a number of its own, `seq` over all runs and `run_seq` in its run, both without gaps:
/// whoever has handled number n goes on with n + 1. An event may be told in several messages.
struct Narrator {
    /// How a run ended, for the history.
    struct Ended: Sendable {
        let id: RunID
        let outcome: RunEvent.Outcome
        /// nil for a prompt that was taken out of the queue.
        let startedAt: Int?
        let endedAt: Int
        let outputs: [RunFold.Output]
        let outputCount: Int
        let preview: RunFold.Preview?
        let messages: [[UInt8]]
    }

    /// What sockets get that did not ask for more.
    struct Rules: Sendable {
        var livePreviews = LivePreviews.announced
        /// Whether the progress of a node type counts from its first value, by its name.
        var showsEarlyProgress: @Sendable (String) -> Bool = { _ in false }
    }

    /// Names this life of the log: numbers of another one mean nothing here.
    let epoch: String
    private let origin: @Sendable (RunID) -> RunFold.Origin?
    private let rules: Rules
    /// Called when a run has ended, before anybody is told.
    private let ended: @Sendable (Ended) -> Void
    private let veil: PathVeil
    /// How many prompts wait or run; told with each change.
    private let queueRemaining: @Sendable () -> Int

    private var runs: [RunID: RunFold] = [:]
    /// Those of `runs` with changes that `flush` would tell, and those of more than 64 nodes. Most of `runs` wait, and
    /// are not looked at.
    private var dirtyRuns: Set<RunID> = []
    private var largeRuns: Set<RunID> = []
    /// Neighbouring events mostly are of one run.
    private var current: RunFold?
    /// The number of the newest message.
    private var seq: UInt64 = 0
    private(set) var messages: [WireMessage] = []

    /// 50 ms: 20 states a second of a large run, as DESIGN section 7 has it.
    static let stateInterval = Duration.milliseconds(50)
    /// 250 ms: a bar that is over sooner is of no use, and scripts that know their prompt only after the POST was answered
    /// stumble over a `progress` that came before.
    static let progressDelay = Duration.milliseconds(250)
    /// How many nodes a message that ends nothing says have run, the newest ones.
    private static let maxExecutedCount = 64

    init(
        epoch: String, origin: @escaping @Sendable (RunID) -> RunFold.Origin?, veil: PathVeil = PathVeil(),
        rules: Rules = Rules(), queueRemaining: @escaping @Sendable () -> Int = { 0 },
        ended: @escaping @Sendable (Ended) -> Void = { _ in }
    ) {
        (self.epoch, self.origin, self.veil, self.rules, self.ended) = (epoch, origin, veil, rules, ended)
        self.queueRemaining = queueRemaining
    }

    /// Takes what has been told since the last call.
    mutating func takeMessages() -> [WireMessage] {
        defer { messages = [] }
        return messages
    }

    /// Whether a run of more than 64 nodes is under way.
    var isLarge: Bool { current?.isSmall == false || !largeRuns.isEmpty }

    /// Whether a large run has changes that `flush` would tell.
    var isDirty: Bool { current?.isDirty == true || !dirtyRuns.isEmpty }

    /// - Parameter next: what is told after it, if that is known: a picture goes with the progress before it.
    mutating func tell(_ event: RunEvent, next: RunEvent? = nil) {
        if current?.id != event.run {
            park()
            if case .runQueued = event.kind {
                current = origin(event.run).map { RunFold(id: event.run, origin: $0) }
            } else {
                current = runs.removeValue(forKey: event.run)
                dirtyRuns.remove(event.run)
                largeRuns.remove(event.run)
            }
        }
        guard var run = current else { return }
        current = nil
        fold(event, next, &run)
        if case .runFinished = event.kind { return }
        current = run
    }

    private mutating func park() {
        guard let run = current else { return }
        current = nil
        if run.isDirty { dirtyRuns.insert(run.id) }
        if !run.isSmall { largeRuns.insert(run.id) }
        runs[run.id] = run
    }

    /// Tells what was held back for a while: the states of large runs.
    mutating func flush() {
        park()
        let dirty = dirtyRuns
        dirtyRuns = []
        for id in dirty {
            // Taken out, so that what it holds is changed in place.
            guard var run = runs.removeValue(forKey: id) else { continue }
            tellState(&run, at: run.stateTime + Self.stateInterval)
            runs[id] = run
        }
    }

    // MARK: One event

    private mutating func fold(_ event: RunEvent, _ next: RunEvent?, _ run: inout RunFold) {
        switch event.kind {
        case .runQueued:
            tellStatus()
            tell("run_queued", &run) { _ in }
        case .runStarted(_, let cached):
            tellStatus()
            let time = run.milliseconds(event.elapsed)
            run.startedAt = time
            run.cached = Set(cached)
            tell("execution_start", &run, role: .start, isKept: true) { Self.timestamp(time, &$0) }
            tell("execution_cached", &run, isKept: true) { text in
                text.raw(",\"nodes\":")
                text.strings(cached.lazy.map(\.text))
                Self.timestamp(time, &text)
            }
        case .runProgress(let finished, let count, let remaining):
            tell("run_progress", &run, role: .transient) { text in
                text.raw(",\"finished\":\(finished),\"nodes\":\(count)")
                Self.estimate(remaining, &text)
            }
        case .nodeCached(let node):
            // Those of earlier runs have been told; this is an equal node's result.
            guard !run.cached.contains(node) else { break }
            run.finish(node, at: event.elapsed)
            tellState(&run, at: event.elapsed)
            tell("node_cached", &run) { Self.node(node, &$0) }
        case .nodeStarted(let node, let type, let display, let parent, let reason):
            run.begin(node, type: type, display: display, parent: parent, at: event.elapsed)
            tellState(&run, at: event.elapsed)
            tell("executing", &run, role: .executing) { text in
                Self.node(node, display: display, &text)
                text.raw(",\"node_type\":")
                text.string(type)
                text.raw(",\"because\":")
                text.string(reason.text)
            }
        case .nodeWaiting(let node, let awaited):
            tell("node_waiting", &run) { text in
                Self.node(node, &text)
                switch awaited {
                case .inputs(let names):
                    text.raw(",\"inputs\":")
                    text.strings(names)
                case .expansion(let count): text.raw(",\"expansion\":\(count)")
                }
            }
        case .nodePhase(let node, let type, let stage, let message, let percent):
            tellPhase(node, type, stage, message, percent, &run)
        case .nodeProgress(let node, let completed, let total, let remaining):
            let isShown = showsProgress(of: node, run, at: event.elapsed)
            run.progress(node, completed, of: total, isShown: isShown)
            tellState(&run, at: event.elapsed)
            // ComfyUI sends a picture with metadata before the progress, one without behind it.
            let picture = next.flatMap { Picture($0, of: run.id, node) }
            if let picture { tell(.describedPreview, picture, &run) }
            tellProgress(node, completed, of: total, remaining, &run, isShown ? .all : .earlyProgress)
            if let picture { tell(.plainPreview, picture, &run) }
            run.hasToldPicture = picture != nil
        case .nodePreview, .nodePicture:
            if !run.hasToldPicture, let picture = Picture(event, of: run.id, nil) {
                tell(.describedPreview, picture, &run)
                tell(.plainPreview, picture, &run)
            }
            run.hasToldPicture = false
        case .nodePreviewFile(let node, let file):
            tell("node_preview", &run) { text in
                Self.node(node, &text)
                text.raw(",\"file\":")
                text.value(file.json)
            }
        case .nodeLog(let node, let level, let message):
            tell("node_log", &run) { text in
                Self.node(node, &text)
                text.raw(",\"level\":\"\(level.rawValue)\",\"message\":")
                text.string(message)
            }
        case .nodeOutput(let node, let display, let values):
            let json = JSONWriter.bytes(.object(values))
            run.show(node, display: display, values, json: json)
            // Stored outputs of a cached node: it is done with this.
            let isCached = run.state(of: node) == nil
            tell("executed", &run) { text in
                Self.node(node, display: display, &text)
                text.raw(",\"output\":")
                text.raw(json)
            }
            if isCached {
                run.finish(node, at: event.elapsed)
                tellState(&run, at: event.elapsed)
            }
        case .nodeFinished(let node):
            run.executed.append(node)
            if let state = run.state(of: node), state.hasProgress, state.shownValue != state.max,
                showsProgress(of: node, run, at: event.elapsed), !rules.showsEarlyProgress(state.type)
            {
                tellProgress(node, state.max, of: state.max, nil, &run, .all)
            }
            run.finish(node, at: event.elapsed)
            tellState(&run, at: event.elapsed)
            tell("node_finished", &run) { Self.node(node, &$0) }
        case .nodeFailed(let node, let diagnostic):
            let diagnostic = veil.over(diagnostic)
            tellError(node, diagnostic, &run, at: event.elapsed)
        case .nodeInterrupted(let node):
            if run.interrupted == nil { run.interrupted = node }
            tell("node_interrupted", &run) { Self.node(node, &$0) }
        case .nodeBlocked(let node, let type, let message):
            tellBlocked(node, type, message, &run, at: event.elapsed)
        case .runFinished(let outcome):
            finish(outcome, &run, at: event.elapsed)
        }
    }

    private mutating func finish(
        _ outcome: RunEvent.Outcome, _ run: inout RunFold, at elapsed: Duration
    ) {
        if run.isDirty { tellState(&run, at: elapsed, always: true) }
        let time = run.milliseconds(elapsed)
        switch outcome {
        case .succeeded:
            tell("execution_success", &run, isKept: true) { Self.timestamp(time, &$0) }
        case .cancelled:
            let node = run.interrupted ?? run.states.last { $0.phase == .running }?.id
            let type = node.flatMap { run.state(of: $0)?.type } ?? ""
            let executed = run.executed
            tell("execution_interrupted", &run, isKept: true) { text in
                text.raw(",\"node_id\":")
                if let node { text.string(node.text) } else { text.raw("null") }
                text.raw(",\"node_type\":")
                text.string(type)
                text.raw(",\"executed\":")
                text.strings(executed.lazy.map(\.text))
                Self.timestamp(time, &text)
            }
        case .failed: break  // told when the node failed
        }
        ended(
            Ended(
                id: run.id, outcome: outcome, startedAt: run.startedAt, endedAt: time, outputs: run.outputs,
                outputCount: run.outputCount, preview: run.preview, messages: run.messages))
        tellStatus()
        tell("executing", &run, role: .end) { $0.raw(",\"node\":null") }
    }

    // MARK: Messages of several parts

    private func showsProgress(of node: NodeID, _ run: RunFold, at elapsed: Duration) -> Bool {
        guard let state = run.state(of: node) else { return true }
        return elapsed - state.startedAt >= Self.progressDelay || rules.showsEarlyProgress(state.type)
    }

    private mutating func tellProgress(
        _ node: NodeID, _ completed: Double, of total: Double, _ remaining: Duration?, _ run: inout RunFold,
        _ variant: WireMessage.Variant
    ) {
        tell("progress", &run, role: .transient, variant: variant) { text in
            text.raw(",\"value\":")
            text.number(completed)
            text.raw(",\"max\":")
            text.number(total)
            Self.node(node, &text)
            Self.estimate(remaining, &text)
        }
    }

    private mutating func tellPhase(
        _ node: NodeID, _ type: String, _ stage: String, _ message: String, _ percent: Double,
        _ run: inout RunFold
    ) {
        let display = run.state(of: node)?.display ?? node
        tell("node_phase", &run) { text in
            Self.node(node, display: display, &text)
            text.raw(",\"stage\":")
            text.string(stage)
            text.raw(",\"message\":")
            text.string(message)
            text.raw(",\"progress\":")
            text.number((percent * 10).rounded() / 10)
            text.raw(",\"source\":")
            text.string(type)
        }
        guard run.audience != .nobody else { return }
        seq += 1
        messages.append(
            WireMessage(
                audience: run.audience, variant: .progressText, role: .transient, run: run.id, seq: seq,
                isBinary: true, payload: BinaryFrames.text(message, node: node, prompt: run.id)))
    }

    private mutating func tellError(
        _ node: NodeID, _ diagnostic: Diagnostic, _ run: inout RunFold, at elapsed: Duration
    ) {
        let time = run.milliseconds(elapsed)
        let (id, type, executed) = (run.id, run.state(of: node)?.type ?? "", run.executed)
        let inputs = run.origin.inputs(node)
        tell("execution_error", &run, isKept: true) { text in
            text.raw(",\"node_id\":")
            text.string(node.text)
            text.raw(",\"node_type\":")
            text.string(type)
            text.raw(",\"executed\":")
            text.strings(executed.lazy.map(\.text))
            text.raw(",\"exception_message\":")
            // ComfyUI's end with a line feed, and its clients print them as they are.
            text.string(diagnostic.text + "\n")
            text.raw(",\"exception_type\":")
            text.string(diagnostic.code.exceptionType)
            text.raw(",\"traceback\":")
            text.strings(["node \(node) (\(type)) of prompt \(id): \(diagnostic.message)\n"])
            text.raw(",\"current_inputs\":")
            text.value(.object(inputs))
            text.raw(",\"current_outputs\":[]")
            if let suggestion = diagnostic.suggestion {
                text.raw(",\"suggestion\":")
                text.string(suggestion)
            }
            Self.timestamp(time, &text)
        }
    }

    /// ComfyUI tells a blocked node as one that runs, and a block with a message as an error that ends nothing.
    private mutating func tellBlocked(
        _ node: NodeID, _ type: String, _ message: String?, _ run: inout RunFold, at elapsed: Duration
    ) {
        run.begin(node, type: type, display: node, parent: nil, at: elapsed)
        tellState(&run, at: elapsed)
        // There may be as many such messages as nodes: with all that ran before they would cost their square.
        let executed = run.executed.suffix(Self.maxExecutedCount)
        tell("executing", &run) { text in
            Self.node(node, display: node, &text)
            text.raw(",\"blocked\":true")
        }
        if let message {
            tell("execution_error", &run) { text in
                text.raw(",\"node_id\":")
                text.string(node.text)
                text.raw(",\"node_type\":")
                text.string(type)
                text.raw(",\"executed\":")
                text.strings(executed.lazy.map(\.text))
                text.raw(",\"exception_message\":")
                text.string("Execution Blocked: \(message)")
                text.raw(",\"exception_type\":\"ExecutionBlocked\",\"traceback\":[],\"current_inputs\":[]")
                text.raw(",\"current_outputs\":[]")
            }
        }
        run.finish(node, at: elapsed)
        tellState(&run, at: elapsed)
    }

    private mutating func tellState(_ run: inout RunFold, at elapsed: Duration, always: Bool = false) {
        guard always || run.isSmall || elapsed - run.stateTime >= Self.stateInterval else { return }
        run.stateTime = elapsed
        let nodes = run.stateText()
        tell("progress_state", &run, role: .state) { text in
            text.raw(",\"nodes\":{")
            text.raw(nodes)
            text.raw("}")
        }
    }

    private mutating func tell(_ variant: WireMessage.Variant, _ picture: Picture, _ run: inout RunFold) {
        guard run.audience != .nobody, picture.isResult || rules.livePreviews.reach(variant) else { return }
        // Pictures show no number, but have one: a client that went away before one of them is given it.
        seq += 1
        let payload =
            variant == .plainPreview
            ? BinaryFrames.preview(picture.bytes, picture.format)
            : BinaryFrames.preview(
                picture.bytes, picture.format, of: picture.node, state: run.state(of: picture.node), prompt: run.id)
        messages.append(
            WireMessage(
                audience: run.audience, variant: variant, role: picture.isResult ? .fact : .transient, run: run.id,
                seq: seq, isBinary: true, payload: payload))
    }

    private mutating func tellStatus() {
        messages.append(
            WireMessage(
                audience: .everyone, role: .transient, run: nil, seq: seq,
                payload: Self.status(queueRemaining: queueRemaining())))
    }

    /// The state of the queue; with `sid`, a client's first message.
    static func status(queueRemaining: Int, sid: String? = nil) -> [UInt8] {
        var text = JSONText(capacity: 120)
        text.raw("{\"type\":\"status\",\"data\":{\"status\":{\"exec_info\":{\"queue_remaining\":\(queueRemaining)}}")
        if let sid {
            text.raw(",\"sid\":")
            text.string(sid)
        }
        text.raw("}}")
        return text.bytes
    }

    // MARK: One message

    /// - Parameters:
    ///   - isKept: the history keeps it, without the numbers.
    ///   - write: adds members behind `prompt_id`, each with the comma before it.
    private mutating func tell(
        _ type: String, _ run: inout RunFold, role: WireMessage.Role = .fact, variant: WireMessage.Variant = .all,
        isKept: Bool = false, _ write: (inout JSONText) -> Void
    ) {
        var text = JSONText()
        text.raw("{\"type\":\"")
        text.raw(type)
        text.raw("\",\"data\":{\"prompt_id\":")
        text.string(run.id.text)
        write(&text)
        if isKept {
            let data = text.bytes.dropFirst("{'type':'\(type)','data':".utf8.count)
            run.messages.append(Array("[\"\(type)\",".utf8) + data + Array("}]".utf8))
        }
        seq += 1
        run.seq += 1
        text.raw(",\"seq\":")
        text.integer(seq)
        text.raw(",\"run_seq\":")
        text.integer(run.seq)
        text.raw(",\"epoch\":\"")
        text.raw(epoch)
        text.raw("\"}}")
        // Of a prompt without a client id all sockets get the state, as in ComfyUI. Its `progress`, which ComfyUI sends, too,
        // would reach scripts that wait for runs of their own.
        let isShared = run.audience == .nobody && role == .state
        messages.append(
            WireMessage(
                audience: isShared ? .everyone : run.audience, variant: variant, role: role, run: run.id, seq: seq,
                payload: text.bytes))
    }

    private static func node(_ node: NodeID, display: NodeID? = nil, _ text: inout JSONText) {
        text.raw(",\"node\":")
        text.string(node.text)
        guard let display else { return }
        text.raw(",\"display_node\":")
        text.string(display.text)
    }

    private static func timestamp(_ milliseconds: Int, _ text: inout JSONText) {
        text.raw(",\"timestamp\":")
        text.integer(milliseconds)
    }

    private static func estimate(_ remaining: Duration?, _ text: inout JSONText) {
        guard let remaining else { return }
        text.raw(",\"estimated_seconds_left\":")
        text.number((remaining / .milliseconds(1)).rounded() / 1000)
    }
}
