internal import GraphCore

/// Which source samples make each sample of a resized row or column, and how much of each: PyTorch's `interpolate`
/// with align_corners=False and without antialiasing (ATen UpSample.h, AdaptiveAveragePooling.cpp), in float32.
struct SampleWeights {
    /// For each new sample its source indices and their weights, which sum to 1.
    let samples: [[(index: Int, weight: Float)]]

    /// `method` is bilinear, bicubic or area.
    init(_ method: ResamplingMethod, from old: Int, to new: Int) {
        let scale = Float(old) / Float(new)
        samples = (0..<new).map { i in
            let center = scale * (Float(i) + 0.5) - 0.5
            return switch method {
            case .bilinear: Self.bilinear(at: max(center, 0), count: old)
            case .bicubic: Self.bicubic(at: center, count: old)
            default: Self.average(i * old / new..<((i + 1) * old + new - 1) / new)
            }
        }
    }

    private static func bilinear(at center: Float, count: Int) -> [(index: Int, weight: Float)] {
        let first = min(Int(clamping: center), count - 1)
        let t = min(max(center - Float(first), 0), 1)
        return [(first, 1 - t), (min(first + 1, count - 1), t)]
    }

    /// Cubic convolution (R. Keys, 1981) with A = -0.75. Indices beyond the edge repeat it.
    private static func bicubic(at center: Float, count: Int) -> [(index: Int, weight: Float)] {
        let a: Float = -0.75
        func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        let first = center.rounded(.down)
        let t = center - first
        let weights = [far(t + 1), near(t), near(1 - t), far(2 - t)]
        return weights.indices.map { (min(max(Int(clamping: first) - 1 + $0, 0), count - 1), weights[$0]) }
    }

    private static func average(_ range: Range<Int>) -> [(index: Int, weight: Float)] {
        range.map { ($0, 1 / Float(range.count)) }
    }
}
