internal import GraphCore

/// Copies an encoded sound with texts in it, the way FFmpeg puts ComfyUI's there: Vorbis comments in FLAC and Opus, an ID3
/// tag in front of MP3. The sound itself is copied as it is, in pieces.
enum SoundTagWriter {
    /// What the texts of one file may take: the length of a FLAC block has 24 bits.
    static let maxByteCount = 1 << 24 - 1
    private static let pieceByteCount = 1 << 20
    /// No writer makes so many blocks of metadata.
    private static let maxBlockCount = 1024

    /// - Parameter target: empty.
    /// - Returns: the keywords of the texts that are left out, because they have no room or no name that the file takes.
    static func copy(
        _ source: ByteFile, to target: ByteFile, with texts: [TextChunk]
    ) throws(CodecError) -> [String] {
        let start = try source.read(4, at: 0)
        if start.starts(with: "fLaC".utf8) { return try flac(source, target, texts) }
        if start.starts(with: "OggS".utf8) { return try opus(source, target, texts) }
        return try mp3(source, target, texts)
    }

    private static func copyRest(
        of source: ByteFile, from start: Int, to target: ByteFile, at position: Int
    ) throws(CodecError) {
        var done = 0
        while true {
            try CodecError.checkStopped()
            let piece = try source.read(pieceByteCount, at: start + done)
            if piece.isEmpty { return }
            try target.write(piece, at: position + done)
            done += piece.count
        }
    }

    // MARK: FLAC

    /// RFC 9639 section 8: blocks with a type, a length of 24 bits, and a flag on the last. Where frames are is told from
    /// the first frame on, so nothing else changes.
    private static func flac(
        _ source: ByteFile, _ target: ByteFile, _ texts: [TextChunk]
    ) throws(CodecError) -> [String] {
        let (last, vorbisComment): (UInt8, UInt8) = (0x80, 4)
        var (comments, position, written) = (VorbisComments(), 4, 4)
        try target.write(Array("fLaC".utf8), at: 0)
        func append(_ type: UInt8, _ body: [UInt8]) throws(CodecError) {
            let length = [body.count >> 16, body.count >> 8, body.count].map { UInt8(truncatingIfNeeded: $0) }
            try target.write([type] + length + body, at: written)
            written += 4 + body.count
        }
        for count in 0... {
            let head = try source.read(4, at: position)
            let size = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
            guard head.count == 4, count < maxBlockCount else { throw damaged("FLAC") }
            let body = try source.read(size, at: position + 4)
            guard body.count == size else { throw damaged("FLAC") }
            position += 4 + size
            if head[0] & ~last == vorbisComment {
                comments = VorbisComments(body[...])
            } else {
                try append(head[0] & ~last, body)
            }
            if head[0] & last != 0 { break }
        }
        let leftOut = comments.add(texts, maxByteCount: maxByteCount)
        try append(last | vorbisComment, comments.bytes)
        try copyRest(of: source, from: position, to: target, at: written)
        return leftOut
    }

    // MARK: Opus

