public import GraphCore
internal import Media

/// How large the pictures are, and how many.
public struct GetImageSize: Node {
    static let image = Input<Image>("image")
    static let width = Output<Int>("width")
    static let height = Output<Int>("height")
    static let batchSize = Output<Int>("batch_size")

    public let schema = NodeSchema(
        type: "GetImageSize", displayName: "Get Image Size", category: "image",
        description: "Returns width and height of the image, and passes it through unchanged.", inputs: [image],
        hidden: [.uniqueID], outputs: [width, height, batchSize], module: "comfy_extras.nodes_images")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        context.phase("size", "width: \(image.width), height: \(image.height), batch size: \(image.batch)")
        return [Self.width(image.width), Self.height(image.height), Self.batchSize(image.batch)]
    }
}
