internal import GraphCore

/// Rows of a TIFF page on their way from samples to colours.
extension TIFFSamples {
    /// Makes bytes of `count` samples and puts them `stride` apart, from `offset` on: 1 apart for pixels that lie
    /// together, `sampleCount` apart for one plane of several.
    /// - Parameter row: of `rowSize(sampleCount: count)` bytes from `start` on, words little-endian.
    func reduce(
        _ row: Span<UInt8>, from start: Int, count: Int, into bytes: inout MutableSpan<UInt8>, offset: Int, stride: Int
    ) {
        var to = offset
        func word(_ i: Int) -> UInt16 { UInt16(row[start &+ 2 &* i]) | UInt16(row[start &+ 2 &* i &+ 1]) << 8 }
        func long(_ i: Int) -> UInt32 {
            let at = start &+ 4 &* i
            return UInt32(row[at]) | UInt32(row[at &+ 1]) << 8 | UInt32(row[at &+ 2]) << 16 | UInt32(row[at &+ 3]) << 24
        }
        for i in 0..<count {
            switch reduction {
            case .byte: bytes[to] = row[start &+ i]
            case .packed(let bits, let factor):
                let bit = i &* bits
                let value = row[start &+ bit >> 3] >> UInt8(8 &- bits &- (bit & 7)) & (1 << UInt8(bits) &- 1)
                bytes[to] = value &* factor
            case .highByte: bytes[to] = row[start &+ 2 &* i &+ 1]
            case .clipped16: bytes[to] = UInt8(min(word(i), 255))
            case .clipped12:
                let at = start &+ i / 2 &* 3
                let value =
                    i % 2 == 0
                    ? UInt16(row[at]) << 4 | UInt16(row[at &+ 1]) >> 4
                    : UInt16(row[at &+ 1] & 15) << 8 | UInt16(row[at &+ 2])
                bytes[to] = UInt8(min(value, 255))
            case .signed16: bytes[to] = Self.fraction(Int32(Int16(bitPattern: word(i))))
            case .signed32: bytes[to] = Self.fraction(Int32(bitPattern: long(i)))
            case .clippedFloat: bytes[to] = Self.byte(Float(bitPattern: long(i)))
            case .unitFloat: bytes[to] = Self.byte(Float(bitPattern: long(i)) * 255)
            }
            to &+= stride
        }
    }

    private static func fraction(_ value: Int32) -> UInt8 { UInt8(clamping: Double(value) * (1.0 / 255)) }

    /// NaN is 0.
    private static func byte(_ value: Float) -> UInt8 { UInt8(clamping: value) }

    /// Makes RGB, and alpha where there is any, of `count` pixels of `sampleCount` bytes each.
    /// - Parameters:
    ///   - at: the first pixel in `rgb` and `alphas`.
    func colours(
        of bytes: Span<UInt8>, from start: Int, count: Int, rgb: inout MutableSpan<UInt8>,
        alphas: inout MutableSpan<UInt8>, at: Int
    ) {
        for i in 0..<count {
            let from = start &+ i &* sampleCount
            let to = 3 &* (at &+ i)
            var (r, g, b): (UInt8, UInt8, UInt8)
            switch colour {
            case .gray(let isInverted):
                let value = isInverted ? 255 &- bytes[from] : bytes[from]
                (r, g, b) = (value, value, value)
            case .palette:
                let entry = 3 &* Int(bytes[from])
                (r, g, b) = (palette[entry], palette[entry &+ 1], palette[entry &+ 2])
            case .rgb: (r, g, b) = (bytes[from], bytes[from &+ 1], bytes[from &+ 2])
            case .cmyk:
                let light = 255 &- bytes[from &+ 3]
                r = Self.inked(bytes[from], light)
                g = Self.inked(bytes[from &+ 1], light)
                b = Self.inked(bytes[from &+ 2], light)
            case .ycbcr: (r, g, b) = Self.rgb(y: bytes[from], cb: bytes[from &+ 1], cr: bytes[from &+ 2])
            }
            if alpha != .none {
                let a = bytes[from &+ colourCount]
                if alpha == .premultiplied { (r, g, b) = (Self.divided(r, a), Self.divided(g, a), Self.divided(b, a)) }
                alphas[at &+ i] = a
            }
            (rgb[to], rgb[to &+ 1], rgb[to &+ 2]) = (r, g, b)
        }
    }

    /// What an ink leaves of the light that black leaves, as Pillow's cmyk2rgb with its rounded product.
    private static func inked(_ ink: UInt8, _ light: UInt8) -> UInt8 {
        let product = UInt32(ink) * UInt32(light) + 128
        return light &- UInt8(truncatingIfNeeded: (product >> 8 &+ product) >> 8)
    }

    /// A colour without its alpha, as Pillow's unpacking of `RGBa`: nothing is clear black.
    private static func divided(_ value: UInt8, _ alpha: UInt8) -> UInt8 {
        alpha == 0 ? 0 : UInt8(min(255, Int(value) * 255 / Int(alpha)))
    }

    /// JFIF's full-range colours in Pillow's six bits of fraction. ITU-T T.871 section 7.
    private static func rgb(y: UInt8, cb: UInt8, cr: UInt8) -> (UInt8, UInt8, UInt8) {
        func tabled(_ factor: Double, _ value: UInt8) -> Int {
            let product = factor * (Double(value) - 128) * 64
            return Int(clamping: product < 0 ? product - 0.5 : product + 0.5)
        }
        func clipped(_ value: Int) -> UInt8 { UInt8(max(0, min(255, value))) }
        return (
            clipped(Int(y) + tabled(1.402, cr) >> 6),
            clipped(Int(y) + (tabled(-0.34414, cb) + tabled(-0.71414, cr)) >> 6),
            clipped(Int(y) + tabled(1.772, cb) >> 6)
        )
    }
}
