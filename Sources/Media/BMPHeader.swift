internal import GraphCore

/// What stands before a bitmap's pixels. Microsoft, BITMAPFILEHEADER, BITMAPCOREHEADER (12 bytes), BITMAPINFOHEADER (40)
/// and its larger versions; OS/2's second one has 64.
struct BMPHeader {
    enum Compression: Int { case none, runs8, runs4, bitFields }

    /// Where a colour lies in a pixel's bits.
    struct Field {
        private let shift: UInt32, largest: UInt32

        /// Nil without bits, and for bits with gaps.
        init?(mask: UInt32) {
            shift = UInt32(mask.trailingZeroBitCount)
            guard mask != 0 else { return nil }
            largest = mask >> shift
            guard largest & (largest &+ 1) == 0 else { return nil }
        }

        /// Spread over 0...255, rounded down as Pillow does.
        func value(_ pixel: UInt32) -> UInt8 {
            let part = pixel >> shift & largest
            return largest == 255
                ? UInt8(truncatingIfNeeded: part) : UInt8(truncatingIfNeeded: UInt64(part) * 255 / UInt64(largest))
        }
    }

    struct Fields {
        let red: Field, green: Field, blue: Field, alpha: Field?
    }

    static let sizes = [12, 40, 52, 56, 64, 108, 124]

    let size: Int, width: Int, height: Int, bits: Int
    let compression: Compression
    let isTopDown: Bool
    let pixelOffset: Int
    /// Of pictures without a palette.
    let fields: Fields?
    private let colourCount: Int

    init(_ bytes: [UInt8]) throws(CodecError) {
        func number(_ at: Int, _ size: Int) throws(CodecError) -> Int {
            guard at + size <= bytes.count else {
                throw CodecError("the BMP ends early", suggestion: CodecError.copyAgain)
            }
            return bytes[at..<at + size].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        size = try number(14, 4)
        let isCore = size == 12
        width = try number(18, isCore ? 2 : 4)
        let storedHeight = try number(isCore ? 20 : 22, isCore ? 2 : 4)
        isTopDown = !isCore && storedHeight >= 0xFF00_0000
        height = isTopDown ? 1 << 32 - storedHeight : storedHeight
        bits = try number(isCore ? 24 : 28, 2)
        let packing = isCore ? 0 : try number(30, 4)
        guard [1, 4, 8, 16, 24, 32].contains(bits) else {
            throw CodecError(
                "the BMP has \(bits) bits a pixel, which cannot be read",
                suggestion: "Save it with 24 bits in an image editor.")
        }
        guard let compression = Compression(rawValue: packing), compression != .runs4 || bits == 4,
            compression != .runs8 || bits == 8, compression != .bitFields || bits >= 16
        else {
            let name = [4: "a JPEG inside", 5: "a PNG inside"][packing] ?? "compression \(packing) of \(bits) bits"
            throw CodecError(
                "the BMP has \(name), which cannot be read", suggestion: "Save it uncompressed in an image editor.")
        }
        self.compression = compression
        let count = isCore ? 0 : try number(46, 4)
        colourCount = count == 0 ? 1 << min(bits, 8) : count
        guard bits > 8 || colourCount <= 65_536 else {
            throw .damaged("BMP", "its palette claims \(colourCount.grouped) colours")
        }
        let isBitFields = compression == .bitFields
        let paletteSize = bits > 8 ? 0 : colourCount * (isCore ? 3 : 4)
        let offset = try number(10, 4)
        let behind = 14 + size + (isBitFields && size == 40 ? 12 : 0)
        // Some writers forget the palette when they count.
        pixelOffset = offset == 0 || (bits <= 8 && offset == 14 + size) ? behind + paletteSize : offset
        var masks = bits == 16 ? [0x7C00, 0x3E0, 0x1F, 0] : [0xFF0000, 0xFF00, 0xFF, 0]
        if isBitFields {
            masks = [try number(54, 4), try number(58, 4), try number(62, 4), size >= 56 ? try number(66, 4) : 0]
            // Blue, green, red, alpha, with masks that were never filled in.
            if masks == [0, 0, 0, 0], bits == 32 { masks = [0xFF0000, 0xFF00, 0xFF, 0xFF00_0000] }
        }
        fields = bits <= 8 ? nil : try Self.fields(masks.map(UInt32.init), bits: bits)
    }

    private static func fields(_ masks: [UInt32], bits: Int) throws(CodecError) -> Fields {
        guard let red = Field(mask: masks[0]), let green = Field(mask: masks[1]), let blue = Field(mask: masks[2])
        else {
            throw .damaged("BMP", "its colour masks make no sense")
        }
        return Fields(red: red, green: green, blue: blue, alpha: bits == 32 ? Field(mask: masks[3]) : nil)
    }

    /// [256, 3] red, green, blue; what the file's table lacks is black, as in Pillow.
    func palette(_ bytes: [UInt8]) throws(CodecError) -> [UInt8] {
        var palette = [UInt8](repeating: 0, count: 256 * 3)
        guard bits <= 8 else { return palette }
        let entrySize = size == 12 ? 3 : 4
        let table = bytes.dropFirst(14 + size).prefix(colourCount * entrySize)
        for i in 0..<min(256, table.count / entrySize) {
            let at = table.startIndex + i * entrySize
            (palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]) = (table[at + 2], table[at + 1], table[at])
        }
        return palette
    }
}
