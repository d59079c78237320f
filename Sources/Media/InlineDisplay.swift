/// Whether a browser may show an uploaded file, or is only to save it.
///
/// A file is shown under the type of its extension, and only when its header is one that the codec itself takes: the
/// signature, the header's checksum (PNG), sane dimensions. That is enough although the pixels are not looked at,
/// because the answer carries exactly this type with `X-Content-Type-Options: nosniff`. A browser then hands the bytes
/// to its decoder of pictures or sounds, whatever else they may hold (a web page behind a picture is no page), and those
/// decoders are made for hostile files. Types that can run scripts (SVG, HTML, PDF) are never among them, and of
/// types without a decoder here nothing could be said, so both are attachments.
public enum InlineDisplay {
    /// So many of a file's first bytes are enough. A JPEG whose camera data is longer is an attachment.
    public static let prefixByteCount = 1 << 20

    /// The `Content-Type` to show the file with; nil when it must be an attachment.
    /// - Parameters:
    ///   - prefix: the file's first `prefixByteCount` bytes, or all of it when it is shorter.
    ///   - fileExtension: what the file's name claims it is, without the dot, in any case.
    public static func contentType(of prefix: [UInt8], claiming fileExtension: String) -> String? {
        switch fileExtension.lowercased() {
        case "png": PNGCodec.hasHeader(prefix) ? "image/png" : nil
        case "jpg", "jpeg", "jpe", "jfif": JPEGCodec.hasHeader(prefix) ? "image/jpeg" : nil
        case "webp": (try? WebPCodec.header(of: prefix)) != nil ? "image/webp" : nil
        case "wav": WAVHeader(prefix) != nil ? "audio/wav" : nil
        default: nil
        }
    }
}

/// The `fmt ` chunk of a WAV file. Multimedia Programming Interface and Data Specifications 1.0, chapter 3; the form for
/// more than two channels: Multiple Channel Audio Data and WAVE Files (Microsoft, 2007).
struct WAVHeader {
    let channelCount: Int
    /// In Hz.
    let sampleRate: Int
    let bitsPerSample: Int

    private static let pcm = 1, float = 3, aLaw = 6, muLaw = 7, extensible = 0xFFFE

    /// Nil unless it is a header of samples as they are, without compression but the logarithmic one.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WAVE".utf8),
            let body = RIFFChunks(of: bytes).first(where: { $0.type.elementsEqual("fmt ".utf8) })?.body,
            body.count >= 16
        else { return nil }
        func number(_ offset: Int, _ size: Int) -> Int {
            body.dropFirst(offset).prefix(size).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        (channelCount, sampleRate, bitsPerSample) = (number(2, 2), number(4, 4), number(14, 2))
        let bytesPerFrame = number(12, 2)
        guard [Self.pcm, Self.float, Self.aLaw, Self.muLaw, Self.extensible].contains(number(0, 2)),
            (1...64).contains(channelCount), (1...768_000).contains(sampleRate),
            [8, 16, 24, 32, 64].contains(bitsPerSample), bytesPerFrame == channelCount * bitsPerSample / 8
        else { return nil }
    }
}
