internal import Synchronization

/// One run: workers that take nodes from the scheduler, and the facts they leave in the log.
///
/// Everything that changes is in `state`, behind one lock that is held for a node's bookkeeping only, never while a
/// node runs. Locks are taken in the order run, then permits, cache or log; a run is never called with a lock held.
final class Run: Sendable {
    /// What the task that owns the task group is asked to do.
    enum Command: Sendable {
        case start(NodeCall)
        case cancelAll
    }

    private struct State {
        var scheduler: Scheduler
        var merger: ProgressMerger
        var timekeeper: Timekeeper
        var sequence: UInt64
        /// Whether the run stands in line for a kind of permit.
        var isInLine: [Bool]
        /// Workers without work.
        var idle: [CheckedContinuation<NodeCall?, Never>] = []
        var commands: [Command] = []
        var foreman: CheckedContinuation<Void, Never>?
        var isCancelled = false
        var isOver = false
    }

    /// What must happen once the lock is free.
    private struct Effects {
        var calls: [(CheckedContinuation<NodeCall?, Never>, NodeCall?)] = []
        var grants: [(run: Run, resource: Int)] = []
        var foreman: CheckedContinuation<Void, Never>?

        func perform() {
            for (worker, call) in calls { worker.resume(returning: call) }
            for (run, resource) in grants { run.granted(resource) }
            foreman?.resume()
        }
    }

    let id: RunID
    private let engine: Engine
    private let workflow: Workflow
    private let cache: OutputCache
    private let permits: [ResourcePool.Resource]
    /// When the run was queued; events count from here.
    private let queued: Duration
    /// When it began; estimates count from here.
    private let started: Duration
    private let state: Mutex<State>
    private let promptText = Mutex<JSON?>(nil)
    private let parsedExtraPNGInfo = Mutex<JSONObject?>(nil)
    var spareCores: SpareCores { SpareCores(engine.resources) }

    init(
        _ queuedRun: QueuedRun, engine: Engine, cache: OutputCache, workflow: Workflow, plan: Plan,
        lookup: OutputCache.Lookup, keepsGoing: Bool
    ) {
        (self.id, self.engine, self.cache, self.workflow) = (queuedRun.id, engine, cache, workflow)
        queued = queuedRun.time
        permits = engine.resources.resources
        started = engine.now()
        let scheduler = Scheduler(
            plan: plan, lookup: lookup, cache: cache, registry: engine.registry,
            resourceByType: engine.resourceByType, resourceCount: permits.count,
            options: Scheduler.Options(keepsGoing: keepsGoing, releasesResults: cache.policy == .none))
        state = Mutex(
            State(
                scheduler: scheduler, merger: ProgressMerger(),
                timekeeper: Timekeeper(
                    model: engine.costs, registry: engine.registry, width: engine.resources.computingPermitCount),
                sequence: QueuedRun.sequence,
                isInLine: Array(repeating: false, count: permits.count)))
    }

    // MARK: The owner of the task group

