internal import GraphCore
internal import Synchronization

/// A store that lasts as long as the process.
final class MemoryRunStore: RunStore {
    struct Limits: Sendable {
        var pendingCount = 100_000
        var pendingByteCount = 256 << 20
        var endedCount = 10_000
        var endedByteCount = 256 << 20
    }

    private struct LiveRun {
        var run: StoredRun
        let queued: QueuedRun
    }

    private struct State {
        var counter = 0
        var arrivals = 0
        var turns = TurnQueue()
        var live: [RunID: LiveRun] = [:]
        /// In order of their start.
        var running: [RunID] = []
        var pendingByteCount = 0
        /// Ids of `ended` by their numbers; some may be gone.
        var endedOrder = Ring<RunID>()
        var ended: [RunID: (number: Int, run: StoredRun)] = [:]
        var endedByteCount = 0
        var forgottenOrder: UInt64 = 0

        var counts: RunCounts {
            RunCounts(pending: live.count - running.count, running: running.count, ended: ended.count)
        }

        var pendingRuns: [StoredRun] { live.values.lazy.map(\.run).filter { !$0.isTaken } }
        var runningRuns: [StoredRun] { running.compactMap { live[$0]?.run } }

        func endedRun(at number: Int) -> StoredRun? {
            guard let id = endedOrder[number], let found = ended[id], found.number == number else { return nil }
            return found.run
        }
    }

    let epoch: String
    let log: EventLog
    private let limits: Limits
    /// The engine's: events count from when a run was queued.
    private let clock: @Sendable () -> Duration
    private let state = Mutex(State())

