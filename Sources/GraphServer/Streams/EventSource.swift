internal import HTTP
internal import Synchronization

/// The messages as server-sent events (`GET /events`): `id` is what to come back with as `Last-Event-ID`.
final class EventSource: ByteSource {
    private struct State {
        var reader: MessageLog.Reader?
        var subscription = 0
        var first: [UInt8] = []
        var wake: (@Sendable () -> Void)?
        /// Whether it will be woken when what it waits for is over.
        var isWaking = false
    }

    private let scope: MessageLog.Reader.Scope
    private let entry: MessageLog.Entry
    private let log: MessageLog
    private let state = Mutex(State())

    init(_ scope: MessageLog.Reader.Scope, _ entry: MessageLog.Entry, log: MessageLog) {
        (self.scope, self.entry, self.log) = (scope, entry, log)
    }

    func attach(wake: @escaping @Sendable () -> Void) {
        let joined = log.subscribe(scope, entry, wake: wake)
        var text = ""
        switch joined.welcome {
        case .fresh, .caughtUp: text = ": connected\n\n"
        case .resumed(let seq, let count):
            text = "event: resumed\nid: \(log.epoch):\(seq)\ndata: {\"replayed\":\(count)}\n\n"
        case .resync(let seq):
            text = "event: resync\nid: \(log.epoch):\(seq)\ndata: {\"epoch\":\"\(log.epoch)\",\"seq\":\(seq)}\n\n"
        }
        state.withLock { state in
            (state.reader, state.subscription, state.wake) = (joined.reader, joined.subscription, wake)
            state.reader?.takesEarlyProgress = true
            state.first = Array(text.utf8)
        }
    }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        state.withLock { state in
            out.append(contentsOf: state.first)
            state.first = []
            guard var reader = state.reader else { return .end }
            let given = log.read(&reader, limit: limit, into: &out) { frame, out in
                guard !frame.message.isBinary else { return }
                if frame.message.run != nil {
                    out.append(contentsOf: "id: \(log.epoch):\(frame.message.seq)\n".utf8)
                }
                out.append(contentsOf: "data: ".utf8)
                out.append(contentsOf: frame.message.payload)
                out.append(contentsOf: "\n\n".utf8)
            }
            state.reader = reader
            return switch given {
            case .all: .idle
            case .part: .more
            case .held(let delay): hold(delay, &state)
            // The client comes back by itself and is told to start over.
            case .lost: .end
            }
        }
    }

    private func hold(_ delay: Duration, _ state: inout State) -> Filled {
        if state.isWaking { return .idle }
        state.isWaking = true
        Task.detached { [weak self] in
            try? await Task.sleep(for: delay)
            let wake = self?.state.withLock { state in
                state.isWaking = false
                return state.wake
            }
            wake?()
        }
        return .idle
    }

    func detach() {
        let subscription = state.withLock { state in
            (state.reader, state.wake) = (nil, nil)
            return state.subscription
        }
        log.unsubscribe(scope, subscription)
    }
}
