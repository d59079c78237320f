public import GraphCore
internal import CPNG  // the only file that does; C types and pointers stay in it

/// PNG files through libpng.
public enum PNGCodec {
    /// Of the libpng in use.
    static var libraryVersion: String { unsafe String(cString: cpng_version()) }

    /// Any PNG as eight-bit RGB with the pixels of Pillow's `convert("RGB")`: of 16 bits the high byte is kept, gamma and
    /// the chunks beside it are left alone, and 16-bit gray is cut off at 255 (a note says so when that loses anything).
    /// Alpha is what the file's alpha channel or palette says; a transparent colour of a gray or RGB file counts as
    /// opaque, as in ComfyUI. The frames of an animated PNG are a batch. Applies EXIF orientation and converts to sRGB
    /// (`ColorProfile`).
    /// - Parameters:
    ///   - onlyFirstFrame: leaves out the others, without decoding them.
    ///   - cores: for converting colours.
    /// - Throws: `CodecError` with one sentence; `stopped` when the task is cancelled.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = .init(), onlyFirstFrame: Bool = false, cores: SpareCores = .none
    ) throws(CodecError) -> DecodedImage {
        try unsafe withDecoder(bytes) { (decoder, header) throws(CodecError) in
            let (width, height) = (Int(header.width), Int(header.height))
            try limits.check(height: height, width: width)
            var frames = PictureFrames(limits: limits, cores: cores)
            let animation = onlyFirstFrame ? nil : try AnimatedPNG(bytes, width: width, height: height)
            if let animation {
                try frames.expect(animation.frames.count, width: width, height: height)
                try unsafe readFrames(decoder, header, animation, of: bytes, into: &frames)
            } else {
                let (pixels, alpha) = try unsafe readPixels(decoder, header)
                let orientation = EXIFOrientation(png: bytes, text: unsafe texts(decoder))
                try frames.append(pixels, alpha: alpha, width: width, height: height, orientation: orientation)
            }
            var size = 0
            let start = unsafe cpng_profile(decoder, &size)
            let profile = unsafe start.map { unsafe [UInt8](UnsafeBufferPointer(start: $0, count: size)) }
            let layout = Int(header.layout)
            var picture = try frames.picture(
                format: "PNG", text: unsafe texts(decoder), profile: profile,
                samples: [CPNG_GRAY, CPNG_GRAY_16, CPNG_GRAY_ALPHA].contains(layout) ? .gray : .rgb)
            if profile == nil, PNGChunks(of: bytes).contains(where: { $0.type.elementsEqual("iCCP".utf8) }) {
                picture.notes.append("its colour profile is damaged or not for its kind of pixels, and was ignored")
            }
            if unsafe cpng_wrong_checksum(decoder) == 1 {
                picture.notes.append("a checksum in it is wrong: it may be damaged")
            }
            if unsafe cpng_lost_text(decoder) == 1 {
                picture.notes.append("a text in it is damaged or larger than 8 MiB, and was left out")
            }
            if layout == CPNG_GRAY_16, unsafe cpng_cut_off(decoder) == 1 {
                picture.notes.append(
                    "it has 16-bit gray, of which ComfyUI makes everything above 255 of 65,535 white; "
                        + "save it with 8 bits to see all of it")
            }
            return picture
        }
    }

    /// All frames of an animated PNG, composed.
    private static func readFrames(
        _ decoder: OpaquePointer, _ header: cpng_header, _ animation: AnimatedPNG, of bytes: [UInt8],
        into frames: inout PictureFrames
    ) throws(CodecError) {
        let (width, height) = (Int(header.width), Int(header.height))
        guard let first = animation.frames.first else { return }
        let colors = unsafe storedColors(decoder, header)
        var canvas = APNGCanvas(
            width: width, height: height, pixelSize: colors.pixelSize, first: first,
            pixels: try unsafe readStored(decoder, header))
        let orientation = EXIFOrientation(png: bytes, text: unsafe texts(decoder))
        for (index, frame) in animation.frames.enumerated() {
            try CodecError.checkStopped()
            if index > 0 {
                let file = animation.file(of: frame) { bytes in
                    unsafe bytes.withUnsafeBufferPointer { unsafe cpng_checksum($0.baseAddress, $0.count) }
                }
                let pixels = try unsafe withDecoder(file) { (decoder, header) throws(CodecError) in
                    try unsafe readStored(decoder, header)
                }
                try canvas.draw(pixels, frame, isFirst: index == 1, opacity: colors.opacity)
            }
            let (rgb, alpha) = try colors.split(canvas.pixels)
            try frames.append(rgb, alpha: alpha, width: width, height: height, orientation: orientation)
        }
    }

    /// Whether `prefix` starts a PNG whose header libpng takes and has the right checksum. Reads neither texts nor pixels,
    /// so the first bytes of a file are enough.
    static func hasHeader(_ prefix: [UInt8]) -> Bool {
        guard unsafe cpng_has_right_header(prefix, prefix.count) == 1 else { return false }
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

    /// One image of the batch as a PNG: gray, RGB or RGBA for 1, 3 or 4 channels, with the bytes of
    /// `Image.eightBit()`. Text is a tEXt chunk when it is Latin-1, else iTXt.
    /// - Parameters:
    ///   - bits: 8, or 16 of `Image.sixteenBit(at:)`.
    ///   - profile: an ICC profile to embed.
    public static func encode(
        _ image: Image, at index: Int, text: [TextChunk] = [], bits: Int = 8, profile: [UInt8]? = nil
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
            width: width, height: height, channels: CInt(image.channels), bits: CInt(bits), table: nil, texts: nil,
            texts_size: records.count, text_count: text.count, profile: nil, profile_size: profile?.count ?? 0)
        if bits == 16 {
            let words = try image.sixteenBit(at: index)
            var bytes = PixelBuffer<UInt8>()
            bytes.reserveCapacity(words.count * 2)
            for word in words {
                bytes.append(UInt8(word >> 8))
                bytes.append(UInt8(word & 255))
            }
            return try unsafe encode(header, bytes, 0..<bytes.count, table: nil, records, profile)
        }
        switch image.storage {
        case .floats(let floats):
            let pixels = try floats.mapInBands(
                range, step: { (_, _) throws(CodecError) in try CodecError.checkStopped() }, Image.eightBit)
            return try unsafe encode(header, pixels, 0..<count, table: nil, records, profile)
        case .bytes(let bytes, let levels):
            return try unsafe encode(header, bytes, range, table: Image.byteTable(levels), records, profile)
        }
    }

    private static func encode(
        _ header: cpng_image, _ pixels: PixelBuffer<UInt8>, _ range: Range<Int>, table: [UInt8]?, _ texts: [UInt8],
        _ profile: [UInt8]?
    ) throws(CodecError) -> [UInt8] {
        var png: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { unsafe cpng_free(png) }
        try unsafe check { message in
            unsafe pixels.withUnsafeBufferPointer { pixels in
                unsafe (table ?? []).withUnsafeBufferPointer { levels in
                    unsafe texts.withUnsafeBytes { texts in
                        unsafe (profile ?? []).withUnsafeBufferPointer { profile in
                            var header = unsafe header
                            unsafe header.table = table == nil ? nil : levels.baseAddress
                            unsafe header.texts = texts.baseAddress?.assumingMemoryBound(to: CChar.self)
                            unsafe header.profile = profile.baseAddress
                            let slice = unsafe UnsafeBufferPointer(rebasing: pixels[range])
                            return unsafe cpng_encode(
                                &header, slice.baseAddress, slice.count, { Task.isCancelled ? 1 : 0 }, &png, &count,
                                message)
                        }
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
    ) throws(CodecError) -> (rgb: PixelBuffer<UInt8>, alpha: PixelBuffer<UInt8>?) {
        let count = Int(header.width) * Int(header.height)
        let alphaCount = header.has_alpha == 0 ? 0 : count
        var alpha = PixelBuffer<UInt8>()
        var rgb = PixelBuffer<UInt8>()
        try unsafe check { message in
            var status = CInt(CPNG_OK)
            unsafe rgb = PixelBuffer(unsafeUninitializedCapacity: count * 3) { rgb, rgbCount in
                unsafe alpha = PixelBuffer(unsafeUninitializedCapacity: alphaCount) { alpha, initializedCount in
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

    /// [height, width, pixel_size].
    private static func readStored(_ decoder: OpaquePointer, _ header: cpng_header) throws(CodecError) -> PixelBuffer<
        UInt8
    > {
        let count = Int(header.width) * Int(header.height) * Int(header.pixel_size)
        var pixels = PixelBuffer<UInt8>()
        try unsafe check { message in
            var status = CInt(CPNG_OK)
            unsafe pixels = PixelBuffer(unsafeUninitializedCapacity: count) { pixels, initializedCount in
                status = unsafe cpng_read_stored(
                    decoder, pixels.baseAddress, count, { Task.isCancelled ? 1 : 0 }, message)
                initializedCount = status == CPNG_OK ? count : 0
            }
            return status
        }
        return pixels
    }

    private static func storedColors(_ decoder: OpaquePointer, _ header: cpng_header) -> StoredColors {
        var palette = [UInt8](repeating: 0, count: 1024)
        unsafe palette.withUnsafeMutableBufferPointer { unsafe cpng_palette(decoder, $0.baseAddress) }
        var key: [UInt8] = [0, 0, 0]
        let hasKey = unsafe key.withUnsafeMutableBufferPointer { unsafe cpng_key(decoder, $0.baseAddress) }
        let layout: StoredColors.Layout =
            switch Int(header.layout) {
            case CPNG_GRAY_16: .deepGray
            case CPNG_PALETTE: .palette(palette)
            case CPNG_GRAY_ALPHA: .grayAlpha
            case CPNG_RGB: .rgb(clear: hasKey == 1 ? (key[0], key[1], key[2]) : nil)
            case CPNG_RGBA: .rgba
            default: .gray
            }
        return StoredColors(layout: layout, hasAlpha: header.has_alpha != 0)
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
