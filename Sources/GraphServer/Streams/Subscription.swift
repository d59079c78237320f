internal import ComfyProtocol
internal import GraphCore
internal import HTTP
internal import Synchronization

/// How a stream comes to its messages: from the cached frames, and from the store where those are gone.
final class Subscription: Sendable {
    enum Outcome: Equatable { case idle, more, lost }

    /// Where messages come from.
    struct Sources: Sendable {
        let frames: FrameLog
        let replays: Replays
    }

    private struct State {
        var reader: FrameLog.Reader?
        var id = 0
        var wake: (@Sendable () -> Void)?
        /// Whether a timer will wake the stream.
        var isWaking = false
        var replay: Replay?
        var isReplaying = false
        /// Replayed, and not written.
        var replayed: ArraySlice<EncodedMessage> = []
    }

    let scope: FrameLog.Reader.Scope
    let start: FrameLog.StartPosition
    let sources: Sources
    private let state = Mutex(State())

    init(_ scope: FrameLog.Reader.Scope, _ start: FrameLog.StartPosition, _ sources: Sources) {
        (self.scope, self.start, self.sources) = (scope, start, sources)
    }

    /// Reads from now on, or from where `start` says.
    /// - Parameters:
    ///   - wake: has `fill` called; from any thread.
    ///   - configure: says what the stream understands.
    /// - Returns: also what a client that comes back in the middle of a run is given first.
    func join(
        wake: @escaping @Sendable () -> Void, _ configure: (inout FrameLog.Reader) -> Void
    ) -> (result: FrameLog.ResumeResult, latest: [EncodedMessage]) {
        var joined = sources.frames.subscribe(scope, start, wake: wake)
        configure(&joined.reader)
        var replay: Replay?
        if case .evicted(let seq, let through) = joined.result {
            replay = sources.replays.replay(scope, after: seq, through: through)
            joined.result = replay == nil ? .resync(seq: sources.frames.seq) : .resumed(seq: seq, factCount: nil)
            if replay == nil { sources.frames.skipToEnd(&joined.reader) }
        }
        state.withLock { state in
            (state.reader, state.id, state.wake, state.replay) = (joined.reader, joined.subscription, wake, replay)
        }
        return (joined.result, joined.latest)
    }

    func configure(_ set: (inout FrameLog.Reader) -> Void) {
        state.withLock { state in
            guard var reader = state.reader else { return }
            set(&reader)
            state.reader = reader
        }
    }

    /// Writes what the stream has not had, about `limit` bytes of it.
    func fill(
        _ out: inout [UInt8], limit: Int, write: (EncodedMessage, inout [UInt8]) -> Void
    ) -> Outcome {
        state.withLock { state in
            guard var reader = state.reader else { return .idle }
            defer { state.reader = reader }
            let start = out.count
            while true {
                while let message = state.replayed.popFirst() {
                    if reader.understands(message) { write(message, &out) }
                    if out.count - start >= limit { return .more }
                }
                if state.isReplaying { return .idle }
                if state.replay != nil {
                    state.isReplaying = true
                    sources.replays.add { [weak self] in self?.replayMore() }
                    return .idle
                }
                switch sources.frames.read(&reader, limit: limit, into: &out, append: { write($0.message, &$1) }) {
                case .all: return .idle
                case .part: return .more
                case .held(let delay):
                    wakeLater(delay, &state)
                    return .idle
                case .lost:
                    guard let (seq, through) = sources.frames.evicted(of: reader),
                        let replay = sources.replays.replay(scope, after: seq, through: through)
                    else { return .lost }
                    state.replay = replay
                    sources.frames.skipEvicted(&reader)
                }
            }
        }
    }

    private func replayMore() {
        // Not under the lock: it takes milliseconds, and the loop asks meanwhile.
        guard var replay = state.withLock({ $0.replay }) else { return }
        let next = replay.next()
        let wake = state.withLock { state in
            state.isReplaying = false
            // The stream may be gone.
            guard state.replay != nil else { return state.wake }
            state.replayed = next?.messages ?? []
            state.replay = next?.isWhole == false ? replay : nil
            // Facts are gone for good: the next read says so.
            if next == nil { state.reader?.markLost() }
            return state.wake
        }
        wake?()
    }

    /// Has `fill` called in a while.
    func wake(in delay: Duration) { state.withLock { wakeLater(delay, &$0) } }

    private func wakeLater(_ delay: Duration, _ state: inout State) {
        if state.isWaking { return }
        state.isWaking = true
        Task.detached { [weak self] in
            try? await Task.sleep(for: delay)
            let wake = self?.state.withLock { state in
                state.isWaking = false
                return state.wake
            }
            wake?()
        }
    }

    func leave() {
        let id: Int? = state.withLock { state in
            defer { (state.reader, state.wake, state.replay, state.replayed) = (nil, nil, nil, []) }
            return state.reader == nil ? nil : state.id
        }
        if let id { sources.frames.unsubscribe(scope, id) }
    }
}
