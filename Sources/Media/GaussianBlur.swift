public import GraphCore

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#endif

/// A Gaussian of `2 * radius + 1` taps, as ComfyUI's ImageBlur has it: `sigma` is relative to the radius, and beyond the
/// edges the picture is mirrored without repeating the edge. The two-dimensional kernel is the product of this one with
/// itself, so two passes give the same pixels.
///
/// Each band of rows goes through both passes at once and through no picture in between: a vertical sum of a row is
/// in the cache when the horizontal one reads it. The sums are made sixteen floats at a time in registers: on x86-64
/// with nothing beyond SSE2 the loop over the taps is `movups`, `addps`, `mulps`, `addps` four times over, without
/// bounds checks (seen in the object file's disassembly).
public struct GaussianKernel: Sendable {
    /// In pixels.
    public static let radii = 1...31
    public let radius: Int
    /// Of the centre, then of the taps on either side; `weights[0] + 2 * (the others)` is 1.
    let weights: [Float]

    /// - Parameters:
    ///   - radius: at least 1, in pixels.
    ///   - sigma: above 0; 1 is as wide as the radius.
    /// - Throws: `.outOfRange` for a radius outside of `radii`, and for a sigma that is not above 0.
    public init(radius: Int, sigma: Double) throws(Diagnostic) {
        guard Self.radii.contains(radius), sigma > 0, sigma.isFinite else {
            throw Diagnostic(
                .outOfRange, node: nil, "a blur cannot have a radius of \(radius) and a sigma of \(sigma)",
                suggestion:
                    "Use a radius from \(Self.radii.lowerBound) to \(Self.radii.upperBound) and a sigma above 0.")
        }
        self.radius = radius
        let heights = (0...radius).map { tap in
            let x = Double(tap) / Double(radius)
            return exp(-(x * x) / (2 * sigma * sigma))
        }
        let sum = heights[0] + 2 * heights.dropFirst().reduce(0, +)
        weights = heights.map { Float($0 / sum) }
    }

    /// Where `position` is found in a picture of `count` pixels when it lies outside: -1 is 1, `count` is `count - 2`,
    /// as often as needed.
    func mirrored(_ position: Int, count: Int) -> Int {
        if (0..<count).contains(position) { return position }
        if count == 1 { return 0 }
        let period = 2 * (count - 1)
        let rest = ((position % period) + period) % period
        return min(rest, period - rest)
    }
}

extension Image {
    /// Every channel under `kernel`, as floats.
    public func blurred(_ kernel: GaussianKernel, work: inout RowWork) throws -> Image {
        try convolved(kernel, sharpening: nil, work: &work)
    }

    /// `x + amount * (x - blurred)`, within 0...1: an unsharp mask.
    public func sharpened(_ kernel: GaussianKernel, amount: Float, work: inout RowWork) throws -> Image {
        try convolved(kernel, sharpening: amount, work: &work)
    }

