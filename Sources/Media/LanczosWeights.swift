internal import GraphCore

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#endif

/// Pillow's fixed-point Lanczos weights for one direction (Resample.c, precompute_coeffs and normalize_coeffs_8bpc):
/// new sample i is the sum over t of `fixed[i * stride + t]` times source sample `first[i] + t`, for t in 0..<count[i],
/// divided by 2^22, rounded, and clipped to a byte.
struct LanczosWeights {
    /// 32 - 8 bits of a sample - 2 for sums beyond white.
    static let fractionBits = 22

    private(set) var first: [Int] = []
    private(set) var count: [Int] = []
    private(set) var fixed: [Int32] = []
    let stride: Int

    init(from old: Int, to new: Int) {
        let scale = Double(old) / Double(new)
        let filterScale = max(scale, 1)
        let support = 3 * filterScale
        stride = Int(clamping: support.rounded(.up)) * 2 + 1
        fixed.reserveCapacity(new * stride)
        for i in 0..<new {
            let center = (Double(i) + 0.5) * scale
            let start = max(Int(clamping: center - support + 0.5), 0)
            let end = min(Int(clamping: center + support + 0.5), old)
            var weights = (start..<end).map { Self.lanczos((Double($0) - center + 0.5) * (1 / filterScale)) }
            let sum = weights.reduce(0, +)
            if sum != 0 { weights = weights.map { $0 / sum } }
            first.append(start)
            count.append(end - start)
            for weight in weights {
                let scaled = weight * Double(1 << Self.fractionBits)
                fixed.append(Int32(clamping: scaled < 0 ? scaled - 0.5 : scaled + 0.5))
            }
            fixed.append(contentsOf: repeatElement(0, count: stride - weights.count))
        }
    }

    /// Truncated sinc with three lobes.
    private static func lanczos(_ x: Double) -> Double {
        (-3..<3).contains(x) ? sinc(x) * sinc(x / 3) : 0
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(x * .pi) / (x * .pi)
    }
}
