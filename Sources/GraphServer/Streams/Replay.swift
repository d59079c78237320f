internal import ComfyProtocol
internal import GraphCore
internal import Synchronization

/// The facts of a stream between two numbers, encoded again from the store: their frames are no longer cached.
struct Replay: Sendable {
    private let replays: Replays
    private let scope: FrameLog.Reader.Scope
    private let fold: ReplayFold
    /// `seq` of the last fact that the stream has, and of the last one that is replayed.
    private var after: UInt64
    private let through: UInt64
    /// The slice of the fold that comes next.
    private var index = 0

    fileprivate init(
        _ replays: Replays, _ scope: FrameLog.Reader.Scope, _ fold: ReplayFold, after: UInt64, through: UInt64
    ) {
        (self.replays, self.scope, self.fold) = (replays, scope, fold)
        (self.after, self.through) = (after, through)
    }

    /// The next facts, in order; call it off the connection's loop.
    /// - Returns: nil when the store has dropped some; `isWhole` with the last ones.
    mutating func next() -> (messages: ArraySlice<EncodedMessage>, isWhole: Bool)? {
        while true {
            switch fold.slice(index) {
            case .gone: return nil
            case .evicted:
                // Streams that share the fold are too far ahead.
                guard let again = replays.replay(scope, after: after, through: through) else { return nil }
                self = again
            case .some(let slice):
                index += 1
                let messages = slice.messages.drop { $0.seq <= after }.prefix { $0.seq <= through }
                let lastSeq = MessageNumbers.seq(order: slice.order, part: MessageNumbers.partCount - 1)
                after = max(after, lastSeq)
                return (messages, slice.isLast || lastSeq >= through)
            }
        }
    }
}

/// The replays of a server. Streams of one run share the work.
final class Replays: Sendable {
    private struct WeakFold { weak var fold: ReplayFold? }

    private let store: any RunStore
    private let encoding: RunEncoding
    /// One thread: however many streams come back, the other cores are left to runs.
    private let pool = BlockingPool(width: 1)
    private let folds = Mutex<[RunID: WeakFold]>([:])

    init(_ store: any RunStore, _ encoding: RunEncoding) { (self.store, self.encoding) = (store, encoding) }

    /// Has `work` done where facts are encoded again.
    func add(_ work: @escaping @Sendable () -> Void) { pool.add(work) }

    /// - Parameters:
    ///   - after: `seq` of the last fact that the stream has.
    ///   - through: `seq` of the last fact that is replayed.
    /// - Returns: nil when the store has dropped some of it.
    func replay(_ scope: FrameLog.Reader.Scope, after: UInt64, through: UInt64) -> Replay? {
        let order = MessageNumbers.order(ofSeq: after)
        let oneRun: RunID? = if case .run(let id) = scope { id } else { nil }
        guard oneRun != nil || order >= store.forgottenOrder else { return nil }
        let wanted = store.runs(of: scope).filter { $0.lastOrder.map { $0 >= order } ?? true }
        for run in wanted where store.log.read(after: run.position, run: run.prompt.id, limit: 1).isResync {
            return nil
        }
        let position = wanted.map(\.position).min() ?? MessageNumbers.order(ofSeq: through)
        func makeFold() -> ReplayFold { ReplayFold(wanted, from: position, of: store, encoding) }
        // Which runs a client has changes; one run stays one.
        guard let oneRun, !wanted.isEmpty else {
            return Replay(self, scope, makeFold(), after: after, through: through)
        }
        let fold = folds.withLock { folds in
            folds = folds.filter { $0.value.fold != nil }
            if let shared = folds[oneRun]?.fold, shared.begins { return shared }
            let new = makeFold()
            folds[oneRun] = WeakFold(fold: new)
            return new
        }
        return Replay(self, scope, fold, after: after, through: through)
    }
}

/// Runs that are folded again from their first event on, a slice at a time: an encoder starts with its run, so that a fact
/// has the bytes that it had the first time.
private final class ReplayFold: Sendable {
    struct Slice: Sendable {
        let messages: [EncodedMessage]
        /// Of the last event that it covers.
        let order: UInt64
        let isLast: Bool
    }

    enum Answer {
        case some(Slice)
        /// It is no longer kept.
        case evicted
        /// The store has dropped some of its events.
        case gone
    }

    private struct LiveRun {
        var encoder: ComfyEncoder
        let audience: EncodedMessage.Audience
    }

    private struct State {
        /// Events up to here are encoded.
        var position: EventLog.Position
        var runs: [RunID: LiveRun]
        var slices = Ring<Slice>()
        var byteCount = 0
    }

    /// Events that are encoded at a time: a few milliseconds' work.
    private static let sliceCount = 4096
    /// Of the slices that are kept for streams that share it.
    private static let keptByteCount = 8 << 20

    private let log: EventLog
    private let epoch: String
    private let state: Mutex<State>

    init(_ wanted: [StoredRun], from position: EventLog.Position, of store: any RunStore, _ encoding: RunEncoding) {
        (log, epoch) = (store.log, store.epoch)
        let runs = wanted.map { run in
            (
                run.prompt.id,
                LiveRun(
                    encoder: ComfyEncoder(run.prompt.id, encoding.origin(of: run.prompt)),
                    audience: run.prompt.clientID.map { .client($0) } ?? .nobody)
            )
        }
        state = Mutex(
            State(position: position, runs: Dictionary(runs, uniquingKeysWith: { first, _ in first })))
    }

    /// Whether its first slice can still be had.
    var begins: Bool { state.withLock { $0.slices.start == 0 } }

    func slice(_ index: Int) -> Answer {
        state.withLock { state in
            if index < state.slices.start { return .evicted }
            if index < state.slices.end, let kept = state.slices[index] { return .some(kept) }
            guard let slice = encode(&state) else { return .gone }
            state.slices.append(slice)
            state.byteCount += slice.messages.reduce(0) { $0 + $1.payload.count }
            while state.byteCount > Self.keptByteCount, state.slices.end - state.slices.start > 1,
                let old = state.slices.removeFirst()
            {
                state.byteCount -= old.messages.reduce(0) { $0 + $1.payload.count }
            }
            return .some(slice)
        }
    }

    private func encode(_ state: inout State) -> Slice? {
        let page = log.read(after: state.position, limit: Self.sliceCount)
        for run in state.runs.keys where page.isResync {
            if log.read(after: state.position, run: run, limit: 1).isResync { return nil }
        }
        state.position = page.next
        var messages: [EncodedMessage] = []
        var emissions: [ComfyEncoder.Emission] = []
        for event in page.events {
            guard let index = state.runs.index(forKey: event.run) else { continue }
            emissions.removeAll(keepingCapacity: true)
            state.runs.values[index].encoder.encode(event, into: &emissions)
            for emission in emissions where emission.role.isFact {
                let message = EncodedMessage(
                    emission, seq: MessageNumbers.seq(order: event.order, part: emission.part), of: event.run,
                    to: state.runs.values[index].audience, epoch: epoch, .everywhere)
                if let message { messages.append(message) }
            }
        }
        return Slice(messages: messages, order: page.next, isLast: page.events.isEmpty)
    }
}
