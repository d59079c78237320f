internal import GraphCore

/// What is written between a JPEG's first segment and its tables: EXIF with notes, and a colour profile.
extension JPEGSegments {
    /// Where our JPEGs take them: behind the start marker and JFIF's 18 bytes.
    static let headByteCount = 20

    private static let maxBodyByteCount = 65_533
    private static let exifName = Array("Exif\0\0".utf8)

    /// Whether all of these notes fit the one segment that EXIF has (EXIF 2.32 section 4.7.2), and have tags to stand in.
    static func hasRoom(for text: [TextChunk]) -> Bool {
        exifName.count + (EXIFText.structure(text)?.count ?? 0) <= maxBodyByteCount
    }

    /// EXIF first, as Pillow writes it; notes without room are left out.
    static func encoded(text: [TextChunk], profile: [UInt8]?) -> [UInt8] {
        var segments: [UInt8] = []
        if let exif = EXIFText.structure(text), hasRoom(for: text) { segments += segment(0xE1, exifName + exif) }
        guard let profile else { return segments }
        // ICC.1 annex B.4: numbered pieces.
        let name = Array("ICC_PROFILE\0".utf8)
        let pieceByteCount = maxBodyByteCount - name.count - 2
        let starts = Array(stride(from: 0, to: profile.count, by: pieceByteCount))
        guard starts.count < 256 else { return segments }
        for (index, start) in starts.enumerated() {
            let piece = profile[start..<Swift.min(start + pieceByteCount, profile.count)]
            segments += segment(0xE2, name + [UInt8(index + 1), UInt8(starts.count)] + piece)
        }
        return segments
    }

    private static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        let size = body.count + 2
        return [0xFF, marker, UInt8(size >> 8), UInt8(size & 255)] + body
    }
}

extension JPEGCodec {
    /// Whether `encode` keeps all these notes; a JPEG has 64 KiB for them.
    public static func hasRoom(for text: [TextChunk]) -> Bool { JPEGSegments.hasRoom(for: text) }
}
