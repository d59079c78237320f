import Testing

@testable import Media

@Suite("A file that was uploaded")
struct InlineDisplayTests {
    private func shown(_ bytes: [UInt8], _ fileExtension: String) -> String {
        InlineDisplay.contentType(of: bytes, claiming: fileExtension) ?? "attachment"
    }

    private func wav(
        tag: UInt8 = 1, channels: UInt8 = 2, rate: [UInt8] = [0x44, 0xAC], frame: UInt8 = 4, bits: UInt8 = 16
    ) -> [UInt8] {
        let format: [UInt8] = [tag, 0, channels, 0] + rate + [0, 0, 0, 0, 0, 0, frame, 0, bits, 0]
        let odd: [UInt8] = "LIST".utf8 + [3, 0, 0, 0, 1, 2, 3, 0]
        let described: [UInt8] = "fmt ".utf8 + [UInt8(format.count), 0, 0, 0] + format
        let head: [UInt8] = "RIFF".utf8 + [100, 0, 0, 0] + "WAVE".utf8
        return head + odd + described + Array("data\0\0\0\0".utf8)
    }

    @Test("is shown as what it claims to be when it is that")
    func shown() throws {
        let image = Image(batch: 1, height: 1, width: 1, channels: 3, bytes: [1, 2, 3])
        let png = try PNGCodec.encode(image, at: 0, text: [TextChunk(keyword: "workflow", text: "{}")])
        #expect(shown(png, "png") == "image/png" && shown(png, "PNG") == "image/png")
        for name in ["jpg", "JPEG", "jpe", "jfif"] { #expect(shown(SmallJPEG.color, name) == "image/jpeg") }
        #expect(shown(SmallWebP.lossy, "webp") == "image/webp" && shown(SmallWebP.animated, "webp") == "image/webp")
        #expect(shown(wav(), "wav") == "audio/wav")
    }

    @Test("is an attachment when it claims to be something else, or nothing known")
    func otherwise() throws {
        #expect(shown(SmallJPEG.color, "png") == "attachment" && shown(SmallWebP.lossy, "jpg") == "attachment")
        for name in ["svg", "html", "gif", "mp3", "json", ""] { #expect(shown(SmallJPEG.color, name) == "attachment") }
    }

    @Test("is an attachment when only its first letters are right")
    func pretence() {
        let page = Array("<script>alert(1)</script>".utf8)
        #expect(shown(PNGBytes.signature + page, "png") == "attachment")
        #expect(shown([0xFF, 0xD8, 0xFF, 0xE0] + page, "jpg") == "attachment")
        #expect(shown(Array("RIFF\u{9}\0\0\0WEBP".utf8) + page, "webp") == "attachment")
        #expect(shown(Array("RIFF\u{9}\0\0\0WAVE".utf8) + page, "wav") == "attachment")
        #expect(shown(page, "png") == "attachment" && shown([], "jpg") == "attachment")
    }

    @Test("is an attachment when its header has a wrong checksum or no size")
    func header() {
        var png = PNGBytes.signature + PNGBytes.header(width: 3, height: 4)
        #expect(shown(png, "png") == "image/png")
        png[19] ^= 1
        #expect(shown(png, "png") == "attachment")
        #expect(shown(PNGBytes.signature + PNGBytes.header(width: 0, height: 4), "png") == "attachment")
    }

    @Test("is told by its first bytes, however long it is")
    func prefix() {
        #expect(shown(Array(SmallJPEG.color.dropLast(20)), "jpg") == "image/jpeg")
        let text = PNGBytes.chunk("tEXt", "workflow\0".utf8 + [UInt8](repeating: 65, count: 3_000_000))
        let long = PNGBytes.signature + PNGBytes.header(width: 3, height: 4) + text
        #expect(shown(Array(long.prefix(InlineDisplay.prefixByteCount)), "png") == "image/png")
    }

    @Test("is a sound only with a format that has samples")
    func sound() {
        #expect(shown(wav(tag: 3, frame: 8, bits: 32), "wav") == "audio/wav")
        #expect(shown(wav(tag: 85), "wav") == "attachment")
        #expect(shown(wav(channels: 0, frame: 0), "wav") == "attachment")
        #expect(shown(wav(rate: [0, 0]), "wav") == "attachment")
        #expect(shown(wav(frame: 5), "wav") == "attachment")
        #expect(shown(Array(wav().dropLast(20)), "wav") == "attachment")
    }
}
