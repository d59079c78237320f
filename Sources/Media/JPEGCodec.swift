internal import CJPEG  // the only file that does; C types and pointers stay in it

/// JPEG files through libjpeg-turbo, with the settings (and so the pixels) of Pillow.
public enum JPEGCodec {
    /// Of the libjpeg in use.
    static var libraryVersion: String { unsafe String(cString: cjpeg_version()) }

    /// Gray, YCbCr, RGB, CMYK and YCCK files as eight-bit RGB, with EXIF orientation applied. CMYK is read as Adobe
    /// writes it, inverted, and converted without a colour profile, as Pillow does. Throws `stopped` when the task is
    /// cancelled.
    public static func decode(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(CodecError) -> DecodedImage {
        guard ImageFormat.sniff(bytes) == .jpeg else {
            throw CodecError("the file is not a JPEG", suggestion: "Choose a JPEG file.")
        }
        let (pixels, width, height) = try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            var opened: OpaquePointer?
            var header = cjpeg_header()
            defer { unsafe cjpeg_close(opened) }
            try unsafe check { unsafe cjpeg_open(bytes.baseAddress, bytes.count, &opened, &header, $0) }
            guard let decoder = unsafe opened else { throw .outOfMemory("JPEG") }
            let (width, height) = (Int(header.width), Int(header.height))
            try limits.check(height: height, width: width)
            return (try unsafe readPixels(decoder, width: width, height: height), width, height)
        }
        let orientation = EXIFOrientation(jpeg: bytes)
        let upright = orientation.size(width: width, height: height)
        let image = Image(
            batch: 1, height: upright.height, width: upright.width, channels: 3,
            bytes: try orientation.upright(pixels, width: width, height: height, channels: 3))
        return DecodedImage(image: image, alpha: nil, text: [])
    }

    /// [height, width, 3], decoded in place.
    private static func readPixels(
        _ decoder: OpaquePointer, width: Int, height: Int
    ) throws(CodecError) -> [UInt8] {
        let count = width * height * 3
        var rowsRead: UInt32 = 0
        var pixels: [UInt8] = []
        try unsafe check(rowsMissing: { rowsRead == 0 ? nil : (height - Int(rowsRead), height) }) { message in
            var status = CInt(CJPEG_OK)
            unsafe pixels = [UInt8](unsafeUninitializedCapacity: count) { rgb, initializedCount in
                status = unsafe cjpeg_read_pixels(
                    decoder, rgb.baseAddress, count, { Task.isCancelled ? 1 : 0 }, &rowsRead, message)
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
            let missing = rowsMissing().map { ": \($0.count.grouped) of its \($0.total.grouped) rows are missing" }
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
