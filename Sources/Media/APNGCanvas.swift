internal import GraphCore

/// Draws the frames of an animated PNG one over the other, in the file's own kind of pixels and exactly as Pillow does,
/// which differs from the specification (PNG 3rd edition section 13.10) in three points: what is laid over is mixed into
/// all channels, alpha too; a palette's numbers are mixed as if they were colours; and a frame that was laid over is not
/// taken back by the disposal `previous`.
struct APNGCanvas {
    let width: Int, height: Int
    /// Bytes of a pixel.
    let pixelSize: Int
    /// [height, width, pixelSize].
    private(set) var pixels: PixelBuffer<UInt8>
    /// What was there before the newest frame, if that is to come back.
    private var previous: PixelBuffer<UInt8>
    private var last: AnimatedPNG.Frame

    /// - Parameter pixels: the first frame, as large as the picture.
    init(width: Int, height: Int, pixelSize: Int, first: AnimatedPNG.Frame, pixels: PixelBuffer<UInt8>) {
        (self.width, self.height, self.pixelSize) = (width, height, pixelSize)
        (self.pixels, previous, last) = (pixels, pixels, first)
    }

    /// Draws the next frame.
    /// - Parameters:
    ///   - isFirst: whether the picture holds nothing but the first frame so far.
    ///   - opacity: 0 to 255 of the pixel that starts at an offset of `source`; asked for frames that are laid over.
    /// - Throws: `stopped` when the task is cancelled.
    mutating func draw(
        _ source: PixelBuffer<UInt8>, _ frame: AnimatedPNG.Frame, isFirst: Bool,
        opacity: (PixelBuffer<UInt8>, _ offset: Int) -> UInt8
    ) throws(CodecError) {
        dispose(isFirst: isFirst)
        previous = frame.disposal == .previous ? pixels : []
        let rowCount = frame.width * pixelSize
        for y in 0..<frame.height {
            try CodecError.checkStopped()
            let from = y * rowCount, into = ((frame.y + y) * width + frame.x) * pixelSize
            guard frame.isOver else {
                pixels.replaceSubrange(into..<into + rowCount, with: source[from..<from + rowCount])
                continue
            }
            for x in 0..<frame.width {
                let at = from + x * pixelSize
                let mask = Int(opacity(source, at))
                for c in 0..<pixelSize {
                    let target = into + x * pixelSize + c
                    pixels[target] = Self.mix(Int(pixels[target]), Int(source[at + c]), mask)
                }
            }
        }
        if frame.isOver && frame.disposal == .previous { previous = pixels }
        last = frame
    }

    private mutating func dispose(isFirst: Bool) {
        switch last.disposal {
        case .none: return
        case .background: fill(last) { _ in 0 }
        // Before the first frame there was nothing.
        case .previous: isFirst ? fill(last) { _ in 0 } : fill(last) { [previous] in previous[$0] }
        }
    }

    private mutating func fill(_ frame: AnimatedPNG.Frame, with byte: (Int) -> UInt8) {
        for y in frame.y..<frame.y + frame.height {
            let start = (y * width + frame.x) * pixelSize
            for at in start..<start + frame.width * pixelSize { pixels[at] = byte(at) }
        }
    }

    /// Rounded as Pillow's BLEND.
    private static func mix(_ old: Int, _ new: Int, _ mask: Int) -> UInt8 {
        let sum = old * (255 - mask) + new * mask + 128
        return UInt8((sum >> 8 + sum) >> 8)
    }
}
