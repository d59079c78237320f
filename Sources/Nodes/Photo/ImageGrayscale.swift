public import GraphCore
internal import Media

/// Fades an image toward its own luma. `strength` 0 keeps the colour, 1 is fully grey.
public struct ImageGrayscale: Node {
    static let image = Input<Image>("image")
    static let strength = Input<Double>("strength", default: 1, in: 0...1, options: [.init("step", 0.05)])
    static let grey = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageGrayscale", category: "image/restore", inputs: [image, strength], outputs: [grey])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        // Bands of rows over the spare cores, with progress, and a place where cancelling takes effect, between them.
        var work = RowWork(context, rowCount: image.batch * image.height)
        return [Self.grey(try image.grayscale(strength: Float(try inputs[Self.strength]), &work))]
    }
}