    private func convolved(_ kernel: GaussianKernel, sharpening amount: Float?, work: inout RowWork) throws -> Image {
        let (image, count, radius) = (self, width * channels, kernel.radius)
        // Bytes become floats once per band and `radius` rows around it, so bands are not much lower than that.
        let rowWork = min(count * 4 * (radius + 1), max(1, (1 << 22) / (2 * radius)))
        let made: PixelBuffer<Float> = try work.makeRows(batch * height, elementsPerRow: count, workPerRow: rowWork) {
            rows, band in
            var y = rows.lowerBound
            while y < rows.upperBound {
                // Rows of one image of the batch: the next one's are no neighbours.
                let end = min(rows.upperBound, (y / image.height + 1) * image.height)
                let source = image.rows(
                    around: y % image.height..<(y % image.height + end - y), of: y / image.height, radius)
                for row in y..<end {
                    let at = (row - rows.lowerBound) * count
                    kernel.blur(source, row: row % image.height, image: image, to: &band, at: at, sharpening: amount)
                }
                y = end
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: made)
    }

    /// The rows that a kernel needs for `rows` of an image of the batch: floats as they are, bytes as floats.
    private func rows(around rows: Range<Int>, of index: Int, _ radius: Int) -> RowsOfFloats {
        let count = width * channels
        switch storage {
        case .floats(let floats): return RowsOfFloats(floats: floats, first: -index * height)
        case .bytes(let bytes, let levels):
            let first = max(rows.lowerBound - radius, 0)
            // A picture lower than the radius is mirrored more than once: all its rows may be needed.
            let needed = height <= radius ? 0..<height : first..<min(rows.upperBound + radius, height)
            let source = bytes.span.extracting(
                (index * height + needed.lowerBound) * count..<(index * height + needed.upperBound) * count)
            let converted = PixelBuffer<Float>(capacity: source.count) { floats in
                for i in source.indices { floats.append(levels[Int(source[i])]) }
            }
            return RowsOfFloats(floats: converted, first: needed.lowerBound)
        }
    }
}

/// Some rows of an image: `floats` starts with row `first` of it.
private struct RowsOfFloats {
    let floats: PixelBuffer<Float>
    let first: Int
}

extension GaussianKernel {
    /// One row of the result, into `band` from `at` on.
    fileprivate func blur(
        _ source: RowsOfFloats, row: Int, image: Image, to band: inout MutableSpan<Float>, at: Int,
        sharpening amount: Float?
    ) {
        let (channels, width, count) = (image.channels, image.width, image.width * image.channels)
        let margin = radius * channels
        func start(_ row: Int) -> Int { (mirrored(row, count: image.height) - source.first) * count }
        // The vertical sums, with as many mirrored pixels on either side as the horizontal ones reach.
        var line = [Float](repeating: 0, count: count + 2 * margin + 16)
        var sums = line.mutableSpan
        weigh(
            source.floats.span, center: start(row),
            pairs: (1...radius).map { (start(row - $0), start(row + $0)) }, to: &sums, at: margin, count: count)
        for x in 1...radius {
            let (left, right) = (mirrored(-x, count: width), mirrored(width - 1 + x, count: width))
            for c in 0..<channels {
                sums[margin - x * channels + c] = sums[margin + left * channels + c]
                sums[margin + (width - 1 + x) * channels + c] = sums[margin + right * channels + c]
            }
        }
        weigh(
            line.span, center: margin, pairs: (1...radius).map { (margin - $0 * channels, margin + $0 * channels) },
            to: &band, at: at, count: count)
        if let amount {
            sharpen(source.floats.span.extracting(start(row)..<start(row) + count), amount, &band, at: at)
        }
    }

    /// The blurred values in `band` from `at` on become sharper ones.
    private func sharpen(_ original: Span<Float>, _ amount: Float, _ band: inout MutableSpan<Float>, at: Int) {
        precondition(at >= 0 && at + original.count <= band.count)
        for i in original.indices {
            // Checked above for the whole row.
            let (x, blurred) = unsafe (original[unchecked: i], band[unchecked: at &+ i])
            unsafe band[unchecked: at &+ i] = min(max(x + amount * (x - blurred), 0), 1)
        }
    }

    /// `target[at + i]` becomes the weighted sum of `source[center + i]` and of both of each pair.
    private func weigh(
        _ source: Span<Float>, center: Int, pairs: [(Int, Int)], to target: inout MutableSpan<Float>, at: Int,
        count: Int
    ) {
        let all = pairs.flatMap { [$0.0, $0.1] } + [center]
        precondition(all.allSatisfy { $0 >= 0 && $0 + count <= source.count } && pairs.count == radius)
        precondition(at >= 0 && at + count <= target.count)
        // Checked above for the whole row; checking each load would keep the loops from being vectorised.
        func four(_ i: Int) -> SIMD4<Float> {
            unsafe SIMD4(
                source[unchecked: i], source[unchecked: i &+ 1], source[unchecked: i &+ 2], source[unchecked: i &+ 3])
        }
        let weights = weights.span
        let pairs = pairs.span
        var i = 0
        while i + 16 <= count {
            let w = SIMD4<Float>(repeating: weights[0])
            let from = center &+ i
            var (a, b, c, d) = (w * four(from), w * four(from &+ 4), w * four(from &+ 8), w * four(from &+ 12))
            for tap in pairs.indices {
                let w = unsafe SIMD4<Float>(repeating: weights[unchecked: tap &+ 1])
                let (near, far) = unsafe pairs[unchecked: tap]
                let (l, r) = (near &+ i, far &+ i)
                a += w * (four(l) + four(r))
                b += w * (four(l &+ 4) + four(r &+ 4))
                c += w * (four(l &+ 8) + four(r &+ 8))
                d += w * (four(l &+ 12) + four(r &+ 12))
            }
            for (part, sum) in [a, b, c, d].enumerated() {
                for lane in 0..<4 { unsafe target[unchecked: at &+ i &+ 4 &* part &+ lane] = sum[lane] }
            }
            i += 16
        }
        while i < count {
            var sum = weights[0] * source[center + i]
            for tap in pairs.indices {
                let (near, far) = pairs[tap]
                sum += weights[tap + 1] * (source[near + i] + source[far + i])
            }
            target[at + i] = sum
            i += 1
        }
    }
}
