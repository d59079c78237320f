public import GraphCore
internal import Media

/// Makes colours weaker or stronger, and keeps how light they look: a* and b* of CIELAB times `saturation`, L* kept.
public struct ImageSaturation: Node {
    static let image = Input<Image>("image")
    static let saturation = Input<Double>(
        "saturation", default: 1, in: 0...4,
        options: .number(step: 0.05, "0 is gray, 1 leaves the picture as it is, 2 is twice as colourful."))
    static let saturated = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageSaturation", displayName: "Saturation", category: "image/adjust",
        description: "Makes colours weaker or stronger without making them lighter or darker (CIELAB).",
        inputs: [image, saturation], outputs: [saturated])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        try PhotoChannels.check(image)
        var work = RowWork(context, rowCount: image.batch * image.height)
        return [Self.saturated(try image.saturated(by: Float(try inputs[Self.saturation]), &work))]
    }
}
