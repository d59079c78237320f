internal import GraphCore

/// Another form of a picture file, as ComfyUI's `/view` gives it for `preview=webp;50` and `channel=a`: bytes in, bytes
/// out.
public struct PicturePreview: Sendable, Hashable {
    enum Form: Sendable, Hashable {
        /// A PNG without alpha.
        case rgb
        /// A black PNG whose alpha is the picture's; opaque when the picture has none.
        case alpha
        case webp(quality: Int, keepsAlpha: Bool)
        case jpeg(quality: Int)
    }

    let form: Form

    /// Another one for each form, of letters and digits: `webp50`.
    public var name: String {
        switch form {
        case .rgb: "rgb"
        case .alpha: "alpha"
        case .webp(let quality, let keepsAlpha): "webp\(quality)\(keepsAlpha ? "" : "rgb")"
        case .jpeg(let quality): "jpeg\(quality)"
        }
    }

    /// Reads two parameters of a `/view` URL; nil when they ask for the file as it is.
    /// - Parameters:
    ///   - preview: `webp` or `jpeg`, and behind a semicolon the quality, 90 by default. Every other word means WebP,
    ///     and so does any channel with an `a`, since a JPEG has no alpha (ComfyUI server.py view_image).
    ///   - channel: `rgb` leaves out alpha, `a` shows nothing else. A preview goes before the channel alone.
    public init?(preview: String?, channel: String?) {
        guard let preview else {
            switch channel {
            case "rgb": form = .rgb
            case "a": form = .alpha
            default: return nil
            }
            return
        }
        let parts = preview.split(separator: ";", omittingEmptySubsequences: false)
        let quality = parts.last.flatMap { Int($0) }.map { min(max($0, 1), 100) } ?? 90
        let isJPEG = parts.first == "jpeg" && channel?.contains("a") != true
        form = isJPEG ? .jpeg(quality: quality) : .webp(quality: quality, keepsAlpha: channel != "rgb")
    }

    /// Makes the preview of a whole picture file, of the first frame when it has several. Upright, unlike ComfyUI's, which loses EXIF orientation. A picture
    /// with sides too long for the format asked for becomes a PNG.
    /// - Returns: the file and its `Content-Type`.
    /// - Throws: `CodecError` when the bytes are no picture that can be read; `stopped` when the task is cancelled.
    public func make(
        of bytes: [UInt8], limits: ImageLimits = .init()
    ) throws(CodecError) -> (bytes: [UInt8], contentType: String) {
        let decoded = try ImageDecoder.decode(bytes, limits: limits, onlyFirstFrame: true)
        let image = decoded.image
        let side = max(image.width, image.height)
        switch form {
        case .rgb: return try Self.png(image)
        case .alpha: return try Self.png(try decoded.alphaOnBlack())
        case .jpeg(let quality):
            if side > JPEGCodec.maxSideLength { return try Self.png(image) }
            return (try JPEGCodec.encode(image, at: 0, quality: quality), "image/jpeg")
        case .webp(let quality, let keepsAlpha):
            let picture = keepsAlpha ? try decoded.withAlpha() : image
            if side > WebPCodec.maxSideLength { return try Self.png(picture) }
            return (try WebPCodec.encode(picture, at: 0, quality: quality), "image/webp")
        }
    }

    private static func png(_ image: Image) throws(CodecError) -> (bytes: [UInt8], contentType: String) {
        (try PNGCodec.encode(image, at: 0), "image/png")
    }
}
