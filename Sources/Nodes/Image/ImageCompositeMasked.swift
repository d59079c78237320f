public import GraphCore
internal import Media

/// Lays `source` over `destination` at (x, y), as far as it fits, where `mask` says so: 1 is the source, 0 the
/// destination. The mask is resized to the source; batches of source and mask are cut or repeated to the destination's.
public struct ImageCompositeMasked: Node {
    static let destination = Input<Image>("destination")
    static let source = Input<Image>("source")
    static let x = Input<Int>("x", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let y = Input<Int>("y", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let resizesSource = Input<Bool>("resize_source", default: false)
    static let mask = Input<Mask>("mask").optional
    static let composite = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageCompositeMasked", displayName: "ImageCompositeMasked", category: "image",
        inputs: [destination, source, x, y, resizesSource, mask], outputs: [composite],
        module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let destination = try inputs[Self.destination]
        var source = try inputs[Self.source]
        var mask = try inputs[Self.mask]
        var rowWork = RowWork(context, rowCount: source.batch * source.height)
        guard let adapted = try source.withChannelCount(destination.channels, work: &rowWork) else {
            throw Diagnostic(
                .nodeFailed, node: nil,
                "a source of \(source.channels) channels cannot be laid over \(destination.channels) channels",
                suggestion: "Convert both to the same number of channels.")
        }
        source = adapted
        if try inputs[Self.resizesSource], source.width != destination.width || source.height != destination.height {
            source = try source.resized(
                width: destination.width, height: destination.height, method: .bilinear, centerCrop: false,
                work: { RowWork(context, rowCount: $0) })
        }
        try mask?.resize(width: source.width, height: source.height, context)
        try ImageSize.check(
            batch: destination.batch, height: destination.height, width: destination.width,
            channels: destination.channels)
        let x = max(-source.width, min(try inputs[Self.x], destination.width))
        let y = max(-source.height, min(try inputs[Self.y], destination.height))
        var work = RowWork(context, rowCount: destination.batch * destination.height)
        return [Self.composite(try destination.overlaid(with: source, mask, x: x, y: y, work: &work))]
    }
}
