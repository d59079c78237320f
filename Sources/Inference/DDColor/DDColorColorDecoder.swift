internal import GraphCore

/// The colour decoder as a graph: queries that attend to the three levels in turn, and become the weights with which
/// the head turns features into two colour channels.
struct DDColorColorDecoder {
    private static let prefix = "decoder.color_decoder"
    /// PyTorch's LayerNorm.
    private static let epsilon: Float = 1e-5

    let weights: NamedWeights
    let sizes: DDColorSizes
    let pixelDecoder: DDColorPixelDecoder

    private var width: Int { sizes.hiddenWidth }
    private var headWidth: Int { sizes.hiddenWidth / DDColorSizes.headCount }

    /// What a level holds for attention: [1, width, positions], with and without where each position is, and the
    /// latter as [1, positions, width].
    private struct Memory {
        let placed: PartBuilder.Edge
        let plain: PartBuilder.Edge
        let shrinkage: Int
    }

    /// Gives `mixing`: [1, 2, features], the rows of refine_net for the maps times the colour embedding. That product
    /// stands for the maps themselves: refine(einsum(E, F)) = (W E) F.
    func write(into list: inout PartList, _ file: inout WeightsFile) throws(Diagnostic) {
        var part = PartBuilder("color_decoder")
        var memories: [Memory] = []
        for level in 0..<DDColorSizes.levelCount { memories.append(try memory(level, &part, &file)) }
        let queryShape = [sizes.queryCount, width]
        let positions = try part.graph.weight(
            try weights.floats("\(Self.prefix).query_embed.weight", queryShape), [1] + queryShape, in: &file)
        var state = try part.graph.weight(
            try weights.floats("\(Self.prefix).query_feat.weight", queryShape), [1] + queryShape, in: &file)
        for layer in 0..<sizes.layerCount {
            let memory = memories[layer % memories.count]
            state = try look(state, positions, at: memory, layer, &part, &file)
            state = try exchange(state, positions, layer, &part, &file)
            state = try think(state, layer, &part, &file)
        }
        let norm = try weights.layerNorm("\(Self.prefix).decoder_norm", width)
        state = try part.layerNorm(state, norm, epsilon: Self.epsilon, in: &file)
        let featureCount = try DDColorParts.featureCount(weights)
        for layer in 0..<3 {
            let name = "\(Self.prefix).color_embed.layers.\(layer)"
            state = try part.linear(
                state,
                try weights.linear("\(name).weight", "\(name).bias", of: layer == 2 ? featureCount : width, width),
                in: &file)
            if layer < 2 { state = part.relu(state) }
        }
        let refine = try DDColorParts.refinement(weights, sizes)
        let rows = try part.graph.weight(refine.maps, [2, sizes.queryCount], in: &file)
        part.give(part.graph.node("MatMul", [rows, state]), DDColorParts.mixing, [1, 2, featureCount])
        try list.add(part, name: "color_decoder")
    }

    // MARK: Memory

