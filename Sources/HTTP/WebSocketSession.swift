/// One side's end of a WebSocket, as the program sees it. The connection pings, answers pings, keeps the closing
/// handshake and the limits; the session reads messages and has bytes when asked.
public protocol WebSocketSession: AnyObject, Sendable {
    /// Called once, before anything else. Keep the handle to wake and to close.
    func opened(_ socket: WebSocketHandle)

    /// Called one at a time on the connection's loop; must not block.
    func received(_ message: WebSocketMessage)

    /// Appends whole encoded frames (`WebSocketFrame.encode`), about `limit` bytes at most.
    func fill(_ out: inout [UInt8], limit: Int) -> Filled

    /// The socket is gone. Called exactly once.
    func closed()
}

public enum WebSocketMessage: Sendable, Equatable {
    case text(String)
    case binary([UInt8])
}

/// What a session may ask of its connection, from any thread.
public struct WebSocketHandle: Sendable {
    /// Has `fill` called soon. Cheap when that is already under way.
    public let wake: @Sendable () -> Void
    /// Sends a close frame after what is already being written.
    public let close: @Sendable (_ code: UInt16, _ reason: String) -> Void

    public init(
        wake: @escaping @Sendable () -> Void, close: @escaping @Sendable (_ code: UInt16, _ reason: String) -> Void
    ) {
        (self.wake, self.close) = (wake, close)
    }
}
