internal import GraphCore

/// The arithmetic of one direction of a Lanczos resize, exact to Pillow's integers and four samples at a time.
///
/// SSE2, which is all a portable x86-64 build may use, has no 32-bit integer multiplication, so the sums are made in
/// float32. They miss the exact ones by a known bound; where that could change how a sum is rounded (about one in a
/// thousand) it is made again in integers.
struct LanczosKernel {
    private let weights: LanczosWeights
    /// The fixed-point weights as fractions. Exact: 22 bits and a sign fit float32.
    private let fractions: [Float]
    /// When the square of a sum's distance from the nearest integer reaches this, its rounding is in doubt.
    private let doubt: Float

    /// Multiplications for one new sample, at most.
    var tapCount: Int { weights.stride }

    init(from old: Int, to new: Int) {
        weights = LanczosWeights(from: old, to: new)
        fractions = weights.fixed.map { Float($0) / Float(1 << LanczosWeights.fractionBits) }
        // Each of n products and n sums is rounded by at most 2^-24 of the sum of the terms' magnitudes. That is less
        // than 255 * 1.5: the weights sum to 1, and the magnitudes of Lanczos weights to at most 1.4.
        let certain = max(0, 0.5 - Float(weights.stride + 2) * 255 * 1.5 / Float(1 << 24))
        doubt = certain * certain
    }

    /// Resizes `height` rows of `width` pixels, `rowStride` bytes apart, in width. [height, new width, channels].
    func across(_ source: Span<UInt8>, rowStride: Int, height: Int, width: Int, channels: Int) -> [UInt8] {
        let newWidth = weights.first.count
        var result = [UInt8](repeating: 0, count: height * newWidth * channels)
        var target = result.mutableSpan
        // Four rows share each weight. A vector of four floats is a pixel and, with fewer channels, some of the next.
        let lineCount = width * channels + 3
        var lines = [Float](repeating: 0, count: 4 * lineCount)
        for y in stride(from: 0, to: height, by: 4) {
            let rowCount = min(4, height - y)
            for i in 0..<rowCount {
                let row = source.extracting((y + i) * rowStride..<(y + i) * rowStride + width * channels)
                var line = lines.mutableSpan
                for x in row.indices { line[i * lineCount + x] = Float(row[x]) }
            }
            for group in stride(from: 0, to: channels, by: 4) {
                let lanes = min(channels - group, 4)
                for x in 0..<newWidth {
                    let start = weights.first[x] * channels + group
                    let sums = sums(x, lines.span, from: start, lineCount: lineCount, channels: channels)
                    let bytes = rounded(sums) { row, lane in
                        exact(x) {
                            lane < lanes ? Int32(clamping: lines[row * lineCount + start + $0 * channels + lane]) : 0
                        }
                    }
                    var at = (y * newWidth + x) * channels + group
                    for i in 0..<rowCount {
                        let pixel = bytes[i]
                        if lanes == 3 {  // nearly every picture: spelled out, no loop
                            (target[at], target[at + 1], target[at + 2]) = (pixel.x, pixel.y, pixel.z)
                        } else {
                            for lane in 0..<lanes { target[at + lane] = pixel[lane] }
                        }
                        at += newWidth * channels
                    }
                }
            }
        }
        return result
    }

    /// New pixel `x` of four lines, whose first source sample is at `start` in each.
    @inline(__always)
    private func sums(_ x: Int, _ lines: Span<Float>, from start: Int, lineCount: Int, channels: Int) -> Sums {
        let count = weights.count[x]
        let taps = fractions.span.extracting(x * weights.stride..<x * weights.stride + count)
        precondition(start >= 0 && start + (count - 1) * channels + 4 <= lineCount && 4 * lineCount <= lines.count)
        // Checked above for all taps of a pixel; checking each load doubles the time.
        func four(_ i: Int) -> SIMD4<Float> {
            unsafe SIMD4(
                lines[unchecked: i], lines[unchecked: i &+ 1], lines[unchecked: i &+ 2], lines[unchecked: i &+ 3])
        }
        var (a, b, c, d) = (SIMD4<Float>.zero, SIMD4<Float>.zero, SIMD4<Float>.zero, SIMD4<Float>.zero)
        var i = start
        for t in 0..<count {
            let weight = SIMD4<Float>(repeating: taps[t])
            a += weight * four(i)
            b += weight * four(i &+ lineCount)
            c += weight * four(i &+ 2 &* lineCount)
            d += weight * four(i &+ 3 &* lineCount)
            i &+= channels
        }
        return Sums(a, b, c, d)
    }

