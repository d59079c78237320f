internal import GraphCore
internal import HTTP
internal import Synchronization

/// One socket on `/ws`: a reader of the message log, and the little ComfyUI's clients say.
final class ClientSocket: WebSocketSession {
    private struct State {
        var reader: MessageLog.Reader?
        var subscription = 0
        /// Frames that go before anything from the log: one leaves with the handshake's answer; the others later.
        var first: [UInt8] = []
        var second: [UInt8] = []
        /// When anything but `first` may go.
        var start: SuspendingClock.Instant?
        /// Whether it will be woken when what it waits for is over.
        var isWaking = false
        var hasSpoken = false
        var handle: WebSocketHandle?
    }

    private let clientID: String
    private let entry: MessageLog.Entry
    private let log: MessageLog
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
        clientID: String, entry: MessageLog.Entry, log: MessageLog, features: [UInt8],
        takesDescribedPreviews: Bool = false,
        queueRemaining: @escaping @Sendable () -> Int
    ) {
        (self.clientID, self.entry, self.log, self.features) = (clientID, entry, log, features)
        (self.takesDescribedPreviews, self.queueRemaining) = (takesDescribedPreviews, queueRemaining)
    }

    deinit {
        // A handshake that was refused opens nothing.
        leave()
    }

    /// Reads from now on. Called before the handshake is answered: whoever posts a prompt as soon as it has the answer
    /// misses nothing of it.
    func join() {
        let joined = log.subscribe(.client(clientID), entry) { [weak self] in
            self?.state.withLock(\.handle)?.wake()
        }
        var first: [UInt8] = []
        Self.text(Narrator.status(queueRemaining: queueRemaining(), sid: clientID), &first)
        var second: [UInt8] = []
        switch joined.welcome {
        case .fresh, .caughtUp: break
        case .resumed(let seq, let count):
            Self.text(Self.welcome("resumed", log.epoch, seq, ",\"replayed\":\(count)"), &second)
        case .resync(let seq): Self.text(Self.welcome("resync", log.epoch, seq, ""), &second)
        }
        switch joined.welcome {
        // All of it follows in order.
        case .resumed, .caughtUp: break
        case .fresh, .resync: for message in joined.latest { Self.text(message.payload, &second) }
        }
        let isLate = joined.welcome == .caughtUp || !second.isEmpty
        state.withLock { state in
            (state.reader, state.subscription) = (joined.reader, joined.subscription)
            state.reader?.takesDescribedPreviews = takesDescribedPreviews
            state.reader?.takesEarlyProgress = entry != .now
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

    private static func welcome(_ type: String, _ epoch: String, _ seq: UInt64, _ rest: String) -> [UInt8] {
        Array("{\"type\":\"\(type)\",\"data\":{\"epoch\":\"\(epoch)\",\"seq\":\(seq)\(rest)}}".utf8)
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
        let handle = state.withLock { state in
            state.reader?.takesDescribedPreviews = flags?["supports_preview_metadata"]?.bool == true
            state.reader?.takesProgressText = flags?["supports_progress_text_metadata"]?.bool == true
            Self.text(features, &state.first)
            return state.handle
        }
        handle?.wake()
    }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        state.withLock { state in
            if !state.first.isEmpty {
                out.append(contentsOf: state.first)
                state.first = []
                return .more
            }
            guard var reader = state.reader else { return .idle }
            if let start = state.start {
                let left = start - SuspendingClock.now
                if left > .zero { return hold(left, &state) }
                state.start = nil
                out.append(contentsOf: state.second)
                state.second = []
            }
            let given = log.read(&reader, limit: limit, into: &out) { $0.write(to: &$1) }
            state.reader = reader
            return switch given {
            case .all: .idle
            case .part: .more
            case .held(let delay): hold(delay, &state)
            // 1013, try again later: it reads more slowly than the log keeps.
            case .lost: .fail(code: 1013, reason: "too far behind; connect again")
            }
        }
    }

    private func hold(_ delay: Duration, _ state: inout State) -> Filled {
        if state.isWaking { return .idle }
        state.isWaking = true
        Task.detached { [weak self] in
            try? await Task.sleep(for: delay)
            let handle = self?.state.withLock { state in
                state.isWaking = false
                return state.handle
            }
            handle?.wake()
        }
        return .idle
    }

    func closed() { leave() }

    private func leave() {
        let subscription: Int? = state.withLock { state in
            state.handle = nil
            defer { state.reader = nil }
            return state.reader == nil ? nil : state.subscription
        }
        if let subscription { log.unsubscribe(.client(clientID), subscription) }
    }
}
