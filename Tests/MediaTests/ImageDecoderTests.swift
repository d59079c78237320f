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
        "names the formats it cannot read, with the command that converts them",
        arguments: [
            ("\0\0\0\u{18}ftypheic", "a HEIC", "heif-convert photo.heic photo.png (Debian package libheif-examples)"),
            ("\0\0\0\u{1C}ftypavif", "an AVIF", "avifdec photo.avif photo.png (Debian package libavif-bin)"),
            ("\0\0\0\u{C}JXL ", "a JPEG XL", "djxl photo.jxl photo.png (Debian package libjxl-tools)"),
            (
                "\0\0\0\u{C}jP  ", "a JPEG 2000",
                "opj_decompress -i photo.jp2 -o photo.png (Debian package libopenjp2-tools)"
            ),
            ("8BPS", "a Photoshop", "convert 'photo.psd[0]' photo.png (Debian package imagemagick)"),
            ("%PDF-1.7", "a PDF", "pdftoppm -png -r 300 scan.pdf page (Debian package poppler-utils)"),
        ])
    func unsupported(start: String, name: String, command: String) {
        #expect(
            complaint(about: Array(start.utf8))
                == CodecError(
                    "the file is \(name) picture, which cannot be read", suggestion: "Convert it with \(command)."))
    }

    @Test(
        "names a camera's raw files",
        arguments: [
            ("II*\0\u{10}\0\0\0CR\u{2}\0", "a Canon CR2"), ("\0\0\0\u{18}ftypcrx ", "a Canon CR3"),
            ("FUJIFILMCCD-RAW 0201", "a Fujifilm RAF"), ("IIRO\u{8}\0\0\0", "an Olympus ORF"),
            ("IIU\0\u{8}\0\0\0", "a Panasonic RW2"), ("FOVb", "a Sigma X3F"),
        ])
    func raw(start: String, name: String) {
        #expect(
            complaint(about: Array(start.utf8))
                == CodecError(
                    "the file is \(name) raw picture, which cannot be read",
                    suggestion: "Convert it with dcraw_emu -w -T photo.raw (Debian package libraw-bin). "
                        + "Or use darktable-cli, of darktable."))
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
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
