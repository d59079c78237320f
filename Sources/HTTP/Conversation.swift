/// What is spoken over a connection: HTTP, then perhaps WebSocket. It sees decrypted bytes and no socket.
///
/// Everything is called on the connection's loop, one at a time.
protocol Conversation: Sendable {
    /// False while what has come already must wait for an answer to be sent.
    var wantsBytes: Bool { get }
    mutating func receive(_ bytes: ArraySlice<UInt8>, _ now: Duration)
    /// The peer sends no more.
    mutating func receiveEnd()
    mutating func deliver(_ letter: Letter)
    /// Does what can be done now, and appends what the peer gets to `turn.output`: about 64 KiB at most. Called again
    /// when the peer has taken nearly all of it.
    mutating func advance(_ turn: inout Turn) -> Next
    /// All that was appended so far has been given to the system.
    mutating func flushed()
    /// Looks at its time limits.
    mutating func tick(_ turn: inout Turn) -> Next
    /// Finish what is under way, begin nothing new.
    mutating func drain()
    /// The connection is gone. Called once, last.
    mutating func end()
}

extension Conversation {
    mutating func flushed() {}
}

/// What a connection does after its conversation has been asked.
enum Next: Sendable {
    /// Nothing until bytes, a letter or a wake come.
    case wait
    /// More can be made as soon as the peer has taken this.
    case again
    /// Send what is there, then close so that the peer can read all of it.
    case close
    /// Close at once.
    case cut
    case become(any Conversation)
}

/// What other threads send a conversation.
enum Letter: Sendable {
    /// A handler that worked off the loop is done.
    case reply(Result<Reply, any Error>)
    case closeWebSocket(code: UInt16, reason: String)
}

/// How much a conversation makes at a time: what one `send` is likely to take.
let pieceByteCount = 64 << 10

/// Nothing is said any more.
struct Silence: Conversation {
    var wantsBytes: Bool { true }

    mutating func receive(_ bytes: ArraySlice<UInt8>, _ now: Duration) {}
    mutating func receiveEnd() {}
    mutating func deliver(_ letter: Letter) {
        // The answer came too late to be written.
        if case .reply(.success(.now(let response))) = letter { response.onWritten?() }
    }
    mutating func advance(_ turn: inout Turn) -> Next { .wait }
    mutating func tick(_ turn: inout Turn) -> Next { .wait }
    mutating func drain() {}
    mutating func end() {}
}
