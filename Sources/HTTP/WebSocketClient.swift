internal import Foundation

/// A WebSocket to another server (RFC 6455), over libcurl's TCP, TLS and proxies.
///
/// It answers pings, pings itself, and keeps the closing handshake. It has a thread of its own, since libcurl blocks.
/// Let go of, it closes.
public final class WebSocketClient: Sendable {
    public struct Options: Sendable {
        /// For TCP, TLS and the handshake.
        public var connectTimeout = Duration.seconds(10)
        public var maxMessageByteCount = 16 << 20
        /// After two pings in a row without an octet in return the connection is given up.
        public var pingInterval = Duration.seconds(20)
        /// How long a close frame may take to be answered.
        public var closeTimeout = Duration.seconds(5)
        public var bearerToken: String?
        /// Certificates to trust instead of the system's, PEM.
        public var authorityFile: String?

        public init() {}
    }

    /// How it ended: the peer's close frame, or ours when the peer sent none.
    public struct Closure: Sendable, Equatable {
        public var code: UInt16?
        public var reason: String
    }

    private let mailbox: WebSocketMailbox

    private init(_ mailbox: WebSocketMailbox) { self.mailbox = mailbox }

    deinit { mailbox.close(code: 1000, reason: "") }

    /// Connects and shakes hands.
    /// - Parameter url: ws, wss, http or https.
    /// - Throws: `refused` with the server's answer when it opens no WebSocket; otherwise as `HTTPClient`.
    public static func connect(
        _ url: String, headers: Headers = Headers(), options: Options = Options()
    ) async throws(HTTPClientError) -> WebSocketClient {
        var request = ClientRequest("GET", url, headers: headers)
        // libcurl of Debian 12 has no WebSocket: it connects, and the rest is ours.
        for (ours, libcurls) in [("ws://", "http://"), ("wss://", "https://")]
        where url.prefix(ours.count).lowercased() == ours {
            request.url = libcurls + url.dropFirst(ours.count)
        }
        request.connectTimeout = options.connectTimeout
        request.bearerToken = options.bearerToken
        request.authorityFile = options.authorityFile
        let mailbox = WebSocketMailbox(try CurlHandle(), closeTimeout: options.closeTimeout)
        let conversation = try WebSocketClientConversation(request, mailbox: mailbox, options: options)
        let client = WebSocketClient(mailbox)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.awaitOpening(continuation)
                Thread.detachNewThread { conversation.run() }
            }
        } onCancel: {
            mailbox.cancel()
        }
        try result.get()
        return client
    }

    /// Every message once, in order, to whoever asks first. While nobody asks, no more than 256 messages or 4 MiB are
    /// taken from the server. Ends when the WebSocket is closed; throws when it breaks.
    public var messages: Messages { Messages(client: self) }

    public struct Messages: AsyncSequence, Sendable {
        public typealias Element = WebSocketMessage
        public typealias Failure = HTTPClientError

        // Whoever iterates keeps the socket open.
        let client: WebSocketClient

        public func makeAsyncIterator() -> Iterator { Iterator(client: client) }

        public struct Iterator: AsyncIteratorProtocol {
            let client: WebSocketClient

            public mutating func next() async throws(HTTPClientError) -> WebSocketMessage? {
                try await client.mailbox.next().get()
            }

            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws(HTTPClientError) -> WebSocketMessage? {
                try await client.mailbox.next().get()
            }
        }
    }

    /// Returns when the message is on its way: at once, unless 1 MiB is waiting already.
    /// - Throws: `closed` when it is, `cancelled` when the task is while it waits.
    public func send(_ message: WebSocketMessage) async throws(HTTPClientError) {
        try await mailbox.send(message).get()
    }

    public func send(_ text: String) async throws(HTTPClientError) { try await send(.text(text)) }

    /// Sends what is waiting and then a close frame, and waits for the peer's, for `closeTimeout` at most.
    /// - Parameter reason: cut to 123 octets.
    public func close(code: UInt16 = 1000, reason: String = "") async {
        mailbox.close(code: code, reason: reason)
        await mailbox.closed()
    }

    /// Nil while it is open, and after it broke.
    public var closure: Closure? { mailbox.closure }
}
