internal import GraphCore

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
        case "flac": SoundFormat.isFLAC(prefix) ? "audio/flac" : nil
        case "mp3": SoundFormat.isMP3(prefix) ? "audio/mpeg" : nil
        case "ogg", "oga", "opus": SoundFormat.isOgg(prefix) ? "audio/ogg" : nil
        default: nil
        }
    }
}
