internal import Files
public import GraphCore

/// Which model servers there are: a file's section `providers`, and what the environment adds or sets anew.
///
/// ```yaml
/// providers:
///   local:                                # the first one is the default
///     kind: xinference                    # or openai, which is the default
///     url: http://127.0.0.1:9997
///     key_env: XINFERENCE_KEY             # or key_file: FILE, or key: KEY
///     limit: 2                            # requests at once
///     connect_timeout: 10                 # seconds
///     timeout: 600
///     models:                             # by node type, the first of several is the default
///       CosyVoice3: CosyVoice2-0.5B
///       TextToImage: [Z-Image-Turbo, FLUX.1-schnell]
///     model: CosyVoice2-0.5B              # for all other node types
///     voice: alloy                        # for nodes that name none
///     certificate_file: authority.pem
/// ```
///
/// `GRAPHRUN_PROVIDER_<NAME>_URL`, `_KIND`, `_KEY`, `_MODEL` and `_LIMIT` go before the file, and make a provider that no
/// file names when there is a URL.
public struct Configuration: Sendable {
    /// In order; the first is the default.
    public private(set) var providers: [Provider] = []
    /// What is worth telling and stops nothing.
    public private(set) var warnings: [String] = []
    /// What was read; nil when there is no file.
    public private(set) var file: String?

    static let maxProviderCount = 100

    public init() {}

    /// Reads the file that is named, or else the first that is there: `graphrun.yaml` in the base folder, then
    /// `graphrun/config.yaml` where configurations lie (`$XDG_CONFIG_HOME`, `~/.config`).
    /// - Throws: `.fileNotReadable`, `.tooLarge`, `.badFile` with the line, `.badInput` for the environment.
    public init(
        file named: String?, baseDirectory: String, environment: [String: String]
    ) throws(Diagnostic) {
        file = named ?? Self.candidates(baseDirectory, environment).first { SmallFile.exists($0) }
        if let file {
            var reader = ConfigurationReader(file: file, environment: environment)
            try reader.read()
            (providers, warnings) = (reader.providers, reader.warnings)
        }
        try apply(environment)
        for provider in providers where provider.key != nil && !provider.url.isSecure && !provider.url.isLoopback {
            warnings.append(
                "provider '\(provider.name)': its key goes to \(provider.url.host) over http, where others can read it; "
                    + "use https")
        }
    }

    private static func candidates(_ base: String, _ environment: [String: String]) -> [String] {
        func joined(_ folder: String, _ name: String) -> String {
            folder.hasSuffix("/") ? folder + name : folder + "/" + name
        }
        var files = [base == "." || base.isEmpty ? "graphrun.yaml" : joined(base, "graphrun.yaml")]
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") {
            files.append(joined(folder, "graphrun/config.yaml"))
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            files.append(joined(home, ".config/graphrun/config.yaml"))
        }
        return files
    }

    // MARK: The environment

    private static let suffixes = ["_URL", "_KIND", "_KEY", "_MODEL", "_LIMIT"]

    private mutating func apply(_ environment: [String: String]) throws(Diagnostic) {
        var settings: [String: [String: String]] = [:]
        for (variable, value) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix(Provider.environmentPrefix) && !value.isEmpty {
            let rest = variable.dropFirst(Provider.environmentPrefix.count)
            guard let suffix = Self.suffixes.first(where: { rest.hasSuffix($0) && rest.utf8.count > $0.utf8.count })
            else {
                warnings.append(
                    "the environment variable \(variable) means nothing; after the provider's name one of "
                        + Self.suffixes.joined(separator: ", ") + " is expected")
                continue
            }
            settings[String(rest.dropLast(suffix.count)), default: [:]][suffix] = value
        }
        for (name, values) in settings.sorted(by: { $0.key < $1.key }) { try apply(values, to: name) }
    }

    private mutating func apply(_ values: [String: String], to name: String) throws(Diagnostic) {
        let prefix = Provider.environmentPrefix + name
        let index = providers.firstIndex { Provider.environmentName(of: $0.name) == name }
        var provider: Provider
        if let index {
            provider = providers[index]
            if let text = values["_URL"] { provider.url = try Self.url(text, prefix + "_URL") }
        } else {
            guard let text = values["_URL"] else {
                warnings.append("\(prefix)_... is set, but there is no provider of that name and no \(prefix)_URL")
                return
            }
            provider = Provider(name: name.lowercased(), url: try Self.url(text, prefix + "_URL"))
        }
        if let text = values["_KIND"] {
            guard let kind = Provider.Kind(rawValue: text.lowercased()) else {
                throw Self.bad(
                    prefix + "_KIND", "'\(text.prefix(40))' is no kind of provider", "Set it to openai or xinference.")
            }
            provider.kind = kind
        }
        if let text = values["_KEY"] {
            guard let key = Secret(text) else {
                throw Self.bad(prefix + "_KEY", "it holds no key", "Set it to one line without blanks.")
            }
            provider.key = key
            provider.keySource = "the environment variable \(prefix)_KEY"
        }
        if let text = values["_MODEL"] { provider.model = text }
        if let text = values["_LIMIT"] {
            guard let limit = Int(text), (1...1_000).contains(limit) else {
                throw Self.bad(
                    prefix + "_LIMIT", "'\(text.prefix(40))' is no number of requests",
                    "Set it to a number from 1 to 1000.")
            }
            provider.limit = limit
        }
        if let index { providers[index] = provider } else { providers.append(provider) }
    }

    private static func url(_ text: String, _ variable: String) throws(Diagnostic) -> ProviderURL {
        do throws(ProviderURL.Complaint) { return try ProviderURL(text) } catch {
            throw bad(variable, error.message, error.suggestion)
        }
    }

    private static func bad(_ variable: String, _ message: String, _ suggestion: String) -> Diagnostic {
        Diagnostic(
            .badInput, node: nil, "the environment variable \(variable): \(message)", suggestion: suggestion)
    }
}
