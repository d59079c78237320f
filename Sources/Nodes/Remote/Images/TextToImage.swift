public import GraphCore
internal import Media
public import Remote

/// Pictures of a text, painted by a model server: `POST /v1/images/generations` of Xinference, OpenAI and those who speak
/// like them.
public struct TextToImage: Node {
    static let width = Input<Int>("width", default: 1024, in: 16...8192, options: [.init("step", 8)]).optional
    static let height = Input<Int>("height", default: 1024, in: 16...8192, options: [.init("step", 8)]).optional
    static let image = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "TextToImage", displayName: "Text to Image (model server)", category: "image/remote",
        description: "Paints pictures of a text with a model server (Xinference, OpenAI and others).",
        inputs: [PictureInputs.prompt, PictureInputs.negativePrompt, width, height] + PictureInputs.last,
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
        var order = try PictureInputs.order(inputs)
        let size = (width: try inputs[Self.width] ?? 1024, height: try inputs[Self.height] ?? 1024)
        try ImageSize.check(batch: order.count, height: size.height, width: size.width)
        order.size = size
        let call = PictureCall(
            server: server, model: model, order: order, share: (0, 1), started: .now, interval: interval)
        let files = try await call.files(context)
        return [Self.image(try ReceivedPictures.image(files, from: server.provider.name, context))]
    }
}
