/// A request to another server.
public struct ClientRequest: Sendable {
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Read while it is sent, so its size does not matter.
        case file(path: String)
        /// multipart/form-data (RFC 7578).
        case form([FormPart])
    }

    public struct FormPart: Sendable {
        public enum Content: Sendable {
            case bytes([UInt8])
            /// Read while it is sent.
            case file(path: String)
        }

        public var name: String
        public var content: Content
        public var fileName: String?
        public var contentType: String?

        public init(_ name: String, _ content: Content, fileName: String? = nil, contentType: String? = nil) {
            (self.name, self.content, self.fileName, self.contentType) = (name, content, fileName, contentType)
        }

        public init(_ name: String, text: String) { self.init(name, .bytes(Array(text.utf8))) }
    }

    /// Where the body of a response below 400 goes. That of an error is always kept in memory, its first 64 KiB.
    public enum Destination: Sendable {
        case memory
        /// Written beside it, as `path.part`, and renamed when complete: there is never half a file at `path`.
        case file(path: String)
        /// Written to `path` itself and kept there however the transfer ends, for `FileDownload` to go on with: a 200 from
        /// the start, a 206 from where its Content-Range says. Any other body is kept in memory like that of an error.
        case part(path: String)
        /// Called piece by piece on the transfer's thread, which may be blocked; throwing ends the transfer.
        case stream(@Sendable (ArraySlice<UInt8>) throws -> Void)
    }

    public struct Progress: Sendable, Equatable {
        public var sentByteCount: Int
        /// Nil while it is not known.
        public var toSendByteCount: Int?
        public var receivedByteCount: Int
        public var toReceiveByteCount: Int?
    }

    public var method: String
    /// http or https.
    public var url: String
    public var headers: Headers
    public var body: Body
    public var destination = Destination.memory
    /// Sent as `Authorization: Bearer`, and not to another host behind a redirect.
    public var bearerToken: String?

    /// Of the body, decompressed.
    public var maxByteCount = 64 << 20
    /// 0: a redirect is an answer like any other.
    public var maxRedirectCount = 0
    /// For finding the host, TCP and TLS.
    public var connectTimeout = Duration.seconds(10)
    /// For everything.
    public var timeout: Duration?
    /// How long nothing may move in either direction once connected; nil for a server that computes before it answers.
    public var stallTimeout: Duration? = .seconds(60)
    /// Certificates to trust instead of the system's, PEM.
    public var authorityFile: String?
    /// Told of a response before its body, on the transfer's thread; throwing ends the transfer.
    public var accept: (@Sendable (_ status: Int, _ headers: Headers) throws(HTTPClientError) -> Void)?
    /// Told on the transfer's thread about ten times a second, and at the end.
    public var progress: (@Sendable (Progress) -> Void)?

    public init(_ method: String = "GET", _ url: String, headers: Headers = Headers(), body: Body = .none) {
        (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
    }
}

public struct ClientResponse: Sendable, Equatable {
    public var status: Int
    public var headers: Headers
    /// Empty when it went to a file or a stream.
    public var body: [UInt8]
    /// An error's body is longer than the 64 KiB that are here.
    public var isBodyCut = false
    /// Where the redirects led to.
    public var url: String

    /// The body as text; wrong octets are replaced.
    public var text: String { String(decoding: body, as: UTF8.self) }
}
