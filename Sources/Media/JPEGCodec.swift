public import GraphCore
internal import CJPEG  // the only file that does; C types and pointers stay in it

/// JPEG files through libjpeg-turbo, with the settings (and so the pixels) of Pillow.
public enum JPEGCodec {
    /// Of the libjpeg in use.
    static var libraryVersion: String { unsafe String(cString: cjpeg_version()) }

    /// Gray, YCbCr, RGB, CMYK and YCCK files as eight-bit RGB, with EXIF orientation applied and converted to sRGB
    /// (`ColorProfile`). CMYK is read as Adobe writes it, inverted, and without a profile converted as Pillow does. Of
    /// several pictures in a file (MPO) the first.
    /// - Parameter cores: for converting colours.
    /// - Throws: `CodecError` with one sentence; `stopped` when the task is cancelled.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = .init(), cores: SpareCores = .none
    ) throws(CodecError) -> DecodedImage {
        guard ImageFormat.sniff(bytes) == .jpeg else {
            throw CodecError("the file is not a JPEG", suggestion: "Choose a JPEG file.")
        }
        try JPEGSegments.checkProcess(of: bytes)
        let profile = JPEGSegments.profile(of: bytes)
        var frames = PictureFrames(limits: limits, cores: cores)
        var samples: ColorProfile.Samples? = .rgb
        var notes: [String] = []
        try unsafe withDecoder(bytes) { (decoder, header) throws(CodecError) in
            let (width, height) = (Int(header.width), Int(header.height))
            try limits.check(height: height, width: width)
            var inks: ColorTransform?
            if header.channels == 1 { samples = .gray }
            if header.channels == 4 {
                samples = nil
                switch profile.map({ ColorProfile.judge($0, for: .inks) }) {
                case .other(let transform)?: inks = transform
                case .unusable(let note)?: notes.append(note)
                case .same?, nil: break
                }
            }
            let read = try unsafe readPixels(
                decoder, width: width, height: height, channels: inks == nil ? 3 : 4)
            let pixels = try inks?.rgb(ofInks: read, width: width, cores: cores) ?? read
            try frames.append(pixels, width: width, height: height, orientation: EXIFOrientation(jpeg: bytes))
        }
        var picture = try frames.picture(format: "JPEG", profile: profile, samples: samples)
        picture.notes += notes
        return picture
    }

    /// Whether `prefix` starts a JPEG whose header, up to the first scan, libjpeg takes.
    static func hasHeader(_ prefix: [UInt8]) -> Bool {
        do {
            return try unsafe withDecoder(prefix) { _, header in header.width > 0 && header.height > 0 }
        } catch { return false }
    }

    private static func withDecoder<Result>(
        _ bytes: [UInt8], _ body: (OpaquePointer, cjpeg_header) throws(CodecError) -> Result
    ) throws(CodecError) -> Result {
        try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            var opened: OpaquePointer?
            var header = cjpeg_header()
            defer { unsafe cjpeg_close(opened) }
            try unsafe check { unsafe cjpeg_open(bytes.baseAddress, bytes.count, &opened, &header, $0) }
            guard let decoder = unsafe opened else { throw .outOfMemory("JPEG") }
            return try unsafe body(decoder, header)
        }
    }

    /// A side has 16 bits, of which libjpeg uses a little less.
    static let maxSideLength = 65_500

    /// One image of the batch, of 3 channels, as a baseline JPEG of the bytes of `Image.eightBit()`.
    /// - Parameters:
    ///   - quality: 1 (small) to 100 (good); what lies outside is brought inside.
    ///   - hasFullColour: keeps colours at full resolution (4:4:4) instead of half (4:2:0).
    ///   - text: kept in EXIF, as `EXIFText` reads it, when `hasRoom(for:)` says so, and left out otherwise.
    ///   - profile: an ICC profile to embed.
    /// - Throws: `CodecError` for sides beyond 65,500 pixels; `stopped` when the task is cancelled.
    public static func encode(
        _ image: Image, at index: Int, quality: Int, hasFullColour: Bool = false, text: [TextChunk] = [],
        profile: [UInt8]? = nil
    ) throws(CodecError) -> [UInt8] {
        guard image.channels == 3 else {
            throw CodecError(
                "a JPEG has 3 channels, and this image has \(image.channels)",
                suggestion: image.channels == 4
                    ? "Save a PNG or a WebP, which keep what is transparent, or take it away with SplitImageWithAlpha."
                    : "Save a PNG.")
        }
        guard (1...maxSideLength).contains(image.width), (1...maxSideLength).contains(image.height) else {
            throw CodecError(
                "the image is \(image.width.grouped)x\(image.height.grouped) pixels, and a JPEG may have at most "
                    + "\(maxSideLength.grouped) a side",
                suggestion: "Make it smaller, or write a PNG.")
        }
        let pixels = try image.eightBit(at: index)
        var jpeg: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { unsafe cjpeg_free(jpeg) }
        try unsafe check { message in
            unsafe pixels.withUnsafeBufferPointer { pixels in
                unsafe cjpeg_encode(
                    pixels.baseAddress, UInt32(image.width), UInt32(image.height), CInt(min(max(quality, 1), 100)),
                    hasFullColour ? 1 : 0, { Task.isCancelled ? 1 : 0 }, &jpeg, &count, message)
            }
        }
        let written = unsafe UnsafeBufferPointer(start: jpeg, count: count)
        let segments = JPEGSegments.encoded(text: text, profile: profile)
        guard !segments.isEmpty else { return unsafe [UInt8](written) }
        let head = JPEGSegments.headByteCount
        return unsafe [UInt8](written[..<head]) + segments + written[head...]
    }

    /// [height, width, 3], or 4 for the inks of a CMYK file as they are; decoded in place.
    private static func readPixels(
        _ decoder: OpaquePointer, width: Int, height: Int, channels: Int
    ) throws(CodecError) -> PixelBuffer<UInt8> {
        let count = width * height * channels
        var rowsRead: UInt32 = 0
        var pixels = PixelBuffer<UInt8>()
        try unsafe check(rowsMissing: { rowsRead == 0 ? nil : (height - Int(rowsRead), height) }) { message in
            var status = CInt(CJPEG_OK)
            unsafe pixels = PixelBuffer(unsafeUninitializedCapacity: count) { pixels, initializedCount in
                status = unsafe cjpeg_read_pixels(
                    decoder, pixels.baseAddress, count, CInt(channels), { Task.isCancelled ? 1 : 0 }, &rowsRead, message
                )
                initializedCount = status == CJPEG_OK ? count : 0
            }
            return status
        }
        return pixels
    }

    /// Calls one function of cjpeg.h and turns its status and message into an error.
    private static func check(
        rowsMissing: () -> (count: Int, total: Int)? = { nil }, _ call: (UnsafeMutablePointer<CChar>?) -> CInt
    ) throws(CodecError) {
        var message = [CChar](repeating: 0, count: Int(CJPEG_MESSAGE_SIZE))
        let status = unsafe message.withUnsafeMutableBufferPointer { unsafe call($0.baseAddress) }
        switch Int(status) {
        case CJPEG_OK: return
        case CJPEG_ENDS_EARLY:
            let missing = rowsMissing().map {
                ": \($0.count.grouped) of its \($0.total.grouped) rows \($0.count == 1 ? "is" : "are") missing"
            }
            throw CodecError("the JPEG ends early\(missing ?? "")", suggestion: CodecError.copyAgain)
        case CJPEG_TOO_MANY_SCANS:
            throw CodecError(
                "the JPEG is drawn in more than \(CJPEG_SCANS_MAX) scans, which no usual program writes",
                suggestion: "Open and re-save it in an image editor.")
        case CJPEG_STOPPED: throw .stopped
        case CJPEG_NO_MEMORY: throw .outOfMemory("JPEG")
        default:
            let words = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw .damaged("JPEG", String(decoding: words, as: UTF8.self))
        }
    }
}
