public import GraphCore

/// Nodes without pictures, for graphs written as text. All are output nodes, so that any can be run for its own sake.
extension NodeSchema {
    static func small(
        _ type: String, inputs: [any InputDeclaration] = [], outputs: [any OutputDeclaration] = [],
        takesLists: Bool = false, mayExpand: Bool = false, acceptsUndeclared: Bool = false,
        hidden: [HiddenInput] = [], isIdempotent: Bool = true, resource: ResourceName = .cpu
    ) -> NodeSchema {
        NodeSchema(
            type: type, category: "Testing/Small", inputs: inputs, hidden: hidden, outputs: outputs, isOutput: true,
            takesLists: takesLists, mayExpand: mayExpand, isIdempotent: isIdempotent, resource: resource,
            acceptsUndeclared: acceptsUndeclared)
    }
}

/// Gives the literal it holds.
public struct Constant: Node {
    static let value = Input<Value>("value")
    static let output = Output<Value>("value")
    public let schema = NodeSchema.small("Constant", inputs: [value], outputs: [output])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.value])]
    }
}

/// `a + b` for whole numbers.
public struct Add: Node {
    static let a = Input<Int>("a")
    static let b = Input<Int>("b", default: 0, in: -1_000_000...1_000_000).optional
    static let sum = Output<Int>("sum")
    public let schema = NodeSchema.small("Add", inputs: [a, b], outputs: [sum])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.sum(try inputs[Self.a] &+ (try inputs[Self.b] ?? 0))]
    }
}

/// `yes` when `flag` is set, else `no`; never asks for the other.
public struct Switch: Node {
    static let flag = Input<Bool>("flag")
    static let yes = Input<Value>("yes").lazy
    static let no = Input<Value>("no").lazy
    static let output = Output<Value>("value")
    public let schema = NodeSchema.small("Switch", inputs: [flag, yes, no], outputs: [output])
    public init() {}
    public func neededInputs(_ inputs: Inputs) throws -> [String] { [try inputs[Self.flag] ? "yes" : "no"] }
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.flag] ? try inputs[Self.yes] : try inputs[Self.no])]
    }
}

/// Asks for its inputs one after the other, until one is not 0.
public struct FirstNonZero: Node {
    static let inputs = ["a", "b", "c"].map { Input<Int>($0).lazy }
    static let output = Output<Int>("value")
    public let schema = NodeSchema.small("FirstNonZero", inputs: inputs, outputs: [output])
    public init() {}
    public func neededInputs(_ inputs: Inputs) throws -> [String] {
        for input in Self.inputs {
            guard let value = try inputs.ifKnown(input) else { return [input.spec.name] }
            if value != 0 { return [] }
        }
        return []
    }
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        for input in Self.inputs {
            if let value = try inputs.ifKnown(input), value != 0 { return [Self.output(value)] }
        }
        return [Self.output(0)]
    }
}

/// Fails always; `after` only makes it wait for something.
public struct Fail: Node {
    static let after = Input<Value>("after").optional
    static let output = Output<Value>("value")
    public let schema = NodeSchema.small("Fail", inputs: [after], outputs: [output])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        throw Diagnostic(.nodeFailed, node: nil, "failed on purpose", suggestion: "Expect it.")
    }
}

/// Passes a value on, or a block.
public struct Gate: Node {
    static let value = Input<Value>("value")
    static let open = Input<Bool>("open")
    static let message = Input<String>("message").optional
    static let output = Output<Value>("value")
    public let schema = NodeSchema.small("Gate", inputs: [value, open, message], outputs: [output])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        guard try inputs[Self.open] else { return [Self.output.block(try inputs[Self.message])] }
        return [Self.output(try inputs[Self.value])]
    }
}

/// `start`, `start + 1`... as a list of `count`.
public struct Range: Node {
    static let start = Input<Int>("start")
    static let count = Input<Int>("count")
    static let list = Output<Int>("list", isList: true)
    public let schema = NodeSchema.small("Range", inputs: [start, count], outputs: [list])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let start = try inputs[Self.start]
        return [Self.list.list((0..<max(0, try inputs[Self.count])).map { start + $0 })]
    }
}