    /// Row `y` of the new picture, from rows of `count` bytes.
    func down(_ source: Span<UInt8>, to y: Int, count: Int) -> [UInt8] {
        let rows = (0..<weights.count[y]).map { t in
            let start = (weights.first[y] + t) * count
            return start..<start + count
        }
        let taps = fractions.span.extracting(y * weights.stride..<y * weights.stride + rows.count)
        var sums = [Float](repeating: 0, count: (count + 15) / 16 * 16)
        var t = 0
        while t + 4 <= rows.count {
            Self.add(
                source.extracting(rows[t]), source.extracting(rows[t + 1]), source.extracting(rows[t + 2]),
                source.extracting(rows[t + 3]), times: SIMD4(taps[t], taps[t + 1], taps[t + 2], taps[t + 3]), to: &sums)
            t += 4
        }
        for t in t..<rows.count {
            let row = source.extracting(rows[t])
            Self.add(row, row, row, row, times: SIMD4(taps[t], 0, 0, 0), to: &sums)
        }
        var result = [UInt8](repeating: 0, count: sums.count)
        for x in stride(from: 0, to: count, by: 16) {
            func four(_ i: Int) -> SIMD4<Float> { SIMD4(sums[i], sums[i + 1], sums[i + 2], sums[i + 3]) }
            let bytes = rounded(Sums(four(x), four(x + 4), four(x + 8), four(x + 12))) { part, lane in
                let i = x + 4 * part + lane
                return i < count ? exact(y) { Int32(source[rows[$0].lowerBound + i]) } : 0
            }
            for part in 0..<4 {
                let (four, at) = (bytes[part], x + 4 * part)
                (result[at], result[at + 1], result[at + 2], result[at + 3]) = (four.x, four.y, four.z, four.w)
            }
        }
        result.removeLast(result.count - count)
        return result
    }

    /// Four rows at a time: the sums are loaded and stored a quarter as often.
    @inline(__always)
    private static func add(
        _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>, _ d: Span<UInt8>, times weights: SIMD4<Float>,
        to sums: inout [Float]
    ) {
        var total = sums.mutableSpan
        for i in a.indices {
            let upper: Float = weights.x * Float(a[i]) + weights.y * Float(b[i])
            let lower: Float = weights.z * Float(c[i]) + weights.w * Float(d[i])
            total[i] += upper + lower
        }
    }

    /// New sample `i` in Pillow's integers; `sample` gives the source samples in this direction.
    private func exact(_ i: Int, _ sample: (Int) -> Int32) -> UInt8 {
        var sum: Int32 = 1 << Int32(LanczosWeights.fractionBits - 1)
        for t in 0..<weights.count[i] { sum &+= weights.fixed[i * weights.stride + t] &* sample(t) }
        return UInt8(min(max(sum >> Int32(LanczosWeights.fractionBits), 0), 255))
    }
}

/// Sixteen sums in four parts.
private struct Sums {
    var a, b, c, d: SIMD4<Float>

    @inline(__always)
    init(_ a: SIMD4<Float>, _ b: SIMD4<Float>, _ c: SIMD4<Float>, _ d: SIMD4<Float>) {
        (self.a, self.b, self.c, self.d) = (a, b, c, d)
    }
}

extension LanczosKernel {
    /// Sixteen sums as bytes; `exact` is asked for those in doubt.
    @inline(__always)
    private func rounded(_ sums: Sums, exact: (_ part: Int, _ lane: Int) -> UInt8) -> InlineArray<4, SIMD4<UInt8>> {
        let (a, b, c, d) = (Self.round(sums.a), Self.round(sums.b), Self.round(sums.c), Self.round(sums.d))
        var bytes: InlineArray<4, SIMD4<UInt8>> = [
            SIMD4(truncatingIfNeeded: a.integer), SIMD4(truncatingIfNeeded: b.integer),
            SIMD4(truncatingIfNeeded: c.integer), SIMD4(truncatingIfNeeded: d.integer),
        ]
        let worst = Self.larger(Self.larger(a.off, b.off), Self.larger(c.off, d.off))
        if worst.x >= doubt || worst.y >= doubt || worst.z >= doubt || worst.w >= doubt {
            for (part, off) in [a.off, b.off, c.off, d.off].enumerated() {
                for lane in 0..<4 where off[lane] >= doubt { bytes[part][lane] = exact(part, lane) }
            }
        }
        return bytes
    }

    /// The nearest integers within 0...255 in the low bytes, and the squared distances from them.
    @inline(__always)
    private static func round(_ sums: SIMD4<Float>) -> (integer: SIMD4<UInt32>, off: SIMD4<Float>) {
        let positive = sums.replacing(with: 0, where: sums .< 0)
        let clipped = positive.replacing(with: 255, where: positive .> 255)
        // Adding 1.5 * 2^23 leaves no bits for a fraction, and the integer in the low bits.
        let shifted = clipped + 0x1.8p23
        let off = clipped - (shifted - 0x1.8p23)
        return (unsafe unsafeBitCast(shifted, to: SIMD4<UInt32>.self), off * off)
    }

    @inline(__always)
    private static func larger(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
        a.replacing(with: b, where: b .> a)
    }
}
