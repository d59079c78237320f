internal import GraphCore

/// The texts that sound files carry beside the sound: Vorbis comments of FLAC and Ogg, ID3v2 tags of MP3.
enum SoundTags {
    static func mayBe(_ start: [UInt8]) -> Bool {
        ["fLaC", "OggS", "ID3"].contains { start.starts(with: $0.utf8) }
    }

    /// Nil when the file is none of these. What is cut off or damaged is left out.
    static func texts(in bytes: [UInt8]) -> [TextChunk]? {
        if bytes.starts(with: "fLaC".utf8) { return flac(bytes[4...]) }
        if bytes.starts(with: "OggS".utf8) { return ogg(bytes) }
        guard bytes.starts(with: "ID3".utf8), let (texts, end) = id3(bytes) else { return nil }
        // Some programs put an ID3 tag before a FLAC.
        let rest = bytes[end...]
        return rest.starts(with: "fLaC".utf8) ? texts + flac(rest.dropFirst(4)) : texts
    }

    /// RFC 9639 section 8.1: blocks with a type, a length of 24 bits, and a flag on the last.
    private static func flac(_ bytes: ArraySlice<UInt8>) -> [TextChunk] {
        let vorbisComment: UInt8 = 4
        var rest = bytes
        while rest.count >= 4, let first = rest.first {
            let size = number(rest.dropFirst().prefix(3))
            let body = rest.dropFirst(4).prefix(size)
            if first & 0x7F == vorbisComment { return VorbisComments(body).texts }
            if first & 0x80 != 0 { break }
            rest = rest.dropFirst(4 + size)
        }
        return []
    }

    /// RFC 3533: pages of segments; the second packet of an Opus or Vorbis stream holds its comments.
    private static func ogg(_ bytes: [UInt8]) -> [TextChunk] {
        var rest = bytes[...]
        var packets = 0
        var packet: [UInt8] = []
        while rest.count >= 27, rest.starts(with: "OggS".utf8) {
            let header = Array(rest.prefix(27))
            let sizes = Array(rest.dropFirst(27).prefix(Int(header[26])))
            rest = rest.dropFirst(27 + sizes.count)
            for size in sizes {
                // The first packet only says what the stream is.
                if packets == 1 { packet += rest.prefix(Int(size)) }
                rest = rest.dropFirst(Int(size))
                guard size < 255 else { continue }
                packets += 1
                guard packets == 2 else { continue }
                for mark in [Array("OpusTags".utf8), [3] + Array("vorbis".utf8)] where packet.starts(with: mark) {
                    return VorbisComments(packet[mark.count...]).texts
                }
                return []
            }
        }
        return []
    }

    /// ID3v2.3 and 2.4: frames of type TXXX have an encoding, a description and a text.
    /// - Returns: the texts, and where the tag ends.
    private static func id3(_ bytes: [UInt8]) -> (texts: [TextChunk], end: Int)? {
        guard bytes.count >= 10 else { return nil }
        let (version, flags) = (bytes[3], bytes[5])
        let end = min(10 + synchsafe(bytes[6..<10]), bytes.count)
        var texts: [TextChunk] = []
        // Older versions, and bytes stuffed against players of 1998, are not worth the reading.
        guard version == 3 || version == 4, flags & 0x80 == 0 else { return ([], end) }
        var rest = bytes[10..<end]
        if flags & 0x40 != 0, rest.count >= 4 {  // an extended header
            rest = rest.dropFirst(version == 4 ? synchsafe(rest.prefix(4)) : 4 + number(rest.prefix(4)))
        }
        while rest.count > 10, rest.first != 0 {
            let size = version == 4 ? synchsafe(rest.dropFirst(4).prefix(4)) : number(rest.dropFirst(4).prefix(4))
            guard rest.count - 10 >= size else { break }
            if rest.starts(with: "TXXX".utf8), let text = userText(rest.dropFirst(10).prefix(size)) {
                texts.append(text)
            }
            rest = rest.dropFirst(10 + size)
        }
        return (texts, end)
    }

    private static func userText(_ body: ArraySlice<UInt8>) -> TextChunk? {
        guard let encoding = body.first else { return nil }
        let content = Array(body.dropFirst())
        let isWide = encoding == 1 || encoding == 2
        let step = isWide ? 2 : 1
        let end = stride(from: 0, to: content.count - step + 1, by: step).first {
            content[$0] == 0 && (!isWide || content[$0 + 1] == 0)
        }
        guard let end else { return nil }
        func text(_ bytes: ArraySlice<UInt8>) -> String {
            switch encoding {
            case 0: String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
            case 1, 2: utf16(Array(bytes), bigEndian: encoding == 2)
            default: String(decoding: bytes, as: UTF8.self)
            }
        }
        let parts = (text(content[..<end]), text(content[(end + step)...]))
        return TextChunk(keyword: parts.0, text: String(parts.1.prefix { $0 != "\0" }))
    }

    private static func utf16(_ bytes: [UInt8], bigEndian: Bool) -> String {
        var units = stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        var isBig = bigEndian
        if let mark = units.first, mark == 0xFEFF || mark == 0xFFFE {
            isBig = mark == 0xFEFF
            units.removeFirst()
        }
        return String(decoding: isBig ? units : units.map(\.byteSwapped), as: UTF16.self)
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
    /// Seven bits a byte.
    private static func synchsafe(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 7 | Int($1 & 0x7F) } }
}
