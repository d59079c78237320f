internal import GraphCore

/// What kind of sound a file is, told by its bytes and never by its name. libsndfile knows more, older kinds, which it is
/// not let near.
public enum SoundFormat {
    /// Bytes to look at.
    static let prefixByteCount = 4096

    /// - Parameter start: the file's first bytes, `prefixByteCount` of them if it has so many.
    /// - Throws: what it is instead, and what to do.
    static func check(_ start: [UInt8]) throws(CodecError) {
        func has(_ letters: String, at offset: Int = 0) -> Bool {
            start.dropFirst(offset).starts(with: letters.utf8)
        }
        let isKnown =
            ["RIFF", "RIFX", "RF64"].contains { has($0) } && has("WAVE", at: 8)
            || start.starts(with: w64)
            || has("FORM") && (has("AIFF", at: 8) || has("AIFC", at: 8))
            || [".snd", "dns.", "caff", "fLaC", "OggS", "ID3"].contains { has($0) } || isMPEG(start)
        if !isKnown { throw refusal(of: start) }
    }

    /// The GUID of Sony's Wave64.
    private static let w64: [UInt8] = [0x72, 0x69, 0x66, 0x66, 0x2E, 0x91, 0xCF, 0x11]

    /// The header of a frame of MPEG audio (ISO 11172-3 section 2.4.1.3): eleven ones, a version, a layer, and a bit rate
    /// and a sample rate that exist. Layer 00 is AAC's.
    static func isMPEG(_ bytes: some Collection<UInt8>) -> Bool {
        let head = Array(bytes.prefix(4))
        guard head.count == 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return false }
        let (version, layer) = (head[1] >> 3 & 3, head[1] >> 1 & 3)
        return version != 1 && layer != 0 && head[2] >> 4 != 15 && head[2] >> 2 & 3 != 3
    }

    // MARK: Headers

    /// RFC 9639 section 8.2: the first block is a STREAMINFO of 34 bytes, with a sample rate of 20 bits in it.
    static func isFLAC(_ start: [UInt8]) -> Bool {
        guard start.count >= 42, start.starts(with: "fLaC".utf8), start[4] & 0x7F == 0 else { return false }
        return start[5..<8].elementsEqual([0, 0, 34]) && start[18..<20].contains { $0 != 0 }
    }

    /// A frame, or an ID3 tag with a frame behind it, if its end is in sight.
    static func isMP3(_ start: [UInt8]) -> Bool {
        guard start.starts(with: "ID3".utf8) else { return isMPEG(start) }
        guard start.count >= 10, (2...4).contains(start[3]), start[6..<10].allSatisfy({ $0 < 0x80 }) else {
            return false
        }
        let end = 10 + start[6..<10].reduce(0) { $0 << 7 | Int($1) }
        return end + 4 > start.count || isMPEG(start[end...])
    }

    /// A first page whose checksum is right, of a stream of Opus, Vorbis or FLAC.
    static func isOgg(_ start: [UInt8]) -> Bool {
        guard let page = OggPage(start), page.flags & OggPage.first != 0, page.hasRightChecksum else { return false }
        return ["OpusHead", "\u{1}vorbis", "\u{7F}FLAC"].contains { page.body.starts(with: $0.utf8) }
    }

    // MARK: What it is not

    private static func refusal(of start: [UInt8]) -> CodecError {
        if start.isEmpty {
            return CodecError("the file is empty", suggestion: "Copy the file again from its source.")
        }
        if let picture = ImageFormat.sniff(start) {
            return CodecError(
                "the file is a picture (\(picture.name)), not a sound", suggestion: "Open it with LoadImage.")
        }
        if let other = other(start) {
            return CodecError(
                "the file is \(other.name), which cannot be read",
                suggestion: "Convert it with ffmpeg -i sound.\(other.fileExtension) sound.wav (Debian package ffmpeg).")
        }
        if ImageDecoder.startsLikeText(start) {
            return CodecError(
                "the file is not a sound: it starts like text",
                suggestion: "Open it in a text editor: a failed download often leaves a web page or an error message.")
        }
        return CodecError(
            "the file is not a sound of a known format",
            suggestion: "Choose a WAV, FLAC, Ogg, Opus, MP3, AIFF, AU or CAF file.")
    }

    /// What a file is by its first bytes that holds a sound and cannot be read, such as `AAC`; nil for everything else.
    public static func unreadable(_ start: [UInt8]) -> String? {
        other(start).flatMap { $0.name.hasSuffix(" film") ? nil : $0.name }
    }

    private static func other(_ start: [UInt8]) -> (name: String, fileExtension: String)? {
        func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: bytes) }
        func has(_ letters: String, at offset: Int = 0) -> Bool { has(Array(letters.utf8), at: offset) }
        if has("ftyp", at: 4) {
            return has("M4A", at: 8) || has("M4B", at: 8)
                ? ("AAC in MP4 (m4a)", "m4a") : ("an MP4 or QuickTime film", "mp4")
        }
        // ADTS: twelve ones, layer 00.
        if start.count > 1, start[0] == 0xFF, start[1] & 0xF6 == 0xF0 { return ("AAC", "aac") }
        if has([0x1A, 0x45, 0xDF, 0xA3]) { return ("a Matroska or WebM film", "mkv") }
        if has("RIFF"), has("AVI ", at: 8) { return ("an AVI film", "avi") }
        if has([0x30, 0x26, 0xB2, 0x75]) { return ("Windows Media", "wma") }
        if has([0, 0, 1, 0xBA]) { return ("an MPEG film", "mpg") }
        if has("FLV") { return ("a Flash film", "flv") }
        if has("#!AMR") { return ("AMR", "amr") }
        if has("MAC ") { return ("Monkey's Audio", "ape") }
        if has("wvpk") { return ("WavPack", "wv") }
        if has("MThd") { return ("MIDI", "mid") }
        return nil
    }
}
