internal import GraphCore

/// The last part as a graph: from features at a quarter of the height and width to two colour channels at full size.
///
/// Shuffle, blur and the sum over channels are linear and the first two work on each channel alone, so the sum comes
/// first and they are done on 2 channels instead of hundreds: the same numbers from a fraction of the memory and work.
struct DDColorHead {
    /// Channels of the shuffled features that are made at a time; what one group needs fits the caches better, and a
    /// run can be ended between two groups.
    private static let groupWidth = 64
    private static let factor = 4

    let weights: NamedWeights
    let sizes: DDColorSizes
    let pixelDecoder: DDColorPixelDecoder

    func write(into list: inout PartList, _ file: inout WeightsFile) throws(Diagnostic) {
        var part = PartBuilder("head")
        let image = part.map(DDColorParts.image, channels: 3)
        let level = part.map(DDColorParts.level(2), channels: sizes.pixelWidths[2])
        let featureCount = try DDColorParts.featureCount(weights)
        let mixing = part.input(DDColorParts.mixing, [1, 2, featureCount])
        let perFeature = Self.factor * Self.factor
        var layer = try weights.spectralConvolution(
            DDColorParts.lastShuffle, [featureCount * perFeature, sizes.pixelWidths[2], 1, 1], hasBias: true)
        layer.fold(before: try pixelDecoder.levelNorm(2))
        var sum: PartBuilder.Edge?
        for start in stride(from: 0, to: featureCount, by: Self.groupWidth) {
            let features = start..<min(start + Self.groupWidth, featureCount)
            let group = LinearWeights(
                weights: Array(
                    layer.weights[
                        features.lowerBound * perFeature * layer.inputCount..<features.upperBound * perFeature
                            * layer.inputCount]),
                bias: Array(layer.bias[features.lowerBound * perFeature..<features.upperBound * perFeature]),
                outputCount: features.count * perFeature, inputCount: layer.inputCount)
            let made = part.relu(
                try part.convolution(
                    level, group, side: 1, shrinkage: DDColorPixelDecoder.shrinkage(ofLevel: 2), in: &file))
            let rows = part.graph.node(
                "Slice",
                [
                    mixing, part.graph.constant([features.lowerBound]), part.graph.constant([features.upperBound]),
                    part.graph.constant([2]),
                ])
            // A 1x1 convolution whose weights are the mixing: positions of a shuffled pixel lie one below the other.
            let mixed = part.graph.node(
                "Conv",
                [
                    part.reshape(made, [1, features.count, -1, 0]),
                    part.reshape(rows, [2, features.count, 1, 1]),
                ], ["kernel_shape": .integers([1, 1])])
            part.count(2 * features.count * perFeature, shrinkage: DDColorPixelDecoder.shrinkage(ofLevel: 2))
            sum = sum.map { part.graph.node("Add", [$0, mixed]) } ?? mixed
        }
        guard let sum else { throw weights.foreign() }
        let colors = part.shuffleAndBlur(part.reshape(sum, [1, 2 * perFeature, -1, 0]), factor: Self.factor)
        let refine = try DDColorParts.refinement(weights, sizes)
        let direct = try part.convolution(image, refine.image, side: 1, shrinkage: 1, in: &file)
        part.give(map: part.graph.node("Add", [colors, direct]), DDColorParts.colors, channels: 2)
        try list.add(part, name: "head")
    }
}
