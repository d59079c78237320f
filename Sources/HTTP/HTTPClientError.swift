/// Why there is no response: what happened, with whom, and what to try. A response of 400 and more is no error here.
public struct HTTPClientError: Error, Sendable, Equatable {
    public enum Kind: Sendable {
        /// The request itself is wrong; nothing was sent.
        case invalidRequest
        /// The host was not found or does not answer.
        case unreachable
        case timedOut
        /// TLS: the certificate or the handshake.
        case insecure
        case tooLarge
        case tooManyRedirects
        /// The connection broke half-way, or the peer broke the protocol.
        case interrupted
        /// A file to send or to write.
        case file
        /// What came is not what the server promised.
        case damaged
        /// A WebSocket or a download was refused, or a WebSocket is closed.
        case refused, closed
        case cancelled
    }

    public var kind: Kind
    public var message: String
    public var suggestion: String?
    /// What the server said instead of opening a WebSocket.
    public var response: ClientResponse?

    public init(_ kind: Kind, _ message: String, suggestion: String? = nil, response: ClientResponse? = nil) {
        (self.kind, self.message, self.suggestion, self.response) = (kind, message, suggestion, response)
    }
}

extension HTTPClientError {
    static let cancelled = HTTPClientError(.cancelled, "the transfer was cancelled")

    static func unreachable(_ authority: String, _ reason: String) -> HTTPClientError {
        HTTPClientError(
            .unreachable, "could not connect to \(authority): \(reason)", suggestion: "Is the server running?")
    }

    static func tooLarge(_ authority: String, limit: Int) -> HTTPClientError {
        HTTPClientError(
            .tooLarge, "the response of \(authority) is larger than the limit of \(limit) bytes",
            suggestion: "Raise the limit.")
    }

    /// In the words of the transfer that failed.
    init(_ outcome: CurlOutcome, failure: CurlFailure, request: ClientRequest, authority: String) {
        switch failure {
        case .badURL: self.init(.invalidRequest, "'\(request.url)' is not a URL")
        case .unsupportedScheme: self = .unsupportedScheme(request.url)
        case .hostNotFound:
            self.init(
                .unreachable, "could not find the host of \(authority)", suggestion: "Check its name and the network.")
        case .proxyNotFound:
            self.init(
                .unreachable, "could not find the proxy on the way to \(authority)",
                suggestion: "Check the environment's http_proxy and https_proxy.")
        case .notConnected: self = .unreachable(authority, outcome.detail)
        case .timedOut:
            if let timeout = request.timeout, outcome.elapsed + .milliseconds(5) >= timeout {
                self.init(
                    .timedOut, "the transfer with \(authority) took longer than \(timeout.words)",
                    suggestion: "Allow it more time.")
            } else if outcome.wasConnected {
                self.init(
                    .timedOut,
                    "nothing moved between here and \(authority) for \((request.stallTimeout ?? .zero).words)",
                    suggestion: "Try again, or allow longer pauses.")
            } else {
                self.init(
                    .timedOut, "could not connect to \(authority) within \(request.connectTimeout.words)",
                    suggestion: "Is the server running, and reachable from here?")
            }
        case .insecure:
            self.init(
                .insecure, "could not open a secure connection to \(authority): \(outcome.detail)",
                suggestion: "Check the server's certificate, or name the file of the authority that signed it.")
        case .tooManyRedirects:
            self.init(
                .tooManyRedirects, "\(authority) redirected more than \(request.maxRedirectCount) times")
        case .unreadableFile:
            self.init(.file, "could not read \(outcome.detail)", suggestion: "Check that it exists and may be read.")
        case .stopped: self = .cancelled
        case .broken:
            self.init(
                .interrupted, "the connection to \(authority) broke: \(outcome.detail)", suggestion: "Try again.")
        }
    }

    static func unsupportedScheme(_ url: String) -> HTTPClientError {
        HTTPClientError(.invalidRequest, "the URL '\(url)' is neither http nor https")
    }
}
