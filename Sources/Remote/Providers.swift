public import GraphCore
internal import HTTP

/// The model servers that nodes may call, by name. Handed to the nodes that need one when they are made.
public final class Providers: Sendable {
    /// In the order of the configuration; the first is the default.
    public let servers: [ModelServer]

    public static let none = Providers([])

    public init(_ providers: [Provider], pacing: Pacing = .real) {
        // Requests at work, and the short questions beside them.
        let client = HTTPClient(maxTransferCount: 64)
        servers = providers.map { ModelServer($0, client: client, pacing: pacing) }
    }

    public var names: [String] { servers.map(\.provider.name) }

    /// The provider that a workflow names; unless one is called so, `default`, and nothing, stand for the first of the kind
    /// that is needed, or else for the first one.
    /// - Throws: `.badInput` for a name that is not configured, or when there is none at all.
    public func server(
        _ name: String = "default", needed kind: Provider.Kind? = nil
    ) throws(Diagnostic) -> ModelServer {
        if let named = servers.first(where: { $0.provider.name == name }) { return named }
        guard let first = servers.first else {
            throw Diagnostic(
                .badInput, node: nil, input: "provider", "no model server is configured",
                suggestion: """
                    Start one (docs/MODEL-SERVERS.md) and name it in graphrun.yaml:
                      providers:
                        local: {kind: xinference, url: "http://127.0.0.1:9997"}
                    """)
        }
        if name == "default" || name.isEmpty { return servers.first { $0.provider.kind == kind } ?? first }
        throw Diagnostic(
            .badInput, node: nil, input: "provider", "there is no provider '\(name.prefix(60))'",
            suggestion: NearestName.sentence(name, among: names)
                ?? "Name one of: \(names.prefix(20).joined(separator: ", ")).")
    }
}
