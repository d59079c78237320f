internal import GraphCore
internal import Remote

/// The inputs that say where a remote node is computed.
enum ProviderInputs {
    static let provider = Input<String>(
        "provider", default: "default",
        options: [
            .init(
                "tooltip",
                "A model server of the configuration (docs/MODEL-SERVERS.md); default is the first that fits the node.")
        ]
    ).optional
    static let model = Input<String>(
        "model", default: "",
        options: [.init("tooltip", "What the server calls the model. Empty: the configuration's for this node.")]
    ).optional

    /// - Parameter needed: the kind of server that the node's inputs ask for; nil for any.
    /// - Throws: `.badInput` for a provider that is not there, or of another kind.
    static func server(
        _ inputs: Inputs, of providers: Providers, for nodeType: String, needs needed: Provider.Kind? = nil
    ) throws -> ModelServer {
        let name = try inputs[provider] ?? "default"
        let server = try providers.server(name.trimmingSpaces, needed: needed)
        guard let needed, server.provider.kind != needed else { return server }
        throw Diagnostic(
            .badInput, node: nil, input: provider.spec.name,
            "\(nodeType) needs a server of kind \(needed.rawValue); '\(server.provider.name)' is of kind "
                + server.provider.kind.rawValue,
            suggestion: "Name another provider, or write 'kind: \(needed.rawValue)' if it is one.")
    }

    static func model(
        _ inputs: Inputs, on server: ModelServer, for nodeType: String, fallback: String? = nil
    ) throws -> String {
        try server.model(for: nodeType, chosen: (try inputs[model] ?? "").trimmingSpaces, fallback: fallback)
    }
}

extension String {
    /// Without the white space around it.
    var trimmingSpaces: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else {
            return ""
        }
        return String(self[first...last])
    }
}
