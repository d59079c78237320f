/// A node type as the engine sees it: the definition with its schema read once, and a number for quick tables.
public final class NodeType: Sendable {
    public let node: any Node
    public let schema: NodeSchema
    /// Position in its registry.
    let number: Int
    let isIdempotent: Bool
    let hasLazyInputs: Bool
    let hasChangeToken: Bool
    /// Whether an input offers what lies in a folder, which checking a value looks into.
    public let hasNamedChoices: Bool
    /// Positions of the inputs whose values are checked before a call.
    let constrainedInputs: [Int]

    init(_ node: any Node, number: Int) {
        self.node = node
        self.schema = node.schema
        self.number = number
        isIdempotent = schema.isIdempotent
        hasLazyInputs = schema.inputs.contains { $0.isLazy }
        hasChangeToken = node is any ChangingNode
        hasNamedChoices = schema.inputs.contains { if case .named = $0.choices { true } else { false } }
        constrainedInputs = schema.inputs.enumerated().compactMap { position, spec in
            if case .none = spec.callConstraint { nil } else { position }
        }
    }

    func inputIndex(_ name: String) -> Int? { schema.inputs.firstIndex { $0.name == name } }
}

/// The node types there are. A value: nodes discovered at run time join a copy.
public struct NodeRegistry: Sendable {
    /// In order of registration.
    public private(set) var types: [NodeType] = []
    private var byName: [String: NodeType] = [:]

    public init(_ nodes: [any Node] = []) {
        for node in nodes { add(node) }
    }

    /// Adds a type; one with the same name takes the place of the earlier.
    public mutating func add(_ node: any Node) {
        let replaced = byName[node.schema.type]?.number
        let type = NodeType(node, number: replaced ?? types.count)
        if let replaced { types[replaced] = type } else { types.append(type) }
        byName[type.schema.type] = type
    }

    public subscript(name: String) -> NodeType? { byName[name] }

    public var names: [String] { types.map(\.schema.type) }
}
