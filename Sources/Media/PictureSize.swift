internal import GraphCore

/// Width and height of a picture file by its header: no pixels, and no memory beyond the file's own.
///
/// As stored, before EXIF orientation turns it. Of several frames the first counts, or the screen that they share.
public struct PictureSize: Sendable, Equatable {
    public let width: Int, height: Int

    /// At most `Int.max / 4`, so that a few can be added up.
    public var pixelCount: Int {
        let (product, isBeyond) = width.multipliedReportingOverflow(by: height)
        return isBeyond ? .max / 4 : min(product, .max / 4)
    }

    /// Nil when the bytes are no picture of a known format, or end before its size.
    public init?(of bytes: [UInt8]) {
        let size: (Int, Int)? =
            switch ImageFormat.sniff(bytes) {
            case .png: Self.png(bytes)
            case .jpeg: Self.jpeg(bytes)
            case .webp: (try? WebPCodec.header(of: bytes)).map { ($0.width, $0.height) }
            case .tiff: Self.tiff(bytes)
            case .gif: Self.gif(bytes)
            case .bmp: (try? BMPHeader(bytes)).map { ($0.width, $0.height) }
            default: nil
            }
        guard let size, size.0 > 0, size.1 > 0 else { return nil }
        (width, height) = size
    }

    /// PNG 1.2 section 4.1.1: the first chunk.
    private static func png(_ bytes: [UInt8]) -> (Int, Int)? {
        guard let header = PNGChunks(of: bytes).first(where: { $0.type.elementsEqual("IHDR".utf8) })?.body,
            header.count >= 8
        else { return nil }
        return (big(header.prefix(4)), big(header.dropFirst(4).prefix(4)))
    }

    /// T.81 section B.2.2: bits, height, width. A height of 0 comes behind the first scan; libjpeg does not read that.
    private static func jpeg(_ bytes: [UInt8]) -> (Int, Int)? {
        let frame = JPEGSegments(of: bytes).first {
            (0xC0...0xCF).contains($0.marker) && ![0xC4, 0xC8, 0xCC].contains($0.marker)
        }
        guard let body = frame?.body, body.count >= 5 else { return nil }
        return (big(body.dropFirst(3).prefix(2)), big(body.dropFirst().prefix(2)))
    }

    /// Of the first page.
    private static func tiff(_ bytes: [UInt8]) -> (Int, Int)? {
        guard let structure = TIFFStructure(bytes), let page = structure.directory(at: structure.first) else {
            return nil
        }
        let numbers = [256, 257].compactMap { page.entry($0).flatMap(structure.number(of:)) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    /// GIF89a sections 18 to 20: the screen, or the first frame's far corner where that lies beyond.
    private static func gif(_ bytes: [UInt8]) -> (Int, Int)? {
        func little(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
        func tableByteCount(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 6 << Int(flags & 7) }
        guard bytes.count >= 13 else { return nil }
        let screen = (width: little(6), height: little(8))
        var at = 13 + tableByteCount(bytes[10])
        // Extensions: two bytes, then blocks with their lengths, the last of which is empty.
        while at + 1 < bytes.count, bytes[at] == 0x21 {
            at += 2
            while at < bytes.count, bytes[at] != 0 { at += Int(bytes[at]) + 1 }
            at += 1
        }
        guard at + 8 < bytes.count, bytes[at] == 0x2C else { return screen }
        let corner = (little(at + 1) + little(at + 5), little(at + 3) + little(at + 7))
        return (max(screen.width, corner.0), max(screen.height, corner.1))
    }

    private static func big(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
