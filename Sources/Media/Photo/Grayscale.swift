internal import GraphCore

extension Image {
    /// Each colour moved toward its luma, ITU-R BT.601-7 section 2.5.1: Y = 0.299 R + 0.587 G + 0.114 B. A picture of
    /// one channel is returned as it is; a fourth is kept. Floats, as luma lies between the levels of eight bits.
    /// - Parameter strength: 0 keeps the colour, 1 is fully grey.
    public func grayscale(strength: Float, _ work: inout RowWork) throws -> Image {
        if channels < 3 || strength == 0 { return self }
        let floats: PixelBuffer<Float> = try work.makeRows(
            rowCount, elementsPerRow: rowLength, workPerRow: 8 * rowLength
        ) {
            rows, band in
            var line: [Float] = []
            for (i, y) in rows.enumerated() {
                read(row: y, into: &line)
                let start = i * rowLength
                for x in stride(from: 0, to: rowLength, by: channels) {
                    let luma = Luma.of(line[x], line[x + 1], line[x + 2])
                    for c in x..<x + 3 { band[start + c] = (1 - strength) * line[c] + strength * luma }
                    if channels == 4 { band[start + x + 3] = line[x + 3] }
                }
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
    }
}