    init(log: EventLog, limits: Limits = Limits(), clock: @escaping @Sendable () -> Duration) {
        (self.log, self.limits, self.clock) = (log, limits, clock)
        // A memory store is a new one at each start.
        epoch = String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16)
    }

    var counts: RunCounts { state.withLock { $0.counts } }

    // MARK: Coming in

    func submit(
        _ id: RunID, _ place: QueuePlace, _ make: (_ priority: Double, _ number: String) -> Prompt
    ) throws(SubmitRefusal) -> Prompt {
        let result: Result<Prompt, SubmitRefusal> = state.withLock { state in
            if state.live[id] != nil || state.ended[id] != nil { return .failure(.repeatedID) }
            let pendingCount = state.counts.pending
            if pendingCount >= limits.pendingCount {
                return .failure(.full("\(pendingCount) prompts are waiting; the limit is \(limits.pendingCount)"))
            }
            let priority: Double, number: String
            switch place {
            case .back: (priority, number) = (Double(state.counter), String(state.counter))
            case .front: (priority, number) = (-Double(state.counter), String(-state.counter))
            case .number(let given): (priority, number) = (given, given.description)
            }
            let prompt = make(priority, number)
            if state.pendingByteCount + prompt.byteCount > limits.pendingByteCount {
                let size = "\(limits.pendingByteCount >> 20) MiB"
                return .failure(.full("the waiting prompts take \(size), which is the limit"))
            }
            if case .number = place {} else { state.counter += 1 }
            let queued = QueuedRun(id: id, at: clock())
            state.live[id] = LiveRun(
                run: StoredRun(prompt: prompt, arrival: state.arrivals, position: log.end), queued: queued)
            state.pendingByteCount += prompt.byteCount
            state.turns.push(TurnQueue.Turn(priority: priority, arrival: state.arrivals, id: id))
            state.arrivals += 1
            // In the lock: `take` hands the run on as soon as it is free.
            var sequence: UInt64 = 0
            var kinds = [RunEvent.Kind.runQueued]
            log.append(&kinds, run: id, sequence: &sequence, elapsed: .zero)
            return .success(prompt)
        }
        return try result.get()
    }

    func take() -> (prompt: Prompt, run: QueuedRun)? {
        state.withLock { state in
            while let turn = state.turns.pop() {
                guard let live = state.live[turn.id], live.run.arrival == turn.arrival, !live.run.isTaken else {
                    continue
                }
                state.live[turn.id]?.run.isTaken = true
                state.running.append(turn.id)
                state.pendingByteCount -= live.run.prompt.byteCount
                return (live.run.prompt, live.queued)
            }
            return nil
        }
    }

    // MARK: Events

    func append(_ kinds: inout [RunEvent.Kind], run id: RunID, sequence: inout UInt64, elapsed: Duration) {
        state.withLock { state in
            // A transient event changes nothing that is kept here but the percentage, which facts tell, too.
            guard let index = state.live.index(forKey: id) else { return }
            for kind in kinds { state.live.values[index].run.status.apply(kind, at: elapsed) }
            if case .runFinished? = kinds.last { end(id, &state) }
        }
        let hasEnded = if case .runFinished? = kinds.last { true } else { false }
        log.append(&kinds, run: id, sequence: &sequence, elapsed: elapsed)
        if hasEnded { state.withLock { $0.ended[id]?.run.lastOrder = log.end } }
    }

    private func end(_ id: RunID, _ state: inout State) {
        guard let live = state.live.removeValue(forKey: id) else { return }
        if live.run.isTaken {
            state.running.removeAll { $0 == id }
        } else {
            state.pendingByteCount -= live.run.prompt.byteCount
        }
        state.ended[id] = (state.endedOrder.end, live.run)
        state.endedOrder.append(id)
        state.endedByteCount += live.run.byteCount
        while state.ended.count > limits.endedCount
            || (state.endedByteCount > limits.endedByteCount && state.ended.count > 1)
        {
            let number = state.endedOrder.start
            guard let oldest = state.endedOrder.removeFirst() else { break }
            if state.ended[oldest]?.number == number { forget(oldest, &state) }
        }
        compact(&state)
    }

    // MARK: Taking out

    func cancel(_ ids: [RunID]) { state.withLock { state in for id in ids { cancel(id, &state) } } }

    func cancelAllPending() {
        state.withLock { state in for id in Array(state.live.keys) { cancel(id, &state) } }
    }

    private func cancel(_ id: RunID, _ state: inout State) {
        guard let live = state.live[id], !live.run.isTaken else { return }
        let elapsed = clock() - live.queued.time
        state.live[id]?.run.status.apply(.runFinished(.cancelled), at: elapsed)
        end(id, &state)
        var sequence = QueuedRun.sequence
        var kinds = [RunEvent.Kind.runFinished(.cancelled)]
        log.append(&kinds, run: id, sequence: &sequence, elapsed: elapsed)
        state.ended[id]?.run.lastOrder = log.end
        // Its turn is passed over when it comes; many dead ones would keep the queue of turns large.
        let pendingCount = state.counts.pending
        if state.turns.count > 2 * pendingCount + 1024 {
            state.turns = TurnQueue(
                state.live.values.filter { !$0.run.isTaken }.map {
                    TurnQueue.Turn(
                        priority: $0.run.prompt.priority, arrival: $0.run.arrival, id: $0.run.prompt.id)
                })
        }
    }

    func forget(_ ids: [RunID]) {
        state.withLock { state in
            for id in ids { forget(id, &state) }
            compact(&state)
        }
    }

    func forgetAllEnded() {
        state.withLock { state in
            (state.endedOrder, state.ended, state.endedByteCount) = (Ring(), [:], 0)
            state.forgottenOrder = log.end
        }
    }

    private func forget(_ id: RunID, _ state: inout State) {
        guard let (_, run) = state.ended.removeValue(forKey: id) else { return }
        state.endedByteCount -= run.byteCount
        state.forgottenOrder = max(state.forgottenOrder, run.lastOrder ?? log.end)
    }

    /// Gives back the places of runs that are gone once they are the most: each is moved once for each that went.
    private func compact(_ state: inout State) {
        guard state.endedOrder.end - state.endedOrder.start > 2 * state.ended.count + 64 else { return }
        var order = Ring<RunID>()
        for number in state.endedOrder.start..<state.endedOrder.end {
            guard let run = state.endedRun(at: number) else { continue }
            state.ended[run.prompt.id]?.number = order.end
            order.append(run.prompt.id)
        }
        state.endedOrder = order
    }

    // MARK: Looking

    func run(_ id: RunID) -> StoredRun? { state.withLock { $0.live[id]?.run ?? $0.ended[id]?.run } }

    func runs(of scope: FrameLog.Reader.Scope) -> [StoredRun] {
        switch scope {
        case .run(let id?): return run(id).map { [$0] } ?? []
        case .run(nil), .client:
            let (pending, running, ended) = allRuns()
            let all = ended + running + pending
            guard case .client(let client) = scope else { return all }
            return all.filter { $0.prompt.clientID == client }
        }
    }

    var forgottenOrder: UInt64 { state.withLock { $0.forgottenOrder } }

    func livePrompt(_ id: RunID) -> (prompt: Prompt, isRunning: Bool)? {
        state.withLock { $0.live[id].map { ($0.run.prompt, $0.run.isTaken) } }
    }

    func livePrompts() -> (running: [Prompt], pending: [Prompt]) {
        let (running, pending) = state.withLock { ($0.runningRuns, $0.pendingRuns) }
        return (running.map(\.prompt), Self.inTurn(pending).map(\.prompt))
    }

    func allRuns() -> (pending: [StoredRun], running: [StoredRun], ended: [StoredRun]) {
        let (pending, running, ended) = state.withLock { state in
            let numbers = state.endedOrder.start..<state.endedOrder.end
            return (state.pendingRuns, state.runningRuns, numbers.compactMap { state.endedRun(at: $0) })
        }
        return (Self.inTurn(pending), running, ended)
    }

    private static func inTurn(_ runs: [StoredRun]) -> [StoredRun] {
        runs.sorted { ($0.prompt.priority, $0.arrival) < ($1.prompt.priority, $1.arrival) }
    }

    func startedRuns(maxCount: Int, offset: Int?) -> [StoredRun] {
        state.withLock { state in
            let numbers = state.endedOrder.start..<state.endedOrder.end
            var found: [StoredRun] = []
            var skipCount = offset ?? 0
            for number in offset == nil ? AnySequence(numbers.reversed()) : AnySequence(numbers) {
                if found.count == maxCount { break }
                guard let run = state.endedRun(at: number), !run.neverStarted else { continue }
                if skipCount > 0 { skipCount -= 1 } else { found.append(run) }
            }
            return offset == nil ? found.reversed() : found
        }
    }
}
