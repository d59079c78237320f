import Testing

@testable import Media

@Suite("A codec in a cancelled task")
struct StoppedCodecTests {
    private func noise(channels: Int, floats: Bool = false) -> Image {
        let bytes = (0..<64 * 64 * channels).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 9) }
        let image = Image(batch: 1, height: 64, width: 64, channels: channels, bytes: bytes)
        return floats
            ? Image(batch: 1, height: 64, width: 64, channels: channels, floats: image.floats()) : image
    }

    @Test("stops reading a PNG, with and without alpha")
    func readPNG() async throws {
        for channels in [1, 3, 4] {
            let png = try PNGCodec.encode(noise(channels: channels), at: 0)
            await #expect(throws: CodecError.stopped) { try await whenCancelled { try PNGCodec.decode(png) } }
        }
    }

    @Test("stops reading an animated PNG")
    func readFrames() async {
        let png = AnimatedPNGBytes(announces: 2, [.init(), .init()]).bytes
        await #expect(throws: CodecError.stopped) { try await whenCancelled { try PNGCodec.decode(png) } }
    }

    @Test("stops writing a PNG, of bytes, changed bytes and floats")
    func writePNG() async {
        for image in [noise(channels: 3), noise(channels: 4).mapLevels { 1 - $0 }, noise(channels: 3, floats: true)] {
            await #expect(throws: CodecError.stopped) { try await whenCancelled { try PNGCodec.encode(image, at: 0) } }
        }
    }

    @Test(
        "stops reading a JPEG, baseline, progressive and in four inks",
        arguments: [SmallJPEG.color, SmallJPEG.progressive, SmallJPEG.cmyk])
    func readJPEG(_ bytes: [UInt8]) async {
        await #expect(throws: CodecError.stopped) { try await whenCancelled { try JPEGCodec.decode(bytes) } }
    }

    @Test("stops writing a JPEG and a WebP")
    func writeLossy() async {
        let image = noise(channels: 3)
        await #expect(throws: CodecError.stopped) {
            try await whenCancelled { try JPEGCodec.encode(image, at: 0, quality: 90) }
        }
        await #expect(throws: CodecError.stopped) {
            try await whenCancelled { try WebPCodec.encode(image, at: 0, quality: 90) }
        }
    }

    @Test("stops reading a WebP", arguments: [SmallWebP.lossy, SmallWebP.losslessClear])
    func readWebP(_ bytes: [UInt8]) async {
        await #expect(throws: CodecError.stopped) { try await whenCancelled { try WebPCodec.decode(bytes) } }
    }

    @Test("stops turning a picture upright", arguments: EXIFOrientation.allCases.filter { $0 != .upright })
    func upright(_ orientation: EXIFOrientation) async {
        let pixels = noise(channels: 3).eightBit()
        await #expect(throws: CodecError.stopped) {
            try await whenCancelled { try orientation.upright(pixels, width: 64, height: 64, channels: 3) }
        }
    }

    @Test("still reads the texts of a PNG, which is no long work")
    func texts() async throws {
        let text = [TextChunk(keyword: "a", text: "b")]
        let png = try PNGCodec.encode(noise(channels: 3), at: 0, text: text)
        #expect(try await whenCancelled { try PNGCodec.textChunks(of: png) } == text)
    }
}
