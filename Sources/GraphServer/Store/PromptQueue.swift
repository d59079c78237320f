internal import GraphCore
internal import Synchronization

/// The prompts that wait and those that run, by turns of their numbers.
final class PromptQueue: Sendable {
    struct Limits: Sendable {
        var promptCount = 100_000
        var byteCount = 256 << 20
        /// Waiting prompts of so many posted bytes are kept parsed, at ten to twenty times that; the others are parsed
        /// again at their turn.
        var readyByteCount = 4 << 20
        /// How many prompts run at once.
        var concurrency = 1
    }

    enum Refusal: Error, Equatable {
        case full(String)
        case repeatedID
    }

    /// What a posted prompt asks for its place in the queue.
    enum Place: Sendable {
        /// After those that came before.
        case back
        /// Before all that wait.
        case front
        case number(Double)
    }

    /// An entry of the binary heap; the prompt may be gone from `pending` by then.
    private struct Turn {
        let priority: Double
        let arrival: Int
        let id: RunID

        static func < (one: Turn, other: Turn) -> Bool {
            (one.priority, one.arrival) < (other.priority, other.arrival)
        }
    }

    /// What it takes to run a prompt.
    struct Ready: Sendable {
        let workflow: Workflow
        let plan: Plan
    }

    private struct Waiting {
        let prompt: Prompt
        let arrival: Int
        let run: QueuedRun
        /// Nil where it is made again from the prompt's text at its turn.
        let ready: Ready?
    }

    private struct State {
        var counter = 0
        var arrivals = 0
        var turns: [Turn] = []
        var pending: [RunID: Waiting] = [:]
        var pendingByteCount = 0
        /// Posted bytes of the prompts that wait parsed.
        var readyByteCount = 0
        /// In order of their start.
        var running: [(prompt: Prompt, task: Task<Void, Never>)] = []
        var isStopped = false
    }

    private let limits: Limits
    private let engine: Engine
    private let history: History
    /// Awaited before a prompt runs.
    private let preparation: @Sendable () async -> Void
    private let state = Mutex(State())
    private let runEnded = Mutex<(@Sendable () -> Void)?>(nil)
    private let becameIdle = Mutex<(@Sendable () -> Void)?>(nil)

    /// - Parameter preparation: no prompt runs before it is done.
    init(
        engine: Engine, history: History, limits: Limits, preparation: @escaping @Sendable () async -> Void = {}
    ) {
        (self.engine, self.history, self.limits) = (engine, history, limits)
        self.preparation = preparation
    }

    // MARK: Coming in

    /// Takes a prompt in and starts it if there is room.
    /// - Parameter make: makes the prompt of its priority and its number as text.
    func add(
        _ id: RunID, _ place: Place, ready: Ready, _ make: (Double, String) -> Prompt
    ) throws(Refusal) -> Prompt {
        let result: Result<Prompt, Refusal> = state.withLock { state in
            if state.isStopped { return .failure(.full("the server is stopping")) }
            if state.pending[id] != nil || state.running.contains(where: { $0.prompt.id == id }) || history.knows(id) {
                return .failure(.repeatedID)
            }
            if state.pending.count >= limits.promptCount {
                return .failure(.full("\(state.pending.count) prompts are waiting; the limit is \(limits.promptCount)"))
            }
            let priority: Double, number: String
            switch place {
            case .back: (priority, number) = (Double(state.counter), String(state.counter))
            case .front: (priority, number) = (-Double(state.counter), String(-state.counter))
            case .number(let given): (priority, number) = (given, given.description)
            }
            let prompt = make(priority, number)
            if state.pendingByteCount + prompt.byteCount > limits.byteCount {
                return .failure(.full("the waiting prompts take \(limits.byteCount >> 20) MiB, which is the limit"))
            }
            if case .number = place {} else { state.counter += 1 }
            let startsNow = state.running.count < limits.concurrency && state.pending.isEmpty
            let keepsReady = startsNow || state.readyByteCount + prompt.byteCount <= limits.readyByteCount
            state.pending[id] = Waiting(
                prompt: prompt, arrival: state.arrivals, run: engine.queue(id), ready: keepsReady ? ready : nil)
            state.pendingByteCount += prompt.byteCount
            if keepsReady { state.readyByteCount += prompt.byteCount }
            push(Turn(priority: priority, arrival: state.arrivals, id: id), &state.turns)
            state.arrivals += 1
            startNext(&state)
            return .success(prompt)
        }
        return try result.get()
    }

    private func startNext(_ state: inout State) {
        while state.running.count < limits.concurrency, !state.isStopped, let turn = pop(&state.turns) {
            guard state.pending[turn.id]?.arrival == turn.arrival, let next = take(turn.id, &state) else { continue }
            let task = engine.task { await self.run(next) }
            state.running.append((next.prompt, task))
        }
    }

