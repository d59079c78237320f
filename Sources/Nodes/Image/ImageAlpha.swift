public import GraphCore
internal import Media

/// A picture's colours, and as MASK how transparent it is (0 opaque, 1 clear; 0 without an alpha).
public struct SplitImageWithAlpha: Node {
    static let image = Input<Image>("image")
    static let colors = Output<Image>("IMAGE")
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "SplitImageWithAlpha", displayName: "Split Image with Alpha", category: "mask/compositing",
        inputs: [image], outputs: [colors, mask], module: "comfy_extras.nodes_compositing")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        var work = RowWork(context, rowCount: 3 * image.batch * image.height)
        let colors = try image.channels(Array(0..<min(3, image.channels)), work: &work)
        let alpha = try image.channels([image.channels > 3 ? 3 : nil], work: &work)
        return [
            Self.colors(colors), Self.mask(Mask(try alpha.mapLevels(step: context.step(_:of:)) { 1 - $0 })),
        ]
    }
}

/// Gives a picture an alpha: where `alpha` is 1 it is clear, 0 opaque. The mask is resized to the picture; of batches
/// that differ the shorter counts.
public struct JoinImageWithAlpha: Node {
    static let image = Input<Image>("image")
    static let alpha = Input<Mask>("alpha")
    static let joined = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "JoinImageWithAlpha", displayName: "Join Image with Alpha", category: "mask/compositing",
        inputs: [image, alpha], outputs: [joined], module: "comfy_extras.nodes_compositing")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        var mask = try inputs[Self.alpha]
        let batch = min(image.batch, mask.batch)
        let channels = min(3, image.channels) + 1
        try ImageSize.check(batch: batch, height: image.height, width: image.width, channels: channels)
        try mask.resize(width: image.width, height: image.height, context)
        let (width, values) = (image.width, mask.floats())
        var work = RowWork(context, rowCount: batch * image.height)
        let made: PixelBuffer<Float> = try work.makeRows(
            batch * image.height, elementsPerRow: width * channels, workPerRow: width * channels
        ) { rows, band in
            for (i, row) in rows.enumerated() {
                let stride = width * image.channels
                let colors = Array(image.floats(in: row * stride..<(row + 1) * stride))
                for x in 0..<width {
                    let at = (i * width + x) * channels
                    for c in 0..<channels - 1 { band[at + c] = colors[x * image.channels + c] }
                    band[at + channels - 1] = 1 - values[row * width + x]
                }
            }
        }
        return [
            Self.joined(Image(batch: batch, height: image.height, width: width, channels: channels, floats: made))
        ]
    }
}
