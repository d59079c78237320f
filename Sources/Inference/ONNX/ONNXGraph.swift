internal import GraphCore

/// Builds an ONNX model node by node: https://onnx.ai/onnx/repo-docs/IR.html. Field numbers are those of onnx.proto.
struct ONNXGraph {
    /// The output of a node, an input of the graph, or a weight.
    struct Edge: Hashable, Sendable { let name: String }

    enum Attribute {
        case integer(Int)
        case integers([Int])
        case float(Float)
        case string(String)
    }

    /// A length that a model leaves open has a name.
    enum Dimension {
        case fixed(Int)
        case any(String)
    }

    /// Operators as of ONNX 1.12, which ONNX Runtime 1.16 and all later ones know.
    static let operatorSet = 17
    private static let irVersion = 8

    private var body = ProtobufWriter()
    private var edgeCount = 0
    private let name: String

    init(name: String) { self.name = name }

    mutating func input(_ name: String, _ shape: [Dimension]) -> Edge {
        body.message(11) { Self.write(name, shape, &$0) }
        return Edge(name: name)
    }

    /// Makes `edge` an output called `name`.
    mutating func output(_ edge: Edge, _ name: String, _ shape: [Dimension]) {
        body.message(1) { node in
            node.string(1, edge.name)
            node.string(2, name)
            node.string(4, "Identity")
        }
        body.message(12) { Self.write(name, shape, &$0) }
    }

    /// A weight of the model, written to `file`.
    mutating func weight(
        _ values: [Float], _ shape: [Int], in file: inout WeightsFile
    ) throws(Diagnostic) -> Edge {
        precondition(shape.reduce(1, *) == values.count, "a weight has as many values as its shape says")
        let place = try file.append(values)
        let edge = nextEdge("weight")
        body.message(5) { tensor in
            for length in shape { tensor.integer(1, length) }
            tensor.integer(2, 1)
            tensor.string(8, edge.name)
            for (key, value) in [
                ("location", place.file), ("offset", "\(place.offset)"), ("length", "\(place.byteCount)"),
            ] {
                tensor.message(13) { entry in
                    entry.string(1, key)
                    entry.string(2, value)
                }
            }
            tensor.integer(14, 1)
        }
        return edge
    }

    /// A few numbers that stand in the model itself.
    mutating func constant(_ values: [Float], _ shape: [Int]) -> Edge {
        let edge = nextEdge("constant")
        body.message(5) { tensor in
            for length in shape { tensor.integer(1, length) }
            tensor.integer(2, 1)
            tensor.string(8, edge.name)
            tensor.data(9, Self.littleEndian(values))
        }
        return edge
    }

    mutating func constant(_ values: [Int]) -> Edge {
        let edge = nextEdge("constant")
        body.message(5) { tensor in
            tensor.integer(1, values.count)
            tensor.integer(2, 7)
            for value in values { tensor.integer(7, value) }
            tensor.string(8, edge.name)
        }
        return edge
    }

    mutating func node(_ operation: String, _ inputs: [Edge], _ attributes: [String: Attribute] = [:]) -> Edge {
        nodes(operation, inputs, attributes, outputCount: 1)[0]
    }

    mutating func nodes(
        _ operation: String, _ inputs: [Edge], _ attributes: [String: Attribute] = [:], outputCount: Int
    ) -> [Edge] {
        let outputs = (0..<outputCount).map { _ in nextEdge(operation) }
        body.message(1) { node in
            for input in inputs { node.string(1, input.name) }
            for output in outputs { node.string(2, output.name) }
            node.string(3, outputs[0].name)
            node.string(4, operation)
            for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
                node.message(5) { Self.write(name, attribute, &$0) }
            }
        }
        return outputs
    }

    /// The whole file.
    func model() -> [UInt8] {
        var file = ProtobufWriter()
        file.integer(1, Self.irVersion)
        file.string(2, "graphrun")
        var graph = body
        graph.string(2, name)
        file.data(7, graph.bytes)
        file.message(8) { $0.integer(2, Self.operatorSet) }
        return file.bytes
    }

    // MARK: Parts

    private mutating func nextEdge(_ word: String) -> Edge {
        edgeCount += 1
        return Edge(name: "\(word)_\(edgeCount)")
    }

    private static func write(_ name: String, _ shape: [Dimension], _ value: inout ProtobufWriter) {
        value.string(1, name)
        value.message(2) { type in
            type.message(1) { tensor in
                tensor.integer(1, 1)
                tensor.message(2) { list in
                    for dimension in shape {
                        list.message(1) { entry in
                            switch dimension {
                            case .fixed(let length): entry.integer(1, length)
                            case .any(let word): entry.string(2, word)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func write(_ name: String, _ attribute: Attribute, _ message: inout ProtobufWriter) {
        message.string(1, name)
        switch attribute {
        case .float(let value):
            message.float(2, value)
            message.integer(20, 1)
        case .integer(let value):
            message.integer(3, value)
            message.integer(20, 2)
        case .string(let value):
            message.string(4, value)
            message.integer(20, 3)
        case .integers(let values):
            for value in values { message.integer(8, value) }
            message.integer(20, 7)
        }
    }

    private static func littleEndian(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
        }
    }
}
