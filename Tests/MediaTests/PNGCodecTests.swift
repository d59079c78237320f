import Foundation
import TestData
import Testing

@testable import Media

@Suite("A PNG")
struct PNGCodecTests {
    /// Smooth in one half, noisy in the other, so that every way to compress has its part.
    private func picture(channels: Int, width: Int = 70, height: Int = 90) -> Image {
        let bytes = (0..<height * width * channels).map { i in
            UInt8(truncatingIfNeeded: i % (width * channels) < width ? i / width : i &* 2_654_435_761 >> 13)
        }
        return Image(batch: 1, height: height, width: width, channels: channels, bytes: bytes)
    }

    @Test("of RGB comes back as it was written")
    func rgb() throws {
        let image = picture(channels: 3)
        let decoded = try PNGCodec.decode(PNGCodec.encode(image, at: 0))
        #expect(decoded.image == image)
        #expect(decoded.alpha == nil)
    }

    @Test("of gray comes back with three equal channels")
    func gray() throws {
        let image = picture(channels: 1)
        let decoded = try PNGCodec.decode(PNGCodec.encode(image, at: 0))
        #expect(decoded.image.eightBit() == image.eightBit().flatMap { [$0, $0, $0] })
    }

    @Test("of RGBA comes back as colours and alpha, not multiplied")
    func rgba() throws {
        let image = picture(channels: 4)
        let bytes = image.eightBit()
        let decoded = try PNGCodec.decode(PNGCodec.encode(image, at: 0))
        #expect(decoded.image.eightBit() == bytes.indices.filter { $0 % 4 != 3 }.map { bytes[$0] })
        #expect(decoded.alpha.map(Array.init) == bytes.indices.filter { $0 % 4 == 3 }.map { bytes[$0] })
    }

    @Test("is made of the chosen image of a batch, in floats or in bytes")
    func batch() throws {
        let floats = Image(batch: 2, height: 1, width: 2, channels: 1, floats: [0, 1, 0.5, 0.25])
        #expect(try PNGCodec.decode(PNGCodec.encode(floats, at: 1)).image.eightBit() == [127, 127, 127, 63, 63, 63])
        let bytes = Image(batch: 2, height: 1, width: 2, channels: 1, bytes: [0, 1, 2, 3]).mapLevels { 1 - $0 }
        let decoded = try PNGCodec.decode(PNGCodec.encode(bytes, at: 1)).image.eightBit()
        #expect(decoded == [253, 253, 253, 252, 252, 252])
        #expect(decoded[0] == bytes.eightBit()[2])
    }

    @Test("keeps text in order, Latin-1 as tEXt and the rest as iTXt")
    func text() throws {
        let text = [
            TextChunk(keyword: "prompt", text: "{\"3\": {\"class_type\": \"KSampler\"}}\n"),
            TextChunk(keyword: "Café", text: "à la crème"), TextChunk(keyword: "title", text: "猫 🐈"),
            TextChunk(keyword: "empty", text: ""),
            TextChunk(keyword: "long", text: .init(repeating: "x", count: 3 << 20)),
        ]
        let png = try PNGCodec.encode(picture(channels: 3), at: 0, text: text)
        #expect(try PNGCodec.textChunks(of: png) == text)
        #expect(try PNGCodec.decode(png).text == text)
        #expect(png.count(of: "tEXt") == 4 && png.count(of: "iTXt") == 1)
    }

    @Test("may keep text compressed and behind the pixels")
    func textBehindPixels() throws {
        let png =
            PNGBytes.signature + PNGBytes.header(width: 1, height: 1)
            + PNGBytes.chunk("zTXt", Array("a\0\0".utf8) + PNGBytes.zlib([0xE9]))
            + PNGBytes.chunk("IDAT", PNGBytes.zlib([0, 77])) + PNGBytes.chunk("tEXt", Array("b\0late".utf8))
            + PNGBytes.end
        let text = [TextChunk(keyword: "a", text: "é"), TextChunk(keyword: "b", text: "late")]
        #expect(try PNGCodec.textChunks(of: png) == text)
        let decoded = try PNGCodec.decode(png)
        #expect(decoded.text == text)
        #expect(decoded.image.eightBit() == [77, 77, 77])
    }

