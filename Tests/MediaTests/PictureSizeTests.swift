import Testing

@testable import Media

@Suite("The size of a picture")
struct PictureSizeTests {
    private static let image = Image(
        batch: 1, height: 3, width: 5, channels: 3, bytes: [UInt8](repeating: 9, count: 45))

    private func size(_ bytes: [UInt8]) -> [Int]? { PictureSize(of: bytes).map { [$0.width, $0.height] } }

    @Test("is what the header says, whatever the format")
    func formats() throws {
        #expect(size(try PNGCodec.encode(Self.image, at: 0)) == [5, 3])
        #expect(size(try JPEGCodec.encode(Self.image, at: 0, quality: 90)) == [5, 3])
        #expect(size(try WebPCodec.encode(Self.image, at: 0, quality: 90)) == [5, 3])
        #expect(size("GIF89a".utf8 + [5, 0, 3, 0, 0, 0, 0]) == [5, 3])
        let tiff: [UInt8] =
            "II*\0".utf8 + [8, 0, 0, 0, 2, 0]
            + [0, 1, 3, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 1, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
        #expect(size(tiff) == [5, 3])
    }

    @Test("of a GIF is that of its first frame where the screen is smaller")
    func frame() {
        let table: [UInt8] = [0, 0, 0, 1, 1, 1]
        let comment: [UInt8] = [0x21, 0xFE, 2, 65, 66, 0]
        let frame: [UInt8] = [0x2C, 1, 0, 2, 0, 0x10, 0x27, 0x20, 0x4E, 0]
        #expect(size("GIF89a".utf8 + [5, 0, 3, 0, 0x80, 0, 0] + table + comment + frame) == [10_001, 20_002])
    }

    @Test("is known without the pixels, and not of what is cut off before it or no picture")
    func cut() throws {
        let png = try PNGCodec.encode(Self.image, at: 0)
        #expect(size(Array(png.prefix(33))) == [5, 3])
        for bytes in [[], Array(png.prefix(20)), Array("hello".utf8), [0xFF, 0xD8, 0xFF], Array("GIF89a".utf8)] {
            #expect(size(bytes) == nil)
        }
    }

    @Test("is never too large to be added up")
    func huge() throws {
        var png = try PNGCodec.encode(Self.image, at: 0)
        png.replaceSubrange(16..<24, with: repeatElement(0xFF, count: 8))
        #expect(PictureSize(of: png)?.pixelCount == .max / 4)
    }
}
