internal import GraphCore

/// The chunks of a RIFF file (WebP, WAV), told by their lengths alone. RIFF is little-endian: four letters, length, body,
/// and a byte of padding behind an odd length (Multimedia Programming Interface and Data Specifications 1.0, chapter 2).
struct RIFFChunks: Sequence, IteratorProtocol {
    struct Chunk {
        /// Four letters.
        let type: ArraySlice<UInt8>
        /// Cut off where the file ends.
        let body: ArraySlice<UInt8>
    }

    private var rest: ArraySlice<UInt8>

    /// Skips `RIFF`, the length and the letters of the form.
    init(of bytes: [UInt8]) { rest = bytes.dropFirst(12) }

    mutating func next() -> Chunk? {
        guard rest.count >= 8 else { return nil }
        let size = rest.dropFirst(4).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let chunk = Chunk(type: rest.prefix(4), body: rest.dropFirst(8).prefix(size))
        rest = rest.dropFirst(8 + size + size % 2)
        return chunk
    }
}

extension RIFFChunks {
    /// The body of the first chunk of that type.
    static func body(of type: String, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        RIFFChunks(of: bytes).first { $0.type.elementsEqual(type.utf8) }?.body
    }

    /// The ICC profile of a WebP.
    static func profile(of bytes: [UInt8]) -> [UInt8]? { body(of: "ICCP", in: bytes).map(Array.init) }
}

extension RIFFChunks {
    /// A still WebP with what may stand around its pixels: the extended form, WebP Container Specification, "Extended
    /// File Format". The file as it is when there is nothing to add.
    static func webp(
        _ webp: [UInt8], width: Int, height: Int, hasAlpha: Bool, exif: [UInt8]?, profile: [UInt8]?
    ) -> [UInt8] {
        guard exif != nil || profile != nil else { return webp }
        let (profileFlag, alphaFlag, exifFlag) = (0x20, 0x10, 0x08)
        let flags = (profile == nil ? 0 : profileFlag) | (hasAlpha ? alphaFlag : 0) | (exif == nil ? 0 : exifFlag)
        var body = chunk("VP8X", little(flags, 4) + little(width - 1, 3) + little(height - 1, 3))
        if let profile { body += chunk("ICCP", profile) }
        for part in RIFFChunks(of: webp) where !part.type.elementsEqual("VP8X".utf8) {
            body += chunk(String(decoding: part.type, as: UTF8.self), Array(part.body))
        }
        if let exif { body += chunk("EXIF", exif) }
        return "RIFF".utf8 + little(body.count + 4, 4) + "WEBP".utf8 + body
    }

    private static func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
        type.utf8 + little(body.count, 4) + body + [UInt8](repeating: 0, count: body.count % 2)
    }

    private static func little(_ number: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
