internal import GraphCore
internal import Inference
internal import Media

/// Runs a model for pictures over a batch, tile by tile, with smaller tiles when memory does not suffice.
struct ImageModelRun {
    /// Below this a model sees too little to do its work.
    private static let smallestTile = 128

    let models: ModelHost
    let path: String
    /// As workflows name it.
    let name: String
    let tile: Int
    let overlap: Int
    let range: ImageModel.ValueRange
    /// What it does, for people: "enlarging".
    let verb: String

    /// - Throws: for files that only PyTorch can make a network of.
    static func checkEnding(_ name: String) throws(Diagnostic) {
        guard !name.lowercased().hasSuffix(".onnx") else { return }
        throw Diagnostic(
            .badFile, node: nil, "'\(name)' holds weights without the network they belong to",
            suggestion: "Export the model to ONNX (torch.onnx.export) and choose the .onnx file.")
    }

    func callAsFunction(_ image: Image, _ context: NodeContext) async throws -> Image {
        if image.batch * image.height * image.width == 0 { return image }
        try context.progress(0, of: Double(image.batch))
        let model = try await models.imageModel(path: path) { _ in context.phase("loading_model", "loading \(name)") }
        if let refusal = model.cudaRefusal {
            context.log(.warning, "The graphics card cannot be used, so the processor computes: \(refusal)")
        }
        var tile = tile
        var values: [Float] = []
        var made: ImageModel.Picture?
        for index in 0..<image.batch {
            context.phase("inference", image.batch == 1 ? verb : "\(verb) \(index + 1) of \(image.batch)")
            let count = image.height * image.width * image.channels
            let picture = ImageModel.Picture(
                height: image.height, width: image.width, channels: image.channels,
                values: Array(image.floats(in: index * count..<(index + 1) * count)))
            let result = try await run(model, picture, &tile, index, of: image.batch, context)
            if image.batch == 1 { values = result.values } else { values += result.values }
            made = result
        }
        guard let made else { return image }
        return Image(
            batch: image.batch, height: made.height, width: made.width, channels: made.channels, floats: values)
    }

    private func run(
        _ model: ImageModel, _ picture: ImageModel.Picture, _ tile: inout Int, _ index: Int, of count: Int,
        _ context: NodeContext
    ) async throws -> ImageModel.Picture {
        while true {
            do {
                return try await model.run(picture, tile: tile, overlap: overlap, range: range) { tiles, all in
                    // As many units as tiles, so that "37 of 60" means something to whoever reads it.
                    try context.step(index * all + tiles, of: count * all)
                }
            } catch let error as Diagnostic where error.code == .outOfMemory && tile / 2 >= Self.smallestTile {
                tile /= 2
                context.log(.warning, "There is not enough memory for tiles of \(tile * 2) pixels: \(tile) are tried.")
            }
        }
    }
}
