internal import GraphCore
internal import Synchronization

/// Runs the prompts of a store on an engine, by turns, so many at once.
final class Dispatcher: Sendable {
    struct Limits: Sendable {
        /// Waiting prompts of so many posted bytes are kept parsed, at ten to twenty times that; the others are parsed
        /// again at their turn.
        var readyByteCount = 4 << 20
        /// How many prompts run at once.
        var concurrency = 1
    }

    /// What it takes to run a prompt.
    struct Ready: Sendable {
        let workflow: Workflow
        let plan: Plan
    }

    private struct State {
        var ready: [RunID: (ready: Ready, byteCount: Int)] = [:]
        /// Posted bytes of the prompts in `ready`.
        var readyByteCount = 0
        var tasks: [RunID: Task<Void, Never>] = [:]
        var isStopped = false

        mutating func takeReady(_ id: RunID) -> Ready? {
            guard let (ready, byteCount) = self.ready.removeValue(forKey: id) else { return nil }
            readyByteCount -= byteCount
            return ready
        }
    }

    let store: any RunStore
    private let engine: Engine
    private let limits: Limits
    /// Awaited before a prompt runs.
    private let preparation: @Sendable () async -> Void
    private let runEnded = Mutex<(@Sendable () -> Void)?>(nil)
    private let becameIdle = Mutex<(@Sendable () -> Void)?>(nil)
    private let state = Mutex(State())

    init(
        _ store: any RunStore, engine: Engine, limits: Limits, preparation: @escaping @Sendable () async -> Void = {}
    ) {
        (self.store, self.engine, self.limits, self.preparation) = (store, engine, limits, preparation)
    }

    /// Has `action` done whenever a run has ended, on the thread that ran it.
    func onRunEnd(_ action: @escaping @Sendable () -> Void) { runEnded.withLock { $0 = action } }

    /// Has `action` done whenever nothing runs or waits any more.
    func onIdle(_ action: @escaping @Sendable () -> Void) { becameIdle.withLock { $0 = action } }

    // MARK: Coming in

    /// Takes a prompt in and starts it if there is room.
    /// - Parameter make: as `RunStore.submit` calls it.
    func submit(
        _ id: RunID, _ place: QueuePlace, ready: Ready, _ make: (_ priority: Double, _ number: String) -> Prompt
    ) throws(SubmitRefusal) -> Prompt {
        // Under the lock, so that the prompt is not taken before its plan is there.
        let result: Result<Prompt, SubmitRefusal> = state.withLock { state in
            if state.isStopped { return .failure(.full("the server is stopping")) }
            return Result { () throws(SubmitRefusal) in
                let prompt = try store.submit(id, place, make)
                state.ready[id] = (ready, prompt.byteCount)
                state.readyByteCount += prompt.byteCount
                startNext(&state)
                if state.readyByteCount > limits.readyByteCount { _ = state.takeReady(id) }
                return prompt
            }
        }
        return try result.get()
    }

    private func startNext(_ state: inout State) {
        while state.tasks.count < limits.concurrency, !state.isStopped, let (next, run) = store.take() {
            let ready = state.takeReady(next.id)
            state.tasks[next.id] = engine.task { await self.run(next, ready, run) }
        }
    }

    private func run(_ prompt: Prompt, _ ready: Ready?, _ run: QueuedRun) async {
        await preparation()
        do throws(Diagnostic) {
            let ready = if let ready { ready } else { try remake(prompt) }
            await engine.run(ready.plan, of: ready.workflow, run)
        } catch {
            engine.fail(run, error)
        }
        state.withLock { state in
            state.tasks[prompt.id] = nil
            startNext(&state)
        }
        // At once, on this thread: waking another would be the larger part of a small prompt's time.
        runEnded.withLock { $0 }?()
        if store.counts.remaining == 0 { becameIdle.withLock { $0 }?() }
    }

    /// The graph was good when it was posted; a file it names may be gone by now, and then it cannot start.
    private func remake(_ prompt: Prompt) throws(Diagnostic) -> Ready {
        let gone = Diagnostic(.nodeFailed, node: nil, "the prompt can no longer be run", suggestion: "Post it again.")
        guard let json = try? KeptJSON.parse(prompt.graph),
            var workflow = try? WorkflowReader(registry: engine.registry).read(["prompt": json]).workflow
        else { throw gone }
        workflow.extraPNGInfoSource = { [extraData = prompt.extraData] in PromptReader.extraPNGInfo(in: extraData) }
        let checked = Validator.check(
            workflow, registry: engine.registry, environment: engine.environment, targets: prompt.outputs)
        guard let plan = checked.plan else { throw checked.errors.first ?? gone }
        return Ready(workflow: workflow, plan: plan)
    }

    // MARK: Ending

    /// Ends prompts that wait.
    func cancel(_ ids: [RunID]) {
        store.cancel(ids)
        state.withLock { state in for id in ids where state.tasks[id] == nil { _ = state.takeReady(id) } }
    }

    func cancelAllPending() {
        store.cancelAllPending()
        state.withLock { ($0.ready, $0.readyByteCount) = ([:], 0) }
    }

    /// Interrupts what runs: one prompt, or all of them.
    /// - Returns: whether there was something to interrupt.
    @discardableResult
    func interrupt(_ id: RunID?) -> Bool {
        let tasks = state.withLock { state in
            id.map { id in state.tasks[id].map { [$0] } ?? [] } ?? Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        return !tasks.isEmpty
    }

    /// Starts nothing more and interrupts what runs.
    /// - Returns: the runs to wait for.
    func stop() -> [Task<Void, Never>] {
        let tasks = state.withLock { state in
            state.isStopped = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        return tasks
    }

    /// Posted bytes of the waiting prompts that are kept parsed, for tests.
    var readyByteCount: Int { state.withLock { $0.readyByteCount } }
}
