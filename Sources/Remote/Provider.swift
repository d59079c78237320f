internal import GraphCore

/// A model server as the configuration describes it.
public struct Provider: Sendable {
    /// Which words a server understands.
    public enum Kind: String, Sendable, CaseIterable {
        /// OpenAI's routes, as many servers have them.
        case openai
        /// The same and more: reference sounds, seeds, progress of a picture, aborting one.
        case xinference
    }

    /// What workflows call it.
    public let name: String
    public var kind = Kind.openai
    public var url: ProviderURL
    public var key: Secret?
    /// Where the key comes from, for messages: `the environment variable OPENAI_API_KEY`.
    public var keySource: String?
    /// Requests at once: a GPU that is given more than it can hold falls over.
    public var limit = 2
    /// For finding the host, TCP and TLS.
    public var connectTimeout = Duration.seconds(10)
    /// For one request with all its tries, from the moment that it may begin.
    public var timeout = Duration.seconds(600)
    /// By node type; the first is what a node takes that names none.
    public var models: [String: [String]] = [:]
    /// For node types that `models` does not name.
    public var model: String?
    /// What a node takes that names no voice.
    public var voice: String?
    /// Certificates to trust instead of the system's, PEM.
    public var certificateFile: String?

    public init(name: String, url: ProviderURL) { (self.name, self.url) = (name, url) }

    /// The environment's name for it: `GRAPHRUN_PROVIDER_MY_GPU` for `my-gpu`.
    var environmentName: String { Self.environmentPrefix + Self.environmentName(of: name) }

    static let environmentPrefix = "GRAPHRUN_PROVIDER_"

    static func environmentName(of name: String) -> String {
        String(name.uppercased().map { $0 == "-" || $0 == "." ? "_" : $0 })
    }
}
