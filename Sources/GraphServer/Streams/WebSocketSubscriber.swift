internal import ComfyProtocol
internal import GraphCore
internal import HTTP
internal import Synchronization

/// One socket on `/ws`: a subscription, and the little ComfyUI's clients say.
final class WebSocketSubscriber: WebSocketSession {
    private struct State {
        /// Frames that go before anything else: `first` leaves with the handshake's answer, `second` from `start` on.
        var first: [UInt8] = []
        var second: [UInt8] = []
        var start: SuspendingClock.Instant?
        var hasSpoken = false
        var handle: WebSocketHandle?
    }

    private let clientID: String
    private let subscription: Subscription
    private let queueRemaining: @Sendable () -> Int
    private let features: [UInt8]
    private let takesDescribedPreviews: Bool
    /// How long a client has from the handshake's answer to what its connection missed: some look for more only when they
    /// have handled the answer.
    private static let startDelay = Duration.milliseconds(50)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - features: the answer to a client that announces its own: a whole message.
    ///   - takesDescribedPreviews: whether it does before it says so: what is replayed comes before that.
    init(
        clientID: String, start: FrameLog.StartPosition, sources: Subscription.Sources, features: [UInt8],
        takesDescribedPreviews: Bool = false, queueRemaining: @escaping @Sendable () -> Int
    ) {
        (self.clientID, self.features) = (clientID, features)
        (self.takesDescribedPreviews, self.queueRemaining) = (takesDescribedPreviews, queueRemaining)
        subscription = Subscription(.client(clientID), start, sources)
    }

    deinit {
        // A handshake that was refused opens nothing.
        subscription.leave()
    }

    /// Reads from now on. Called before the handshake is answered: a client that posts a prompt as soon as it has the
    /// answer misses nothing of it.
    func join() {
        let (result, latest) = subscription.join(wake: { [weak self] in self?.state.withLock(\.handle)?.wake() }) {
            $0.takesDescribedPreviews = takesDescribedPreviews
            $0.takesEarlyProgress = subscription.start != .now
        }
        let epoch = subscription.sources.frames.epoch
        var first: [UInt8] = []
        Self.text(ComfyMessage.status(queueRemaining(), clientID: clientID), &first)
        var second: [UInt8] = []
        switch result {
        case .fresh, .caughtUp, .evicted: break
        case .resumed(let seq, let count):
            Self.text(ComfyMessage.resumed(epoch: epoch, seq: seq, replayed: count), &second)
        case .resync(let seq): Self.text(ComfyMessage.resync(epoch: epoch, seq: seq), &second)
        }
        switch result {
        // All of it follows in order.
        case .resumed, .caughtUp, .evicted: break
        case .fresh, .resync: for message in latest { Self.text(message.payload, &second) }
        }
        let isLate = result == .caughtUp || !second.isEmpty
        state.withLock { state in
            (state.first, state.second) = (first, second)
            state.start = isLate ? SuspendingClock.now + Self.startDelay : nil
        }
    }

    func opened(_ socket: WebSocketHandle) {
        state.withLock { $0.handle = socket }
        socket.wake()
    }

    private static func text(_ payload: [UInt8], _ out: inout [UInt8]) {
        WebSocketFrame.encode(.text, payload, into: &out)
    }

    /// Only the first text counts, and only if it announces features; ComfyUI ignores everything else, too.
    func received(_ message: WebSocketMessage) {
        guard case .text(let text) = message else { return }
        let isFirst = state.withLock { state in
            defer { state.hasSpoken = true }
            return !state.hasSpoken
        }
        guard isFirst, let json = try? JSONParser.parse(text), json["type"]?.string == "feature_flags" else { return }
        let flags = json["data"]
        subscription.configure {
            $0.takesDescribedPreviews = flags?["supports_preview_metadata"]?.bool == true
            $0.takesProgressText = flags?["supports_progress_text_metadata"]?.bool == true
        }
        let handle = state.withLock { state in
            Self.text(features, &state.first)
            return state.handle
        }
        handle?.wake()
    }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        let early: Filled? = state.withLock { state in
            if !state.first.isEmpty {
                out.append(contentsOf: state.first)
                state.first = []
                return .more
            }
            guard let start = state.start else { return nil }
            let left = start - SuspendingClock.now
            if left > .zero {
                subscription.wake(in: left)
                return .idle
            }
            state.start = nil
            out.append(contentsOf: state.second)
            state.second = []
            return nil
        }
        if let early { return early }
        let outcome = subscription.fill(&out, limit: limit) { message, out in
            WebSocketFrame.encode(message.isBinary ? .binary : .text, message.payload, into: &out)
        }
        return switch outcome {
        case .idle: .idle
        case .more: .more
        // 1013, try again later: it reads more slowly than the store keeps.
        case .lost: .fail(code: 1013, reason: "too far behind; connect again")
        }
    }

    func closed() {
        state.withLock { $0.handle = nil }
        subscription.leave()
    }
}
