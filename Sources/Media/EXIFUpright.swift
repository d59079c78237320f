internal import GraphCore

extension EXIFOrientation {
    /// Turns [height, width, channels] pixels so that they stand upright; the result has `size(width:height:)`. Throws
    /// `stopped` when the task is cancelled.
    func upright(
        _ pixels: PixelBuffer<UInt8>, width: Int, height: Int, channels: Int, cores: SpareCores = .none
    ) throws(CodecError) -> PixelBuffer<UInt8> {
        if self == .upright { return pixels }
        let out = size(width: width, height: height)
        let route = route(width: width, height: height)
        do {
            var work = RowWork(rowCount: out.height, cores: cores) { _, _ in try CodecError.checkStopped() }
            return try work.makeRows(
                out.height, elementsPerRow: out.width * channels, workPerRow: out.width * channels
            ) { rows, band in
                Self.turn(pixels.span, route, rows, width: out.width, channels: channels, into: &band)
            }
        } catch { throw .stopped }
    }

    /// Fills the upright picture's `rows`. Tiles of 64x64 keep both sides in the first-level cache when rows become
    /// columns.
    private static func turn(
        _ source: Span<UInt8>, _ route: (start: Int, stepX: Int, stepY: Int), _ rows: Range<Int>, width: Int,
        channels: Int, into target: inout MutableSpan<UInt8>
    ) {
        let side = 64
        for tileY in stride(from: rows.lowerBound, to: rows.upperBound, by: side) {
            for tileX in stride(from: 0, to: width, by: side) {
                for y in tileY..<min(tileY + side, rows.upperBound) {
                    var from = (route.start + tileX * route.stepX + y * route.stepY) * channels
                    var to = ((y - rows.lowerBound) * width + tileX) * channels
                    for _ in tileX..<min(tileX + side, width) {
                        if channels == 3 {  // spelled out: a loop takes twice as long
                            (target[to], target[to &+ 1], target[to &+ 2]) = (
                                source[from], source[from &+ 1], source[from &+ 2]
                            )
                        } else {
                            for c in 0..<channels { target[to &+ c] = source[from &+ c] }
                        }
                        from &+= route.stepX &* channels
                        to &+= channels
                    }
                }
            }
        }
    }

    /// Where the upright picture's first pixel is stored, and how far on the next one to the right and the next one
    /// below are, in pixels.
    private func route(width: Int, height: Int) -> (start: Int, stepX: Int, stepY: Int) {
        let (right, bottom) = (width - 1, (height - 1) * width)
        return switch self {
        case .upright: (0, 1, width)
        case .mirrored: (right, -1, width)
        case .upsideDown: (bottom + right, -1, -width)
        case .mirroredUpsideDown: (bottom, 1, -width)
        case .transposed: (0, width, 1)
        case .turnClockwise: (bottom, -width, 1)
        case .transversed: (bottom + right, -width, -1)
        case .turnCounterclockwise: (right, width, -1)
        }
    }
}