    /// RFC 7845 section 3: a page with the head, pages with the comments, then pages of sound, which are numbered anew
    /// when there are more of the second kind.
    private static func opus(
        _ source: ByteFile, _ target: ByteFile, _ texts: [TextChunk]
    ) throws(CodecError) -> [String] {
        let head = try page(of: source, at: 0)
        guard let head, head.body.starts(with: "OpusHead".utf8) else { throw damaged("Opus") }
        try target.write(head.bytes, at: 0)
        var position = head.bytes.count
        var written = position
        var (packet, oldCount): ([UInt8], UInt32) = ([], 0)
        repeat {
            guard let page = try page(of: source, at: position), page.serial == head.serial,
                packet.count <= maxByteCount
            else { throw damaged("Opus") }
            packet += page.body
            position += page.bytes.count
            oldCount += 1
            // A packet ends with a segment of less than 255 bytes, and nothing may follow this one on its page.
            if let end = page.segmentSizes.firstIndex(where: { $0 < 255 }) {
                guard end == page.segmentSizes.indices.last else { throw damaged("Opus") }
                break
            }
        } while true
        let mark = Array("OpusTags".utf8)
        guard packet.starts(with: mark) else { throw damaged("Opus") }
        var comments = VorbisComments(packet[mark.count...])
        let leftOut = comments.add(texts, maxByteCount: maxByteCount)
        let pages = pages(of: mark + comments.bytes, serial: head.serial)
        for page in pages {
            try target.write(page.bytes, at: written)
            written += page.bytes.count
        }
        while var page = try page(of: source, at: position) {
            try CodecError.checkStopped()
            position += page.bytes.count
            page.number = page.number &- oldCount &+ UInt32(pages.count)
            page.seal()
            try target.write(page.bytes, at: written)
            written += page.bytes.count
        }
        return leftOut
    }

    /// Nil at the end.
    private static func page(of file: ByteFile, at position: Int) throws(CodecError) -> OggPage? {
        let start = try file.read(OggPage.headerByteCount + OggPage.maxSegmentCount, at: position)
        if start.isEmpty { return nil }
        guard let count = OggPage.byteCount(start), let page = OggPage(try file.read(count, at: position)) else {
            throw damaged("Opus")
        }
        return page
    }

    /// A packet of comments on pages of its own, from number 1 on.
    private static func pages(of packet: [UInt8], serial: ArraySlice<UInt8>) -> [OggPage] {
        let most = OggPage.maxSegmentCount
        // A packet that is a multiple of 255 bytes ends with an empty segment.
        let sizes = [UInt8](repeating: 255, count: packet.count / 255) + [UInt8(packet.count % 255)]
        return stride(from: 0, to: sizes.count, by: most).enumerated().map { index, start in
            let part = Array(sizes[start..<min(start + most, sizes.count)])
            let body = packet[min(start * 255, packet.count)..<min((start + part.count) * 255, packet.count)]
            return OggPage(
                flags: index == 0 ? 0 : OggPage.continued, serial: serial, number: UInt32(index + 1), sizes: part,
                body: body, endsPacket: start + part.count == sizes.count)
        }
    }

    // MARK: MP3

    /// ID3v2.4 sections 3 and 4.2.6: a frame of type TXXX has an encoding, a keyword, 0, and a text. One that is there
    /// already is left out.
    private static func mp3(
        _ source: ByteFile, _ target: ByteFile, _ texts: [TextChunk]
    ) throws(CodecError) -> [String] {
        func synchsafe(_ value: Int) -> [UInt8] { [21, 14, 7, 0].map { UInt8(value >> $0 & 0x7F) } }
        var (frames, leftOut): ([UInt8], [String]) = ([], [])
        for text in texts {
            let utf8: UInt8 = 3
            let body = [utf8] + text.keyword.utf8 + [0] + text.text.utf8
            let hasZero = text.keyword.utf8.contains(0) || text.text.utf8.contains(0)
            if hasZero || frames.count + 10 + body.count > maxByteCount {
                leftOut.append(text.keyword)
            } else {
                frames += "TXXX".utf8 + synchsafe(body.count) + [0, 0] + body
            }
        }
        let tag = "ID3".utf8 + [4, 0, 0] + synchsafe(frames.count) + frames
        try target.write(tag, at: 0)
        let start = try source.read(10, at: 0)
        let isTagged = start.count == 10 && start.starts(with: "ID3".utf8)
        let old = isTagged ? 10 + start[6...].reduce(0) { $0 << 7 | Int($1 & 0x7F) } : 0
        try copyRest(of: source, from: old, to: target, at: tag.count)
        return leftOut
    }

    private static func damaged(_ format: String) -> CodecError {
        CodecError("the \(format) is damaged", suggestion: CodecError.copySound)
    }
}
