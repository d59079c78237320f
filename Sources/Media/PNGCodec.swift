internal import CPNG  // the only file that does; C types and pointers stay in it

/// PNG files through libpng.
public enum PNGCodec {
    /// Of the libpng in use.
    static var libraryVersion: String { unsafe String(cString: cpng_version()) }

    /// Any PNG as eight-bit RGB and, when the file has an alpha channel or a transparent colour, alpha. Of 16 bits the
    /// high byte is kept and gamma is left alone, as Pillow does. Applies EXIF orientation. Throws `stopped` when the
    /// task is cancelled, as `encode` does.
    public static func decode(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(CodecError) -> DecodedImage {
        try unsafe withDecoder(bytes) { (decoder, header) throws(CodecError) in
            let (width, height) = (Int(header.width), Int(header.height))
            try limits.check(height: height, width: width)
            let (pixels, alpha) = try unsafe readPixels(decoder, header)
            var frames = PictureFrames(limits: limits)
            try frames.append(
                pixels, alpha: alpha, width: width, height: height, orientation: EXIFOrientation(png: bytes))
            return try frames.picture(format: "PNG", text: unsafe texts(decoder))
        }
    }

    /// Whether `prefix` starts a PNG whose header libpng takes. Reads neither texts nor pixels, so the first bytes of a
    /// file are enough.
    static func hasHeader(_ prefix: [UInt8]) -> Bool {
        do {
            let header = PNGChunks.selection(["IHDR", "PLTE"], of: prefix)
            try unsafe withDecoder(header) { _, _ in }
            return true
        } catch { return false }
    }

    /// The text chunks before and after the pixels, in file order, without reading the pixels: a file that is cut off
    /// or damaged there still has its texts.
    public static func textChunks(of bytes: [UInt8]) throws(CodecError) -> [TextChunk] {
        let texts = PNGChunks.selection(["IHDR", "PLTE", "tEXt", "zTXt", "iTXt"], of: bytes)
        return try unsafe withDecoder(texts) { decoder, _ in unsafe Self.texts(decoder) }
    }

    /// One image of the batch as an eight-bit PNG: gray, RGB or RGBA for 1, 3 or 4 channels, with the bytes of
    /// `Image.eightBit()`. Text is a tEXt chunk when it is Latin-1, else iTXt.
    public static func encode(
        _ image: Image, at index: Int, text: [TextChunk] = []
    ) throws(CodecError) -> [UInt8] {
        precondition((0..<image.batch).contains(index), "the batch has no image \(index)")
        guard [1, 3, 4].contains(image.channels) else {
            throw CodecError("a PNG has 1, 3 or 4 channels, and this image has \(image.channels)")
        }
        guard image.width > 0, image.height > 0, let width = UInt32(exactly: image.width),
            let height = UInt32(exactly: image.height)
        else {
            throw CodecError("an image of \(image.width)x\(image.height) pixels cannot be a PNG")
        }
        var records: [UInt8] = []
        for chunk in text { records += try chunk.record() }
        let count = image.height * image.width * image.channels
        let range = index * count..<(index + 1) * count
        let header = unsafe cpng_image(
            width: width, height: height, channels: CInt(image.channels), table: nil, texts: nil,
            texts_size: records.count, text_count: text.count)
        switch image.storage {
        case .floats(let floats):
            let pixels = try floats.mapInBands(
                range, step: { (_, _) throws(CodecError) in try CodecError.checkStopped() }, Image.eightBit)
            return try unsafe encode(header, pixels, 0..<count, table: nil, records)
        case .bytes(let bytes, let levels):
            return try unsafe encode(header, bytes, range, table: Image.byteTable(levels), records)
        }
    }

    private static func encode(
        _ header: cpng_image, _ pixels: [UInt8], _ range: Range<Int>, table: [UInt8]?, _ texts: [UInt8]
    ) throws(CodecError) -> [UInt8] {
        var png: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { unsafe cpng_free(png) }
        try unsafe check { message in
            unsafe pixels.withUnsafeBufferPointer { pixels in
                unsafe (table ?? []).withUnsafeBufferPointer { levels in
                    unsafe texts.withUnsafeBytes { texts in
                        var header = unsafe header
                        unsafe header.table = table == nil ? nil : levels.baseAddress
                        unsafe header.texts = texts.baseAddress?.assumingMemoryBound(to: CChar.self)
                        let slice = unsafe UnsafeBufferPointer(rebasing: pixels[range])
                        return unsafe cpng_encode(
                            &header, slice.baseAddress, slice.count, { Task.isCancelled ? 1 : 0 }, &png, &count, message
                        )
                    }
                }
            }
        }
        let written = unsafe UnsafeBufferPointer(start: png, count: count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: Bands.elementCount) {
            try CodecError.checkStopped()
            unsafe bytes.append(contentsOf: written[start..<min(start + Bands.elementCount, count)])
        }
        return bytes
    }

    private static func withDecoder<Result>(
        _ bytes: [UInt8], _ body: (OpaquePointer, cpng_header) throws(CodecError) -> Result
    ) throws(CodecError) -> Result {
        guard ImageFormat.sniff(bytes) == .png else {
            throw CodecError("the file is not a PNG", suggestion: "Choose a PNG file.")
        }
        return try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            var opened: OpaquePointer?
            var header = cpng_header()
            defer { unsafe cpng_close(opened) }
            try unsafe check {
                unsafe cpng_open(bytes.baseAddress, bytes.count, &opened, &header, $0)
            }
            guard let decoder = unsafe opened else { throw .outOfMemory("PNG") }
            return try unsafe body(decoder, header)
        }
    }

