/// An output declared once, as a static member of its node: `static let grey = Output<Image>("IMAGE")`.
public struct Output<Wrapped: SocketValue>: Sendable {
    public let spec: OutputSpec

    /// - Parameters:
    ///   - name: shown on the socket; outputs of one node that share a name are bound in the order of declaration.
    ///   - isList: consumers are called once per element.
    public init(_ name: String, type: SocketType? = nil, isList: Bool = false, tooltip: String? = nil) {
        spec = OutputSpec(name: name, type: type ?? Wrapped.socketType, isList: isList, tooltip: tooltip)
    }

    @inlinable
    public func callAsFunction(_ value: Wrapped) -> BoundOutput { .value(name: spec.name, value.value) }
    /// For an output declared with `isList`.
    public func list(_ values: [Wrapped]) -> BoundOutput { .list(name: spec.name, values.map(\.value)) }
    /// Stops everything downstream of this output.
    public func block(_ message: String? = nil) -> BoundOutput { .value(name: spec.name, .block(Block(message))) }
    /// The value is what a node gives, usually one of this node's expansion.
    public func from(_ source: ExpansionGraph.Source) -> BoundOutput { .from(name: spec.name, source) }
}

public struct OutputSpec: Sendable, Hashable {
    public let name: String
    public let type: SocketType
    public let isList: Bool
    public let tooltip: String?
}

/// Lets one list hold outputs of different types.
public protocol OutputDeclaration: Sendable { var spec: OutputSpec { get } }
extension Output: OutputDeclaration {}

/// What a node hands back: values for its outputs, things for people to see, an expansion.
public enum BoundOutput: Sendable {
    case value(name: String, Value)
    case list(name: String, [Value])
    case from(name: String, ExpansionGraph.Source)
    /// Entries for whoever watches, such as `images` with the saved files; kept with the cached result.
    case shown(key: String, [JSON])
    /// A graph to run in this node's place. Its schema must say `mayExpand`.
    case expansion(ExpansionGraph)
}
