internal import GraphCore

/// A layer that is linear in its input, so that what scales and shifts before and behind it can be folded in exactly.
/// Weights [outputs, inputs, ...], as many values per input as a kernel has.
struct LinearWeights {
    var weights: [Float]
    var bias: [Float]
    let inputCount: Int

    var outputCount: Int { bias.count }
    var kernelCount: Int { weights.count / (outputCount * inputCount) }

    init(weights: [Float], bias: [Float]? = nil, outputCount: Int, inputCount: Int) {
        (self.weights, self.inputCount) = (weights, inputCount)
        self.bias = bias ?? [Float](repeating: 0, count: outputCount)
    }

    /// What the layer gives goes through `change`.
    mutating func fold(behind change: ScaleAndShift) {
        let rowCount = weights.count / outputCount
        for output in 0..<outputCount {
            for index in output * rowCount..<(output + 1) * rowCount { weights[index] *= change.scale[output] }
            bias[output] = bias[output] * change.scale[output] + change.shift[output]
        }
    }

    /// What the layer is given came through `change`. Exact only where nothing is padded with zeros.
    mutating func fold(before change: ScaleAndShift) {
        let kernelCount = kernelCount
        var index = 0
        for output in 0..<outputCount {
            var sum = 0.0
            for input in 0..<inputCount {
                for _ in 0..<kernelCount {
                    sum += Double(weights[index]) * Double(change.shift[input])
                    weights[index] *= change.scale[input]
                    index += 1
                }
            }
            bias[output] += Float(sum)
        }
    }

    /// [inputs, outputs], as a multiplication from the right wants it.
    var transposed: [Float] {
        var result = [Float](repeating: 0, count: weights.count)
        for output in 0..<outputCount {
            for input in 0..<inputCount { result[input * outputCount + output] = weights[output * inputCount + input] }
        }
        return result
    }
}

/// x * scale + shift per channel.
struct ScaleAndShift {
    var scale: [Float]
    var shift: [Float]

    /// This first, then `next`.
    func then(_ next: ScaleAndShift) -> ScaleAndShift {
        ScaleAndShift(
            scale: zip(scale, next.scale).map { $0 * $1 },
            shift: shift.indices.map { shift[$0] * next.scale[$0] + next.shift[$0] })
    }
}

extension NamedWeights {
    /// nn.BatchNorm2d in evaluation: (x - mean) / sqrt(variance + 1e-5) * weight + bias.
    func batchNorm(_ name: String, _ count: Int) throws(Diagnostic) -> ScaleAndShift {
        let weight = try floats("\(name).weight", [count])
        let bias = try floats("\(name).bias", [count])
        let mean = try floats("\(name).running_mean", [count])
        let variance = try floats("\(name).running_var", [count])
        let scale = (0..<count).map { weight[$0] / (variance[$0] + 1e-5).squareRoot() }
        return ScaleAndShift(scale: scale, shift: (0..<count).map { bias[$0] - mean[$0] * scale[$0] })
    }

    /// The weight and bias of an nn.LayerNorm, which come behind its normalization.
    func layerNorm(_ name: String, _ count: Int) throws(Diagnostic) -> ScaleAndShift {
        ScaleAndShift(scale: try floats("\(name).weight", [count]), shift: try floats("\(name).bias", [count]))
    }

    /// nn.Linear, or rows of one that holds several.
    func linear(
        _ weightName: String, _ biasName: String, rows: Range<Int>? = nil, of rowCount: Int, _ inputCount: Int
    ) throws(Diagnostic) -> LinearWeights {
        let weights = try floats(weightName, [rowCount, inputCount])
        let bias = try floats(biasName, [rowCount])
        let rows = rows ?? 0..<rowCount
        return LinearWeights(
            weights: Array(weights[rows.lowerBound * inputCount..<rows.upperBound * inputCount]),
            bias: Array(bias[rows]), outputCount: rows.count, inputCount: inputCount)
    }

    /// A convolution of nn.utils.spectral_norm in evaluation: weight_orig / (u^T W v), W reshaped to [outputs, rest].
    func spectralConvolution(_ name: String, _ shape: [Int], hasBias: Bool = false) throws(Diagnostic) -> LinearWeights
    {
        let outputCount = shape[0]
        let bias = hasBias ? try floats("\(name).bias", [outputCount]) : nil
        var weights = try floats("\(name).weight_orig", shape)
        let rowCount = weights.count / outputCount
        let left = try floats("\(name).weight_u", [outputCount])
        let right = try floats("\(name).weight_v", [rowCount])
        var sigma = 0.0
        for output in 0..<outputCount {
            var sum = 0.0
            for index in 0..<rowCount { sum += Double(weights[output * rowCount + index]) * Double(right[index]) }
            sigma += sum * Double(left[output])
        }
        guard sigma.isFinite, sigma != 0 else {
            throw Diagnostic(
                .badFile, node: nil, "'\(fileName)' has a spectral norm of \(sigma) for '\(name)'",
                suggestion: "Get the file again from where it was published.")
        }
        for index in weights.indices { weights[index] = Float(Double(weights[index]) / sigma) }
        return LinearWeights(weights: weights, bias: bias, outputCount: outputCount, inputCount: shape[1])
    }
}
