internal import GraphCore

/// What the parts of the network call what they hand each other, and what several of them need.
enum DDColorParts {
    /// [1, 3, height, width] gray as RGB, 0...1.
    static let image = "input"
    /// [1, 2, height, width] a and b of CIELAB. Both names are those of the official ONNX export.
    static let colors = "output"
    static let bottom = "bottom"
    static let mixing = "mixing"
    static func skip(_ stage: Int) -> String { "skip\(stage)" }
    static func level(_ level: Int) -> String { "level\(level)" }
    static func place(_ level: Int) -> String { "place\(level)" }

    static let lastShuffle = "decoder.last_shuf.conv.0"

    /// Channels of the features that the colour embedding is multiplied with.
    static func featureCount(_ weights: NamedWeights) throws(Diagnostic) -> Int {
        try weights.shape("\(lastShuffle).weight_orig", rank: 4)[0] / 16
    }

    /// (x - mean) / deviation, which the checkpoint holds as buffers.
    static func normalization(_ weights: NamedWeights) throws(Diagnostic) -> ScaleAndShift {
        let mean = try weights.floats("mean", [1, 3, 1, 1])
        let deviation = try weights.floats("std", [1, 3, 1, 1])
        return ScaleAndShift(scale: deviation.map { 1 / $0 }, shift: zip(mean, deviation).map { -$0 / $1 })
    }

    /// refine_net: a 1x1 convolution over the queries' maps and the normalized image.
    /// - Returns: [2, queries] for the maps; for the image with its normalization folded in and the bias.
    static func refinement(
        _ weights: NamedWeights, _ sizes: DDColorSizes
    ) throws(Diagnostic) -> (maps: [Float], image: LinearWeights) {
        let count = sizes.queryCount + 3
        let layer = try weights.spectralConvolution("refine_net.0.0", [2, count, 1, 1], hasBias: true)
        func columns(_ range: Range<Int>) -> [Float] {
            (0..<2).flatMap { row in range.map { layer.weights[row * count + $0] } }
        }
        var image = LinearWeights(
            weights: columns(sizes.queryCount..<count), bias: layer.bias, outputCount: 2, inputCount: 3)
        image.fold(before: try normalization(weights))
        return (columns(0..<sizes.queryCount), image)
    }
}
