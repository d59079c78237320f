internal import GraphCore
internal import CGIF  // the only file that does; C types and pointers stay in it

/// The first frame of a GIF through giflib, with Pillow's pixels.
public enum GIFCodec {
    /// Of the giflib that this was built with.
    static var libraryVersion: String { unsafe String(cString: cgif_version()) }

    /// The first frame on its logical screen. Where the frame does not reach, the screen is clear when the frame has a
    /// clear colour, and shows colour 0 otherwise. A screen that the frame exceeds grows, as in Pillow. Throws `stopped`
    /// when the task is cancelled.
    public static func decode(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(CodecError) -> DecodedImage {
        guard ImageFormat.sniff(bytes) == .gif else {
            throw CodecError("the file is not a GIF", suggestion: "Choose a GIF file.")
        }
        return try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
            var opened: OpaquePointer?
            var header = cgif_frame()
            defer { unsafe cgif_close(opened) }
            try unsafe check(cgif_open(bytes.baseAddress, bytes.count, &opened, &header), opened)
            guard let decoder = unsafe opened else { throw .outOfMemory("GIF") }
            let frame = Frame(header)
            try limits.check(height: frame.screenHeight, width: frame.screenWidth)
            try limits.check(height: frame.height, width: frame.width)
            let indices = try unsafe readIndices(decoder, frame)
            let hasMore = unsafe cgif_has_second_frame(decoder) == 1
            return try frame.picture(indices, hasMore: hasMore)
        }
    }

    /// [height, width] from top to bottom, in bands.
    private static func readIndices(_ decoder: OpaquePointer, _ frame: Frame) throws(CodecError) -> [UInt8] {
        var indices: [UInt8] = []
        indices.reserveCapacity(frame.width * frame.height)
        let bandHeight = max(1, Bands.elementCount / frame.width)
        var band = [UInt8](repeating: 0, count: min(bandHeight, frame.height) * frame.width)
        for first in stride(from: 0, to: frame.height, by: bandHeight) {
            try CodecError.checkStopped()
            let count = min(bandHeight, frame.height - first)
            let status = unsafe band.withUnsafeMutableBufferPointer {
                unsafe cgif_read_rows(decoder, UInt32(count), $0.baseAddress, $0.count)
            }
            try unsafe check(status, decoder)
            indices += band.prefix(count * frame.width)
        }
        return frame.isInterlaced ? frame.deinterlaced(indices) : indices
    }

    private static func check(_ status: CInt, _ decoder: OpaquePointer?) throws(CodecError) {
        switch Int(status) {
        case CGIF_OK: return
        case CGIF_ENDS_EARLY: throw CodecError("the GIF ends early", suggestion: CodecError.copyAgain)
        case CGIF_NO_FRAME:
            throw CodecError("the GIF holds no picture", suggestion: "Export it again from where it was made.")
        case CGIF_NO_MEMORY: throw .outOfMemory("GIF")
        default: throw .damaged("GIF", unsafe String(cString: cgif_words(decoder)))
        }
    }

    /// What stands before the pixels.
    private struct Frame {
        let screenWidth: Int, screenHeight: Int
        let left: Int, top: Int, width: Int, height: Int
        let isInterlaced: Bool
        /// The index of the clear colour.
        let transparent: UInt8?
        /// [256, 3]; what the file's table lacks is black, as in Pillow. Levels of gray without a table.
        let palette: [UInt8]
        /// A table that says what the indices say anyway. Pillow takes the picture for a gray one then, and gray
        /// pictures have no transparency in ComfyUI.
        private let isGray: Bool

        init(_ header: cgif_frame) {
            (left, top) = (Int(header.left), Int(header.top))
            (width, height) = (Int(header.width), Int(header.height))
            screenWidth = max(Int(header.screen_width), left + width)
            screenHeight = max(Int(header.screen_height), top + height)
            isInterlaced = header.is_interlaced != 0
            transparent = UInt8(exactly: header.transparent)
            let ramp = (0..<256).flatMap { [UInt8($0), UInt8($0), UInt8($0)] }
            let count = Int(header.colour_count) * 3
            var palette = count == 0 ? ramp : [UInt8](repeating: 0, count: 256 * 3)
            var colours = header.colours
            unsafe withUnsafeBytes(of: &colours) { for i in 0..<count { unsafe palette[i] = $0[i] } }
            self.palette = palette
            isGray = palette[..<count] == ramp[..<count]
        }

        /// GIF89a appendix E: every 8th row, those between them, and so on.
        func deinterlaced(_ rows: [UInt8]) -> [UInt8] {
            let passes = [(0, 8), (4, 8), (2, 4), (1, 2)]
            let order = passes.flatMap { start, step in Array(stride(from: start, to: height, by: step)) }
            var sorted = [UInt8](repeating: 0, count: rows.count)
            for (i, y) in order.enumerated() {
                sorted.replaceSubrange(y * width..<(y + 1) * width, with: rows[i * width..<(i + 1) * width])
            }
            return sorted
        }

        func picture(_ indices: [UInt8], hasMore: Bool) throws(CodecError) -> DecodedImage {
            let count = screenWidth * screenHeight
            var rgb = PixelBuffer<UInt8>()
            rgb.reserveCapacity(count * 3)
            let clear = isGray ? nil : transparent
            var alpha = PixelBuffer<UInt8>()
            for y in 0..<screenHeight {
                if y % 64 == 0 { try CodecError.checkStopped() }
                for x in 0..<screenWidth {
                    let isInside = (left..<left + width).contains(x) && (top..<top + height).contains(y)
                    let index = isInside ? indices[(y - top) * width + x - left] : transparent ?? 0
                    for c in 0..<3 { rgb.append(palette[3 * Int(index) + c]) }
                    if clear != nil { alpha.append(index == clear ? 0 : 255) }
                }
            }
            return DecodedImage(
                image: Image(batch: 1, height: screenHeight, width: screenWidth, channels: 3, bytes: rgb),
                alpha: clear == nil ? nil : alpha,
                notes: hasMore ? ["only the first of its frames is read"] : [])
        }
    }
}
