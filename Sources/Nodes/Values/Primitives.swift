public import GraphCore

/// A whole number to link from, -2^63 + 1 ... 2^63 - 1.
public struct PrimitiveInt: Node {
    static let value = Input<Int>(
        "value", in: -9_223_372_036_854_775_807...9_223_372_036_854_775_807,
        options: [.init("control_after_generate", true)])
    static let output = Output<Int>("INT")

    public let schema = NodeSchema.primitive("PrimitiveInt", "Int", value, output)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.value])]
    }
}

/// A number to link from.
public struct PrimitiveFloat: Node {
    static let value = Input<Double>("value", inWhole: -9_223_372_036_854_775_807...9_223_372_036_854_775_807)
    static let output = Output<Double>("FLOAT")

    public let schema = NodeSchema.primitive("PrimitiveFloat", "Float", value, output)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.value])]
    }
}

/// A line of text to link from.
public struct PrimitiveString: Node {
    static let value = Input<String>("value", options: [.init("multiline", false)])
    static let output = Output<String>("STRING")

    public let schema = NodeSchema.primitive("PrimitiveString", "String", value, output)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.value])]
    }
}

/// True or false, to link from.
public struct PrimitiveBoolean: Node {
    static let value = Input<Bool>("value")
    static let output = Output<Bool>("BOOLEAN")

    public let schema = NodeSchema.primitive("PrimitiveBoolean", "Boolean", value, output)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.value])]
    }
}

extension NodeSchema {
    fileprivate static func primitive(
        _ type: String, _ displayName: String, _ input: any InputDeclaration, _ output: any OutputDeclaration
    ) -> NodeSchema {
        NodeSchema(
            type: type, displayName: displayName, category: "utils/primitive", inputs: [input], outputs: [output],
            module: "comfy_extras.nodes_primitive", generation: .modern)
    }
}