    @Test(
        "takes no text with a name that PNG does not allow",
        arguments: ["", " a", "a ", "a  b", "日本", "a\tb", String(repeating: "x", count: 80)])
    func keyword(_ keyword: String) {
        #expect(
            throws: CodecError(
                "'\(keyword)' cannot name a note in a PNG",
                suggestion: "Use 1 to 79 Latin letters, digits and single spaces.")
        ) { try PNGCodec.encode(picture(channels: 1), at: 0, text: [TextChunk(keyword: keyword, text: "")]) }
    }

    @Test("takes no text with a zero in it, and no picture of two channels")
    func unwritable() {
        #expect(
            throws: CodecError("the note 'a' contains a zero character", suggestion: "Remove it from the text.")
        ) { try PNGCodec.encode(picture(channels: 1), at: 0, text: [TextChunk(keyword: "a", text: "x\0")]) }
        #expect(throws: CodecError("a PNG has 1, 3 or 4 channels, and this image has 2")) {
            try PNGCodec.encode(picture(channels: 2), at: 0)
        }
    }

    @Test("of 60,000x60,000 pixels is refused before memory is taken")
    func bomb() {
        let png =
            PNGBytes.signature + PNGBytes.header(width: 60_000, height: 60_000)
            + PNGBytes.chunk("IDAT", PNGBytes.zlib([0, 0])) + PNGBytes.end
        #expect(
            complaint(about: png)
                == CodecError(
                    "the image is 60,000x60,000 pixels (3,600 megapixels), and the limit is 100 megapixels",
                    suggestion: "Make it smaller in an image editor."))
    }

    @Test("with a text that inflates to 10 MB from 65 kB is read without it", arguments: ["zTXt", "iTXt"])
    func textBomb(type: String) throws {
        let start = Array((type == "zTXt" ? "a\0\0" : "a\0\u{1}\0\0\0").utf8)
        let png =
            PNGBytes.signature + PNGBytes.header(width: 1, height: 1)
            + PNGBytes.chunk(type, start + PNGBytes.zlibZeros(40_000))
            + PNGBytes.chunk("IDAT", PNGBytes.zlib([0, 5])) + PNGBytes.end
        let decoded = try PNGCodec.decode(png)
        #expect(decoded.image.eightBit() == [5, 5, 5] && decoded.text.isEmpty)
        #expect(decoded.notes == ["a text in it is damaged or larger than 8 MiB, and was left out"])
    }

    @Test("of 16-bit gray says what is lost, when something is")
    func deepGray() throws {
        func png(_ high: UInt8) -> [UInt8] {
            let header = PNGBytes.bigEndian(1) + PNGBytes.bigEndian(1) + [16, 0, 0, 0, 0]
            return PNGBytes.signature + PNGBytes.chunk("IHDR", header)
                + PNGBytes.chunk("IDAT", PNGBytes.zlib([0, high, 7])) + PNGBytes.end
        }
        let dark = try PNGCodec.decode(png(0)), light = try PNGCodec.decode(png(1))
        #expect(dark.image.eightBit() == [7, 7, 7] && dark.notes.isEmpty)
        #expect(light.image.eightBit() == [255, 255, 255])
        #expect(
            light.notes == [
                "it has 16-bit gray, of which ComfyUI makes everything above 255 of 65,535 white; "
                    + "save it with 8 bits to see all of it"
            ])
    }

    @Test("that is cut off says so, unless only its end mark is missing")
    func truncated() throws {
        let image = picture(channels: 3)
        let png = try PNGCodec.encode(image, at: 0)
        let early = CodecError(
            "the PNG ends early",
            suggestion: "Copy the file again from its source, or open and re-save it in an image editor.")
        for count in [8, 20, 33, 50, png.count / 2] {
            #expect(complaint(about: Array(png.prefix(count))) == early)
        }
        #expect(try PNGCodec.decode(png.dropLast(12)).image == image)
    }

    @Test("with a wrong checksum in any chunk has its pixels and texts, and a note that says so")
    func checksum() throws {
        let text = [TextChunk(keyword: "a", text: "b")]
        let png = try PNGCodec.encode(picture(channels: 3), at: 0, text: text)
        let whole = try PNGCodec.decode(png)
        #expect(whole.notes == [])
        // Of the header, the text, the pixels.
        for position in [29, 45, png.count - 13] {
            var damaged = png
            damaged[position] ^= 1
            let decoded = try PNGCodec.decode(damaged)
            #expect(decoded.image == whole.image)
            #expect(decoded.notes == ["a checksum in it is wrong: it may be damaged"])
            #expect(try PNGCodec.textChunks(of: damaged) == text)
        }
        #expect(try PNGCodec.textChunks(of: png.dropLast(png.count / 2)) == text)
    }

    @Test("of a public report, with a wrong checksum in one chunk, is read", arguments: ["text", "phys", "idat"])
    func reported(name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/png-checksums")
        func bytes(_ name: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: folder.appending(path: name + ".png")))
        }
        let decoded = try ImageDecoder.decode(try bytes(name))
        #expect(decoded.image == (try ImageDecoder.decode(try bytes("whole")).image))
        #expect(decoded.notes == ["a checksum in it is wrong: it may be damaged"])
    }

    @Test("with a large chunk that nobody knows is read all the same")
    func unknownChunk() throws {
        let png =
            PNGBytes.signature + PNGBytes.header(width: 1, height: 1)
            + PNGBytes.chunk("juNk", .init(repeating: 0, count: 9 << 20))
            + PNGBytes.chunk("IDAT", PNGBytes.zlib([0, 5]))
            + PNGBytes.end
        #expect(try PNGCodec.decode(png).image.eightBit() == [5, 5, 5])
    }
}

