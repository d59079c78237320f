internal import GraphCore

extension Image {
    /// The same L*, with a* and b* times `factor`: 0 is gray, 1 unchanged, 2 twice as colourful. Colours outside sRGB
    /// are clipped channel by channel. A picture of fewer than three channels has no colours and is returned as it is;
    /// a fourth channel is kept.
    /// - Parameter work: is told of `batch * height` rows.
    public func saturated(by factor: Float, _ work: inout RowWork) throws -> Image {
        if channels < 3 || factor == 1 { return self }
        let source = LabSource(self)
        return try labRows(&work) { rows, band in
            var block = LabBlock(source)
            block.forEach(in: rows.lowerBound * width..<rows.upperBound * width) { block, pixels, at in
                block.readColors(pixels)
                let (dx, dz) = (block.dx.map { $0 * factor }, block.dz.map { $0 * factor })
                block.write(dx, dz, from: 0, to: &band, at: at)
            }
        }
    }

    /// This picture's L*, with a* and b* between its own, at `strength` 0, and those of `other`, at 1; beyond 1 further
    /// along. Colours outside sRGB are clipped channel by channel. Pictures of fewer than three channels are gray; the
    /// result has three channels, or this picture's four.
    /// - Parameters:
    ///   - other: of the same width and height. Of both batches one is 1, or they are equal.
    ///   - work: is told of as many rows as the larger batch has.
    public func colored(like other: Image, strength: Float, _ work: inout RowWork) throws -> Image {
        let newBatch = max(batch, other.batch)
        precondition(
            width == other.width && height == other.height && [1, newBatch].contains(batch)
                && [1, newBatch].contains(other.batch), "the pictures do not fit each other")
        let (own, others) = (LabSource(self), LabSource(other))
        let (ownCount, othersCount) = (batch * width * height, other.batch * width * height)
        let channelCount = channels == 4 ? 4 : 3
        let floats: PixelBuffer<Float> = try work.makeRows(
            newBatch * height, elementsPerRow: width * channelCount, workPerRow: Self.labWork * width
        ) { rows, band in
            var (mine, theirs) = (LabBlock(own), LabBlock(others))
            // A block stays inside an image, so that both pictures have it in one piece.
            for row in rows {
                let offset = (row - rows.lowerBound) * width * channelCount
                mine.forEach(in: row * width..<(row + 1) * width) { mine, pixels, at in
                    let (a, b) = (pixels.lowerBound % ownCount, pixels.lowerBound % othersCount)
                    mine.readColors(a..<a + pixels.count)
                    theirs.readColors(b..<b + pixels.count)
                    let dx = zip(mine.dx, theirs.dx).map { $0 + strength * ($1 - $0) }
                    let dz = zip(mine.dz, theirs.dz).map { $0 + strength * ($1 - $0) }
                    mine.write(dx, dz, from: 0, to: &band, at: offset + at)
                }
            }
        }
        return Image(batch: newBatch, height: height, width: width, channels: channelCount, floats: floats)
    }
}

extension LabBlock {
    /// Cuts pixels into blocks. `body` also gets the place of the block's first number behind that of the first pixel.
    mutating func forEach(
        in pixels: Range<Int>, _ body: (_ block: inout LabBlock, _ pixels: Range<Int>, _ place: Int) -> Void
    ) {
        for start in stride(from: pixels.lowerBound, to: pixels.upperBound, by: Self.capacity) {
            let end = min(start + Self.capacity, pixels.upperBound)
            body(&self, start..<end, (start - pixels.lowerBound) * channelCount)
        }
    }
}
