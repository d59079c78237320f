public import GraphCore
public import Inference
internal import Media

/// ComfyUI's node that enlarges pictures by a super-resolution model, in tiles, so that memory stays bounded.
public struct ImageUpscaleWithModel: Node {
    /// As in ComfyUI.
    private static let tile = 512
    private static let overlap = 32

    static let upscaleModel = Input<UpscaleModel>("upscale_model")
    static let image = Input<Image>("image")
    static let upscaled = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageUpscaleWithModel", displayName: "Upscale Image (using Model)", category: "image/upscaling",
        description: "Enlarges pictures by a super-resolution model, in tiles.", inputs: [upscaleModel, image],
        outputs: [upscaled], resource: .model, module: "comfy_extras.nodes_upscale_model")

    private let models: ModelHost

    public init(_ models: ModelHost) { self.models = models }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let chosen = try inputs[Self.upscaleModel]
        let run = ImageModelRun(
            models: models, path: chosen.path, name: chosen.name, tile: Self.tile, overlap: Self.overlap, range: .auto,
            verb: "enlarging")
        return [Self.upscaled(try await run(try inputs[Self.image], context))]
    }
}
