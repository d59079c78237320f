import Testing

@testable import Media

@Suite("The image decoder")
struct ImageDecoderTests {
    @Test(
        "says what a file is that is no picture",
        arguments: [
            ("", "the file is empty"),
            ("<!DOCTYPE html><html>", "the file is not a picture: it starts like text"),
            ("{\"error\": \"größer\"}", "the file is not a picture: it starts like text"),
            ("\u{1}\u{2}\u{3}", "the file is not a picture of a known format"),
        ])
    func notAPicture(text: String, message: String) {
        #expect(complaint(about: Array(text.utf8))?.message == message)
    }

    @Test("says what to do about a text file")
    func suggestion() {
        #expect(
            complaint(about: Array("hello".utf8))?.suggestion
                == "Open it in a text editor: a failed download often leaves a web page or an error message.")
    }

    @Test(
        "names the formats it knows and cannot read",
        arguments: [
            ("II*\0", "TIFF"), ("GIF89a", "GIF"),
            ("BM\u{1}\0\0\0\0\0\0\0", "BMP"),
            ("\0\0\0\u{18}ftypheic", "HEIC"), ("\0\0\0\u{1C}ftypavif", "AVIF"), ("\0\0\0\u{C}JXL ", "JPEG XL"),
            ("8BPS", "Photoshop"), ("%PDF-1.7", "PDF"),
        ])
    func unsupported(start: String, name: String) {
        #expect(
            complaint(about: Array(start.utf8))
                == CodecError(
                    "the file is a \(name) picture, which cannot be read",
                    suggestion: "Convert it to PNG or JPEG: open it in an image editor and export it."))
    }

    @Test("takes any bytes without crashing")
    func damagedBytes() throws {
        let noise = (0..<2700).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 9) }
        let image = Image(batch: 1, height: 30, width: 30, channels: 3, bytes: noise)
        let png = try PNGCodec.encode(image, at: 0, text: [TextChunk(keyword: "a", text: "é猫")])
        var generator = Seeded(state: 1)
        let webps = [SmallWebP.lossy, SmallWebP.clear, SmallWebP.losslessClear, SmallWebP.turned, SmallWebP.animated]
        for file in [SmallJPEG.color, SmallJPEG.progressive, SmallJPEG.cmyk, png] + webps {
            for _ in 0..<300 {
                var bytes = file
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    let at = Int.random(in: 3..<bytes.count, using: &generator)
                    bytes[at] = .random(in: 0...255, using: &generator)
                }
                bytes.removeLast(.random(in: 0..<bytes.count / 8, using: &generator))
                _ = complaint(about: bytes)
                _ = try? PNGCodec.textChunks(of: bytes)
                for name in ["png", "jpg", "webp"] { _ = InlineDisplay.contentType(of: bytes, claiming: name) }
            }
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers in every run.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
