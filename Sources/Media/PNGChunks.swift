internal import GraphCore

/// The chunks of a PNG, told by their lengths alone; checksums are libpng's business. PNG 1.2 section 3.2: length, type,
/// body, checksum.
struct PNGChunks: Sequence, IteratorProtocol {
    struct Chunk {
        /// Four letters.
        let type: ArraySlice<UInt8>
        let body: ArraySlice<UInt8>
        /// With length, type and checksum.
        let whole: ArraySlice<UInt8>
    }

    static let signature: [UInt8] = [0x89] + "PNG\r\n\u{1A}\n".utf8
    private var rest: ArraySlice<UInt8>

    init(of bytes: [UInt8]) { rest = bytes.dropFirst(Self.signature.count) }

    /// Nil at the end, or when the next chunk is cut off.
    mutating func next() -> Chunk? {
        guard rest.count >= 12 else { return nil }
        let size = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard rest.count - 12 >= size else { return nil }
        let whole = rest.prefix(size + 12)
        rest = rest.dropFirst(size + 12)
        return Chunk(type: whole.dropFirst(4).prefix(4), body: whole.dropFirst(8).dropLast(4), whole: whole)
    }
}

extension PNGChunks {
    /// The same file with nothing but chunks of the `wanted` types, all before (empty) pixels: what a reader needs who
    /// wants the header or the texts only.
    static func selection(_ wanted: [String], of bytes: [UInt8]) -> [UInt8] {
        let wanted = wanted.map { Array($0.utf8) }
        var kept = Array(bytes.prefix(signature.count))
        for chunk in PNGChunks(of: bytes) where wanted.contains(where: chunk.type.elementsEqual) {
            kept += chunk.whole
        }
        let emptyPixels: [UInt8] = [0, 0, 0, 0] + "IDAT".utf8 + [0x35, 0xAF, 0x06, 0x1E]
        return kept + emptyPixels
    }
}
