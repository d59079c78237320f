public import GraphCore
internal import Media

/// A Gaussian blur. `sigma` is relative to the radius: 1 is as wide as the radius, which is where the blur ends.
public struct ImageBlur: Node {
    static let image = Input<Image>("image", options: [])
    static let radius = Input<Int>("blur_radius", default: 1, in: 1...31, options: [.init("step", 1)])
        .looseWhenLinked
    static let sigma = Input<Double>("sigma", default: 1, in: 0.1...10, options: [.init("step", 0.1)])
    static let blurred = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageBlur", displayName: "Image Blur", category: "image/postprocessing", inputs: [image, radius, sigma],
        outputs: [blurred],
        module: "comfy_extras.nodes_post_processing", generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let radius = try inputs[Self.radius]
        if radius == 0 { return [Self.blurred(image)] }
        let kernel = try GaussianKernel(radius: radius, sigma: try inputs[Self.sigma])
        try ImageSize.check(batch: image.batch, height: image.height, width: image.width, channels: image.channels)
        var work = RowWork(context, rowCount: image.batch * image.height)
        return [Self.blurred(try image.blurred(kernel, work: &work))]
    }
}

/// Adds `10 * alpha` times what a Gaussian blur takes away.
public struct ImageSharpen: Node {
    static let image = Input<Image>("image", options: [])
    static let radius = Input<Int>("sharpen_radius", default: 1, in: 1...31, options: [.init("step", 1)])
        .looseWhenLinked
    static let sigma = Input<Double>("sigma", default: 1, in: 0.1...10, options: [.init("step", 0.01)])
    static let alpha = Input<Double>("alpha", default: 1, in: 0...5, options: [.init("step", 0.01)])
    static let sharpened = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageSharpen", displayName: "Image Sharpen", category: "image/postprocessing",
        inputs: [image, radius, sigma, alpha],
        outputs: [sharpened], module: "comfy_extras.nodes_post_processing", generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let radius = try inputs[Self.radius]
        if radius == 0 { return [Self.sharpened(image)] }
        let kernel = try GaussianKernel(radius: radius, sigma: try inputs[Self.sigma])
        try ImageSize.check(batch: image.batch, height: image.height, width: image.width, channels: image.channels)
        var work = RowWork(context, rowCount: image.batch * image.height)
        let amount = Float(10 * (try inputs[Self.alpha]))
        return [Self.sharpened(try image.sharpened(kernel, amount: amount, work: &work))]
    }
}
