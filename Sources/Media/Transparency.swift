internal import GraphCore

/// Decoded pictures keep alpha beside their colours; files have it among them.
extension DecodedImage {
    /// The first frame as [1, height, width, 4], or the picture as it is when it has no alpha.
    func withAlpha() throws(CodecError) -> Image {
        guard let alpha else { return image }
        return try Self.interleaved(image.eightBit(at: 0), alpha, of: image)
    }

    /// [1, height, width, 4]: black, and as transparent as the first frame.
    func alphaOnBlack() throws(CodecError) -> Image {
        try Self.interleaved(nil, alpha, of: image)
    }

    /// Black without `rgb`, opaque without `alpha`.
    private static func interleaved(
        _ rgb: PixelBuffer<UInt8>?, _ alpha: PixelBuffer<UInt8>?, of image: Image
    ) throws(CodecError) -> Image {
        let count = image.width * image.height
        var rgba = PixelBuffer<UInt8>()
        rgba.reserveCapacity(count * 4)
        for start in stride(from: 0, to: count, by: Bands.elementCount) {
            try CodecError.checkStopped()
            for i in start..<min(start + Bands.elementCount, count) {
                for c in 0..<3 { rgba.append(rgb?[3 &* i &+ c] ?? 0) }
                rgba.append(alpha?[i] ?? 255)
            }
        }
        return Image(batch: 1, height: image.height, width: image.width, channels: 4, bytes: rgba)
    }
}

/// What ComfyUI's `/upload/mask` does with a drawn mask.
public enum PictureMask {
    /// The original picture with the mask's alpha as its own, as a PNG that keeps the original's texts. A mask without
    /// alpha makes it opaque.
    /// - Parameters: two whole picture files of one size.
    /// - Throws: `CodecError` that says which of the two is wrong; `stopped` when the task is cancelled.
    public static func apply(
        _ mask: [UInt8], to original: [UInt8], limits: ImageLimits = .init()
    ) throws(CodecError) -> [UInt8] {
        var picture = try decode(original, "the original", limits)
        let drawn = try decode(mask, "the mask", limits)
        let (image, other) = (picture.image, drawn.image)
        guard image.width == other.width, image.height == other.height else {
            throw CodecError(
                "the mask is \(other.width.grouped)x\(other.height.grouped) pixels, and the original is "
                    + "\(image.width.grouped)x\(image.height.grouped)",
                suggestion: "Draw the mask on the original itself.")
        }
        picture.alpha = drawn.alpha ?? PixelBuffer(repeating: 255, count: image.width * image.height)
        // Some programs write keywords that the specification does not allow.
        let text = picture.text.filter { (try? $0.record()) != nil }
        return try PNGCodec.encode(try picture.withAlpha(), at: 0, text: text)
    }

    private static func decode(
        _ bytes: [UInt8], _ name: String, _ limits: ImageLimits
    ) throws(CodecError) -> DecodedImage {
        do {
            return try ImageDecoder.decode(bytes, limits: limits, onlyFirstFrame: true)
        } catch {
            if error == .stopped { throw error }
            throw CodecError("\(name): \(error.message)", suggestion: error.suggestion)
        }
    }
}
