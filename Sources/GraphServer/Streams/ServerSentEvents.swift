internal import HTTP
internal import Synchronization

/// The messages as server-sent events (`GET /events`): `id` is what to come back with as `Last-Event-ID`.
final class ServerSentEvents: ByteSource {
    private let subscription: Subscription
    private let first = Mutex<[UInt8]>([])

    init(_ scope: FrameLog.Reader.Scope, _ start: FrameLog.StartPosition, _ sources: Subscription.Sources) {
        subscription = Subscription(scope, start, sources)
    }

    private var epoch: String { subscription.sources.frames.epoch }

    func attach(wake: @escaping @Sendable () -> Void) {
        let (result, _) = subscription.join(wake: wake) { $0.takesEarlyProgress = true }
        let text =
            switch result {
            case .fresh, .caughtUp, .evicted: ": connected\n\n"
            case .resumed(let seq, let count):
                "event: resumed\nid: \(epoch):\(seq)\ndata: {\(count.map { "\"replayed\":\($0)" } ?? "")}\n\n"
            case .resync(let seq):
                "event: resync\nid: \(epoch):\(seq)\ndata: {\"epoch\":\"\(epoch)\",\"seq\":\(seq)}\n\n"
            }
        first.withLock { $0 = Array(text.utf8) }
    }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        first.withLock { first in
            out.append(contentsOf: first)
            first = []
        }
        let outcome = subscription.fill(&out, limit: limit) { [epoch] message, out in
            guard !message.isBinary else { return }
            if message.run != nil { out.append(contentsOf: "id: \(epoch):\(message.seq)\n".utf8) }
            out.append(contentsOf: "data: ".utf8)
            out.append(contentsOf: message.payload)
            out.append(contentsOf: "\n\n".utf8)
        }
        return switch outcome {
        case .idle: .idle
        case .more: .more
        // The client comes back by itself and gets a resync.
        case .lost: .end
        }
    }

    func detach() { subscription.leave() }
}
