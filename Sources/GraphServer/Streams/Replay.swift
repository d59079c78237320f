internal import ComfyProtocol
internal import GraphCore
internal import Synchronization

/// The facts of a stream between two numbers, encoded again from the store: their frames are no longer cached.
///
/// An encoder starts with its run, so that a fact has the bytes that it had the first time.
final class Replay: Sendable {
    private struct LiveRun {
        var encoder: ComfyEncoder
        let audience: EncodedMessage.Audience
    }

    private struct State {
        /// Events up to here are encoded.
        var position: EventLog.Position
        var runs: [RunID: LiveRun]
    }

    /// Events that are encoded at a time: a few milliseconds' work.
    private static let sliceCount = 4096

    private let log: EventLog
    private let epoch: String
    private let after: UInt64
    private let through: UInt64
    private let state: Mutex<State>

    /// - Parameters:
    ///   - after: `seq` of the last fact that the stream has.
    ///   - through: `seq` of the last fact that is replayed.
    /// - Returns: nil when the store has dropped some of it.
    init?(
        _ scope: FrameLog.Reader.Scope, after: UInt64, through: UInt64, of store: any RunStore, _ encoding: RunEncoding
    ) {
        let order = MessageNumbers.order(ofSeq: after)
        let isOfOneRun = if case .run(_?) = scope { true } else { false }
        guard isOfOneRun || order >= store.forgottenOrder else { return nil }
        let wanted = store.runs(of: scope).filter { $0.lastOrder.map { $0 >= order } ?? true }
        for run in wanted where store.log.read(after: run.position, run: run.prompt.id, limit: 0).isResync {
            return nil
        }
        (log, epoch, self.after, self.through) = (store.log, store.epoch, after, through)
        let runs = wanted.map { run in
            (
                run.prompt.id,
                LiveRun(
                    encoder: ComfyEncoder(run.prompt.id, encoding.origin(of: run.prompt)),
                    audience: run.prompt.clientID.map { .client($0) } ?? .nobody)
            )
        }
        state = Mutex(
            State(
                position: wanted.map(\.position).min() ?? MessageNumbers.order(ofSeq: through),
                runs: Dictionary(runs, uniquingKeysWith: { first, _ in first })))
    }

    /// The next facts, in order; call it off the connection's loop.
    /// - Returns: nil when the store has dropped some; `isWhole` with the last ones.
    func next() -> (messages: [EncodedMessage], isWhole: Bool)? {
        state.withLock { state in
            let page = log.read(after: state.position, limit: Self.sliceCount)
            var messages: [EncodedMessage] = []
            var emissions: [ComfyEncoder.Emission] = []
            for event in page.events {
                guard let index = state.runs.index(forKey: event.run) else { continue }
                emissions.removeAll(keepingCapacity: true)
                state.runs.values[index].encoder.encode(event, into: &emissions)
                for emission in emissions where emission.role.isFact {
                    let seq = MessageNumbers.seq(order: event.order, part: emission.part)
                    guard seq > after, seq <= through else { continue }
                    let message = EncodedMessage(
                        emission, seq: seq, of: event.run, to: state.runs.values[index].audience, epoch: epoch,
                        .everywhere)
                    if let message { messages.append(message) }
                }
            }
            for run in state.runs.keys where page.isResync {
                if log.read(after: state.position, run: run, limit: 1).isResync { return nil }
            }
            state.position = page.next
            let isWhole = page.events.isEmpty || MessageNumbers.seq(order: page.next, part: 15) >= through
            return (messages, isWhole)
        }
    }
}
