public import GraphCore

/// Loops as ComfyUI's test pack builds them of expansions: a while loop is a node that answers with a copy of
/// everything between its open and its close node; a for loop is a while loop that counts.
enum LoopSockets {
    static let count = 5
    static let flow = Output<Value>("flow_control", type: "FLOW_CONTROL")
    static let values = (1..<count).map { Output<Value>("value\($0)") }
    static let initialValues = (1..<count).map { Input<Value>("initial_value\($0)").optional }
    static let rawInitialValues = (1..<count).map { Input<Link>.raw("initial_value\($0)").optional }

    /// What an absent value is passed on as.
    static func source(_ value: Value?) -> ExpansionGraph.Source { .value(value ?? .literal(.null)) }
}

public struct TestForLoopOpen: Node {
    static let remaining = Input<Int>("remaining", default: 1, in: 0...100_000, options: [.init("step", 1)])
    static let initialValue0 = Input<Value>("initial_value0").hidden
    static let remainingOut = Output<Value>("remaining", type: .int)

    public let schema = NodeSchema(
        type: "TestForLoopOpen", displayName: "For Loop Open", category: "Testing/Flow",
        inputs: [remaining] + LoopSockets.initialValues + [initialValue0],
        outputs: [LoopSockets.flow, remainingOut] + LoopSockets.values, mayExpand: true,
        module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let remaining = try inputs[Self.initialValue0] ?? Value.literal(.int(Int128(try inputs[Self.remaining])))
        var graph = ExpansionGraph()
        var given: [(name: String, source: ExpansionGraph.Source)] = [
            ("condition", .value(.literal(.bool(Int(remaining) != 0)))), ("initial_value0", .value(remaining)),
        ]
        var outputs: [BoundOutput] = [LoopSockets.flow(.literal(.string("stub"))), Self.remainingOut(remaining)]
        for (input, output) in zip(LoopSockets.initialValues, LoopSockets.values) {
            let value = try inputs[input]
            given.append((input.spec.name, LoopSockets.source(value)))
            outputs.append(output(value ?? .literal(.null)))
        }
        graph.add("TestWhileLoopOpen", given)
        return outputs + [.expansion(graph)]
    }
}

public struct TestWhileLoopOpen: Node {
    static let condition = Input<Bool>("condition", default: true)
    static let initialValue0 = Input<Value>("initial_value0").optional
    static let value0 = Output<Value>("value0")

    public let schema = NodeSchema(
        type: "TestWhileLoopOpen", displayName: "While Loop Open", category: "Testing/Flow",
        inputs: [condition, initialValue0] + LoopSockets.initialValues,
        outputs: [LoopSockets.flow, value0] + LoopSockets.values, module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        var outputs: [BoundOutput] = [
            LoopSockets.flow(.literal(.string("stub"))), Self.value0(try inputs[Self.initialValue0] ?? .literal(.null)),
        ]
        for (input, output) in zip(LoopSockets.initialValues, LoopSockets.values) {
            outputs.append(output(try inputs[input] ?? .literal(.null)))
        }
        return outputs
    }
}

public struct TestForLoopClose: Node {
    static let flowControl = Input<Link>.raw("flow_control", type: "FLOW_CONTROL")

    public let schema = NodeSchema(
        type: "TestForLoopClose", displayName: "For Loop Close", category: "Testing/Flow",
        inputs: [flowControl] + LoopSockets.rawInitialValues, outputs: LoopSockets.values, mayExpand: true,
        module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let open = try inputs[Self.flowControl].node
        var graph = ExpansionGraph()
        let next = graph.add(
            "TestIntMathOperation",
            [
                ("a", .outer(Link(open, 1))), ("b", .value(.literal(.int(1)))),
                ("operation", .value(.literal(.string("subtract")))),
            ])
        let condition = graph.add("TestToBoolNode", [("value", .local(next, slot: 0))])
        var given: [(name: String, source: ExpansionGraph.Source)] = [
            ("flow_control", .outer(try inputs[Self.flowControl])), ("condition", .local(condition, slot: 0)),
            ("initial_value0", .local(next, slot: 0)),
        ]
        for input in LoopSockets.rawInitialValues {
            if let link = try inputs[input] { given.append((input.spec.name, .outer(link))) }
        }
        let close = graph.add("TestWhileLoopClose", given)
        let outputs = LoopSockets.values.enumerated().map { index, output in
            output.from(.local(close, slot: index + 1))
        }
        return outputs + [.expansion(graph)]
    }
}

public struct TestWhileLoopClose: Node {
    static let flowControl = Input<Link>.raw("flow_control", type: "FLOW_CONTROL")
    static let condition = Input<Bool>("condition")
    static let initialValue0 = Input<Value>("initial_value0").optional
    static let value0 = Output<Value>("value0")

    public let schema = NodeSchema(
        type: "TestWhileLoopClose", displayName: "While Loop Close", category: "Testing/Flow",
        inputs: [flowControl, condition, initialValue0] + LoopSockets.initialValues,
        hidden: [.dynamicPrompt, .uniqueID],
        outputs: [value0] + LoopSockets.values, mayExpand: true, module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let values = [try inputs[Self.initialValue0]] + (try LoopSockets.initialValues.map { try inputs[$0] })
        let outputs = [Self.value0] + LoopSockets.values
        guard try inputs[Self.condition] else {
            return zip(outputs, values).map { output, value in output(value ?? .literal(.null)) }
        }
        let open = try inputs[Self.flowControl].node
        let body = Self.nodesBetween(open, context.node, context)
        var graph = ExpansionGraph()
        func local(_ id: NodeID) -> String { id == context.node ? "Recurse" : id.text }
        for id in body {
            guard let original = context.graphNode(id) else { continue }
            let inputs = original.inputs.map { input -> (name: String, source: ExpansionGraph.Source) in
                guard case .outer(let link) = input.source, body.contains(link.node) else { return input }
                return (input.name, .local(local(link.node), slot: link.slot))
            }
            graph.add(original.type, id: local(id), display: original.display, inputs)
        }
        for (index, value) in values.enumerated() {
            graph.set(local(open), "initial_value\(index)", LoopSockets.source(value))
        }
        return outputs.enumerated().map { $1.from(.local("Recurse", slot: $0)) } + [.expansion(graph)]
    }

    /// Everything that `close` depends on and that depends on `open`, both included.
    private static func nodesBetween(_ open: NodeID, _ close: NodeID, _ context: NodeContext) -> [NodeID] {
        var consumers: [NodeID: [NodeID]] = [:]
        var seen: Set<NodeID> = [close]
        var upstream = [close]
        while let id = upstream.popLast() {
            for case .outer(let link) in context.graphNode(id)?.inputs.map(\.source) ?? [] {
                consumers[link.node, default: []].append(id)
                if seen.insert(link.node).inserted { upstream.append(link.node) }
            }
        }
        var body: Set<NodeID> = [open]
        var downstream = [open]
        while let id = downstream.popLast() {
            for consumer in consumers[id] ?? [] where body.insert(consumer).inserted { downstream.append(consumer) }
        }
        return body.union([close]).sorted()
    }
}
