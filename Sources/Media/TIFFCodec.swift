public import GraphCore
internal import CTIFF  // the only file that does; C types and pointers stay in it

/// TIFF files through libtiff, with the pixels of Pillow for what Pillow opens.
public enum TIFFCodec {
    /// Of the libtiff in use, whose own words are "LIBTIFF, Version 4.5.0" and a copyright.
    static var libraryVersion: String {
        let words = unsafe String(cString: ctiff_version())
        let line = words.split(whereSeparator: \.isNewline).first ?? ""
        return String(line.split(separator: " ").last ?? line)
    }

    /// libtiff may ask for no more at once.
    private static let maxAllocation = 512 << 20
    /// Samples of a pixel, most of which mean nothing here.
    private static let maxSampleCount = 32
    /// Pixels of a tile. Programs write 256x256 or so.
    private static let maxTilePixelCount = 1 << 24

    // MARK: Reading

    /// Every page whose size is the first one's, turned upright; pages of other sizes are left out, as in ComfyUI.
    /// Gray, palette, RGB, CMYK and YCbCr of all depths that scanners write, in strips or tiles. Throws `stopped` when
    /// the task is cancelled.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = .init(), onlyFirstFrame: Bool = false, cores: SpareCores = .none
    ) throws(CodecError) -> DecodedImage {
        guard let structure = TIFFStructure(bytes) else {
            throw CodecError("the file is not a TIFF", suggestion: "Choose a TIFF file.")
        }
        let pages = try structure.pages()
        let wanted = onlyFirstFrame ? pages.prefix(1) : pages[...]
        var frames = PictureFrames(limits: limits, cores: cores)
        var colours: TIFFSamples.Colour?
        try unsafe withDecoder(bytes) { (decoder) throws(CodecError) in
            for (index, page) in wanted.enumerated() {
                do throws(CodecError) {
                    let read = try unsafe add(page, in: structure, decoder, to: &frames, limits)
                    if index == 0 { colours = read }
                } catch {
                    guard wanted.count > 1, error != .stopped else { throw error }
                    throw CodecError("page \(index + 1): \(error.message)", suggestion: error.suggestion)
                }
            }
        }
        let leftOut = wanted.count - frames.count
        var picture = try frames.picture(
            format: "TIFF", text: EXIFText.texts(in: structure), profile: structure.profile(of: pages),
            samples: TIFFSamples.profileSamples(of: colours))
        if picture.profile != nil, colours == .cmyk {
            picture.notes.append("its colour profile is for inks and was ignored")
        }
        if leftOut > 0 {
            picture.notes.append(
                "\(leftOut.grouped) of its \(wanted.count.grouped) pages are left out: their sizes are not the first "
                    + "page's")
        }
        return picture
    }

    /// Returns what the page's samples were; nil for what libtiff converted, and for a page that was left out.
    private static func add(
        _ directory: TIFFStructure.Directory, in structure: TIFFStructure, _ decoder: OpaquePointer,
        to frames: inout PictureFrames, _ limits: ImageLimits
    ) throws(CodecError) -> TIFFSamples.Colour? {
        var page = ctiff_page()
        let compression = directory.entry(259).flatMap(structure.number(of:)) ?? 1
        try TIFFCompression.check(compression)
        try unsafe check { unsafe ctiff_set_page(decoder, UInt64(directory.offset), &page, $0) }
        let (width, height) = (Int(page.width), Int(page.height))
        try limits.check(height: height, width: width)
        let orientation = EXIFOrientation(rawValue: Int(page.orientation)) ?? .upright
        let size = orientation.size(width: width, height: height)
        if frames.count > 0 {
            guard size == (frames.width, frames.height) else { return nil }
            try limits.check(batch: frames.count + 1, height: height, width: width)
        }
        let tags = TIFFSamples.Tags(
            photometric: Int(page.photometric), bits: Int(page.bits_per_sample), sampleCount: Int(page.sample_count),
            format: Int(page.sample_format),
            // libtiff makes up the tag where it is missing.
            extras: directory.entry(TIFFStructure.extraSamplesTag) == nil ? nil : extras(page))
        guard !labs.contains(tags.photometric) else {
            throw CodecError(
                "the TIFF holds CIELAB colours, which cannot be read",
                suggestion: "Open it in an image editor and save it as RGB.")
        }
        guard tags.sampleCount <= maxSampleCount else {
            throw CodecError(
                "the TIFF has \(tags.sampleCount.grouped) samples a pixel, and the limit is \(maxSampleCount)",
                suggestion: "Save it as RGB in an image editor.")
        }
        // Planes are put together in memory.
        try limits.check(height: height, width: width, channels: tags.sampleCount)
        var pixels = TIFFPixels(width: width, height: height)
        let samples = try unsafe samples(tags, page, decoder)
        if let samples {
            pixels.alpha = samples.alpha == .none ? [] : PixelBuffer(repeating: 0, count: width * height)
            if page.is_tiled == 1 {
                try unsafe readTiles(decoder, page, samples, into: &pixels)
            } else {
                try unsafe readRows(decoder, page, samples, into: &pixels)
            }
        } else {
            try unsafe readColours(decoder, page, into: &pixels)
        }
        try frames.append(
            pixels.rgb, alpha: pixels.alpha.isEmpty ? nil : pixels.alpha, width: width, height: height,
            orientation: orientation)
        return samples?.colour
    }

    /// CIELab, ICCLab and ITULab: libtiff's own conversion is for another white than most files mean.
    private static let labs = 8...10

    /// Nil for what libtiff's own conversion is for: colours nobody else knows, and compressed YCbCr.
    private static func samples(
        _ tags: TIFFSamples.Tags, _ page: ctiff_page, _ decoder: OpaquePointer
    ) throws(CodecError) -> TIFFSamples? {
        var tags = tags
        let (ycbcr, rgb, jpeg) = (6, 2, 7)
        if tags.photometric == ycbcr {
            if Int(page.compression) == jpeg, page.is_separate == 0 {
                tags.photometric = rgb
            } else if page.compression != 1 || page.horizontal_subsampling != 1
                || page.vertical_subsampling != 1
            {
                return nil
            }
        }
        guard var samples = TIFFSamples(tags) else { return nil }
        if samples.colour == .palette { samples.palette = try unsafe palette(decoder, bits: tags.bits) }
        return samples
    }

    private static func extras(_ page: ctiff_page) -> [Int] {
        let extras = page.extras
        return [extras.0, extras.1, extras.2].prefix(Int(page.extra_count)).map(Int.init)
    }

    /// [256, 3]. The high bytes, as Pillow; what the table lacks is black.
    private static func palette(_ decoder: OpaquePointer, bits: Int) throws(CodecError) -> [UInt8] {
        var tables: (UnsafePointer<UInt16>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?) = (nil, nil, nil)
        guard unsafe ctiff_palette(decoder, &tables.0, &tables.1, &tables.2) == 1,
            let red = unsafe tables.0, let green = unsafe tables.1, let blue = unsafe tables.2
        else { throw .damaged("TIFF", "its palette is missing") }
        var palette = [UInt8](repeating: 0, count: 256 * 3)
        for i in 0..<1 << bits {
            unsafe (palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]) = (
                UInt8(red[i] >> 8), UInt8(green[i] >> 8), UInt8(blue[i] >> 8)
            )
        }
        return palette
    }

    /// Bands of strips. Planes take whole strips, since a compressed one cannot be entered in its middle.
    private static func readRows(
        _ decoder: OpaquePointer, _ page: ctiff_page, _ samples: TIFFSamples, into pixels: inout TIFFPixels
    ) throws(CodecError) {
        let isSeparate = page.is_separate == 1
        let planeCount = isSeparate ? samples.sampleCount : 1
        let rowSize = page.row_size
        let perPlane = isSeparate ? 1 : samples.sampleCount
        guard rowSize >= samples.rowSize(sampleCount: pixels.width * perPlane) else {
            throw .damaged("TIFF", "its rows have an unexpected size")
        }
        let stripHeight = min(Int(unsafe ctiff_rows_per_strip(decoder)), pixels.height)
        let bandHeight = max(1, isSeparate ? stripHeight : min(pixels.height, Bands.elementCount / rowSize))
        var rows = [UInt8](repeating: 0, count: bandHeight * rowSize)
        for first in stride(from: 0, to: pixels.height, by: bandHeight) {
            let count = min(bandHeight, pixels.height - first)
            var bytes = [UInt8](repeating: 0, count: count * pixels.width * samples.sampleCount)
            for plane in 0..<planeCount {
                try unsafe check { message in
                    unsafe rows.withUnsafeMutableBufferPointer {
                        unsafe ctiff_read_rows(
                            decoder, UInt32(first), UInt32(count), UInt16(plane), $0.baseAddress, $0.count,
                            { Task.isCancelled ? 1 : 0 }, message)
                    }
                }
                for y in 0..<count {
                    samples.reduce(
                        rows.span, from: y * rowSize, plane: isSeparate ? plane : nil, width: pixels.width,
                        into: &bytes, pixel: y * pixels.width)
                }
            }
            pixels.set(samples, bytes, width: pixels.width, height: count, x: 0, y: first)
        }
    }

    private static func readTiles(
        _ decoder: OpaquePointer, _ page: ctiff_page, _ samples: TIFFSamples, into pixels: inout TIFFPixels
    ) throws(CodecError) {
        let isSeparate = page.is_separate == 1
        let (width, height) = try tileSize(page)
        let rowSize = page.row_size
        guard rowSize >= samples.rowSize(sampleCount: width * (isSeparate ? 1 : samples.sampleCount)) else {
            throw .damaged("TIFF", "its tiles have an unexpected size")
        }
        var rows = [UInt8](repeating: 0, count: height * rowSize)
        var bytes = [UInt8](repeating: 0, count: width * height * samples.sampleCount)
        for y in stride(from: 0, to: pixels.height, by: height) {
            for x in stride(from: 0, to: pixels.width, by: width) {
                for plane in 0..<(isSeparate ? samples.sampleCount : 1) {
                    try CodecError.checkStopped()
                    try unsafe check { message in
                        unsafe rows.withUnsafeMutableBufferPointer {
                            unsafe ctiff_read_tile(
                                decoder, UInt32(x), UInt32(y), UInt16(plane), $0.baseAddress, $0.count, message)
                        }
                    }
                    for row in 0..<height {
                        samples.reduce(
                            rows.span, from: row * rowSize, plane: isSeparate ? plane : nil, width: width,
                            into: &bytes, pixel: row * width)
                    }
                }
                pixels.set(samples, bytes, width: width, height: height, x: x, y: y)
            }
        }
    }

    private static func tileSize(_ page: ctiff_page) throws(CodecError) -> (width: Int, height: Int) {
        let (width, height) = (Int(page.tile_width), Int(page.tile_height))
        guard width > 0, height > 0, width <= maxTilePixelCount, height <= maxTilePixelCount,
            width * height <= maxTilePixelCount
        else {
            throw CodecError(
                "the TIFF has tiles of \(width.grouped)x\(height.grouped) pixels, and the limit is "
                    + "\((maxTilePixelCount / 1_000_000).grouped) megapixels",
                suggestion: "Save it in strips: 'tiffcp -s tiled.tif strips.tif'.")
        }
        return (width, height)
    }

    /// Strip by strip or tile by tile through libtiff's conversion.
    private static func readColours(
        _ decoder: OpaquePointer, _ page: ctiff_page, into pixels: inout TIFFPixels
    ) throws(CodecError) {
        let isTiled = page.is_tiled == 1
        let strip = (width: pixels.width, height: min(Int(unsafe ctiff_rows_per_strip(decoder)), pixels.height))
        let block = isTiled ? try tileSize(page) : strip
        for y in stride(from: 0, to: pixels.height, by: max(1, block.height)) {
            for x in stride(from: 0, to: pixels.width, by: block.width) {
                try CodecError.checkStopped()
                let width = min(block.width, pixels.width - x), height = min(block.height, pixels.height - y)
                var words = [UInt32](repeating: 0, count: width * height)
                try unsafe check { message in
                    unsafe words.withUnsafeMutableBytes {
                        unsafe ctiff_read_colours(
                            decoder, UInt32(x), UInt32(y), $0.baseAddress?.assumingMemoryBound(to: UInt8.self),
                            $0.count, message)
                    }
                }
                pixels.set(words, width: width, height: height, x: x, y: y)
            }
        }
    }

    private static func withDecoder<Result>(
        _ bytes: [UInt8], _ body: (OpaquePointer) throws(CodecError) -> Result
    ) throws(CodecError) -> Result {
        try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            var opened: OpaquePointer?
            defer { unsafe ctiff_close(opened) }
            try unsafe check { unsafe ctiff_open(bytes.baseAddress, bytes.count, maxAllocation, &opened, $0) }
            guard let decoder = unsafe opened else { throw .outOfMemory("TIFF") }
            return try unsafe body(decoder)
        }
    }

    // MARK: Writing

    /// One image of the batch, of 1, 3 or 4 channels, as a TIFF with deflate.
    /// - Parameters:
    ///   - bits: 8 (the bytes of `Image.eightBit()`) or 16.
    ///   - text: kept as `EXIFText.entries` says; what finds no place there is left out.
    /// - Throws: `stopped` when the task is cancelled.
    public static func encode(
        _ image: Image, at index: Int, bits: Int = 8, text: [TextChunk] = [], profile: [UInt8]? = nil
    ) throws(CodecError) -> [UInt8] {
        guard [1, 3, 4].contains(image.channels), bits == 8 || bits == 16 else {
            throw CodecError("a TIFF has 1, 3 or 4 channels, and this image has \(image.channels)")
        }
        guard let width = UInt32(exactly: image.width), let height = UInt32(exactly: image.height), width > 0,
            height > 0
        else { throw CodecError("an image of \(image.width)x\(image.height) pixels cannot be a TIFF") }
        let texts = EXIFText.entries(text)
        var records: [UInt8] = []
        for text in texts { records += [UInt8(text.tag >> 8), UInt8(text.tag & 255)] + text.value.utf8 + [0] }
        var header = unsafe ctiff_image(
            width: width, height: height, channels: CInt(image.channels), bits_per_sample: CInt(bits), profile: nil,
            profile_count: profile?.count ?? 0, texts: nil, text_count: texts.count)
        var tiff: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { unsafe ctiff_free(tiff) }
        func write(_ pixels: UnsafeRawBufferPointer) throws(CodecError) {
            try unsafe check { message in
                unsafe (profile ?? []).withUnsafeBufferPointer { profile in
                    unsafe records.withUnsafeBufferPointer { records in
                        unsafe header.profile = profile.baseAddress
                        unsafe header.texts = records.baseAddress
                        return unsafe ctiff_encode(
                            &header, pixels.baseAddress, pixels.count, { Task.isCancelled ? 1 : 0 }, &tiff, &count,
                            message)
                    }
                }
            }
        }
        if bits == 8 {
            let pixels = try image.eightBit(at: index)
            try unsafe pixels.withUnsafeBufferPointer { (pixels) throws(CodecError) in
                try unsafe write(UnsafeRawBufferPointer(pixels))
            }
        } else {
            let pixels = try image.sixteenBit(at: index)
            try unsafe pixels.withUnsafeBufferPointer { (pixels) throws(CodecError) in
                try unsafe write(UnsafeRawBufferPointer(pixels))
            }
        }
        return unsafe [UInt8](UnsafeBufferPointer(start: tiff, count: count))
    }

    /// Calls one function of ctiff.h and turns its status and message into an error.
    private static func check(_ call: (UnsafeMutablePointer<CChar>?) -> CInt) throws(CodecError) {
        var message = [CChar](repeating: 0, count: Int(CTIFF_MESSAGE_SIZE))
        let status = unsafe message.withUnsafeMutableBufferPointer { unsafe call($0.baseAddress) }
        switch Int(status) {
        case CTIFF_OK: return
        case CTIFF_STOPPED: throw .stopped
        case CTIFF_NO_MEMORY: throw .outOfMemory("TIFF")
        case CTIFF_NO_CODEC:
            throw CodecError(
                "the TIFF is compressed in a way that this libtiff was built without",
                suggestion: "Save it with LZW or deflate in an image editor.")
        default:
            let words = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw .damaged("TIFF", words.isEmpty ? "its bytes make no sense" : words)
        }
    }
}
