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
    /// Of the first EXIF segment in a JPEG; `.upright` when there is none or it makes no sense.
    init(jpeg bytes: [UInt8]) {
        self = .upright
        var at = 2
        while let marker = bytes.number(at: at, size: 2, littleEndian: false), marker >> 8 == 0xFF {
            let kind = marker & 0xFF
            if kind == 0xFF {  // a fill byte
                at += 1
                continue
            }
            let isStartOfScan = kind == 0xDA
            guard !isStartOfScan, let size = bytes.number(at: at + 2, size: 2, littleEndian: false), size >= 2 else {
                return
            }
            let body = bytes[min(at + 4, bytes.count)..<min(at + 2 + size, bytes.count)]
            if kind == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) {
                self = EXIFOrientation(tiff: Array(body.dropFirst(6)))
                return
            }
            at += 2 + size
        }
    }

    /// Of the eXIf chunk in a PNG; `.upright` when there is none or it makes no sense.
    init(png bytes: [UInt8]) {
        let chunk = PNGChunks(of: bytes).first { $0.type.elementsEqual("eXIf".utf8) }
        self = chunk.map { EXIFOrientation(tiff: Array($0.body)) } ?? .upright
    }

    /// Of the EXIF chunk in a WebP; `.upright` when there is none or it makes no sense. Some programs keep the name that
    /// stands before it in a JPEG.
    init(webp bytes: [UInt8]) {
        let chunk = RIFFChunks(of: bytes).first { $0.type.elementsEqual("EXIF".utf8) }
        guard let body = chunk?.body else {
            self = .upright
            return
        }
        self = EXIFOrientation(tiff: Array(body.starts(with: "Exif\0\0".utf8) ? body.dropFirst(6) : body))
    }

    /// Of a TIFF structure's first directory. TIFF 6.0 section 2: a directory is a count and 12-byte entries (tag,
    /// type, count, value).
    private init(tiff: [UInt8]) {
        self = .upright
        let littleEndian = tiff.starts(with: "II*\0".utf8)
        guard littleEndian || tiff.starts(with: "MM\0*".utf8) else { return }
        func number(_ at: Int, _ size: Int) -> Int? { tiff.number(at: at, size: size, littleEndian: littleEndian) }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return }
        for entry in 0..<count {
            let at = directory + 2 + 12 * entry
            guard let tag = number(at, 2), let type = number(at + 2, 2) else { return }
            guard tag == 0x0112 else { continue }
            let shortType = 3
            if type == shortType, let value = number(at + 8, 2) { self = EXIFOrientation(rawValue: value) ?? .upright }
            return
        }
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