    private func memory(
        _ level: Int, _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> Memory {
        let channels = sizes.pixelWidths[level]
        let input = part.map(DDColorParts.level(level), channels: channels)
        let place = part.list(DDColorParts.place(level), channels: width)
        var layer = LinearWeights(
            weights: try weights.floats("\(Self.prefix).input_proj.\(level).weight", [width, channels, 1, 1]),
            bias: try weights.floats("\(Self.prefix).input_proj.\(level).bias", [width]), outputCount: width,
            inputCount: channels)
        let embedding = try weights.floats("\(Self.prefix).level_embed.weight", [DDColorSizes.levelCount, width])
        for channel in 0..<width { layer.bias[channel] += embedding[level * width + channel] }
        layer.fold(before: try pixelDecoder.levelNorm(level))
        let shrinkage = DDColorPixelDecoder.shrinkage(ofLevel: level)
        let projected = try part.convolution(input, layer, side: 1, shrinkage: shrinkage, in: &file)
        let plain = part.reshape(projected, [1, width, -1])
        return Memory(
            placed: part.graph.node("Add", [plain, place]), plain: part.transpose(plain, [0, 2, 1]),
            shrinkage: shrinkage)
    }

    // MARK: Layers

    /// Cross-attention. A bias of the keys moves every score of a query alike, which softmax does not see; one of the
    /// values goes through as it is, since a query's weights sum to one. So neither is added to the long side.
    private func look(
        _ state: PartBuilder.Edge, _ positions: PartBuilder.Edge, at memory: Memory, _ layer: Int,
        _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let name = "\(Self.prefix).transformer_cross_attention_layers.\(layer)"
        let (query, key, value) = try projections("\(name).multihead_attn")
        let asked = part.graph.node("Add", [state, positions])
        let queries = heads(try part.linear(asked, query, in: &file), &part)
        let keyWeights = try part.graph.weight(key.weights, [width, width], in: &file)
        let keys = part.reshape(
            part.graph.node("MatMul", [keyWeights, memory.placed]), [1, DDColorSizes.headCount, headWidth, -1])
        let valueWeights = try part.graph.weight(value.transposed, [width, width], in: &file)
        let values = heads(part.graph.node("MatMul", [memory.plain, valueWeights]), &part)
        part.count(2 * width * width + 2 * width * sizes.queryCount, shrinkage: memory.shrinkage)
        let output = try closing("\(name).multihead_attn", valueBias: value.bias)
        let answer = try attend(queries, keys, values, output, &part, &file)
        let norm = try weights.layerNorm("\(name).norm", width)
        return try part.layerNorm(
            part.graph.node("Add", [state, answer]), norm, epsilon: Self.epsilon, in: &file)
    }

    /// Self-attention among the queries.
    private func exchange(
        _ state: PartBuilder.Edge, _ positions: PartBuilder.Edge, _ layer: Int, _ part: inout PartBuilder,
        _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let name = "\(Self.prefix).transformer_self_attention_layers.\(layer)"
        let (query, key, value) = try projections("\(name).self_attn")
        let asked = part.graph.node("Add", [state, positions])
        let queries = heads(try part.linear(asked, query, in: &file), &part)
        let keys = part.transpose(
            part.reshape(try part.linear(asked, key, in: &file), [1, -1, DDColorSizes.headCount, headWidth]),
            [0, 2, 3, 1])
        let values = heads(try part.linear(state, value, in: &file), &part)
        let zero = [Float](repeating: 0, count: width)
        let answer = try attend(
            queries, keys, values, try closing("\(name).self_attn", valueBias: zero), &part, &file)
        let norm = try weights.layerNorm("\(name).norm", width)
        return try part.layerNorm(
            part.graph.node("Add", [state, answer]), norm, epsilon: Self.epsilon, in: &file)
    }

    /// The feed-forward layer.
    private func think(
        _ state: PartBuilder.Edge, _ layer: Int, _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let name = "\(Self.prefix).transformer_ffn_layers.\(layer)"
        let inner = try weights.shape("\(name).linear1.weight", rank: 2)[0]
        let expand = try weights.linear("\(name).linear1.weight", "\(name).linear1.bias", of: inner, width)
        let contract = try weights.linear("\(name).linear2.weight", "\(name).linear2.bias", of: width, inner)
        let answer = try part.linear(part.relu(try part.linear(state, expand, in: &file)), contract, in: &file)
        let norm = try weights.layerNorm("\(name).norm", width)
        return try part.layerNorm(
            part.graph.node("Add", [state, answer]), norm, epsilon: Self.epsilon, in: &file)
    }

    // MARK: Attention

    /// nn.MultiheadAttention's in_proj, cut in three; the queries' share is divided by the root of a head's width.
    private func projections(
        _ name: String
    ) throws(Diagnostic) -> (query: LinearWeights, key: LinearWeights, value: LinearWeights) {
        func rows(_ index: Int) throws(Diagnostic) -> LinearWeights {
            try weights.linear(
                "\(name).in_proj_weight", "\(name).in_proj_bias", rows: index * width..<(index + 1) * width,
                of: 3 * width, width)
        }
        var query = try rows(0)
        let scale = 1 / Float(headWidth).squareRoot()
        query.fold(
            behind: ScaleAndShift(
                scale: [Float](repeating: scale, count: width), shift: [Float](repeating: 0, count: width)))
        return (query, try rows(1), try rows(2))
    }

    /// out_proj, with the values' bias gone through it.
    private func closing(_ name: String, valueBias: [Float]) throws(Diagnostic) -> LinearWeights {
        var layer = try weights.linear("\(name).out_proj.weight", "\(name).out_proj.bias", of: width, width)
        layer.fold(
            before: ScaleAndShift(scale: [Float](repeating: 1, count: width), shift: valueBias))
        return layer
    }

    /// [1, count, width] to [1, heads, count, headWidth].
    private func heads(_ edge: PartBuilder.Edge, _ part: inout PartBuilder) -> PartBuilder.Edge {
        part.transpose(part.reshape(edge, [1, -1, DDColorSizes.headCount, headWidth]), [0, 2, 1, 3])
    }

    private func attend(
        _ queries: PartBuilder.Edge, _ keys: PartBuilder.Edge, _ values: PartBuilder.Edge, _ closing: LinearWeights,
        _ part: inout PartBuilder, _ file: inout WeightsFile
    ) throws(Diagnostic) -> PartBuilder.Edge {
        let scores = part.graph.node("Softmax", [part.graph.node("MatMul", [queries, keys])], ["axis": .integer(-1)])
        let mixed = part.transpose(part.graph.node("MatMul", [scores, values]), [0, 2, 1, 3])
        return try part.linear(part.reshape(mixed, [1, sizes.queryCount, width]), closing, in: &file)
    }
}
