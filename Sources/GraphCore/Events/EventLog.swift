internal import Synchronization

/// Takes the events of runs in.
public protocol EventSink: Sendable {
    /// Adds events of one run, in order. Empties `kinds`, and counts `sequence` on. Waits for nothing: it is called under
    /// the run's lock.
    func append(_ kinds: inout [RunEvent.Kind], run: RunID, sequence: inout UInt64, elapsed: Duration)
}

/// The one numbered list of events. Readers keep a position and read on from it.
///
/// Bounded: when full, progress and previews go first, then the facts of finished runs, last those of live ones.
/// A reader whose position was evicted gets `isResync`.
public final class EventLog: EventSink {
    public struct Limits: Sendable {
        public var maxEventCount = 1_000_000
        public var maxByteCount = 128 << 20

        public init() {}
    }

    /// Where a reader stands: everything up to this order number has been seen.
    public typealias Position = UInt64

    public struct Page: Sendable {
        public let events: [RunEvent]
        /// Read on from here.
        public let next: Position
        /// Facts between the position asked for and the first event given are gone: start over from a full state.
        public let isResync: Bool
    }

    /// Chunks keep appending cheap (and small enough to come from the heap, not from the kernel, each time) and dropping the oldest cheaper.
    private struct Chunk {
        var events: [RunEvent] = []
        var byteCount = 0
        /// Order number of the last event, kept when the chunk has been thinned.
        var lastOrder: UInt64 = 0
    }

    private struct State {
        var chunks: [Chunk] = [Chunk()]
        var eventCount = 0
        var byteCount = 0
        var order: UInt64 = 0
        /// Facts up to here may be missing.
        var lostThrough: UInt64 = 0
        /// The same of one run alone, for the runs that were there when facts were last let go.
        var lostByRun: [RunID: UInt64] = [:]
        var liveRuns: Set<RunID> = []
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let chunkSize = 256
    /// The newest chunk is never thinned, so it must stay small beside the limit even when previews fill it.
    private static let chunkByteCount = 1 << 20
    private let limits: Limits
    private let state = Mutex(State())

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// The number of the newest event.
    public var end: Position { state.withLock { $0.order } }

