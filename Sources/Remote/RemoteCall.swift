public import GraphCore

/// One request to a model server.
public struct RemoteRequest: Sendable {
    public enum Body: Sendable {
        case none
        case json(JSON)
        /// multipart/form-data.
        case form([Part])
    }

    /// A field of a form, or a file.
    public struct Part: Sendable, Equatable {
        public var name: String
        public var bytes: [UInt8]
        public var fileName: String?
        public var contentType: String?

        public init(_ name: String, text: String) { (self.name, bytes) = (name, Array(text.utf8)) }

        public init(_ name: String, file bytes: [UInt8], fileName: String, contentType: String) {
            (self.name, self.bytes, self.fileName, self.contentType) = (name, bytes, fileName, contentType)
        }
    }

    /// What a server makes, for advice when it cannot.
    public enum Product: String, Sendable {
        case sound = "audio"
        case picture = "image"
    }

    public static let defaultMaxByteCount = 256 << 20

    public var method: String
    /// Begins with a slash, below the provider's URL: `/v1/audio/speech`.
    public var path: String
    public var body: Body
    public var product: Product
    /// The model asked for.
    public var model: String
    /// Of the answer.
    public var maxByteCount = Self.defaultMaxByteCount
    /// Takes the body of a good answer piece by piece as it comes, on the transfer's thread, in order. Throwing ends the
    /// transfer.
    public var receive: (@Sendable (ArraySlice<UInt8>) throws -> Void)?
    /// Called before each try: what `receive` got of an answer that broke is worth nothing.
    public var begin: (@Sendable () -> Void)?

    public init(_ path: String, method: String = "POST", body: Body = .none, product: Product, model: String) {
        (self.method, self.path, self.body, self.product, self.model) = (method, path, body, product, model)
    }
}

/// A good answer.
public struct RemoteAnswer: Sendable {
    public let status: Int
    /// Without parameters, lower case: `audio/wav`.
    public let contentType: String?
    /// Empty when it was received piece by piece.
    public let body: [UInt8]
    let server: String

    /// The body as JSON.
    /// - Throws: when it is something else.
    public func json() throws(Diagnostic) -> JSON {
        var limits = JSONParser.Limits()
        limits.maxByteCount = RemoteRequest.defaultMaxByteCount
        // Answers are large by their pictures, which are one value each.
        limits.maxValueCount = 100_000
        do throws(JSONError) { return try JSONParser.parse(body, limits: limits) } catch {
            throw Diagnostic(
                .nodeFailed, node: nil, "the answer of '\(server)' is not JSON: \(error.message)",
                suggestion: "Check that its url is that of a model server, and look into the server's log.")
        }
    }
}

/// What a call is doing, as nodes tell it.
public enum CallPhase: String, Sendable {
    case waitingForServer = "waiting_for_server"
    case loadingModel = "loading_model"
    case processing
    case downloading
}

/// Who hears what a call is doing.
public struct CallReport: Sendable {
    public var phase: @Sendable (CallPhase, String) -> Void

    public init(phase: @escaping @Sendable (CallPhase, String) -> Void) { self.phase = phase }

    /// Tells the phases of a running node.
    public init(_ context: NodeContext) { phase = { context.phase($0.rawValue, $1) } }

    public static let silent = CallReport { _, _ in }
}