/// The sum of a whole list, taken as a list.
public struct Total: Node {
    static let values = Input<Int>("values")
    static let sum = Output<Int>("sum")
    public let schema = NodeSchema.small("Total", inputs: [values], outputs: [sum], takesLists: true)
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.sum(try inputs.list(Self.values).reduce(0, &+))]
    }
}

/// Answers with a chain of `steps` nodes that each add 1; without steps it answers at once.
public struct CountUp: Node {
    static let from = Input<Int>("from")
    static let steps = Input<Int>("steps", default: 1, in: 0...100_000)
    static let output = Output<Int>("value")
    public let schema = NodeSchema.small("CountUp", inputs: [from, steps], outputs: [output], mayExpand: true)
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (from, steps) = (try inputs[Self.from], try inputs[Self.steps])
        guard steps > 0 else { return [Self.output(from)] }
        var graph = ExpansionGraph()
        var last = graph.add("Inc", [("a", .value(from.value)), ("b", .value(1.value))])
        for _ in 1..<steps { last = graph.add("Inc", [("a", .local(last, slot: 0)), ("b", .value(1.value))]) }
        return [Self.output.from(.local(last, slot: 0)), .expansion(graph)]
    }
}

/// As `Add`, but no output node: in an expansion it runs only when it is needed.
public struct Inc: Node {
    static let a = Input<Int>("a")
    static let b = Input<Int>("b")
    static let sum = Output<Int>("sum")
    public let schema = NodeSchema(type: "Inc", category: "Testing/Small", inputs: [a, b], outputs: [sum])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.sum(try inputs[Self.a] &+ (try inputs[Self.b]))]
    }
}

/// Answers with a graph given as nodes, for expansions that are wrong.
public struct Expand: Node {
    static let link = Input<Link>.raw("link").optional
    static let output = Output<Value>("value")
    public let schema: NodeSchema
    private let graph: @Sendable (Link?) -> (ExpansionGraph, ExpansionGraph.Source)
    public init(
        _ type: String = "Expand", graph: @escaping @Sendable (Link?) -> (ExpansionGraph, ExpansionGraph.Source)
    ) {
        schema = .small(type, inputs: [Self.link], outputs: [Self.output], mayExpand: true)
        self.graph = graph
    }
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (graph, source) = self.graph(try inputs[Self.link])
        return [Self.output.from(source), .expansion(graph)]
    }
}

/// Shows what comes, as a literal.
public struct Show: Node {
    static let value = Input<Value>("value")
    public let schema = NodeSchema.small("Show", inputs: [value])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        guard case .literal(let literal) = try inputs[Self.value] else {
            return [.shown(key: "text", [.string("an object")])]
        }
        return [.shown(key: "text", [literal.json])]
    }
}

/// Gives its own id: never a twin.
public struct Identity: Node {
    static let after = Input<Value>("after").optional
    static let output = Output<String>("id")
    public let schema = NodeSchema.small("Identity", inputs: [after], outputs: [output], hidden: [.uniqueID])
    public init() {}
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(context.node.text)]
    }
}

/// Its result holds while `token` stays the same outside the graph.
public struct Watch: ChangingNode {
    static let name = Input<String>("name")
    static let output = Output<String>("value")
    public let schema = NodeSchema.small("Watch", inputs: [name], outputs: [output])
    private let token: @Sendable () -> ChangeToken
    public init(_ token: @escaping @Sendable () -> ChangeToken) { self.token = token }
    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        token()
    }
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.name])]
    }
}

/// Does whatever a test wants done.
public struct Custom: Node {
    public static let value = Input<Value>("value").optional
    public static let output = Output<Value>("value")
    public let schema: NodeSchema
    private let body: @Sendable (Inputs, NodeContext) async throws -> [BoundOutput]
    public init(
        _ type: String, resource: ResourceName = .cpu,
        _ body: @escaping @Sendable (Inputs, NodeContext) async throws -> [BoundOutput]
    ) {
        schema = .small(
            type, inputs: [Self.value], outputs: [Self.output], acceptsUndeclared: true, isIdempotent: false,
            resource: resource)
        self.body = body
    }
    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        try await body(inputs, context)
    }
}
