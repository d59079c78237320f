internal import Synchronization

/// What a WebSocket client's users and its thread have in common: messages that came, octets to send, and how it stands.
final class WebSocketMailbox: Sendable {
    typealias Closure = WebSocketClient.Closure
    typealias Outcome = Result<Closure, HTTPClientError>

    enum Phase {
        case open
        /// A close frame of ours is on its way; after the deadline the connection is cut.
        case closing(deadline: ContinuousClock.Instant)
        case closed(Outcome)
    }

    typealias Reader = CheckedContinuation<Result<WebSocketMessage?, HTTPClientError>, Never>
    typealias Sender = CheckedContinuation<Void, Never>

    private struct State {
        var phase = Phase.open
        var inbox: [WebSocketMessage] = []
        var inboxByteCount = 0
        var outbox: [UInt8] = []
        /// Taken by the thread, and not written yet.
        var writingByteCount = 0
        var isCancelled = false
        var opening: CheckedContinuation<Result<Void, HTTPClientError>, Never>?
        var readers: [(id: Int, Reader)] = []
        var senders: [(id: Int, Sender)] = []
        var closers: [Sender] = []
        var nextID = 0

        mutating func makeID() -> Int {
            nextID += 1
            return nextID
        }
    }

    private static let maxInboxCount = 256
    private static let maxInboxByteCount = 4 << 20
    private static let maxOutboxByteCount = 1 << 20

    let handle: CurlHandle
    private let closeTimeout: Duration
    private let state = Mutex(State())

    init(_ handle: CurlHandle, closeTimeout: Duration) { (self.handle, self.closeTimeout) = (handle, closeTimeout) }

    // MARK: Its users' side

    func awaitOpening(_ continuation: CheckedContinuation<Result<Void, HTTPClientError>, Never>) {
        state.withLock { $0.opening = continuation }
    }

    /// Gives up connecting.
    func cancel() {
        state.withLock { $0.isCancelled = true }
        handle.wake()
    }

    func next() async -> Result<WebSocketMessage?, HTTPClientError> {
        let id = state.withLock { $0.makeID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                var wasFull = false
                let answer: Result<WebSocketMessage?, HTTPClientError>? = state.withLock { state in
                    wasFull = Self.isFull(state)
                    if !state.inbox.isEmpty { return .success(Self.take(&state)) }
                    if case .closed(let outcome) = state.phase { return outcome.map { _ in nil } }
                    if Task.isCancelled { return .success(nil) }
                    state.readers.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
                if wasFull { handle.wake() }
            }
        } onCancel: {
            state.withLock { state -> Reader? in
                guard let index = state.readers.firstIndex(where: { $0.id == id }) else { return nil }
                return state.readers.remove(at: index).1
            }?.resume(returning: .success(nil))
        }
    }

    private static func isFull(_ state: State) -> Bool {
        state.inbox.count >= maxInboxCount || state.inboxByteCount >= maxInboxByteCount
    }

    private static func take(_ state: inout State) -> WebSocketMessage {
        let message = state.inbox.removeFirst()
        state.inboxByteCount -= message.byteCount
        return message
    }

    func send(_ message: WebSocketMessage) async -> Result<Void, HTTPClientError> {
        await room()
        var wasEmpty = false
        let result: Result<Void, HTTPClientError> = state.withLock { state in
            wasEmpty = state.outbox.isEmpty
            guard case .open = state.phase else { return .failure(Self.closedError(state.phase)) }
            guard state.outbox.count + state.writingByteCount < Self.maxOutboxByteCount else {
                return .failure(.cancelled)
            }
            WebSocketFrame.encode(message, mask: Self.newMask(), into: &state.outbox)
            return .success(())
        }
        // Otherwise the thread has been woken already, or is writing and will look again.
        if wasEmpty { handle.wake() }
        return result
    }

