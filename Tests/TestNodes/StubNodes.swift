public import GraphCore
internal import Media

/// A picture of one shade: ComfyUI's test pack makes its inputs of it.
public struct StubImage: Node {
    static let content = Input<String>("content", choices: .fixed(["WHITE", "BLACK", "NOISE"]))
    static let height = Input<Int>("height", default: 512, in: 1...1_073_741_824, options: [.init("step", 1)])
    static let width = Input<Int>("width", default: 512, in: 1...68_719_476_736, options: [.init("step", 1)])
    static let batchSize = Input<Int>("batch_size", default: 1, in: 1...1_073_741_824, options: [.init("step", 1)])
    static let image = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "StubImage", displayName: "Stub Image", category: "Testing/Stub Nodes",
        inputs: [content, height, width, batchSize], outputs: [image], module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (batch, height, width) = (
            try inputs[Self.batchSize], try inputs[Self.height], try inputs[Self.width]
        )
        let count = batch * height * width * 3
        let content = try inputs[Self.content]
        let floats: [Float] =
            switch content {
            case "NOISE": (0..<count).map { Float(UInt32(truncatingIfNeeded: $0) &* 2_654_435_761) / 4_294_967_296 }
            default: Array(repeating: content == "WHITE" ? 1 : 0, count: count)
            }
        return [Self.image(Image(batch: batch, height: height, width: width, channels: 3, floats: floats))]
    }
}

/// A mask of one value.
public struct StubMask: Node {
    static let value = Input<Double>("value", default: 0.5, in: 0...1, options: [.init("step", 0.01)])
    static let height = Input<Int>("height", default: 512, in: 1...1_073_741_824, options: [.init("step", 1)])
    static let width = Input<Int>("width", default: 512, in: 1...68_719_476_736, options: [.init("step", 1)])
    static let batchSize = Input<Int>("batch_size", default: 1, in: 1...1_073_741_824, options: [.init("step", 1)])
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "StubMask", displayName: "Stub Mask", category: "Testing/Stub Nodes",
        inputs: [value, height, width, batchSize], outputs: [mask], module: "custom_nodes.testing-pack")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (batch, height, width) = (
            try inputs[Self.batchSize], try inputs[Self.height], try inputs[Self.width]
        )
        let floats = [Float](repeating: Float(try inputs[Self.value]), count: batch * height * width)
        return [Self.mask(Mask(batch: batch, height: height, width: width, floats: floats))]
    }
}

/// Mixes two pictures by a mask, and asks only for those that the mask shows anything of.
public struct TestLazyMixImages: Node {
    static let image1 = Input<Image>("image1").lazy
    static let image2 = Input<Image>("image2").lazy
    static let mask = Input<Mask>("mask")
    static let mixed = Output<Image>("IMAGE")

    /// The original multiplies tensors, and this is what it says of those that do not fit.
    struct Mismatch: Error, CustomStringConvertible {
        let width: Int
        let maskWidth: Int
        var description: String {
            "The size of tensor a (\(width)) must match the size of tensor b (\(maskWidth)) at non-singleton dimension 2"
        }
    }

    public let schema = NodeSchema(
        type: "TestLazyMixImages", displayName: "Lazy Mix Images", category: "Testing/Nodes",
        inputs: [image1, image2, mask], outputs: [mixed], module: "custom_nodes.testing-pack")

    public init() {}

    public func neededInputs(_ inputs: Inputs) throws -> [String] {
        let mask = try inputs[Self.mask].floats()
        var needed: [String] = []
        if mask.contains(where: { $0 != 1 }) { needed.append("image1") }
        if mask.contains(where: { $0 != 0 }) { needed.append("image2") }
        return needed
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let mask = try inputs[Self.mask].floats()
        if mask.allSatisfy({ $0 == 0 }) { return [Self.mixed(try inputs[Self.image1])] }
        if mask.allSatisfy({ $0 == 1 }) { return [Self.mixed(try inputs[Self.image2])] }
        let (one, other) = (try inputs[Self.image1], try inputs[Self.image2])
        let shape = try inputs[Self.mask]
        guard one.width == shape.width, one.height == shape.height, one.floats().count == other.floats().count else {
            throw Mismatch(width: one.width, maskWidth: shape.width)
        }
        let mixed = zip(one.floats(), other.floats()).enumerated().map { index, pair in
            let weight = mask[index / one.channels]
            return pair.0 * (1 - weight) + pair.1 * weight
        }
        return [
            Self.mixed(
                Image(batch: one.batch, height: one.height, width: one.width, channels: one.channels, floats: mixed))
        ]
    }
}

/// The mean of `input1`, `input2`... as many as are linked.
public struct TestVariadicAverage: Node {
    static let input1 = Input<Image>("input1")
    static let average = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "TestVariadicAverage", displayName: "Variadic Average", category: "Testing/Nodes", inputs: [input1],
        outputs: [average], module: "custom_nodes.testing-pack", acceptsUndeclared: true)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let first = try inputs[Self.input1]
        let images = [first] + inputs.undeclared.compactMap { Image($0.value) }
        var sum = [Float](repeating: 0, count: first.floats().count)
        for image in images { for (index, value) in image.floats().enumerated() { sum[index] += value } }
        let mean = sum.map { $0 / Float(images.count) }
        return [
            Self.average(
                Image(
                    batch: first.batch, height: first.height, width: first.width, channels: first.channels,
                    floats: mean))
        ]
    }
}