    private func take(_ id: RunID, _ state: inout State) -> Waiting? {
        guard let taken = state.pending.removeValue(forKey: id) else { return nil }
        state.pendingByteCount -= taken.prompt.byteCount
        if taken.ready != nil { state.readyByteCount -= taken.prompt.byteCount }
        return taken
    }

    private func run(_ waiting: Waiting) async {
        await preparation()
        do throws(Diagnostic) {
            let ready = if let ready = waiting.ready { ready } else { try remake(waiting.prompt) }
            await engine.run(ready.plan, of: ready.workflow, waiting.run)
        } catch {
            engine.fail(waiting.run, error)
        }
        // At once, on this thread: waking another would be the larger part of a small prompt's time.
        runEnded.withLock { $0 }?()
    }

    /// Has `action` done whenever a run has ended.
    func onRunEnd(_ action: @escaping @Sendable () -> Void) { runEnded.withLock { $0 = action } }

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

    /// The run has ended and stands in the history: makes room for the next. Called by whoever reads the events.
    func finished(_ id: RunID) {
        let isIdle = state.withLock { state in
            state.running.removeAll { $0.prompt.id == id }
            startNext(&state)
            return state.running.isEmpty && state.pending.isEmpty
        }
        if isIdle { becameIdle.withLock { $0 }?() }
    }

    /// Has `action` done whenever nothing runs or waits any more.
    func onIdle(_ action: @escaping @Sendable () -> Void) { becameIdle.withLock { $0 = action } }

    // MARK: Taking out

    /// Takes waiting prompts out of the queue; their ends are told like those of runs.
    func remove(_ ids: [RunID]) {
        state.withLock { state in
            for id in ids { drop(id, &state) }
        }
    }

    func removeAll() {
        state.withLock { state in
            for id in Array(state.pending.keys) { drop(id, &state) }
        }
    }

    private func drop(_ id: RunID, _ state: inout State) {
        guard let dropped = take(id, &state) else { return }
        history.expect(dropped.prompt)
        engine.drop(dropped.run)
        // Its turn is passed over when it comes; many dead ones would keep the heap large.
        if state.turns.count > 2 * state.pending.count + 1024 {
            state.turns = state.pending.map { Turn(priority: $1.prompt.priority, arrival: $1.arrival, id: $0) }
            state.turns.sort { $0 < $1 }
        }
    }

    /// Interrupts what runs: one prompt, or all of them.
    /// - Returns: whether there was something to interrupt.
    @discardableResult
    func interrupt(_ id: RunID?) -> Bool {
        let tasks = state.withLock { state in
            state.running.filter { id == nil || $0.prompt.id == id }.map(\.task)
        }
        for task in tasks { task.cancel() }
        return !tasks.isEmpty
    }

    /// Starts nothing more and interrupts what runs.
    /// - Returns: the runs to wait for.
    func stop() -> [Task<Void, Never>] {
        let tasks = state.withLock { state in
            state.isStopped = true
            return state.running.map(\.task)
        }
        for task in tasks { task.cancel() }
        return tasks
    }

    // MARK: Looking

    /// Posted bytes of the waiting prompts that are kept parsed, for tests.
    var readyByteCount: Int { state.withLock { $0.readyByteCount } }

    var remaining: Int { state.withLock { $0.pending.count + $0.running.count } }

    /// What runs, in order of its start, and what waits, in order of its turn.
    func snapshot() -> (running: [Prompt], pending: [Prompt]) {
        let (running, pending) = state.withLock { state in
            (state.running.map(\.prompt), Array(state.pending.values))
        }
        return (
            running,
            pending.sorted { ($0.prompt.priority, $0.arrival) < ($1.prompt.priority, $1.arrival) }.map(\.prompt)
        )
    }

    /// A prompt that waits or runs.
    func prompt(_ id: RunID) -> (prompt: Prompt, isRunning: Bool)? {
        state.withLock { state in
            if let entry = state.pending[id] { return (entry.prompt, false) }
            return state.running.first { $0.prompt.id == id }.map { ($0.prompt, true) }
        }
    }

    // MARK: The heap

    private func push(_ turn: Turn, _ turns: inout [Turn]) {
        turns.append(turn)
        var index = turns.count - 1
        while index > 0, turns[index] < turns[(index - 1) / 2] {
            turns.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private func pop(_ turns: inout [Turn]) -> Turn? {
        guard let first = turns.first else { return nil }
        let last = turns.removeLast()
        guard !turns.isEmpty else { return first }
        turns[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < turns.count && turns[child] < turns[least] {
                least = child
            }
            if least == index { return first }
            turns.swapAt(index, least)
            index = least
        }
    }
}