    /// [height, width, 3] and [height, width].
    private static func readPixels(
        _ decoder: OpaquePointer, _ header: cpng_header
    ) throws(CodecError) -> (rgb: [UInt8], alpha: [UInt8]?) {
        let count = Int(header.width) * Int(header.height)
        let alphaCount = header.has_alpha == 0 ? 0 : count
        var alpha: [UInt8] = []
        var rgb: [UInt8] = []
        try unsafe check { message in
            var status = CInt(CPNG_OK)
            unsafe rgb = [UInt8](unsafeUninitializedCapacity: count * 3) { rgb, rgbCount in
                unsafe alpha = [UInt8](unsafeUninitializedCapacity: alphaCount) { alpha, initializedCount in
                    status = unsafe cpng_read_pixels(
                        decoder, rgb.baseAddress, count * 3, alpha.baseAddress, alphaCount,
                        { Task.isCancelled ? 1 : 0 }, message)
                    initializedCount = status == CPNG_OK ? alphaCount : 0
                }
                rgbCount = status == CPNG_OK ? count * 3 : 0
            }
            return status
        }
        return (rgb, header.has_alpha == 0 ? nil : alpha)
    }

    private static func texts(_ decoder: OpaquePointer) -> [TextChunk] {
        unsafe (0..<cpng_text_count(decoder)).map { index in
            let chunk = unsafe cpng_text_at(decoder, index)
            let text = unsafe UnsafeRawBufferPointer(start: chunk.text, count: chunk.text_count)
            return unsafe TextChunk(
                keyword: TextChunk.string(latin1: latin1Bytes(chunk.keyword)),
                text: chunk.is_utf8 == 1
                    ? String(decoding: text, as: UTF8.self) : TextChunk.string(latin1: text))
        }
    }

    private static func latin1Bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        guard let text = unsafe text else { return [] }
        var bytes: [UInt8] = []
        while unsafe text[bytes.count] != 0 { unsafe bytes.append(UInt8(bitPattern: text[bytes.count])) }
        return bytes
    }

    /// Calls one function of cpng.h and turns its status and message into an error.
    private static func check(_ call: (UnsafeMutablePointer<CChar>?) -> CInt) throws(CodecError) {
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
        let status = unsafe message.withUnsafeMutableBufferPointer { unsafe call($0.baseAddress) }
        switch Int(status) {
        case CPNG_OK: return
        case CPNG_ENDS_EARLY: throw CodecError("the PNG ends early", suggestion: CodecError.copyAgain)
        case CPNG_STOPPED: throw .stopped
        case CPNG_NO_MEMORY: throw .outOfMemory("PNG")
        default:
            let words = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw .damaged("PNG", String(decoding: words, as: UTF8.self))
        }
    }
}
