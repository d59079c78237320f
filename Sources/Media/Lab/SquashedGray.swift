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
        let (light, stored) = (SRGB.lightTable, SRGB.storedTable)
        var gray: [Float] = []
        gray.reserveCapacity(side * side)
        for y in 0..<side {
            let row = LinearSample(y, from: height, to: side)
            let upper = sampled(row: index * height + row.first, columns, colors)
            let lower = row.share == 0 ? upper : sampled(row: index * height + row.second, columns, colors)
            for x in stride(from: 0, to: side * colors, by: colors) {
                var luminance: Float = 0
                for c in 0..<colors {
                    let color = light(upper[x + c] + row.share * (lower[x + c] - upper[x + c]))
                    luminance += colors == 1 ? color : color * CIELab.toY[c]
                }
                gray.append(stored(luminance))
            }
        }
        return gray
    }

    /// The colours of a row, resampled in width.
    private func sampled(row y: Int, _ columns: [LinearSample], _ colors: Int) -> [Float] {
        let (start, count) = (y * rowLength, rowLength)
        var line: [Float] = []
        line.reserveCapacity(columns.count * colors)
        switch storage {
        case .floats(let floats):
            let source = floats.span.extracting(start..<start + count)
            for column in columns {
                for c in 0..<colors {
                    let a = source[column.first * channels + c]
                    line.append(a + column.share * (source[column.second * channels + c] - a))
                }
            }
        case .bytes(let bytes, let levels):
            let (source, levels) = (bytes.span.extracting(start..<start + count), levels.span)
            for column in columns {
                for c in 0..<colors {
                    let a = levels[Int(source[column.first * channels + c])]
                    let b = levels[Int(source[column.second * channels + c])]
                    line.append(a + column.share * (b - a))
                }
            }
        }
        return line
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