@Suite("The PNG suite", .enabled(if: Shared.has("png-suite"), "needs ../shared/png-suite"))
struct PNGSuiteTests {
    private func decode(_ name: String) throws -> DecodedImage {
        try ImageDecoder.decode(Shared.bytes("png-suite/\(name).png"))
    }

    @Test("decodes, 32x32 pixels each")
    func sizes() throws {
        let names = try Shared.files("png-suite", ending: ".png")
        #expect(names.count >= 50)
        for name in names {
            let image = try decode(String(name.dropLast(4))).image
            #expect(image.width == 32 && image.height == 32 && image.channels == 3, "\(name)")
        }
    }

    @Test("has the same pixels with and without interlacing")
    func interlacing() throws {
        for name in try Shared.files("png-suite", ending: ".png") where name.hasPrefix("i") {
            let interlaced = try decode(String(name.dropLast(4)))
            let plain = try decode(String(name.dropFirst().dropLast(4)))
            #expect(interlaced.image == plain.image && interlaced.alpha == plain.alpha, "\(name)")
        }
    }

    @Test("has broken files that end in a sentence or a picture, never in a crash")
    func broken() throws {
        for name in try Shared.files("png-suite/broken", ending: ".png") {
            let bytes = try Shared.bytes("png-suite/broken/\(name)")
            let sentence: String? =
                switch name {
                case "empty_ancillary_chunks.png", "badcrc.png": nil
                case "badadler.png": "the PNG is damaged (IDAT: incorrect data check)"
                case "huge_tEXt_chunk.png": "the PNG is damaged (PNG unsigned integer out of range)"
                default: "the PNG ends early"
                }
            #expect(complaint(about: bytes)?.message == sentence, "\(name)")
            _ = try? PNGCodec.textChunks(of: bytes)
        }
    }
}

extension [UInt8] {
    /// How often a chunk's name occurs.
    fileprivate func count(of name: String) -> Int {
        indices.count { self[$0...].starts(with: name.utf8) }
    }
}
