public import GraphCore
internal import Media

/// Resizes by a factor.
public struct ImageScaleBy: Node {
    static let image = Input<Image>("image")
    static let method = Input<String>("upscale_method", choices: .fixed(ResamplingMethod.allCases.map(\.rawValue)))
    static let factor = Input<Double>("scale_by", default: 1, in: 0.01...8, options: [.init("step", 0.01)])
    static let scaled = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageScaleBy", displayName: "Upscale Image By", category: "image/upscaling",
        inputs: [image, method, factor], outputs: [scaled])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let factor = try inputs[Self.factor]
        let width = ImageSize.rounded(Double(image.width) * factor)
        let height = ImageSize.rounded(Double(image.height) * factor)
        return [
            Self.scaled(try image.scaled(to: (width, height), method: try inputs[Self.method], crop: false, context))
        ]
    }
}

/// Resizes to so many pixels, keeping the ratio. A megapixel is 1024 x 1024.
public struct ImageScaleToTotalPixels: Node {
    static let image = Input<Image>("image", options: [])
    static let method = Input<String>("upscale_method", choices: .fixed(ResamplingMethod.allCases.map(\.rawValue)))
    static let megapixels = Input<Double>("megapixels", default: 1, in: 0.01...16, options: [.init("step", 0.01)])
    static let scaled = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageScaleToTotalPixels", displayName: "Scale Image to Total Pixels", category: "image/upscaling",
        inputs: [image, method, megapixels],
        outputs: [scaled], module: "comfy_extras.nodes_post_processing", generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let pixelCount = (try inputs[Self.megapixels] * 1024 * 1024).rounded(.towardZero)
        let factor = (pixelCount / Double(image.width * image.height)).squareRoot()
        let width = ImageSize.rounded(Double(image.width) * factor)
        let height = ImageSize.rounded(Double(image.height) * factor)
        return [
            Self.scaled(try image.scaled(to: (width, height), method: try inputs[Self.method], crop: false, context))
        ]
    }
}

extension Image {
    /// Resized once the size is found to be within limits; told as a phase of the node.
    func scaled(
        to size: (width: Int, height: Int), method name: String, crop: Bool, _ context: NodeContext
    ) throws -> Image {
        try ImageSize.check(batch: batch, height: size.height, width: size.width, channels: channels)
        let method = ResamplingMethod(rawValue: name) ?? .nearestExact
        context.phase("scale", "\(width) x \(height) to \(size.width) x \(size.height), \(method.rawValue)")
        return try resized(
            width: size.width, height: size.height, method: method, centerCrop: crop,
            work: { RowWork(context, rowCount: $0) })
    }
}
