public import GraphCore

/// The median of a square window, each colour on its own; the edge is continued outward.
///
/// Eight bits: T. S. Huang, G. J. Yang, G. Y. Tang, "A fast two-dimensional median filtering algorithm", IEEE ASSP 27
/// (1979): a histogram of the window that is changed by a column on each side as the window moves on. Floats: C. A. R.
/// Hoare's selection (1961) in the window.
public struct MedianFilter: Sendable, Equatable {
    /// Side of the window in pixels; odd.
    public var size: Int
    /// 0 gives the picture back, 1 the median alone.
    public var blend: Float

    public static let sizes = 3...15

    /// - Throws: `.outOfRange` for an even size and for one outside of `sizes`.
    public init(size: Int, blend: Float = 1) throws(Diagnostic) {
        try WindowSize.check(size, in: Self.sizes, of: "a median's window")
        (self.size, self.blend) = (size, blend)
    }
}

extension Image {
    /// Keeps the storage when `blend` is 1: a median is one of the window's own values. A fourth channel is kept.
    /// `work` has the rows of the batch.
    public func denoised(_ method: MedianFilter, _ work: inout RowWork) throws -> Image {
        if method.blend <= 0 { return self }
        let (size, perRow) = (method.size, rowLength)
        if method.blend == 1, case .bytes(let bytes, let levels) = storage, levels.isMonotone {
            let filtered: PixelBuffer<UInt8> = try work.makeRows(
                rowCount, elementsPerRow: rowLength, workPerRow: perRow * (2 * size + 16)
            ) { rows, band in
                for (i, y) in rows.enumerated() {
                    var target = band._mutatingExtracting(i * perRow..<(i + 1) * perRow)
                    byteMedians(of: bytes.span, row: y, size: size, to: &target)
                }
            }
            return Image(
                batch: batch, height: height, width: width, channels: channels, bytes: filtered, levels: levels)
        }
        let filtered: PixelBuffer<Float> = try work.makeRows(
            rowCount, elementsPerRow: rowLength, workPerRow: perRow * size * size * 6
        ) { rows, band in
            var lines = [[Float]](repeating: [], count: size)
            for (i, y) in rows.enumerated() {
                for (k, row) in windowRows(y, size: size).enumerated() { read(row: row, into: &lines[k]) }
                var target = band._mutatingExtracting(i * perRow..<(i + 1) * perRow)
                floatMedians(of: lines, blend: method.blend, to: &target)
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: filtered)
    }

    /// The rows that a window around row `y` covers, within its image.
    private func windowRows(_ y: Int, size: Int) -> [Int] {
        let first = y / height * height
        return (-(size / 2)...size / 2).map { min(max(y + $0, first), first + height - 1) }
    }

    private func byteMedians(of bytes: Span<UInt8>, row y: Int, size: Int, to target: inout MutableSpan<UInt8>) {
        let radius = size / 2
        let starts = windowRows(y, size: size).map { $0 * rowLength }
        let half = size * size / 2
        for c in colorCount..<channels {
            for x in 0..<width { target[x * channels + c] = bytes[y * rowLength + x * channels + c] }
        }
        for c in 0..<colorCount {
            var histogram = [Int32](repeating: 0, count: 256)
            for x in -radius...radius {
                let place = min(max(x, 0), width - 1) * channels + c
                for start in starts { histogram[Int(bytes[start + place])] += 1 }
            }
            // `below` values are less than `median`.
            var (median, below) = (0, 0)
            for x in 0..<width {
                while below > half {
                    median -= 1
                    below -= Int(histogram[median])
                }
                while below + Int(histogram[median]) <= half {
                    below += Int(histogram[median])
                    median += 1
                }
                target[x * channels + c] = UInt8(median)
                let old = max(x - radius, 0) * channels + c
                let new = min(x + radius + 1, width - 1) * channels + c
                for start in starts {
                    let (out, into) = (Int(bytes[start + old]), Int(bytes[start + new]))
                    histogram[out] -= 1
                    if out < median { below -= 1 }
                    histogram[into] += 1
                    if into < median { below += 1 }
                }
            }
        }
    }

    /// `lines` are the rows of the window; the middle one is the row itself.
    private func floatMedians(of lines: [[Float]], blend: Float, to target: inout MutableSpan<Float>) {
        let radius = lines.count / 2
        var window = [Float](repeating: 0, count: lines.count * lines.count)
        for x in 0..<width {
            for c in 0..<channels {
                let old = lines[radius][x * channels + c]
                if c >= colorCount {
                    target[x * channels + c] = old
                    continue
                }
                var count = 0
                for dx in -radius...radius {
                    let place = min(max(x + dx, 0), width - 1) * channels + c
                    for line in lines {
                        window[count] = line[place]
                        count += 1
                    }
                }
                let median = window.selectMiddle()
                target[x * channels + c] = blend == 1 ? median : old + (median - old) * blend
            }
        }
    }
}

extension [Float] {
    /// Whether the numbers never fall, or never rise.
    fileprivate var isMonotone: Bool {
        let pairs = zip(self, dropFirst())
        return pairs.allSatisfy { $0 <= $1 } || pairs.allSatisfy { $0 >= $1 }
    }

    /// The middle one of an odd number of elements, which it reorders.
    fileprivate mutating func selectMiddle() -> Float {
        let middle = count / 2
        var (low, high) = (0, count - 1)
        while low < high {
            let pivot = self[middle]
            var (i, j) = (low, high)
            while i <= j {
                // NaN compares false either way, which ends these loops as well.
                while self[i] < pivot { i += 1 }
                while pivot < self[j] { j -= 1 }
                if i <= j {
                    swapAt(i, j)
                    i += 1
                    j -= 1
                }
            }
            if j < middle { low = i }
            if i > middle { high = j }
        }
        return self[middle]
    }
}
