/// The first line and the header fields of a request, as they came over the wire.
public struct RequestHead: Sendable, Equatable {
    public var method: String
    /// Path and query, still percent-encoded: `/userdata/workflows%2Fa.json?overwrite=true`.
    public var target: String
    /// HTTP/1.`minorVersion`; 0 or 1.
    public var minorVersion: Int
    public var headers: Headers

    public init(method: String, target: String, minorVersion: Int = 1, headers: Headers = Headers()) {
        (self.method, self.target, self.minorVersion, self.headers) = (method, target, minorVersion, headers)
    }
}

/// An answer: status, fields and a body. `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the
/// connection's to write.
public struct Response: Sendable {
    public var status: Int
    public var headers: Headers
    public var body: Body
    /// Called exactly once, on any thread: when all of the answer was given to the system, or when the connection ended
    /// before. Must not block.
    public var onWritten: (@Sendable () -> Void)?

    public enum Body: Sendable {
        case bytes([UInt8])
        /// Pulled piece by piece. Without a `byteCount` it is sent chunked.
        case source(any ByteSource, byteCount: Int?)
    }

    public init(_ status: Int, headers: Headers = Headers(), body: Body = .bytes([])) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    public init(_ status: Int, text: String) {
        self.init(
            status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: .bytes(Array(text.utf8)))
    }
}

/// What a source or a WebSocket session has for its connection.
public enum Filled: Sendable, Equatable {
    /// Nothing more for now; the connection is woken when there is.
    case idle
    /// There is more already: come again as soon as the peer has taken this.
    case more
    /// That was all. A WebSocket is closed with 1000.
    case end
    /// Something went wrong; an HTTP connection is cut, a WebSocket closed with this code (RFC 6455 section 7.4).
    case fail(code: UInt16, reason: String)
}

/// A body that is made as the peer takes it, so that a slow peer costs no memory.
public protocol ByteSource: AnyObject, Sendable {
    /// Called once before the first `fill`. `wake` may be called from any thread, and is cheap when nothing is to do.
    func attach(wake: @escaping @Sendable () -> Void)

    /// Appends about `limit` bytes at most. Called one at a time on the connection's loop; must not block on anything
    /// slower than a disk.
    func fill(_ out: inout [UInt8], limit: Int) -> Filled

    /// The connection is done with it, whether or not all was sent. Called exactly once after `attach`.
    func detach()
}

/// Takes a request body piece by piece, so that a large upload costs no memory.
public protocol BodySink: AnyObject, Sendable {
    /// Called on the connection's loop; must not block on anything slower than a disk.
    /// - Throws: `HTTPProblem`, which is the answer; the rest of the body is not read.
    func write(_ bytes: ArraySlice<UInt8>) throws

    /// What it holds in memory of the body, for the server to count. Asked after each `write`.
    var heldByteCount: Int { get }

    /// The body is complete.
    func finish() throws -> Reply

    /// The peer went away, or the body was refused half-way.
    func abandon()
}

extension BodySink {
    public var heldByteCount: Int { 0 }
}

/// How a handler answers: at once, or after work that the connection's loop must not wait for.
public enum Reply: Sendable {
    case now(Response)
    /// Run off the loop. Cancelled when the peer goes away.
    case later(@Sendable () async -> Response)
    /// The handshake is answered, then the session has the connection (WebSocket routes only).
    case webSocket(any WebSocketSession)
}

/// A refusal that is an answer: what is wrong, and the next thing to try.
public struct HTTPProblem: Error, Sendable, Equatable {
    public var status: Int
    public var message: String
    public var suggestion: String?
    public var headers: Headers

    public init(_ status: Int, _ message: String, suggestion: String? = nil, headers: Headers = Headers()) {
        (self.status, self.message, self.suggestion, self.headers) = (status, message, suggestion, headers)
    }
}
