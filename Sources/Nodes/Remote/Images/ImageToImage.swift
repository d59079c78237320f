public import GraphCore
internal import Media
public import Remote

/// A picture painted over by a model server as a text says, or only where a mask is 1.
///
/// On Xinference by `/v1/images/variations`, with a mask by `/v1/images/inpainting`; elsewhere by OpenAI's
/// `/v1/images/edits`, which takes no strength. Each picture of a batch is an order of its own, with the next seed.
public struct ImageToImage: Node {
    static let picture = Input<Image>("image")
    static let mask = Input<Mask>("mask", options: [.init("tooltip", "Only where it is 1 something is painted.")])
        .optional
    static let strength = Input<Double>(
        "strength", default: 0.75, in: 0...1,
        options: [
            .init("step", 0.01),
            .init("tooltip", "0 keeps the picture, 1 paints over all of it. Xinference only."),
        ]
    ).optional
    static let width = Input<Int>(
        "width", default: 0, in: 0...8192,
        options: [.init("step", 8), .init("tooltip", "0, or a height of 0, leaves the size to the server.")]
    ).optional
    static let height = Input<Int>("height", default: 0, in: 0...8192, options: [.init("step", 8)]).optional
    static let image = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageToImage", displayName: "Image to Image (model server)", category: "image/remote",
        description: "Changes a picture as a text says with a model server (Xinference, OpenAI and others).",
        inputs: [picture, mask, PictureInputs.prompt, PictureInputs.negativePrompt, strength, width, height]
            + PictureInputs.last,
        outputs: [image], resource: .network)
    private let providers: Providers
    private let interval: Duration

    /// - Parameter interval: between two looks at how far the server is.
    public init(_ providers: Providers = .none, interval: Duration = .milliseconds(500)) {
        (self.providers, self.interval) = (providers, interval)
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        try Task.checkCancellation()
        let server = try ProviderInputs.server(inputs, of: providers, for: schema.type)
        let model = try ProviderInputs.model(inputs, on: server, for: schema.type)
        let picture = try inputs[Self.picture]
        var order = try PictureInputs.order(inputs)
        let (width, height) = (try inputs[Self.width] ?? 0, try inputs[Self.height] ?? 0)
        let size = width > 0 && height > 0 ? (width: width, height: height) : nil
        let expected = size ?? (width: picture.width, height: picture.height)
        try ImageSize.check(batch: picture.batch * order.count, height: expected.height, width: expected.width)
        order.size = size
        let (mask, strength) = (try inputs[Self.mask], try inputs[Self.strength] ?? 0.75)
        let started = ContinuousClock.now
        var files: [[UInt8]] = []
        for index in 0..<picture.batch {
            order.source = PictureOrder.Source(
                picture: try SentPicture.png(picture, at: index),
                mask: try mask.map { try SentPicture.mask($0, at: index, of: picture, for: server.provider.kind) },
                strength: strength)
            let call = PictureCall(
                server: server, model: model, order: order, share: (index, picture.batch), started: started,
                interval: interval)
            files += try await call.files(context)
            order.seed &+= 1
        }
        return [Self.image(try ReceivedPictures.image(files, from: server.provider.name, context))]
    }
}
