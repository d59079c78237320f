extension EXIFOrientation {
    /// Turns [height, width, channels] pixels so that they stand upright; the result has `size(width:height:)`. Throws
    /// `stopped` when the task is cancelled.
    func upright(_ pixels: [UInt8], width: Int, height: Int, channels: Int) throws(CodecError) -> [UInt8] {
        if self == .upright { return pixels }
        let out = size(width: width, height: height)
        let route = route(width: width, height: height)
        var turned: [UInt8] = []
        turned.reserveCapacity(pixels.count)
        let source = pixels.span
        // Tiles of 64x64 keep both sides in the first-level cache when rows become columns.
        let side = 64
        for tileY in stride(from: 0, to: out.height, by: side) {
            var band = [UInt8](repeating: 0, count: min(side, out.height - tileY) * out.width * channels)
            var target = band.mutableSpan
            for tileX in stride(from: 0, to: out.width, by: side) {
                try CodecError.checkStopped()
                for y in tileY..<min(tileY + side, out.height) {
                    var from = (route.start + tileX * route.stepX + y * route.stepY) * channels
                    var to = ((y - tileY) * out.width + tileX) * channels
                    for _ in tileX..<min(tileX + side, out.width) {
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
            turned += band
        }
        return turned
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
