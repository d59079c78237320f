internal import GraphCore

/// One part of a network under construction: its graph, and how much work it is.
struct PartBuilder {
    typealias Edge = ONNXGraph.Edge

    var graph: ONNXGraph
    private var inputs: [String] = []
    private var outputs: [String] = []
    /// Multiplications per pixel of the input.
    private(set) var work = 0.0

    init(_ name: String) { graph = ONNXGraph(name: name) }

    /// Feature maps [1, channels, height, width], whatever their size.
    mutating func map(_ name: String, channels: Int) -> Edge {
        inputs.append(name)
        return graph.input(name, [.fixed(1), .fixed(channels), .any("height_\(name)"), .any("width_\(name)")])
    }

    /// [1, channels, positions].
    mutating func list(_ name: String, channels: Int) -> Edge {
        inputs.append(name)
        return graph.input(name, [.fixed(1), .fixed(channels), .any("count_\(name)")])
    }

    /// A tensor whose size is known.
    mutating func input(_ name: String, _ shape: [Int]) -> Edge {
        inputs.append(name)
        return graph.input(name, shape.map { .fixed($0) })
    }

    mutating func give(map edge: Edge, _ name: String, channels: Int) {
        outputs.append(name)
        graph.output(edge, name, [.fixed(1), .fixed(channels), .any("height_\(name)"), .any("width_\(name)")])
    }

    mutating func give(_ edge: Edge, _ name: String, _ shape: [Int]) {
        outputs.append(name)
        graph.output(edge, name, shape.map { .fixed($0) })
    }

    /// Counts multiplications that no weight shows.
    /// - Parameter shrinkage: input pixels per position.
    mutating func count(_ multiplications: Int, shrinkage: Int) { work += Double(multiplications) / Double(shrinkage) }

    func part(file: String) -> PartList.Part {
        PartList.Part(file: file, inputs: inputs, outputs: outputs, work: work)
    }

    // MARK: Layers

    /// A convolution whose output has a pixel per `shrinkage` pixels of the network's input.
    mutating func convolution(
        _ input: Edge, _ layer: LinearWeights, side: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1,
        shrinkage: Int, in file: inout WeightsFile
    ) throws(Diagnostic) -> Edge {
        let weights = try graph.weight(
            layer.weights, [layer.outputCount, layer.inputCount, side, side], in: &file)
        let bias = try graph.weight(layer.bias, [layer.outputCount], in: &file)
        count(layer.weights.count, shrinkage: shrinkage)
        return graph.node(
            "Conv", [input, weights, bias],
            [
                "kernel_shape": .integers([side, side]), "strides": .integers([stride, stride]),
                "pads": .integers([padding, padding, padding, padding]), "group": .integer(groups),
            ])
    }

    /// [..., inputs] to [..., outputs].
    mutating func linear(
        _ input: Edge, _ layer: LinearWeights, shrinkage: Int? = nil, in file: inout WeightsFile
    ) throws(Diagnostic) -> Edge {
        let weights = try graph.weight(layer.transposed, [layer.inputCount, layer.outputCount], in: &file)
        let bias = try graph.weight(layer.bias, [layer.outputCount], in: &file)
        if let shrinkage { count(layer.weights.count, shrinkage: shrinkage) }
        return graph.node("Add", [graph.node("MatMul", [input, weights]), bias])
    }

    /// Over the last dimension.
    mutating func layerNorm(
        _ input: Edge, _ change: ScaleAndShift, epsilon: Float, in file: inout WeightsFile
    ) throws(Diagnostic) -> Edge {
        let scale = try graph.weight(change.scale, [change.scale.count], in: &file)
        let shift = try graph.weight(change.shift, [change.shift.count], in: &file)
        return graph.node(
            "LayerNormalization", [input, scale, shift], ["axis": .integer(-1), "epsilon": .float(epsilon)])
    }

    mutating func channelsLast(_ input: Edge) -> Edge { transpose(input, [0, 2, 3, 1]) }
    mutating func channelsFirst(_ input: Edge) -> Edge { transpose(input, [0, 3, 1, 2]) }

    mutating func transpose(_ input: Edge, _ order: [Int]) -> Edge {
        graph.node("Transpose", [input], ["perm": .integers(order)])
    }

    /// 0 keeps a length, -1 takes what is left.
    mutating func reshape(_ input: Edge, _ shape: [Int]) -> Edge {
        graph.node("Reshape", [input, graph.constant(shape)])
    }

    mutating func relu(_ input: Edge) -> Edge { graph.node("Relu", [input]) }

    /// The exact one: x / 2 * (1 + erf(x / sqrt 2)), in the nodes that the runtime knows to fuse.
    mutating func gelu(_ input: Edge) -> Edge {
        let error = graph.node(
            "Erf", [graph.node("Div", [input, graph.constant([Float(2).squareRoot()], [])])])
        let product = graph.node("Mul", [input, graph.node("Add", [error, graph.constant([1], [])])])
        return graph.node("Mul", [product, graph.constant([0.5], [])])
    }

    /// nn.PixelShuffle, then the blur that takes away its grid: the mean of 2x2, edges repeated left and above.
    mutating func shuffleAndBlur(_ input: Edge, factor: Int) -> Edge {
        let shuffled = graph.node("DepthToSpace", [input], ["blocksize": .integer(factor), "mode": .string("CRD")])
        let padded = graph.node(
            "Pad", [shuffled, graph.constant([0, 0, 1, 1, 0, 0, 0, 0])], ["mode": .string("edge")])
        return graph.node(
            "AveragePool", [padded], ["kernel_shape": .integers([2, 2]), "strides": .integers([1, 1])])
    }
}