    /// Also wakes the readers that wait.
    public func append(_ kinds: inout [RunEvent.Kind], run: RunID, sequence: inout UInt64, elapsed: Duration) {
        guard !kinds.isEmpty else { return }
        let waiting = state.withLock { state in
            for kind in kinds {
                sequence += 1
                state.order += 1
                add(
                    RunEvent(run: run, sequence: sequence, order: state.order, elapsed: elapsed, kind: kind), to: &state
                )
            }
            // To nine tenths of the limits, so that thinning is rare.
            if state.eventCount > limits.maxEventCount || state.byteCount > limits.maxByteCount {
                thin(&state, toCount: limits.maxEventCount / 10 * 9, byteCount: limits.maxByteCount / 10 * 9)
            }
            guard !state.waiting.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        kinds.removeAll(keepingCapacity: true)
        for continuation in waiting { continuation.resume() }
    }

    private func add(_ event: RunEvent, to state: inout State) {
        switch event.kind {
        case .runQueued: state.liveRuns.insert(event.run)
        case .runFinished: state.liveRuns.remove(event.run)
        default: break
        }
        let byteCount = MemoryLayout<RunEvent>.stride + event.kind.payloadByteCount
        var last = state.chunks.count - 1
        if state.chunks[last].events.count == Self.chunkSize || state.chunks[last].byteCount > Self.chunkByteCount {
            state.chunks.append(Chunk())
            last += 1
            state.chunks[last].events.reserveCapacity(Self.chunkSize)
        }
        state.chunks[last].events.append(event)
        state.chunks[last].byteCount += byteCount
        state.chunks[last].lastOrder = event.order
        state.eventCount += 1
        state.byteCount += byteCount
    }

    // MARK: Reading

    /// Events after `position`, oldest first, at most `limit`; of one run when named.
    public func read(after position: Position, run: RunID? = nil, limit: Int = 4096) -> Page {
        state.withLock { state in
            var events: [RunEvent] = []
            var next = position
            var chunk = firstChunk(after: position, in: state)
            scan: while chunk < state.chunks.count {
                let list = state.chunks[chunk].events
                var index = firstIndex(after: position, in: list)
                while index < list.count {
                    if events.count == limit { break scan }
                    if run == nil || list[index].run == run { events.append(list[index]) }
                    next = list[index].order
                    index += 1
                }
                chunk += 1
            }
            var isResync = position < state.lostThrough
            if isResync, let run {
                // A run that is not there at all is gone altogether; one that is newer than the loss has lost nothing.
                isResync = state.lostByRun[run].map { position < $0 } ?? events.isEmpty
            }
            return Page(events: events, next: max(next, position), isResync: isResync)
        }
    }

    /// Returns once there is an event after `position`, or at once when there is one. May return early, as it does when
    /// the task is cancelled: read in a loop.
    public func wait(after position: Position) async {
        if Task.isCancelled { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.order > position || Task.isCancelled { return true }
                    state.waiting.append(continuation)
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            wakeReaders()
        }
    }

    /// Wakes all readers that wait, at the cost of an empty read each.
    public func wakeReaders() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func firstChunk(after position: Position, in state: State) -> Int {
        var (low, high) = (0, state.chunks.count)
        while low < high {
            let middle = (low + high) / 2
            if state.chunks[middle].lastOrder <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func firstIndex(after position: Position, in events: [RunEvent]) -> Int {
        var (low, high) = (0, events.count)
        while low < high {
            let middle = (low + high) / 2
            if events[middle].order <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Bounds

    /// Drops events to free memory, until about so many octets of them are left.
    public func shrink(toByteCount byteCount: Int) {
        state.withLock { thin(&$0, toCount: limits.maxEventCount, byteCount: byteCount) }
    }

    private func thin(_ state: inout State, toCount maxCount: Int, byteCount maxBytes: Int) {
        let live = state.liveRuns
        let passes: [(RunEvent) -> Bool] = [
            { $0.kind.isSuperseded }, { !live.contains($0.run) }, { _ in true },
        ]
        for goes in passes {
            for index in state.chunks.indices.dropLast()
            where state.eventCount > maxCount || state.byteCount > maxBytes {
                var chunk = state.chunks[index]
                drop(from: &chunk, of: &state, where: goes)
                state.chunks[index] = chunk
            }
            state.chunks.removeAll { $0.events.isEmpty && $0.lastOrder > 0 }
            if state.chunks.isEmpty { state.chunks.append(Chunk()) }
        }
        forgetLostRuns(&state)
    }

    private func forgetLostRuns(_ state: inout State) {
        guard state.lostThrough > 0 else { return }
        var lost: [RunID: UInt64] = [:]
        // A quiet run that lives may have lost all it said, and will say more.
        for run in state.liveRuns { lost[run] = state.lostByRun[run] ?? 0 }
        var last: RunID?
        for chunk in state.chunks {
            // Neighbours mostly are of one run.
            for event in chunk.events where event.run != last {
                lost[event.run] = state.lostByRun[event.run] ?? 0
                last = event.run
            }
        }
        state.lostByRun = lost
    }

    private func drop(from chunk: inout Chunk, of state: inout State, where goes: (RunEvent) -> Bool) {
        guard chunk.events.contains(where: goes) else { return }
        var kept: [RunEvent] = []
        for event in chunk.events {
            guard goes(event) else {
                kept.append(event)
                continue
            }
            let byteCount = MemoryLayout<RunEvent>.stride + event.kind.payloadByteCount
            chunk.byteCount -= byteCount
            state.byteCount -= byteCount
            state.eventCount -= 1
            guard !event.kind.isSuperseded else { continue }
            state.lostThrough = max(state.lostThrough, event.order)
            state.lostByRun[event.run] = max(state.lostByRun[event.run] ?? 0, event.order)
        }
        chunk.events = kept
    }
}