    /// Runs to the end; cancelling the calling task cancels the run.
    func execute() async -> RunResult {
        begin()
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                while let command = await nextCommand() {
                    switch command {
                    case .start(let call):
                        group.addTask(executorPreference: engine.workers) { await self.work(call) }
                    case .cancelAll: group.cancelAll()
                    }
                }
            }
        } onCancel: {
            cancel()
        }
        return end()
    }

    private func begin() {
        var effects = Effects()
        let now = engine.now()
        state.withLock { state in
            state.scheduler.events.append(
                .runStarted(nodeCount: state.scheduler.nodeCount, cached: state.scheduler.cachedNodes))
            if Task.isCancelled {
                state.isCancelled = true
                state.scheduler.halt()
            }
            state.scheduler.start()
            state.scheduler.events.append(state.timekeeper.report(state.scheduler, now: now - started))
            dispatch(&state, now, &effects)
            flush(&state, now, &effects)
        }
        effects.perform()
    }

    private func nextCommand() async -> Command? {
        while true {
            enum Next { case command(Command), wait, end }
            let next: Next = state.withLock { state in
                if !state.commands.isEmpty { return .command(state.commands.removeFirst()) }
                return state.isOver ? .end : .wait
            }
            switch next {
            case .command(let command): return command
            case .end: return nil
            case .wait:
                await withCheckedContinuation { continuation in
                    let isNeeded = state.withLock { state in
                        if !state.commands.isEmpty || state.isOver { return true }
                        state.foreman = continuation
                        return false
                    }
                    if isNeeded { continuation.resume() }
                }
            }
        }
    }

    private func end() -> RunResult {
        let now = engine.now()
        let (outcome, scheduler, costs) = state.withLock { state in
            let scheduler = state.scheduler
            for (index, resource) in permits.enumerated() where state.isInLine[index] {
                resource.leaveLine(self)
            }
            let outcome: RunEvent.Outcome =
                scheduler.failure != nil ? .failed : scheduler.isComplete ? .succeeded : .cancelled
            if outcome == .succeeded {
                state.scheduler.events.append(
                    .runProgress(finished: scheduler.settledCount, of: scheduler.neededCount, remaining: .zero))
            } else {
                state.scheduler.interruptWaiting()
            }
            return (outcome, scheduler, state.timekeeper.measured)
        }
        // Before the end is told: whoever reads of it may start the next run at once, and that finds these results.
        cache.finish(
            plan: scheduler.plan, signatures: scheduler.signatures, results: scheduler.results,
            start: scheduler.useStart)
        engine.learn(costs)
        state.withLock { state in
            state.scheduler.events.append(.runFinished(outcome))
            engine.sink.append(&state.scheduler.events, run: id, sequence: &state.sequence, elapsed: now - queued)
        }
        let shown = (0..<scheduler.nodeCount).compactMap { index -> RunResult.Shown? in
            guard let result = scheduler.results[index], !result.shown.isEmpty, scheduler.status[index] == .done
            else { return nil }
            return RunResult.Shown(node: scheduler.node(index).display, values: JSONObject(result.shown))
        }
        return RunResult(outcome: outcome, failure: scheduler.failure, shown: shown, elapsed: now - started)
    }

    // MARK: Workers

    private func work(_ first: NodeCall) async {
        var next: NodeCall? = first
        while let call = next {
            let context = NodeContext(node: call.id, index: call.index, environment: engine.environment, run: self)
            let outcome: NodeCall.Outcome
            if call.type.schema.blocksThread {
                engine.workers.beginBlocking()
                outcome = await call.run(context)
                engine.workers.endBlocking()
            } else {
                outcome = await call.run(context)
            }
            next = finished(call, outcome)
            if next == nil { next = await park() }
        }
    }

    /// Books what a call came to and finds the next one for the same worker.
    private func finished(_ call: NodeCall, _ outcome: NodeCall.Outcome) -> NodeCall? {
        var effects = Effects()
        let now = engine.now()
        let measured = Timekeeper.Elapsed(of: call, now - call.started)
        let next = state.withLock { state in
            // A node may learn of the cancellation before the run does.
            if Task.isCancelled && !state.isCancelled {
                state.isCancelled = true
                state.scheduler.halt()
            }
            state.merger.finish(call.index, into: &state.scheduler.events)
            state.timekeeper.forget(call.index)
            // What was cut short or only asked says nothing of how long the node takes.
            switch outcome {
            case .result, .expanded: state.timekeeper.record(call.type, measured)
            case .needs, .failed: break
            }
            state.scheduler.complete(call, outcome, isCancelled: state.isCancelled)
            let next = proceed(&state, holding: call.resource, now, &effects)
            flush(&state, now, &effects)
            return next
        }
        effects.perform()
        return next
    }

    /// Waits for work; nil when the run is over.
    private func park() async -> NodeCall? {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.idle.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume(returning: nil) }
        }
    }

    /// Another run, or a node that had borrowed it, gave a permit to this one, which stood in line for it.
    func granted(_ resource: Int) {
        var effects = Effects()
        let now = engine.now()
        state.withLock { state in
            state.isInLine[resource] = false
            if let call = use(resource, &state, now, &effects) { assign(call, &state, &effects) }
            dispatch(&state, now, &effects)
            flush(&state, now, &effects)
        }
        effects.perform()
    }

    // MARK: Permits (the lock is held)

    /// Goes on with the permit in hand, unless other runs stand in line for it; then uses every other permit there is.
    private func proceed(
        _ state: inout State, holding resource: Int, _ now: Duration, _ effects: inout Effects
    ) -> NodeCall? {
        let permits = self.permits[resource]
        var call: NodeCall?
        if permits.waitingCount.load(ordering: .relaxed) == (state.isInLine[resource] ? 1 : 0) {
            call = use(resource, &state, now, &effects)
        } else if let next = permits.release() {
            // By turns: whoever wants another stands at the end of the line.
            if next === self {
                state.isInLine[resource] = false
                call = use(resource, &state, now, &effects)
            } else {
                effects.grants.append((next, resource))
            }
        }
        if state.scheduler.readyCount > 0 { dispatch(&state, now, &effects, keepingOneFor: &call) }
        return call
    }

    /// The next node for a permit in hand; without one the permit goes back.
    private func use(_ resource: Int, _ state: inout State, _ now: Duration, _ effects: inout Effects) -> NodeCall? {
        if let call = state.scheduler.take(resource, now: now) { return call }
        var next = permits[resource].release()
        if next === self {
            // It stood in line for a node that turned out to need no permit.
            state.isInLine[resource] = false
            next = permits[resource].release()
        }
        if let next { effects.grants.append((next, resource)) }
        return nil
    }

    private func dispatch(_ state: inout State, _ now: Duration, _ effects: inout Effects) {
        var none: NodeCall?
        dispatch(&state, now, &effects, keepingOneFor: &none)
        if let call = none { assign(call, &state, &effects) }
    }

    /// Starts ready nodes while there are permits. The first goes to `worker` if that has none yet.
    private func dispatch(
        _ state: inout State, _ now: Duration, _ effects: inout Effects, keepingOneFor worker: inout NodeCall?
    ) {
        repeat {
            for index in permits.indices {
                while state.scheduler.hasReady(index) && !state.isInLine[index] {
                    guard permits[index].acquire(for: self) else {
                        state.isInLine[index] = true
                        break
                    }
                    guard let call = use(index, &state, now, &effects) else { break }
                    if worker == nil { worker = call } else { assign(call, &state, &effects) }
                }
            }
            // A node that turned out to be blocked may have made others ready, for kinds of permit already looked at.
        } while permits.indices.contains { state.scheduler.hasReady($0) && !state.isInLine[$0] }
    }

    private func assign(_ call: NodeCall, _ state: inout State, _ effects: inout Effects) {
        if let worker = state.idle.popLast() {
            effects.calls.append((worker, call))
        } else {
            command(.start(call), &state, &effects)
        }
    }

    private func command(_ command: Command, _ state: inout State, _ effects: inout Effects) {
        state.commands.append(command)
        wakeForeman(&state, &effects)
    }

    private func wakeForeman(_ state: inout State, _ effects: inout Effects) {
        guard let foreman = state.foreman else { return }
        effects.foreman = foreman
        state.foreman = nil
    }

    /// Writes the new facts into the log, and ends the run when it is over.
    private func flush(_ state: inout State, _ now: Duration, _ effects: inout Effects) {
        while state.scheduler.isStuck { state.scheduler.failStuck() }
        if state.scheduler.isHalted && !state.isCancelled {
            // One node failed: its running siblings are cancelled.
            state.isCancelled = true
            command(.cancelAll, &state, &effects)
        }
        tell(&state, now)
        guard state.scheduler.isOver, !state.isOver else { return }
        state.isOver = true
        for worker in state.idle { effects.calls.append((worker, nil)) }
        state.idle = []
        wakeForeman(&state, &effects)
    }

    private func tell(_ state: inout State, _ now: Duration) {
        // A permit that comes too late finds the run finished: there is nothing more to tell.
        if state.isOver && state.scheduler.events.isEmpty { return }
        if state.timekeeper.isDue(now - started) {
            state.scheduler.events.append(state.timekeeper.report(state.scheduler, now: now - started))
        }
        engine.sink.append(&state.scheduler.events, run: id, sequence: &state.sequence, elapsed: now - queued)
    }

    private func cancel() {
        var effects = Effects()
        let now = engine.now()
        state.withLock { state in
            guard !state.isCancelled, !state.isOver else { return }
            state.isCancelled = true
            state.scheduler.halt()
            flush(&state, now, &effects)
        }
        effects.perform()
    }

    // MARK: What nodes say and ask (`NodeContext`)

    /// - Parameter index: of the node whose progress, if it was held back, is told first.
    func report(_ kind: RunEvent.Kind, afterProgressOf index: Int? = nil) {
        let now = engine.now()
        state.withLock { state in
            guard !state.isOver else { return }
            if let index { state.merger.release(index, into: &state.scheduler.events, now: now) }
            state.scheduler.events.append(kind)
            engine.sink.append(&state.scheduler.events, run: id, sequence: &state.sequence, elapsed: now - queued)
        }
    }

    func report(stage: String, message: String, by index: Int) {
        let now = engine.now()
        state.withLock { state in
            guard !state.isOver else { return }
            let node = state.scheduler.node(index)
            let percent = 100 * Double(state.scheduler.settledCount) / Double(max(1, state.scheduler.neededCount))
            state.scheduler.events.append(
                .nodePhase(
                    node.id, type: node.type.schema.type, stage: TextBounds.cut(stage),
                    message: TextBounds.cut(message), percent: percent))
            engine.sink.append(&state.scheduler.events, run: id, sequence: &state.sequence, elapsed: now - queued)
        }
    }

    func report(progress completed: Double, of total: Double, by index: Int) {
        let now = engine.now()
        state.withLock { state in
            guard !state.isOver else { return }
            let kind = progress(completed, of: total, by: index, &state, now)
            guard state.merger.isDue(kind, of: index, now: now) else { return }
            state.scheduler.events.append(kind)
            tell(&state, now)
        }
    }

    /// A picture and the progress it stands for, which is never merged with another, side by side in the log.
    func report(_ picture: RunEvent.Kind, at completed: Double, of total: Double, by index: Int) {
        let now = engine.now()
        state.withLock { state in
            guard !state.isOver else { return }
            state.merger.release(index, into: &state.scheduler.events, now: now)
            state.scheduler.events.append(progress(completed, of: total, by: index, hasPicture: true, &state, now))
            state.scheduler.events.append(picture)
            tell(&state, now)
        }
    }

    private func progress(
        _ completed: Double, of total: Double, by index: Int, hasPicture: Bool = false, _ state: inout State,
        _ now: Duration
    ) -> RunEvent.Kind {
        let remaining = state.timekeeper.remaining(
            state.scheduler, index, fraction: total > 0 ? completed / total : 0,
            elapsed: now - (state.merger.begun(index) ?? now))
        state.timekeeper.expect(index, state.scheduler.node(index).type, in: remaining, now: now - started)
        return .nodeProgress(
            state.scheduler.node(index).id, completed: completed, total: total, remaining: remaining,
            hasPicture: hasPicture)
    }

    var prompt: JSON {
        promptText.withLock { cached in
            if let cached { return cached }
            let prompt = APIFormat.json(of: workflow)
            cached = prompt
            return prompt
        }
    }

    var extraPNGInfo: JSONObject {
        parsedExtraPNGInfo.withLock { cached in
            if let cached { return cached }
            let info = workflow.extraPNGInfo
            cached = info
            return info
        }
    }

    func usualDuration(of index: Int) -> Duration? {
        state.withLock { $0.timekeeper.usual($0.scheduler, index) }
    }

    func graphNode(_ id: NodeID) -> GraphNode? { state.withLock { $0.scheduler.graphNode(id) } }
}
