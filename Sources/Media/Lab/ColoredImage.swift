internal import GraphCore

extension Image {
    /// Each image with its own L*, as OpenCV has it, and with the colours that a network found for it when it was squashed to a square.
    /// Colours outside sRGB are clipped channel by channel, as OpenCV does.
    ///
    /// A picture of fewer than three channels is its first, and becomes RGB; a fourth channel is kept, as by the other
    /// nodes for photos.
    /// - Parameters:
    ///   - colors: of each image of the batch the a* plane, then the b* plane, [2, side, side] row-major, CIELAB units.
    ///   - work: is told of `batch * height` rows.
    /// - Returns: floats, 0...1, [batch, height, width, 3], or 4 where there were 4. Within 2e-5 of the formulas in
    ///   double precision.
    public func colored(
        with colors: [[Float]], side: Int, upsampling: ColorUpsampling, _ work: inout RowWork
    ) throws -> Image {
        precondition(
            side > 0 && colors.count == batch && colors.allSatisfy { $0.count == 2 * side * side },
            "the colours do not fit the images")
        let source = LabSource(self)
        let columns = upsampling.samples(from: side, to: width)
        let lines = upsampling.samples(from: side, to: height)
        return try labRows(&work) { rows, band in
            var (block, a, b) = (LabBlock(source), WidenedRows(columns, 1 / 500), WidenedRows(columns, -1 / 200))
            var at = 0
            for row in rows {
                let planes = colors[row / height]
                a.move(to: lines[row % height], of: row / height, planes, from: 0, side: side)
                b.move(to: lines[row % height], of: row / height, planes, from: side * side, side: side)
                for start in stride(from: 0, to: width, by: LabBlock.capacity) {
                    let end = min(start + LabBlock.capacity, width)
                    block.readLightness(row * width + start..<row * width + end)
                    block.write(a.line, b.line, from: start, to: &band, at: at)
                    at += (end - start) * (channels == 4 ? 4 : 3)
                }
            }
        }
    }

    /// For a pixel. So much that a band of the result stays in the second-level cache between being cleared and written.
    static let labWork = 120

    /// A picture of this size, of three channels or four, made of rows.
    func labRows(
        _ work: inout RowWork,
        _ body: @escaping @Sendable (_ rows: Range<Int>, _ band: inout MutableSpan<Float>) -> Void
    ) throws -> Image {
        let count = channels == 4 ? 4 : 3
        let floats: PixelBuffer<Float> = try work.makeRows(
            rowCount, elementsPerRow: width * count, workPerRow: Self.labWork * width, isCleared: false, body)
        return Image(batch: batch, height: height, width: width, channels: count, floats: floats)
    }
}

/// Rows of a small plane at the width of a picture. Widening is done once for a row of the plane, however many rows of
/// the picture it is for.
struct WidenedRows {
    private let columns: [LinearSample]
    private let factor: Float
    private var (upper, lower): (Row, Row)
    /// The row that was moved to, times the factor.
    private(set) var line: [Float]
    /// Whether `line` is what `upper` is.
    private var isUpper = false

    private struct Row {
        /// Which it is: of which image, which row.
        var image = -1, number = -1
        var values: [Float]
    }

    init(_ columns: [LinearSample], _ factor: Float) {
        (self.columns, self.factor) = (columns, factor)
        line = [Float](repeating: 0, count: columns.count)
        (upper, lower) = (Row(values: line), Row(values: line))
    }

    mutating func move(to row: LinearSample, of image: Int, _ planes: [Float], from plane: Int, side: Int) {
        if upper.image != image || upper.number != row.first {
            // Going down, what was below is above.
            swap(&upper, &lower)
            widen(&upper, row.first, of: image, planes, from: plane, side)
            isUpper = false
        }
        if row.share == 0 {
            if !isUpper { line = upper.values }
        } else {
            widen(&lower, row.second, of: image, planes, from: plane, side)
            for x in line.indices { line[x] = upper.values[x] + row.share * (lower.values[x] - upper.values[x]) }
        }
        isUpper = row.share == 0
    }

    private func widen(
        _ row: inout Row, _ number: Int, of image: Int, _ planes: [Float], from plane: Int, _ side: Int
    ) {
        if row.image == image && row.number == number { return }
        (row.image, row.number) = (image, number)
        let source = planes.span.extracting(plane + number * side..<plane + (number + 1) * side)
        for x in columns.indices {
            let (first, column) = (source[columns[x].first], columns[x])
            row.values[x] = factor * (first + column.share * (source[column.second] - first))
        }
    }
}
