internal import GraphCore

/// The ConvNeXt encoder as graphs: what goes on from stage to stage, and what each hands to the pixel decoder.
struct DDColorEncoder {
    private static let prefix = "encoder.arch"
    /// ConvNeXt's LayerNorm.
    private static let epsilon: Float = 1e-6
    /// A part has no more blocks, so that a large network moves the bar as often as a small one.
    private static let blocksPerPart = 9

    let weights: NamedWeights
    let sizes: DDColorSizes

    /// The parts in order. The pixel decoder is given `skip0`, `skip1`, `skip2` and `bottom`.
    func write(into list: inout PartList, _ file: inout WeightsFile) throws(Diagnostic) {
        for stage in 0..<4 {
            let blockCount = sizes.depths[stage]
            let starts = stride(from: 0, to: blockCount, by: Self.blocksPerPart)
            for start in starts {
                let blocks = start..<min(start + Self.blocksPerPart, blockCount)
                try writePart(stage, blocks, isLast: blocks.upperBound == blockCount, &list, &file)
            }
        }
    }

    private func writePart(
        _ stage: Int, _ blocks: Range<Int>, isLast: Bool, _ list: inout PartList, _ file: inout WeightsFile
    ) throws(Diagnostic) {
        var part = PartBuilder("encoder")
        let width = sizes.widths[stage]
        let isFirst = blocks.lowerBound == 0
        var trunk: PartBuilder.Edge
        if isFirst {
            trunk =
                stage == 0
                ? part.map(DDColorParts.image, channels: 3)
                : part.map(trunkName(stage - 1, sizes.depths[stage - 1]), channels: sizes.widths[stage - 1])
            trunk = try stage == 0 ? stem(trunk, &part, &file) : shrink(trunk, stage, &part, &file)
        } else {
            trunk = part.map(trunkName(stage, blocks.lowerBound), channels: width)
        }
        for block in blocks { trunk = try self.block(trunk, stage, block, &part, &file) }
        if !isLast || stage < 3 { part.give(map: trunk, trunkName(stage, blocks.upperBound), channels: width) }
        if isLast {
            part.give(
                map: try skip(trunk, stage, &part, &file), stage == 3 ? DDColorParts.bottom : DDColorParts.skip(stage),
                channels: width)
        }
        try list.add(part, name: "encoder_\(stage)_\(blocks.lowerBound)")
    }

    private func trunkName(_ stage: Int, _ blockCount: Int) -> String { "trunk_\(stage)_\(blockCount)" }

    private func shrinkage(_ stage: Int) -> Int { 16 << (2 * stage) }

    /// 4x4 pixels become one position. The input's normalization is folded in: nothing is padded.
    private func stem(
        _ image: PartBuilder.Edge, _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let name = "\(Self.prefix).downsample_layers.0"
        var layer = LinearWeights(
            weights: try weights.floats("\(name).0.weight", [sizes.widths[0], 3, 4, 4]),
            bias: try weights.floats("\(name).0.bias", [sizes.widths[0]]), outputCount: sizes.widths[0], inputCount: 3)
        layer.fold(before: try DDColorParts.normalization(weights))
        let stem = try part.convolution(image, layer, side: 4, stride: 4, shrinkage: shrinkage(0), in: &file)
        let norm = try weights.layerNorm("\(name).1", sizes.widths[0])
        return part.channelsFirst(
            try part.layerNorm(part.channelsLast(stem), norm, epsilon: Self.epsilon, in: &file))
    }

    /// Half the height and width.
    private func shrink(
        _ input: PartBuilder.Edge, _ stage: Int, _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let (from, to) = (sizes.widths[stage - 1], sizes.widths[stage])
        let name = "\(Self.prefix).downsample_layers.\(stage)"
        let norm = try weights.layerNorm("\(name).0", from)
        let normed = part.channelsFirst(
            try part.layerNorm(part.channelsLast(input), norm, epsilon: Self.epsilon, in: &file))
        let layer = LinearWeights(
            weights: try weights.floats("\(name).1.weight", [to, from, 2, 2]),
            bias: try weights.floats("\(name).1.bias", [to]), outputCount: to, inputCount: from)
        return try part.convolution(normed, layer, side: 2, stride: 2, shrinkage: shrinkage(stage), in: &file)
    }

    /// x + gamma * (linear(gelu(linear(norm(depthwise 7x7(x))))))
    private func block(
        _ input: PartBuilder.Edge, _ stage: Int, _ block: Int, _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let width = sizes.widths[stage]
        let name = "\(Self.prefix).stages.\(stage).\(block)"
        let depthwise = LinearWeights(
            weights: try weights.floats("\(name).dwconv.weight", [width, 1, 7, 7]),
            bias: try weights.floats("\(name).dwconv.bias", [width]), outputCount: width, inputCount: 1)
        let mixed = try part.convolution(
            input, depthwise, side: 7, padding: 3, groups: width, shrinkage: shrinkage(stage), in: &file)
        let normed = try part.layerNorm(
            part.channelsLast(mixed), try weights.layerNorm("\(name).norm", width), epsilon: Self.epsilon, in: &file)
        let expand = try weights.linear("\(name).pwconv1.weight", "\(name).pwconv1.bias", of: 4 * width, width)
        var contract = try weights.linear("\(name).pwconv2.weight", "\(name).pwconv2.bias", of: width, 4 * width)
        contract.fold(
            behind: ScaleAndShift(
                scale: try weights.floats("\(name).gamma", [width]), shift: [Float](repeating: 0, count: width)))
        let expanded = part.gelu(try part.linear(normed, expand, shrinkage: shrinkage(stage), in: &file))
        let change = try part.linear(expanded, contract, shrinkage: shrinkage(stage), in: &file)
        return part.graph.node("Add", [input, part.channelsFirst(change)])
    }

    /// What a stage hands to the pixel decoder: its norm, then the batch norm and ReLU that the decoder begins with.
    private func skip(
        _ trunk: PartBuilder.Edge, _ stage: Int, _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let width = sizes.widths[stage]
        var norm = try weights.layerNorm("\(Self.prefix).norm\(stage)", width)
        if stage < 3 { norm = norm.then(try weights.batchNorm("decoder.layers.\(2 - stage).bn", width)) }
        let normed = part.channelsFirst(
            try part.layerNorm(part.channelsLast(trunk), norm, epsilon: Self.epsilon, in: &file))
        return stage < 3 ? part.relu(normed) : normed
    }
}
