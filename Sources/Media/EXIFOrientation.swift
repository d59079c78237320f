internal import GraphCore

/// How a stored picture is to be turned to stand upright. EXIF 2.32, tag 0x0112.
enum EXIFOrientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored, upsideDown, mirroredUpsideDown
    /// These swap width and height: mirrored along the diagonal, turned clockwise by 90 degrees to stand upright,
    /// mirrored along the other diagonal, turned counterclockwise by 90 degrees to stand upright.
    case transposed, turnClockwise, transversed, turnCounterclockwise

    var swapsSides: Bool { rawValue >= 5 }

    func size(width: Int, height: Int) -> (width: Int, height: Int) {
        swapsSides ? (height, width) : (width, height)
    }
}

extension EXIFOrientation {
    /// Of the EXIF segments in a JPEG (Pillow takes them for pieces of one), or its XMP; `.upright` when there is none or
    /// it makes no sense.
    init(jpeg bytes: [UInt8]) {
        let exif = JPEGSegments.application(1, "Exif\0\0", of: bytes)
        let xmp = JPEGSegments.application(1, "http://ns.adobe.com/xap/1.0/\0", of: bytes)
        self.init(exif: exif.isEmpty ? nil : exif.flatMap { $0 }, xmp: xmp.last)
    }

    /// Of the eXIf chunk in a PNG, of the text that ImageMagick keeps it in, or of its XMP; `.upright` when there is none
    /// or it makes no sense.
    init(png bytes: [UInt8], text: [TextChunk]) {
        func last(_ keyword: String) -> String? { text.last { $0.keyword == keyword }?.text }
        let chunk = PNGChunks(of: bytes).first { $0.type.elementsEqual("eXIf".utf8) }
        self.init(
            exif: chunk.map { Array($0.body) } ?? last("Raw profile type exif").map(Self.bytes(rawProfile:)),
            xmp: last("XML:com.adobe.xmp").map { Array($0.utf8)[...] })
    }

    /// Of the EXIF chunk in a WebP, or its XMP; `.upright` when there is none or it makes no sense.
    init(webp bytes: [UInt8]) {
        func body(_ type: String) -> ArraySlice<UInt8>? {
            RIFFChunks(of: bytes).first { $0.type.elementsEqual(type.utf8) }?.body
        }
        self.init(exif: body("EXIF").map { Array($0) }, xmp: body("XMP "))
    }

    /// - Parameters:
    ///   - exif: a TIFF structure. Some programs keep the name that stands before it in a JPEG.
    ///   - xmp: asked when `exif` does not say.
    init(exif: [UInt8]?, xmp: ArraySlice<UInt8>?) {
        var exif = (exif ?? [])[...]
        while exif.starts(with: "Exif\0\0".utf8) { exif = exif.dropFirst(6) }
        let value = Self.value(tiff: Array(exif)) ?? xmp.flatMap(Self.value(xmp:))
        self = value.flatMap { EXIFOrientation(rawValue: $0) } ?? .upright
    }

    /// Hexadecimal digits behind three lines: an empty one, a name and a count.
    private static func bytes(rawProfile text: String) -> [UInt8] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(3)
        let digits = lines.joined().compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Of a TIFF structure's first directory. TIFF 6.0 section 2: a directory is a count and 12-byte entries (tag,
    /// type, count, value).
    private static func value(tiff: [UInt8]) -> Int? {
        let littleEndian = tiff.starts(with: "II*\0".utf8)
        guard littleEndian || tiff.starts(with: "MM\0*".utf8) else { return nil }
        func number(_ at: Int, _ size: Int) -> Int? { tiff.number(at: at, size: size, littleEndian: littleEndian) }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for entry in 0..<count {
            let at = directory + 2 + 12 * entry
            guard let tag = number(at, 2), let type = number(at + 2, 2) else { return nil }
            guard tag == 0x0112 else { continue }
            let sizes = [3: 2, 4: 4, 8: 2, 9: 4]  // short, long, and the same with a sign
            return sizes[type].flatMap { number(at + 8, $0) }
        }
        return nil
    }

    /// `tiff:Orientation` as an attribute or an element, found as Pillow finds it: one digit right behind it.
    private static func value(xmp: ArraySlice<UInt8>) -> Int? {
        let name = Array("tiff:Orientation".utf8)
        var rest = xmp
        while let first = rest.firstIndex(of: name[0]) {
            rest = rest[first...]
            if rest.starts(with: name) {
                let value = rest.dropFirst(name.count)
                let prefix = ["=\"", ">"].first { value.starts(with: $0.utf8) }
                if let prefix, let digit = value.dropFirst(prefix.utf8.count).first, (48...57).contains(digit) {
                    return Int(digit) - 48
                }
            }
            rest = rest.dropFirst()
        }
        return nil
    }
}

extension [UInt8] {
    /// An unsigned number of up to 4 bytes; nil when it does not lie inside.
    fileprivate func number(at offset: Int, size: Int, littleEndian: Bool) -> Int? {
        guard offset >= 0, offset <= count - size else { return nil }
        let digits = self[offset..<offset + size]
        return littleEndian
            ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
}
