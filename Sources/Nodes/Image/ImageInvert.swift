public import GraphCore
internal import Media

/// The negative: `1 - x` for every channel.
public struct ImageInvert: Node {
    static let image = Input<Image>("image")
    static let inverted = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageInvert", displayName: "Invert Image", category: "image", inputs: [image], outputs: [inverted])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.inverted(try inputs[Self.image].mapLevels(step: context.step(_:of:)) { 1 - $0 })]
    }
}
