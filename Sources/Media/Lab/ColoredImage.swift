extension Image {
    /// Each image with its own L* and with the colours that a network found for it when it was squashed to a square.
    /// Colours outside sRGB are clipped channel by channel, as OpenCV does.
    ///
    /// A picture of fewer than three channels is its first, and becomes RGB; a fourth channel is kept.
    /// - Parameters:
    ///   - colors: of each image of the batch the a* plane, then the b* plane, [2, side, side] row-major, CIELAB units.
    ///   - work: is told of `batch * height` rows.
    /// - Returns: floats, [batch, height, width, 3], or 4 where there were 4.
    public func colored(
        with colors: [[Float]], side: Int, upsampling: ColorUpsampling, _ work: inout RowWork
    ) throws -> Image {
        precondition(
            side > 0 && colors.count == batch && colors.allSatisfy { $0.count == 2 * side * side },
            "the colours do not fit the images")
        let newChannels = channels == 4 ? 4 : 3
        let newLength = width * newChannels
        let columns = upsampling.samples(from: side, to: width)
        let lines = upsampling.samples(from: side, to: height)
        let floats: [Float] = try work.makeRows(rowCount, elementsPerRow: newLength, workPerRow: 60 * width) {
            rows, band in
            var line: [Float] = []
            var (a, b) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
            for (i, y) in rows.enumerated() {
                read(row: y, into: &line)
                let (planes, sample) = (colors[y / height], lines[y % height])
                Self.upsample(planes, at: 0, side, sample, columns, times: 1 / 500, into: &a)
                Self.upsample(planes, at: side * side, side, sample, columns, times: -1 / 200, into: &b)
                for x in 0..<width {
                    let from = x * channels
                    let (r, g) = (line[from], channels < 3 ? line[from] : line[from + 1])
                    let luminance = CIELab.luminance(r, g, channels < 3 ? r : line[from + 2])
                    let color = CIELab.stored(luminance: luminance, a[x], b[x])
                    let to = i * newLength + x * newChannels
                    for c in 0..<3 { band[to + c] = color[c] }
                    if newChannels == 4 { band[to + 3] = line[from + 3] }
                }
            }
        }
        return Image(batch: batch, height: height, width: width, channels: newChannels, floats: floats)
    }

    /// A row of a plane at the size of the picture.
    private static func upsample(
        _ planes: [Float], at plane: Int, _ side: Int, _ row: LinearSample, _ columns: [LinearSample],
        times factor: Float, into line: inout [Float]
    ) {
        let (upper, lower) = (plane + row.first * side, plane + row.second * side)
        let mixed = (0..<side).map {
            factor * (planes[upper + $0] + row.share * (planes[lower + $0] - planes[upper + $0]))
        }
        for x in columns.indices {
            let column = columns[x]
            line[x] = mixed[column.first] + column.share * (mixed[column.second] - mixed[column.first])
        }
    }
}
