internal import GraphCore

/// What the stored pixels of an animated PNG mean, once samples of less than 8 bits were widened to 8.
struct StoredColors {
    /// PNG 3rd edition section 6.1. Of 16 bits only the high ones are there, but for gray alone.
    enum Layout {
        case gray
        /// Two bytes, the high one first.
        case deepGray
        /// A number; 256 times RGBA.
        case palette([UInt8])
        case grayAlpha
        /// The transparent colour counts when a frame is laid over another, and only then, as in Pillow.
        case rgb(clear: (UInt8, UInt8, UInt8)?)
        case rgba
    }

    let layout: Layout
    /// Whether pixels are transparent in the result.
    let hasAlpha: Bool

    /// Bytes of a stored pixel.
    var pixelSize: Int {
        switch layout {
        case .gray, .palette: 1
        case .deepGray, .grayAlpha: 2
        case .rgb: 3
        case .rgba: 4
        }
    }

    /// Of the stored pixel at an offset, 0 to 255.
    func opacity(_ pixels: PixelBuffer<UInt8>, _ at: Int) -> UInt8 {
        switch layout {
        case .gray, .deepGray, .rgb(clear: nil): 255
        case .palette(let entries): entries[4 * Int(pixels[at]) + 3]
        case .grayAlpha: pixels[at + 1]
        case .rgb(let clear?): clear == (pixels[at], pixels[at + 1], pixels[at + 2]) ? 0 : 255
        case .rgba: pixels[at + 3]
        }
    }

    /// As libpng's side of the codec gives the pixels of a still picture: [.., 3], and alpha if there is any. Throws
    /// `stopped` when the task is cancelled.
    func split(_ stored: PixelBuffer<UInt8>) throws(CodecError) -> (
        rgb: PixelBuffer<UInt8>, alpha: PixelBuffer<UInt8>?
    ) {
        let (count, size) = (stored.count / pixelSize, pixelSize)
        var rgb = PixelBuffer<UInt8>(), alpha = PixelBuffer<UInt8>()
        rgb.reserveCapacity(count * 3)
        if hasAlpha { alpha.reserveCapacity(count) }
        for start in stride(from: 0, to: count, by: Bands.elementCount) {
            try CodecError.checkStopped()
            for at in stride(from: start * size, to: min(start + Bands.elementCount, count) * size, by: size) {
                let (r, g, b) = color(stored, at)
                rgb.append(r)
                rgb.append(g)
                rgb.append(b)
                if hasAlpha { alpha.append(opacity(stored, at)) }
            }
        }
        return (rgb, hasAlpha ? alpha : nil)
    }

    private func color(_ pixels: PixelBuffer<UInt8>, _ at: Int) -> (UInt8, UInt8, UInt8) {
        switch layout {
        case .palette(let entries):
            let entry = 4 * Int(pixels[at])
            return (entries[entry], entries[entry + 1], entries[entry + 2])
        case .rgb, .rgba: return (pixels[at], pixels[at + 1], pixels[at + 2])
        case .gray, .grayAlpha: return (pixels[at], pixels[at], pixels[at])
        // As Pillow makes I;16 into RGB.
        case .deepGray:
            let level = pixels[at] == 0 ? pixels[at + 1] : 255
            return (level, level, level)
        }
    }
}
