extension Image {
    /// What a colouring network sees of one image of the batch: the picture squashed to a square, whatever its shape,
    /// and made gray: L* kept, a* and b* 0. All three channels of such a gray are equal, so there is one.
    ///
    /// As OpenCV's INTER_LINEAR: half-pixel centres, no antialiasing, on the stored colours, edges continued. A picture
    /// of fewer than three channels is its first; a fourth is left out.
    /// - Returns: [side, side] row-major, 0...1.
    public func squashedGray(imageAt index: Int, side: Int) -> [Float] {
        precondition((0..<batch).contains(index) && width > 0 && height > 0, "the batch has no image \(index)")
        let columns = (0..<side).map { LinearSample($0, from: width, to: side) }
        let colors = channels < 3 ? 1 : 3
        let count = side * colors
        var (gray, blend): ([Float], [Float]) = ([], [Float](repeating: 0, count: count))
        gray.reserveCapacity(side * side)
        for y in 0..<side {
            let row = LinearSample(y, from: height, to: side)
            let upper = sampled(row: index * height + row.first, columns, colors)
            let lower = row.share == 0 ? upper : sampled(row: index * height + row.second, columns, colors)
            for i in 0..<count { blend[i] = upper[i] + row.share * (lower[i] - upper[i]) }
            for x in 0..<side {
                let (r, g, b) = colors == 1 ? (x, x, x) : (3 * x, 3 * x + 1, 3 * x + 2)
                gray.append(SRGB.stored(CIELab.luminance(blend[r], blend[g], blend[b])))
            }
        }
        return gray
    }

    /// The colours of a row, resampled in width.
    private func sampled(row y: Int, _ columns: [LinearSample], _ colors: Int) -> [Float] {
        let start = y * rowLength
        func mix(_ value: (Int) -> Float) -> [Float] {
            var line: [Float] = []
            line.reserveCapacity(columns.count * colors)
            for column in columns {
                for c in 0..<colors {
                    let a = value(start + column.first * channels + c)
                    line.append(a + column.share * (value(start + column.second * channels + c) - a))
                }
            }
            return line
        }
        switch storage {
        case .floats(let floats): return mix { floats[$0] }
        case .bytes(let bytes, let levels): return mix { levels[Int(bytes[$0])] }
        }
    }
}

/// Where a sample of a resized row comes from: `first`, and of `second`, its neighbour or the same at the edges, a share.
struct LinearSample {
    let first: Int, second: Int, share: Float

    /// Half-pixel centres, which PyTorch calls `align_corners=False`.
    init(_ new: Int, from oldCount: Int, to newCount: Int) {
        let center = (Double(new) + 0.5) * Double(oldCount) / Double(newCount) - 0.5
        let place = min(max(center, 0), Double(oldCount - 1))
        first = Int(place)
        second = min(first + 1, oldCount - 1)
        share = Float(place - Double(first))
    }
}
