public import Files
public import GraphCore
public import HTTP

/// Everything that can be set about a server; the command line fills it in.
public struct ServerOptions: Sendable {
    /// Addresses to listen on.
    public var listen = ["127.0.0.1"]
    /// 0 for any free one.
    public var port = 8188
    public var baseDirectory = "."
    public var directories: [FolderName: String] = [:]
    /// Folders for models besides `models/`.
    public var models = ModelPaths()
    /// The file that names model servers; nil for the one that is found.
    public var configurationFile: String?
    /// What nodes with models compute on: `auto`, `cpu` or `cuda`.
    public var device = "auto"
    /// What loaded models may take; nil for half of the memory.
    public var modelByteCount: Int?
    public var cache = CachePolicy.classic
    public var resources: [(name: ResourceName, permits: Int)] = []
    public var concurrentPrompts = 1
    public var queueLimit = 100_000
    public var maxUploadByteCount = 100 << 20
    /// The largest body of a request that is no upload.
    public var maxBodyByteCount = 16 << 20
    /// Which sockets get the pictures that nodes show of their work.
    var livePreviews = LivePreviews.announced
    /// Whether what nodes save is on the disk before they go on.
    public var syncsOutputs = false
    /// Names besides IP addresses, localhost and those listened on that clients may call this server by.
    public var allowedHosts: [String] = []
    /// The origin whose pages may use this server, `*` for all; nil for none but its own.
    public var corsOrigin: String?
    /// An installed frontend, served at `/`.
    public var frontEndRoot: String?
    public var tlsCertificateFile: String?
    public var tlsKeyFile: String?
    public var http = ServerLimits()
    /// For tests: how much is kept for who comes back.
    public var keptByteCount = 36 << 20
    /// As given, for /system_stats.
    public var arguments: [String] = []

    public init() {}
}
