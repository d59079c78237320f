internal import GraphCore

/// Windows and OS/2 bitmaps: strict, with Pillow's pixels for what Pillow opens.
public enum BMPCodec {
    /// 1, 4, 8, 16, 24 and 32 bits, plain, with bit fields or run lengths, from either side. Only bit fields that name
    /// alpha have any: what 32 plain bits keep in their fourth byte is nobody's agreement. Throws `stopped` when the
    /// task is cancelled.
    public static func decode(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(CodecError) -> DecodedImage {
        guard ImageFormat.sniff(bytes) == .bmp else {
            throw CodecError("the file is not a BMP", suggestion: "Choose a BMP file.")
        }
        let header = try BMPHeader(bytes)
        try limits.check(height: header.height, width: header.width)
        let palette = try header.palette(bytes)
        let data = bytes.dropFirst(header.pixelOffset)
        var rgb = PixelBuffer<UInt8>(repeating: 0, count: header.width * header.height * 3)
        var alpha = PixelBuffer<UInt8>(
            repeating: 255, count: header.fields?.alpha == nil ? 0 : header.width * header.height)
        var colours = rgb.mutableSpan, alphas = alpha.mutableSpan
        let rows: BMPRows
        switch header.compression {
        case .none, .bitFields: rows = try BMPRows(plain: data, header)
        case .runs4, .runs8: rows = BMPRows(runs: data, header)
        }
        for y in 0..<header.height {
            if y % 64 == 0 { try CodecError.checkStopped() }
            let target = (header.isTopDown ? y : header.height - 1 - y) * header.width
            for x in 0..<header.width {
                let at = 3 &* (target &+ x)
                if let fields = header.fields {
                    let pixel = rows.word(x, y)
                    (colours[at], colours[at &+ 1], colours[at &+ 2]) = (
                        fields.red.value(pixel), fields.green.value(pixel), fields.blue.value(pixel)
                    )
                    if let field = fields.alpha { alphas[target &+ x] = field.value(pixel) }
                } else {
                    let index = 3 &* Int(rows.index(x, y))
                    (colours[at], colours[at &+ 1], colours[at &+ 2]) = (
                        palette[index], palette[index &+ 1], palette[index &+ 2]
                    )
                }
            }
        }
        return DecodedImage(
            image: Image(batch: 1, height: header.height, width: header.width, channels: 3, bytes: rgb),
            alpha: header.fields?.alpha == nil ? nil : alpha)
    }
}

/// The pixels of a bitmap in file order, as numbers.
struct BMPRows {
    private let bytes: ArraySlice<UInt8>
    private let bits: Int, rowSize: Int

    /// Rows of whole 32-bit words.
    init(plain bytes: ArraySlice<UInt8>, _ header: BMPHeader) throws(CodecError) {
        rowSize = (header.width * header.bits + 31) / 32 * 4
        bits = header.bits
        let rowCount = bytes.count / rowSize
        guard rowCount >= header.height else {
            throw CodecError(
                "the BMP ends early: \((header.height - rowCount).grouped) of its \(header.height.grouped) rows are "
                    + "missing", suggestion: CodecError.copyAgain)
        }
        self.bytes = bytes
    }

    /// Run lengths: pairs of a count and an index (of two indices with 4 bits); a count of 0 begins an escape: end of
    /// row, end of picture, a jump, or indices as they are. What no run reaches has index 0. Unknown orders cannot be:
    /// each pair of bytes has a meaning. Microsoft, Bitmap Compression.
    init(runs bytes: ArraySlice<UInt8>, _ header: BMPHeader) {
        let isFourBits = header.compression == .runs4
        let count = header.width * header.height
        var indices: [UInt8] = []
        indices.reserveCapacity(count)
        var x = 0
        var rest = bytes
        func half(_ byte: UInt8, _ i: Int) -> UInt8 {
            isFourBits ? (i.isMultiple(of: 2) ? byte >> 4 : byte & 15) : byte
        }
        reading: while indices.count < count, let first = rest.popFirst(), let second = rest.popFirst() {
            switch (first, second) {
            case (0, 0):
                let missing = (header.width - indices.count % header.width) % header.width
                indices.append(contentsOf: repeatElement(0, count: missing))
                x = 0
            case (0, 1): break reading
            case (0, 2):
                guard let right = rest.popFirst(), let up = rest.popFirst() else { break reading }
                let jump = min(count - indices.count, Int(right) + Int(up) * header.width)
                indices.append(contentsOf: repeatElement(0, count: jump))
                x = indices.count % header.width
            case (0, let literalCount):
                let length = min(count - indices.count, Int(literalCount))
                let byteCount = isFourBits ? (length + 1) / 2 : length
                let literals = rest.prefix(byteCount)
                guard literals.count == byteCount else { break reading }
                for i in 0..<length {
                    indices.append(half(literals[literals.startIndex + (isFourBits ? i / 2 : i)], i))
                }
                x += Int(literalCount)
                rest = rest.dropFirst(byteCount + byteCount % 2)
            default:
                let length = max(0, min(Int(first), header.width - x))
                for i in 0..<length { indices.append(half(second, i)) }
                x += length
            }
        }
        indices.append(contentsOf: repeatElement(0, count: max(0, count - indices.count)))
        (self.bytes, bits, rowSize) = (indices[...], 8, header.width)
    }

    /// Of 1, 4 or 8 bits: the first pixel is in the high ones.
    func index(_ x: Int, _ y: Int) -> UInt8 {
        let bit = x &* bits
        let byte = bytes[bytes.startIndex &+ y &* rowSize &+ bit >> 3]
        return byte >> UInt8(8 &- bits &- (bit & 7)) & UInt8(truncatingIfNeeded: 1 << bits &- 1)
    }

    /// Of 16, 24 or 32 bits.
    func word(_ x: Int, _ y: Int) -> UInt32 {
        let size = bits >> 3
        let at = bytes.startIndex &+ y &* rowSize &+ x &* size
        var word = UInt32(bytes[at]) | UInt32(bytes[at &+ 1]) << 8
        if size > 2 { word |= UInt32(bytes[at &+ 2]) << 16 }
        if size > 3 { word |= UInt32(bytes[at &+ 3]) << 24 }
        return word
    }
}
