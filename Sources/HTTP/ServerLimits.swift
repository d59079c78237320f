/// What a server grants its peers. Everything has a limit; each can be set.
public struct ServerLimits: Sendable {
    /// More get a short 503 and are closed.
    public var maxConnectionCount = 10_000
    public var requestHead = RequestParser.Limits()
    /// From the connection or the first byte of a later request to the end of its head; the TLS handshake counts.
    public var headTimeout = Duration.seconds(10)
    /// Between two requests.
    public var idleTimeout = Duration.seconds(75)
    /// Averaged over a request's body, once `bodyGrace` is over.
    public var minBytesPerSecond = 1 << 10
    public var bodyGrace = Duration.seconds(5)
    /// How long a peer may take no byte of what is ready for it.
    public var stallTimeout = Duration.seconds(30)
    /// Pipelined bytes that may wait while an answer is under way; the socket is not read above that.
    public var waitingByteCount = 64 << 10
    /// After the last byte of an answer that closes: how long, and how many bytes, the peer may still send. Closing
    /// earlier would reset the connection before the peer has read the answer (RFC 9112 section 9.6).
    public var lingerTimeout = Duration.seconds(2)
    public var lingerByteCount = 16 << 20

    /// What all bodies take that are being received or worked on, and WebSocket messages of which all is not there yet;
    /// the next one gets a 503, a WebSocket 1013. The first `freeByteCount` of each are not counted, so that a small
    /// request is served while large ones use up the rest.
    public var receivedByteCount = 256 << 20
    public var freeByteCount = 16 << 10
    /// What all answers take that lie in memory until their peers have taken them; one larger than that goes alone.
    public var answerByteCount = 256 << 20

    public var maxMessageByteCount = 1 << 20
    public var pingInterval = Duration.seconds(20)
    /// So many pings without any sign of life end a WebSocket.
    public var maxMissedPingCount = 2
    /// For the peer's close frame after ours.
    public var closeTimeout = Duration.seconds(5)

    public init() {}

    /// How often a loop looks at its connections: often enough for the shortest time above.
    var tickInterval: Duration {
        let shortest = [headTimeout, idleTimeout, bodyGrace, stallTimeout, lingerTimeout, pingInterval, closeTimeout]
            .min()
        return min(.seconds(1), max(.milliseconds(10), (shortest ?? .seconds(1)) / 4))
    }
}
