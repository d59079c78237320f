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
