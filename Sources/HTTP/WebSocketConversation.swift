/// The server's end of a WebSocket (RFC 6455) after its handshake: pings, the closing handshake and the limits around
/// a session. Frames are written whole, so control frames never fall between the parts of another.
struct WebSocketConversation: Conversation {
    private enum Stage: Equatable {
        case new, open
        /// Our close frame is out; the peer's is awaited.
        case closing(since: Duration)
        case closed
    }

    private let session: any WebSocketSession
    private let connection: Connection
    private let limits: ServerLimits
    private var decoder: WebSocketDecoder
    /// Counts what the decoder holds.
    private let share: MemoryShare
    private var stage = Stage.new
    /// Only the latest ping is answered when several have come (section 5.5.3).
    private var pingToAnswer: [UInt8]?
    private var closeToSend: (code: UInt16, reason: String)?
    private var isPeerFinished: Bool
    private var lastPing: Duration
    private var missedPingCount = 0

    /// - Parameter rest: what came behind the request already.
    init(
        _ session: any WebSocketSession, _ connection: Connection, _ limits: ServerLimits, share: MemoryShare,
        rest: [UInt8], now: Duration, isPeerFinished: Bool, isDraining: Bool
    ) {
        (self.session, self.connection, self.limits, self.share) = (session, connection, limits, share)
        (self.isPeerFinished, lastPing) = (isPeerFinished, now)
        decoder = WebSocketDecoder(role: .server, maxMessageByteCount: limits.maxMessageByteCount)
        if !rest.isEmpty { decoder.append(rest) }
        if isDraining { drain() }
    }

    var wantsBytes: Bool { stage != .closed }

    mutating func receive(_ bytes: ArraySlice<UInt8>, _ now: Duration) {
        missedPingCount = 0
        decoder.append(bytes)
    }

    mutating func receiveEnd() { isPeerFinished = true }
    mutating func drain() { requestClose(1001, "the server is stopping") }

    mutating func deliver(_ letter: Letter) {
        if case .closeWebSocket(let code, let reason) = letter { requestClose(code, reason) }
    }

    mutating func advance(_ turn: inout Turn) -> Next {
        if stage == .new {
            stage = .open
            let connection = connection
            session.opened(
                WebSocketHandle(
                    wake: { connection.wake() },
                    close: { code, reason in connection.post(.closeWebSocket(code: code, reason: reason)) }))
        }
        do throws(WebSocketDecoder.Violation) { try read(&turn) } catch {
            if stage == .open { turn.output += WebSocketFrame.close(error.code, error.reason) }
            stage = .closed
        }
        if stage != .closed, !share.resize(to: decoder.heldByteCount) {
            // The message under way is not read to its end.
            if stage == .open {
                turn.output += WebSocketFrame.close(1013, "the server is receiving too much at once; try again later")
            }
            stage = .closed
        }
        if stage == .closed { return .close }
        if let payload = pingToAnswer {
            pingToAnswer = nil
            WebSocketFrame.encode(.pong, payload, into: &turn.output)
        }
        // Without a close frame (1006).
        if isPeerFinished { return .cut }
        sendClose(&turn)
        guard stage == .open else { return .wait }
        switch session.fill(&turn.output, limit: pieceByteCount) {
        case .idle: return .wait
        case .more: return .again
        case .end: requestClose(1000, "")
        case .fail(let code, let reason): requestClose(code, reason)
        }
        sendClose(&turn)
        return .wait
    }

    mutating func tick(_ turn: inout Turn) -> Next {
        if case .closing(let since) = stage { return turn.now - since >= limits.closeTimeout ? .cut : .wait }
        guard stage == .open, turn.now - lastPing >= limits.pingInterval else { return .wait }
        if missedPingCount >= limits.maxMissedPingCount { return .cut }
        (lastPing, missedPingCount) = (turn.now, missedPingCount + 1)
        WebSocketFrame.encode(.ping, [], into: &turn.output)
        return .wait
    }

    mutating func end() { if stage != .new { session.closed() } }

    private mutating func read(_ turn: inout Turn) throws(WebSocketDecoder.Violation) {
        while stage != .closed, let event = try decoder.next() {
            switch event {
            case .message(let message): if stage == .open { session.received(message) }
            case .ping(let payload): if stage == .open { pingToAnswer = payload }
            case .pong: break
            case .close(let code, _):
                // Either the answer to ours, or it is answered with its own code (section 5.5.1).
                if stage == .open { turn.output += WebSocketFrame.close(code, "") }
                stage = .closed
            }
        }
    }

    /// The first reason counts.
    private mutating func requestClose(_ code: UInt16, _ reason: String) {
        closeToSend = closeToSend ?? (code, reason)
    }

    private mutating func sendClose(_ turn: inout Turn) {
        guard stage == .open, let (code, reason) = closeToSend else { return }
        turn.output += WebSocketFrame.close(code, reason)
        stage = .closing(since: turn.now)
    }
}