    /// Returns when less than the limit is waiting, or it is closed, or the task is cancelled.
    private func room() async {
        let id = state.withLock { $0.makeID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard case .open = state.phase, !Task.isCancelled,
                        state.outbox.count + state.writingByteCount >= Self.maxOutboxByteCount
                    else { return true }
                    state.senders.append((id, continuation))
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state -> Sender? in
                guard let index = state.senders.firstIndex(where: { $0.id == id }) else { return nil }
                return state.senders.remove(at: index).1
            }?.resume()
        }
    }

    func close(code: UInt16, reason: String) {
        let senders = state.withLock { Self.beginClosing(&$0, code: code, reason: reason, timeout: closeTimeout) }
        for (_, sender) in senders { sender.resume() }
        handle.wake()
    }

    func closed() async {
        await withCheckedContinuation { continuation in
            let isClosed = state.withLock { state in
                if case .closed = state.phase { return true }
                state.closers.append(continuation)
                return false
            }
            if isClosed { continuation.resume() }
        }
    }

    var closure: Closure? {
        state.withLock { state in
            if case .closed(.success(let closure)) = state.phase { closure } else { nil }
        }
    }

    // MARK: Its thread's side

    var isCancelled: Bool { state.withLock { $0.isCancelled } }
    var phase: Phase { state.withLock { $0.phase } }

    func opened(_ result: Result<Void, HTTPClientError>) {
        state.withLock { state in
            defer { state.opening = nil }
            if case .failure(let error) = result { state.phase = .closed(.failure(error)) }
            return state.opening
        }?.resume(returning: result)
    }

    /// Whether messages may be read. When it is closing they are: the close frame is behind them.
    var hasRoom: Bool {
        state.withLock { state in
            if case .closing = state.phase { return true }
            return !Self.isFull(state)
        }
    }

    func deliver(_ message: WebSocketMessage) {
        state.withLock { state -> Reader? in
            if !state.readers.isEmpty { return state.readers.removeFirst().1 }
            // Only when it is closing: nobody may come any more.
            if !Self.isFull(state) {
                state.inbox.append(message)
                state.inboxByteCount += message.byteCount
            }
            return nil
        }?.resume(returning: .success(message))
    }

    /// A ping or a pong, left out while much is waiting: the peer does not read, and a later one says the same.
    func sendControl(_ opcode: WebSocketFrame.Opcode, _ payload: [UInt8]) {
        state.withLock { state in
            guard case .open = state.phase, state.outbox.count < Self.maxOutboxByteCount else { return }
            WebSocketFrame.encode(opcode, payload, mask: Self.newMask(), into: &state.outbox)
        }
    }

    /// What is to be written next; the thread tells by `wrote` when it is.
    func takeOutgoing() -> [UInt8] {
        state.withLock { state in
            defer { state.outbox = [] }
            state.writingByteCount = state.outbox.count
            return state.outbox
        }
    }

    func wrote(_ byteCount: Int) {
        let senders = state.withLock { state -> [(id: Int, Sender)] in
            state.writingByteCount -= byteCount
            guard state.outbox.count + state.writingByteCount < Self.maxOutboxByteCount / 2, !state.senders.isEmpty
            else { return [] }
            // One at a time: each may bring a large message.
            return [state.senders.removeFirst()]
        }
        for (_, sender) in senders { sender.resume() }
    }

    var isDrained: Bool { state.withLock { $0.outbox.isEmpty && $0.writingByteCount == 0 } }

    func finish(_ outcome: Outcome) {
        let old = state.withLock { state in
            if case .closed = state.phase { return State() }
            let old = state
            state.phase = .closed(outcome)
            (state.readers, state.senders, state.closers, state.outbox) = ([], [], [], [])
            return old
        }
        // Whoever waits for a message waits because there is none.
        for (_, reader) in old.readers { reader.resume(returning: outcome.map { _ in nil }) }
        for (_, sender) in old.senders { sender.resume() }
        for closer in old.closers { closer.resume() }
    }

    // MARK: Details

    /// - Returns: the senders that waited for room; they find it closed.
    private static func beginClosing(
        _ state: inout State, code: UInt16?, reason: String, timeout: Duration
    ) -> [(id: Int, Sender)] {
        guard case .open = state.phase else { return [] }
        state.phase = .closing(deadline: .now + timeout)
        state.outbox += WebSocketFrame.close(code, reason, mask: newMask())
        defer { state.senders = [] }
        return state.senders
    }

    /// Answers the peer's close frame by the same code.
    func answerClose(_ code: UInt16?) {
        let senders = state.withLock { Self.beginClosing(&$0, code: code, reason: "", timeout: closeTimeout) }
        for (_, sender) in senders { sender.resume() }
    }

    private static func closedError(_ phase: Phase) -> HTTPClientError {
        if case .closed(.failure(let error)) = phase { return error }
        return HTTPClientError(.closed, "the WebSocket is closed", suggestion: "Connect again.")
    }

    /// Not to be guessed by whoever makes the program send (RFC 6455 section 5.3).
    private static func newMask() -> UInt32 {
        var random = SystemRandomNumberGenerator()
        return UInt32.random(in: .min ... .max, using: &random)
    }
}

extension WebSocketMessage {
    fileprivate var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}
