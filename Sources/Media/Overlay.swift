internal import GraphCore

extension Image {
    /// `source` over this picture with its corner at (x, y), which may lie outside, as floats: where there is a mask
    /// (of the source's size), `mask * source + (1 - mask) * self`. Both have the same channels; batches of source and
    /// mask start over when they are shorter than this one.
    public func overlaid(with source: Image, _ mask: Mask?, x: Int, y: Int, work: inout RowWork) throws -> Image {
        precondition(source.channels == channels, "the pictures differ in their channels")
        precondition(mask.map { $0.width == source.width && $0.height == source.height } ?? true)
        let (image, count) = (self, width * channels)
        let columns = max(0, x)..<max(0, x, min(width, x + source.width))
        let values = mask?.floats()
        let made: PixelBuffer<Float> = try work.makeRows(
            batch * height, elementsPerRow: count, workPerRow: 4 * count
        ) { rows, band in
            var at = 0
            for row in rows {
                let below = image.floats(in: row * count..<(row + 1) * count)
                band.copy(below.span(), at: at)
                let (index, line) = (row / image.height, row % image.height - y)
                if !columns.isEmpty && (0..<source.height).contains(line) {
                    let sourceRow = (index % source.batch * source.height + line) * source.width
                    let first = sourceRow + columns.lowerBound - x
                    let above = source.floats(
                        in: first * source.channels..<(first + columns.count) * source.channels)
                    let start = at + columns.lowerBound * image.channels
                    if let mask, let values {
                        let maskRow = (index % mask.batch * mask.height + line) * mask.width
                        let maskFirst = maskRow + columns.lowerBound - x
                        for (i, value) in above.enumerated() {
                            let part = values[maskFirst + i / image.channels]
                            band[start + i] = part * value + (1 - part) * band[start + i]
                        }
                    } else {
                        band.copy(above.span(), at: start)
                    }
                }
                at += count
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: made)
    }
}
