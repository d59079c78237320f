public import GraphCore

/// A picture as it came out of a file, turned upright; several when the file has several frames.
public struct DecodedImage: Sendable {
    /// [frames, height, width, 3], eight-bit, `Image.standardLevels`. Not multiplied with alpha.
    public var image: Image
    /// [frames, height, width], 255 is opaque. Nil when the file has none.
    public var alpha: PixelBuffer<UInt8>?
    /// The notes in the file, in file order.
    public var text: [TextChunk] = []
    /// The embedded colour profile (ICC.1), as it stands in the file.
    public var profile: [UInt8]?
    /// What a person should know about how the file was read, each the end of "photo.png: ...".
    public var notes: [String] = []
}

/// Reads a picture of any format this program knows.
public enum ImageDecoder {
    /// - Parameters:
    ///   - onlyFirstFrame: leaves out all further frames, without decoding them.
    ///   - cores: for converting colours.
    /// - Throws: `CodecError` with one sentence about the file; `stopped` when the task is cancelled.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = .init(), onlyFirstFrame: Bool = false, cores: SpareCores = .none
    ) throws(CodecError) -> DecodedImage {
        switch ImageFormat.sniff(bytes) {
        case .png: return try PNGCodec.decode(bytes, limits: limits, onlyFirstFrame: onlyFirstFrame, cores: cores)
        case .jpeg: return try JPEGCodec.decode(bytes, limits: limits, cores: cores)
        case .webp: return try WebPCodec.decode(bytes, limits: limits, onlyFirstFrame: onlyFirstFrame, cores: cores)
        case .tiff: return try TIFFCodec.decode(bytes, limits: limits, onlyFirstFrame: onlyFirstFrame, cores: cores)
        case .gif: return try GIFCodec.decode(bytes, limits: limits)
        case .bmp: return try BMPCodec.decode(bytes, limits: limits)
        case let other?: throw other.refusal(of: bytes)
        case nil: throw notAPicture(bytes)
        }
    }

    private static func notAPicture(_ bytes: [UInt8]) -> CodecError {
        if bytes.isEmpty {
            return CodecError("the file is empty", suggestion: "Copy the file again from its source.")
        }
        if startsLikeText(bytes) {
            return CodecError(
                "the file is not a picture: it starts like text",
                suggestion: "Open it in a text editor: a failed download often leaves a web page or an error message.")
        }
        return CodecError(
            "the file is not a picture of a known format",
            suggestion: "Choose a PNG, JPEG, WebP, TIFF, GIF or BMP file.")
    }

    /// Whether the first bytes are UTF-8 without control characters. A character cut off at the end is no matter.
    static func startsLikeText(_ bytes: [UInt8]) -> Bool {
        let start = bytes.prefix(256)
        let hasControls = start.contains { $0 < 32 && !(9...13).contains($0) || $0 == 127 }
        let text = String(decoding: start, as: UTF8.self).unicodeScalars
        return !hasControls && !text.dropLast(3).contains("\u{FFFD}")
    }
}
