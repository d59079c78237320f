internal import GraphCore

/// The pixel decoder as graphs: three blocks that double the height and width, each with what an encoder stage gave.
struct DDColorPixelDecoder {
    let weights: NamedWeights
    let sizes: DDColorSizes

    /// Gives `level0`, `level1` and `level2`, at a sixteenth, an eighth and a quarter of the input's height and width.
    /// The batch norm that ends a block is left to whoever reads the level (`levelNorm`).
    func write(into list: inout PartList, _ file: inout WeightsFile) throws(Diagnostic) {
        for block in 0..<3 {
            var part = PartBuilder("pixel_decoder")
            let below = part.map(
                block == 0 ? DDColorParts.bottom : DDColorParts.level(block - 1), channels: inputWidth(block))
            let skipWidth = sizes.widths[2 - block]
            let skip = part.map(DDColorParts.skip(2 - block), channels: skipWidth)
            let (shuffled, shuffledWidth) = try grow(below, block, &part, &file)
            let both = part.graph.node("Concat", [shuffled, skip], ["axis": .integer(1)])
            let layer = try weights.spectralConvolution(
                "decoder.layers.\(block).conv.0", [sizes.pixelWidths[block], shuffledWidth + skipWidth, 3, 3])
            let level = part.relu(
                try part.convolution(
                    both, layer, side: 3, padding: 1, shrinkage: Self.shrinkage(ofLevel: block), in: &file))
            part.give(map: level, DDColorParts.level(block), channels: sizes.pixelWidths[block])
            try list.add(part, name: "pixel_decoder_\(block)")
        }
    }

    /// Input pixels per position.
    static func shrinkage(ofLevel level: Int) -> Int { 256 >> (2 * level) }

    private func inputWidth(_ block: Int) -> Int { block == 0 ? sizes.widths[3] : sizes.pixelWidths[block - 1] }

    /// Twice the height and width by a 1x1 convolution and a pixel shuffle.
    private func grow(
        _ below: PartBuilder.Edge, _ block: Int, _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> (PartBuilder.Edge, width: Int) {
        let name = "decoder.layers.\(block).shuf.conv"
        let width = try weights.shape("\(name).1.weight", rank: 1)[0]
        var layer = try weights.spectralConvolution("\(name).0", [width, inputWidth(block), 1, 1])
        if block > 0 { layer.fold(before: try levelNorm(block - 1)) }
        layer.fold(behind: try weights.batchNorm("\(name).1", width))
        let convolved = try part.convolution(
            below, layer, side: 1, shrinkage: 4 * Self.shrinkage(ofLevel: block), in: &file)
        return (part.shuffleAndBlur(part.relu(convolved), factor: 2), width / 4)
    }

    /// Ends block `level`; folded into the 1x1 convolutions that read it.
    func levelNorm(_ level: Int) throws(Diagnostic) -> ScaleAndShift {
        try weights.batchNorm("decoder.layers.\(level).conv.2", sizes.pixelWidths[level])
    }
}
