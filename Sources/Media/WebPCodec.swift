public import GraphCore
internal import CWebP  // the only file that does; C types and pointers stay in it

/// WebP files through libwebp, with the settings (and so the pixels) of Pillow.
public enum WebPCodec {
    /// Of the libwebp in use, which has one byte each for major, minor and revision.
    static var libraryVersion: String {
        let version = WebPGetDecoderVersion()
        return "\(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF)"
    }

    /// A side has 14 bits. WebP Lossy Bitstream Guide (RFC 6386) section 9.1.
    public static let maxSideLength = 16_383

    // MARK: Reading

    /// Lossy and lossless files as eight-bit RGB, and alpha when the file says that it has one; of an animation all
    /// frames, each whole. Applies EXIF orientation. Throws `stopped` when the task is cancelled.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = .init(), onlyFirstFrame: Bool = false, cores: SpareCores = .none
    ) throws(CodecError) -> DecodedImage {
        let header = try header(of: bytes)
        let (width, height) = (header.width, header.height)
        try limits.check(height: height, width: width)
        let orientation = EXIFOrientation(webp: bytes)
        var frames = PictureFrames(limits: limits, cores: cores)
        if header.isAnimated {
            try readFrames(bytes, header, onlyFirst: onlyFirstFrame) { (samples, count) throws(CodecError) in
                if frames.count == 0 { try frames.expect(count, width: width, height: height) }
                let (rgb, alpha) = try split(samples)
                try frames.append(
                    rgb, alpha: header.hasAlpha ? alpha : nil, width: width, height: height, orientation: orientation)
            }
        } else {
            let samples = try readPixels(bytes, header)
            let (rgb, alpha) = header.hasAlpha ? try split(samples) : (samples, nil)
            try frames.append(rgb, alpha: alpha, width: width, height: height, orientation: orientation)
        }
        return try frames.picture(
            format: "WebP", text: EXIFText.read(from: bytes), profile: RIFFChunks.profile(of: bytes))
    }

    /// The frames of an animation, one after the other, as they are shown: [height, width, 4]. Pillow keeps the
    /// background clear, whatever colour the file names, and so does this.
    private static func readFrames(
        _ bytes: [UInt8], _ header: Header, onlyFirst: Bool,
        _ body: (_ samples: PixelBuffer<UInt8>, _ frameCount: Int) throws(CodecError) -> Void
    ) throws(CodecError) {
        var options = WebPAnimDecoderOptions()
        guard unsafe WebPAnimDecoderOptionsInit(&options) == 1 else {
            throw CodecError("libwebpdemux is of another version than its header")
        }
        options.color_mode = MODE_RGBA
        try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            var data = unsafe WebPData(bytes: bytes.baseAddress, size: bytes.count)
            guard let decoder = unsafe WebPAnimDecoderNew(&data, &options) else {
                throw CodecError("the WebP ends early, or its animation is damaged", suggestion: CodecError.copyAgain)
            }
            defer { unsafe WebPAnimDecoderDelete(decoder) }
            var info = WebPAnimInfo()
            guard unsafe WebPAnimDecoderGetInfo(decoder, &info) == 1, Int(info.canvas_width) == header.width,
                Int(info.canvas_height) == header.height
            else { throw .damaged("WebP", "its animation has another size") }
            let frameCount = onlyFirst ? 1 : Int(info.frame_count)
            for number in 1...max(1, frameCount) {
                try CodecError.checkStopped()
                var frame: UnsafeMutablePointer<UInt8>?
                var time: CInt = 0
                guard unsafe WebPAnimDecoderGetNext(decoder, &frame, &time) == 1, let frame = unsafe frame else {
                    throw .damaged("WebP", "frame \(number) of \(frameCount.grouped) makes no sense")
                }
                let count = header.width * header.height * 4
                try body(unsafe PixelBuffer(UnsafeBufferPointer(start: frame, count: count)), frameCount)
            }
        }
    }

    struct Header {
        let width: Int, height: Int
        let hasAlpha: Bool, isAnimated: Bool
    }

    /// What stands before the pixels, checked by libwebp.
    static func header(of bytes: [UInt8]) throws(CodecError) -> Header {
        guard ImageFormat.sniff(bytes) == .webp else {
            throw CodecError("the file is not a WebP", suggestion: "Choose a WebP file.")
        }
        var features = WebPBitstreamFeatures()
        let status = unsafe bytes.withUnsafeBufferPointer {
            unsafe WebPGetFeatures($0.baseAddress, $0.count, &features)
        }
        try check(status)
        return Header(
            width: Int(features.width), height: Int(features.height), hasAlpha: features.has_alpha != 0,
            isAnimated: features.has_animation != 0)
    }

    /// [height, width, 3], or 4 channels with alpha. Decoded piece by piece, so that cancelling does not wait for 100
    /// megapixels; in 16 pieces at most, since libwebp reads a lossless header anew with each until it is complete.
    private static func readPixels(_ bytes: [UInt8], _ header: Header) throws(CodecError) -> PixelBuffer<UInt8> {
        let pieceByteCount = max(1 << 16, bytes.count / 16 + 1)
        let stride = header.width * (header.hasAlpha ? 4 : 3)
        let count = stride * header.height
        var status = VP8_STATUS_SUSPENDED
        var rowCount = 0
        var isStopped = false
        let pixels = unsafe PixelBuffer<UInt8>(unsafeUninitializedCapacity: count) { pixels, initializedCount in
            let decoder = unsafe WebPINewRGB(
                header.hasAlpha ? MODE_RGBA : MODE_RGB, pixels.baseAddress, count, CInt(stride))
            guard let decoder = unsafe decoder else {
                status = VP8_STATUS_OUT_OF_MEMORY
                return
            }
            defer { unsafe WebPIDelete(decoder) }
            unsafe bytes.withUnsafeBufferPointer { bytes in
                var given = 0
                while status == VP8_STATUS_SUSPENDED && given < bytes.count && !isStopped {
                    given = min(given + pieceByteCount, bytes.count)
                    status = unsafe WebPIUpdate(decoder, bytes.baseAddress, given)
                    isStopped = Task.isCancelled
                }
            }
            var lastRow: CInt = 0
            if unsafe WebPIDecGetRGB(decoder, &lastRow, nil, nil, nil) != nil { rowCount = Int(lastRow) }
            initializedCount = status == VP8_STATUS_OK ? count : 0
        }
        if isStopped { throw .stopped }
        try check(status, rowsMissing: rowCount == 0 ? nil : (header.height - rowCount, header.height))
        return pixels
    }

    /// RGBA in bands to RGB and alpha.
    private static func split(_ rgba: PixelBuffer<UInt8>) throws(CodecError) -> (
        rgb: PixelBuffer<UInt8>, alpha: PixelBuffer<UInt8>?
    ) {
        let count = rgba.count / 4
        var rgb = PixelBuffer<UInt8>(), alpha = PixelBuffer<UInt8>()
        rgb.reserveCapacity(count * 3)
        alpha.reserveCapacity(count)
        let source = rgba.span
        for start in Swift.stride(from: 0, to: count, by: Bands.elementCount) {
            try CodecError.checkStopped()
            for i in start..<min(start + Bands.elementCount, count) {
                rgb.append(source[4 &* i])
                rgb.append(source[4 &* i &+ 1])
                rgb.append(source[4 &* i &+ 2])
                alpha.append(source[4 &* i &+ 3])
            }
        }
        return (rgb, alpha)
    }

    private static func check(
        _ status: VP8StatusCode, rowsMissing: (count: Int, total: Int)? = nil
    ) throws(CodecError) {
        switch status {
        case VP8_STATUS_OK: return
        case VP8_STATUS_SUSPENDED, VP8_STATUS_NOT_ENOUGH_DATA:
            let missing = rowsMissing.map {
                ": \($0.count.grouped) of its \($0.total.grouped) rows \($0.count == 1 ? "is" : "are") missing"
            }
            throw CodecError("the WebP ends early\(missing ?? "")", suggestion: CodecError.copyAgain)
        case VP8_STATUS_OUT_OF_MEMORY: throw .outOfMemory("WebP")
        case VP8_STATUS_UNSUPPORTED_FEATURE: throw .damaged("WebP", "it uses a feature that libwebp does not know")
        default: throw .damaged("WebP", "its bytes make no sense")
        }
    }

    // MARK: Writing

    /// One image of the batch, of 3 or 4 channels, as a WebP of the bytes of `Image.eightBit()`; alpha is kept without
    /// loss.
    /// - Parameters:
    ///   - quality: 1 (small) to 100 (good); what lies outside is brought inside. Without loss it is the effort.
    ///   - isLossless: keeps every pixel, those under clear ones too.
    ///   - text: kept in EXIF, as `EXIFText` reads it.
    ///   - profile: an ICC profile to embed.
    /// - Throws: `CodecError` for sides beyond `maxSideLength`; `stopped` when the task is cancelled.
    public static func encode(
        _ image: Image, at index: Int, quality: Int, isLossless: Bool = false, text: [TextChunk] = [],
        profile: [UInt8]? = nil
    ) throws(CodecError) -> [UInt8] {
        guard [3, 4].contains(image.channels) else {
            throw CodecError("a WebP has 3 or 4 channels, and this image has \(image.channels)")
        }
        guard (1...maxSideLength).contains(image.width), (1...maxSideLength).contains(image.height) else {
            throw CodecError(
                "the image is \(image.width.grouped)x\(image.height.grouped) pixels, and a WebP may have at most "
                    + "\(maxSideLength.grouped) a side",
                suggestion: "Make it smaller, or write a PNG.")
        }
        let pixels = try image.eightBit(at: index)
        let stride = CInt(image.width * image.channels)
        var config = WebPConfig()
        var picture = unsafe WebPPicture()
        guard unsafe WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, Float(min(max(quality, 1), 100))) == 1,
            unsafe WebPPictureInit(&picture) == 1
        else { throw CodecError("libwebp is of another version than its header") }
        if isLossless { (config.lossless, config.exact) = (1, 1) }
        var writer = unsafe WebPMemoryWriter()
        unsafe WebPMemoryWriterInit(&writer)
        defer {
            unsafe WebPPictureFree(&picture)
            unsafe WebPMemoryWriterClear(&writer)
        }
        unsafe picture.use_argb = isLossless ? 1 : 0
        unsafe (picture.width, picture.height) = (CInt(image.width), CInt(image.height))
        unsafe picture.progress_hook = { _, _ in Task.isCancelled ? 0 : 1 }
        unsafe picture.writer = WebPMemoryWrite
        let encoded = unsafe withUnsafeMutablePointer(to: &writer) { writer in
            unsafe picture.custom_ptr = UnsafeMutableRawPointer(writer)
            let imported = unsafe pixels.withUnsafeBufferPointer { pixels in
                image.channels == 4
                    ? unsafe WebPPictureImportRGBA(&picture, pixels.baseAddress, stride)
                    : unsafe WebPPictureImportRGB(&picture, pixels.baseAddress, stride)
            }
            return unsafe imported == 1 && WebPEncode(&config, &picture) == 1
        }
        guard encoded else {
            switch unsafe picture.error_code {
            case VP8_ENC_ERROR_USER_ABORT: throw .stopped
            case VP8_ENC_ERROR_OUT_OF_MEMORY, VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY: throw .outOfMemory("WebP")
            default:
                throw CodecError(
                    "libwebp cannot write the picture (error \(unsafe picture.error_code.rawValue))",
                    suggestion: "Write a PNG.")
            }
        }
        let webp = unsafe [UInt8](UnsafeBufferPointer(start: writer.mem, count: writer.size))
        return RIFFChunks.webp(
            webp, width: image.width, height: image.height, hasAlpha: image.channels == 4,
            exif: EXIFText.structure(text), profile: profile)
    }
}
