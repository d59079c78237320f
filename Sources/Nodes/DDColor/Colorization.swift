internal import GraphCore
internal import Inference
internal import Media

/// Colours a batch of pictures by one checkpoint, each picture on its own.
struct Colorization {
    /// A picture is so many units of progress: what the network does, and what brings its colours to full size.
    private static let inferenceShare = 95.0
    private static let pictureUnits = 100.0

    let models: ModelHost
    /// As workflows name it.
    let checkpoint: String
    /// Of the square the network sees.
    let side: Int
    let upsampling: ColorUpsampling

    func run(_ image: Image, _ context: NodeContext) async throws -> Image {
        if image.batch * image.height * image.width == 0 { return image }
        let path = try context.environment.modelPath(checkpoint, from: DDColorCheckpoints.source)
        let total = Double(image.batch) * Self.pictureUnits
        try context.progress(0, of: total)
        context.phase("preprocess", pictures("shrinking", 0, of: image))
        var side = side
        var gray = try squash(image, 0, side, context)
        let network = try await load(path, context)
        if let fixed = network.fixedSide, fixed != side {
            context.log(
                .warning, "\(checkpoint) was exported for \(fixed) pixels: model_input_size \(side) is not used.")
            side = fixed
            gray = try squash(image, 0, side, context)
        }
        if let refusal = network.model.cudaRefusal {
            context.log(.warning, "The graphics card cannot be used, so the processor computes: \(refusal)")
        }
        var colors: [[Float]] = []
        for index in 0..<image.batch {
            if index > 0 {
                context.phase("preprocess", pictures("shrinking", index, of: image))
                gray = try squash(image, index, side, context)
            }
            context.phase("inference", pictures("colouring", index, of: image))
            let start = Double(index) * Self.inferenceShare
            let plane = gray
            let input = Tensor(shape: [1, 3, side, side], values: plane + plane + plane)
            let output = try await Self.explainingMemory(side) {
                try await network.colors(of: input) { share in
                    try context.progress(start + share * Self.inferenceShare, of: total)
                }
            }
            colors.append(output.values)
            let small = try image.lowResolutionColors(gray: plane, colors: output.values, side: side)
            if let preview = try? JPEGCodec.encode(small, at: 0, quality: 90) {
                context.preview(preview, format: .jpeg)
            }
        }
        context.phase("postprocess", "bringing the colours to \(image.width)x\(image.height)")
        let (start, rows) = (Double(image.batch) * Self.inferenceShare, image.batch * image.height)
        var work = RowWork(rowCount: rows, cores: context.spareCores) { completed, count in
            try context.progress(start + Double(completed) / Double(count) * (total - start), of: total)
        }
        let colored = try image.colored(with: colors, side: side, upsampling: upsampling, &work)
        try context.progress(total, of: total)
        return colored
    }

    /// What the network sees, made on several cores; too quick to be told in steps.
    private func squash(_ image: Image, _ index: Int, _ side: Int, _ context: NodeContext) throws -> [Float] {
        var work = RowWork(rowCount: side, cores: context.spareCores) { _, _ in try Task.checkCancellation() }
        return try image.squashedGray(imageAt: index, side: side, &work)
    }

    private func load(_ path: String, _ context: NodeContext) async throws -> DDColorNetwork {
        try await models.ddcolor(path: path) { step in
            switch step {
            case .reading(let share):
                context.phase(
                    "loading_model", "reading \(checkpoint) for the first time, \(Int(clamping: share * 100)) %")
            case .converting: context.phase("loading_model", "preparing \(checkpoint), once")
            case .loading(let share):
                context.phase("loading_model", "loading \(checkpoint), \(Int(clamping: share * 100)) %")
            }
        }
    }

    /// "colouring", or "colouring 3 of 7".
    private func pictures(_ verb: String, _ index: Int, of image: Image) -> String {
        image.batch == 1 ? verb : "\(verb) \(index + 1) of \(image.batch)"
    }

    /// What to do when the memory does not suffice.
    private static func explainingMemory<Result>(
        _ side: Int, _ body: () async throws -> Result
    ) async throws -> Result {
        do { return try await body() } catch let error as Diagnostic where error.code == .outOfMemory {
            throw Diagnostic(
                .outOfMemory, node: nil, "there is not enough memory to colour at model_input_size \(side)",
                suggestion: side > 256
                    ? "Choose a smaller model_input_size, such as \(max(256, side / 64 * 32))."
                    : "Close other programs, or choose a smaller checkpoint.")
        }
    }
}
