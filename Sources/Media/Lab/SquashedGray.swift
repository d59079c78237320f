internal import GraphCore

extension Image {
    /// What a colouring network sees of one image of the batch: the picture squashed to a square, whatever its shape,
    /// and made gray: L* kept as OpenCV has it, a* and b* 0. All three channels of such a gray are equal, so there is one.
    ///
    /// As OpenCV's INTER_LINEAR: half-pixel centres, no antialiasing, on the stored colours, edges continued. A picture
    /// of fewer than three channels is its first; a fourth is left out.
    /// - Returns: [side, side] row-major, 0...1.
    public func squashedGray(imageAt index: Int, side: Int) -> [Float] {
        var gray = [Float](repeating: 0, count: side * side)
        var span = gray.mutableSpan
        squash(imageAt: index, side: side, rows: 0..<side, into: &span)
        return gray
    }

    /// The same on several cores; `work` is told of `side` rows.
    public func squashedGray(imageAt index: Int, side: Int, _ work: inout RowWork) throws -> [Float] {
        try work.makeRows(side, elementsPerRow: side, workPerRow: 120 * side) { rows, band in
            squash(imageAt: index, side: side, rows: rows, into: &band)
        }
    }

    private func squash(imageAt index: Int, side: Int, rows: Range<Int>, into gray: inout MutableSpan<Float>) {
        precondition((0..<batch).contains(index) && width > 0 && height > 0, "the batch has no image \(index)")
        let columns = (0..<side).map { LinearSample($0, from: width, to: side) }
        let colors = channels < 3 ? 1 : 3
        let (lightness, stored) = (OpenCVLightness.shared, SRGB.storedTable)
        var upper = [Float](repeating: 0, count: side * colors)
        var lower = upper
        var at = 0
        for y in rows {
            let row = LinearSample(y, from: height, to: side)
            sample(row: index * height + row.first, columns, colors, into: &upper)
            sample(row: index * height + row.second, columns, colors, into: &lower)
            for x in stride(from: 0, to: side * colors, by: colors) {
                func place(_ i: Int) -> OpenCVLightness.Place {
                    OpenCVLightness.place(upper[i] + row.share * (lower[i] - upper[i]))
                }
                let red = place(x)
                let f = colors == 1 ? lightness(red, red, red) : lightness(red, place(x + 1), place(x + 2))
                gray[at] = stored(CIELab.inverse(f))
                at += 1
            }
        }
    }

    /// The colours of a row, resampled in width.
    private func sample(row y: Int, _ columns: [LinearSample], _ colors: Int, into line: inout [Float]) {
        let (start, count, channels) = (y * rowLength, rowLength, channels)
        var target = line.mutableSpan
        var at = 0
        switch storage {
        case .floats(let floats):
            let source = floats.span.extracting(start..<start + count)
            for column in columns {
                let (first, second) = (column.first * channels, column.second * channels)
                for c in 0..<colors {
                    target[at] = source[first + c] + column.share * (source[second + c] - source[first + c])
                    at += 1
                }
            }
        case .bytes(let bytes, let levels):
            let (source, levels) = (bytes.span.extracting(start..<start + count), levels.span)
            for column in columns {
                let (first, second) = (column.first * channels, column.second * channels)
                for c in 0..<colors {
                    let a = levels[Int(source[first + c])]
                    target[at] = a + column.share * (levels[Int(source[second + c])] - a)
                    at += 1
                }
            }
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
        first = Int(clamping: place)
        share = Float(place - Double(first))
        // Nothing of a neighbour that has no share, not even its infinity.
        second = share == 0 ? first : min(first + 1, oldCount - 1)
    }
}
