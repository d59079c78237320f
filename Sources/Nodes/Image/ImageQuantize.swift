public import GraphCore
internal import Media

/// Reduces each picture to so many colours, chosen by Pillow's median cut. An alpha stays as it is.
public struct ImageQuantize: Node {
    static let image = Input<Image>("image", options: [])
    static let colors = Input<Int>("colors", default: 256, in: 1...256, options: [.init("step", 1)])
    static let dither = Input<String>(
        "dither", choices: .fixed(["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"]))
    static let quantized = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageQuantize", displayName: "Image Quantize", category: "image/postprocessing",
        inputs: [image, colors, dither],
        outputs: [quantized], module: "comfy_extras.nodes_post_processing", generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let count = try inputs[Self.colors]
        guard image.channels >= 3 else {
            throw Diagnostic(
                .nodeFailed, node: nil, "a picture with \(image.channels) channels has no colours to reduce",
                suggestion: "Give a picture with three channels.")
        }
        let name = try inputs[Self.dither]
        let dithering: Dithering =
            switch name {
            case "none": .none
            case "floyd-steinberg": .floydSteinberg
            default: .bayer(Int(name.drop { !$0.isNumber }) ?? 2)
            }
        return [
            Self.quantized(try image.quantized(colorCount: count, dithering: dithering, step: context.step(_:of:)))
        ]
    }
}
