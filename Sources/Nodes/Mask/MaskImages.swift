public import GraphCore
internal import Media

/// A mask as a grey picture.
public struct MaskToImage: Node {
    static let mask = Input<Mask>("mask")
    static let image = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "MaskToImage", displayName: "Convert Mask to Image", category: "mask", inputs: [mask],
        outputs: [image], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let mask = try inputs[Self.mask]
        try ImageSize.check(batch: mask.batch, height: mask.height, width: mask.width)
        var work = RowWork(context, rowCount: mask.batch * mask.height)
        return [Self.image(try mask.image.channels([0, 0, 0], work: &work))]
    }
}

/// One channel of a picture as a mask.
public struct ImageToMask: Node {
    private static let names = ["red", "green", "blue", "alpha"]

    static let image = Input<Image>("image")
    static let channel = Input<String>("channel", choices: .fixed(names))
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "ImageToMask", displayName: "Convert Image to Mask", category: "mask", inputs: [image, channel],
        outputs: [mask], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let name = try inputs[Self.channel]
        let channel = Self.names.firstIndex(of: name) ?? 0
        guard channel < image.channels else {
            throw Diagnostic(
                .nodeFailed, node: nil, input: "channel",
                "the picture has \(image.channels) channels, and \(name) is not among them",
                suggestion: "Choose one of \(Self.names.prefix(image.channels).joined(separator: ", ")).")
        }
        var work = RowWork(context, rowCount: image.batch * image.height)
        return [Self.mask(try image.mask(ofChannel: channel, work: &work))]
    }
}

/// A mask with one value everywhere.
public struct SolidMask: Node {
    static let value = Input<Double>("value", default: 1, in: 0...1, options: [.init("step", 0.01)])
    static let width = Input<Int>("width", default: 512, in: 1...16384, options: [.init("step", 1)])
    static let height = Input<Int>("height", default: 512, in: 1...16384, options: [.init("step", 1)])
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "SolidMask", displayName: "SolidMask", category: "mask", inputs: [value, width, height],
        outputs: [mask], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (width, height) = (try inputs[Self.width], try inputs[Self.height])
        try ImageSize.check(batch: 1, height: height, width: width, channels: 1)
        let value = Float(try inputs[Self.value])
        var work = RowWork(context, rowCount: height)
        let values: PixelBuffer<Float> = try work.makeRows(height, elementsPerRow: width, workPerRow: width) {
            _, band in
            for i in band.indices { band[i] = value }
        }
        return [Self.mask(Mask(batch: 1, height: height, width: width, floats: values))]
    }
}
