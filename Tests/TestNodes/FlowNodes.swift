public import GraphCore

/// Passes its input on, or blocks everything behind it.
public struct TestExecutionBlocker: Node {
    static let input = Input<Value>("input")
    static let block = Input<Bool>("block", default: false)
    static let verbose = Input<Bool>("verbose", default: false)
    static let output = Output<Value>("output")

    public let schema = NodeSchema(
        type: "TestExecutionBlocker", displayName: "Execution Blocker", category: "Testing/Flow",
        inputs: [input, block, verbose], outputs: [output], module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        guard try inputs[Self.block] else { return [Self.output(try inputs[Self.input])] }
        return [Self.output.block(try inputs[Self.verbose] ? "Blocked Execution" : nil)]
    }
}

/// A list of `value1`, `value2`... as many as are linked.
public struct TestMakeListNode: Node {
    static let value1 = Input<Value>("value1")
    static let list = Output<Value>("*", isList: true)

    public let schema = NodeSchema(
        type: "TestMakeListNode", displayName: "Make List", category: "Testing/Lists", inputs: [value1],
        outputs: [list], module: "custom_nodes.testing-pack", acceptsUndeclared: true)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.list.list([try inputs[Self.value1]] + inputs.undeclared.map(\.value))]
    }
}

/// Passes a picture on; with `should_change` its result never holds.
public struct TestCustomIsChanged: ChangingNode {
    static let image = Input<Value>("image", type: "IMAGE")
    static let shouldChange = Input<Bool>("should_change", default: false).optional
    static let output = Output<Value>("IMAGE", type: "IMAGE")

    public let schema = NodeSchema(
        type: "TestCustomIsChanged", displayName: "Custom IsChanged", category: "Testing/Nodes",
        inputs: [image, shouldChange], outputs: [output], module: "custom_nodes.testing-pack")

    public init() {}

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        try inputs[Self.shouldChange] == true ? .always : .token("unchanged")
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.image])]
    }
}

public struct TestIntMathOperation: Node {
    static let a = Input<Int>("a")
    static let b = Input<Int>("b")
    static let operation = Input<String>("operation", choices: .fixed(["add", "subtract", "multiply"]))
    static let result = Output<Int>("INT")

    public let schema = NodeSchema(
        type: "TestIntMathOperation", displayName: "Int Math Operation", category: "Testing/Logic",
        inputs: [a, b, operation], outputs: [result], module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (a, b) = (try inputs[Self.a], try inputs[Self.b])
        switch try inputs[Self.operation] {
        case "add": return [Self.result(a + b)]
        case "subtract": return [Self.result(a - b)]
        default: return [Self.result(a * b)]
        }
    }
}

public struct TestToBoolNode: Node {
    static let value = Input<Value>("value")
    static let result = Output<Bool>("BOOLEAN")

    public let schema = NodeSchema(
        type: "TestToBoolNode", displayName: "To Bool", category: "Testing/Logic", inputs: [value], outputs: [result],
        module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        switch try inputs[Self.value] {
        case .literal(.int(let int)): [Self.result(int != 0)]
        case .literal(.bool(let bool)): [Self.result(bool)]
        case .literal(.null): [Self.result(false)]
        default: [Self.result(true)]
        }
    }
}
