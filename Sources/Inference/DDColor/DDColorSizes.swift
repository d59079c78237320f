internal import GraphCore

/// How large a network of DDColor's architecture is, read from the shapes of its weights.
///
/// The architecture: Kang et al., "DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders", 2023; a
/// ConvNeXt encoder (Liu et al., 2022), a pixel decoder of three blocks and a colour decoder of cross- and
/// self-attention over three scales.
struct DDColorSizes: Sendable, Equatable {
    /// Of the encoder's four stages: blocks, and channels.
    let depths: [Int]
    let widths: [Int]
    /// Channels that the pixel decoder's three blocks give.
    let pixelWidths: [Int]
    /// Channels of queries and keys in the colour decoder.
    let hiddenWidth: Int
    let queryCount: Int
    let layerCount: Int

    /// The one number that shapes do not tell; every published network has eight.
    static let headCount = 8
    /// Scales that the colour decoder looks at in turn.
    static let levelCount = 3
    /// More blocks in a stage than any network has.
    private static let maxBlockCount = 1000

    private static let encoder = "encoder.arch"
    private static let colors = "decoder.color_decoder"

    /// - Throws: what is missing or of another shape, so that a checkpoint of another network is told apart.
    init(_ weights: NamedWeights) throws(Diagnostic) {
        guard weights.has("\(Self.encoder).downsample_layers.0.0.weight"), weights.has("refine_net.0.0.weight_orig")
        else { throw weights.foreign() }
        var (depths, widths, pixelWidths): ([Int], [Int], [Int]) = ([], [], [])
        for stage in 0..<4 {
            let convolution = stage == 0 ? "0.0" : "\(stage).1"
            widths.append(try weights.shape("\(Self.encoder).downsample_layers.\(convolution).weight", rank: 4)[0])
            let blocks = (0..<Self.maxBlockCount).prefix {
                weights.has("\(Self.encoder).stages.\(stage).\($0).dwconv.weight")
            }
            depths.append(blocks.count)
        }
        for block in 0..<3 {
            pixelWidths.append(try weights.shape("decoder.layers.\(block).conv.0.weight_orig", rank: 4)[0])
        }
        let queries = try weights.shape("\(Self.colors).query_feat.weight", rank: 2)
        let layers = (0..<Self.maxBlockCount).prefix {
            weights.has("\(Self.colors).transformer_ffn_layers.\($0).linear1.weight")
        }
        (self.depths, self.widths, self.pixelWidths) = (depths, widths, pixelWidths)
        (queryCount, hiddenWidth, layerCount) = (queries[0], queries[1], layers.count)
        guard (depths + widths + pixelWidths + [queryCount, layerCount]).allSatisfy({ $0 > 0 }), hiddenWidth > 0,
            hiddenWidth % (2 * Self.headCount) == 0,
            try weights.shape("\(Self.colors).level_embed.weight", rank: 2) == [Self.levelCount, hiddenWidth]
        else { throw weights.foreign() }
    }
}
