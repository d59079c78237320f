import Testing

@testable import Media

@Suite("The preview of a picture")
struct PicturePreviewTests {
    /// 2x1: red and clear, blue and opaque.
    private static let clear = Image(batch: 1, height: 1, width: 2, channels: 4, bytes: [255, 0, 0, 0, 0, 0, 255, 255])

    private func preview(_ preview: String?, _ channel: String?) -> String {
        switch PicturePreview(preview: preview, channel: channel)?.form {
        case .rgb?: "rgb"
        case .alpha?: "alpha"
        case .jpeg(let quality)?: "jpeg \(quality)"
        case .webp(let quality, let keepsAlpha)?: "webp \(quality)\(keepsAlpha ? "" : " without alpha")"
        case nil: "the file"
        }
    }

    @Test("is asked for as ComfyUI's clients ask")
    func query() {
        #expect(preview(nil, nil) == "the file")
        #expect(preview(nil, "rgba") == "the file")
        #expect(preview(nil, "rgb") == "rgb")
        #expect(preview(nil, "a") == "alpha")
        #expect(preview("webp;50", nil) == "webp 50")
        #expect(preview("webp", nil) == "webp 90")
        #expect(preview("jpeg;80", nil) == "jpeg 80")
        #expect(preview("jpeg", "rgb") == "jpeg 90")
        #expect(preview("webp;90", "rgb") == "webp 90 without alpha")
    }

    @Test("is WebP for a word that is not known, and for a channel with alpha; its quality is 1 to 100")
    func odd() {
        for word in ["png", "", ";", "gif;x"] { #expect(preview(word, nil) == "webp 90") }
        #expect(preview("jpeg;70", "a") == "webp 70" && preview("jpeg;70", "rgba") == "webp 70")
        #expect(preview("webp;0", nil) == "webp 1" && preview("jpeg;999", nil) == "jpeg 100")
        #expect(preview("webp;-3", nil) == "webp 1" && preview("webp;99999999999999999999", nil) == "webp 90")
    }

    private func made(_ preview: String?, _ channel: String?, of image: Image) throws -> (type: String, DecodedImage) {
        let query = try #require(PicturePreview(preview: preview, channel: channel))
        let file = try PNGCodec.encode(image, at: 0)
        let (bytes, type) = try query.make(of: file)
        #expect(ImageFormat.sniff(bytes)?.name.lowercased() == String(type.dropFirst(6)))
        return (type, try ImageDecoder.decode(bytes))
    }

    @Test("without alpha keeps the colours that were behind it")
    func rgb() throws {
        let (type, decoded) = try made(nil, "rgb", of: Self.clear)
        #expect(type == "image/png" && decoded.alpha == nil)
        #expect(decoded.image.eightBit() == [255, 0, 0, 0, 0, 255])
    }

    @Test("of alpha is black, and opaque for a picture without")
    func alpha() throws {
        let (type, decoded) = try made(nil, "a", of: Self.clear)
        #expect(type == "image/png" && decoded.alpha == [0, 255])
        #expect(decoded.image.eightBit() == [0, 0, 0, 0, 0, 0])
        let gray = Image(batch: 1, height: 1, width: 2, channels: 1, bytes: [7, 8])
        #expect(try made(nil, "a", of: gray).1.alpha == [255, 255])
    }

    @Test("in WebP keeps alpha unless told not to, in JPEG never")
    func lossy() throws {
        let webp = try made("webp;50", nil, of: Self.clear)
        #expect(webp.type == "image/webp" && webp.1.alpha == [0, 255])
        #expect(try made("webp;50", "rgb", of: Self.clear).1.alpha == nil)
        let jpeg = try made("jpeg", nil, of: Self.clear)
        #expect(jpeg.type == "image/jpeg" && jpeg.1.image.width == 2)
    }

    @Test("of a gray or 16-bit file is made as well")
    func gray() throws {
        // 1x1, 16 bits, gray 0x0080; above 255 it would be white, as in LoadImage.
        let deep =
            PNGBytes.signature + PNGBytes.chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 16, 0, 0, 0, 0])
            + PNGBytes.chunk("IDAT", PNGBytes.zlib([0, 0, 0x80])) + PNGBytes.end
        let query = try #require(PicturePreview(preview: nil, channel: "rgb"))
        #expect(try ImageDecoder.decode(query.make(of: deep).bytes).image.eightBit() == [128, 128, 128])
    }

    @Test("stands upright")
    func upright() throws {
        let query = try #require(PicturePreview(preview: "jpeg", channel: nil))
        #expect(try corners(ImageDecoder.decode(query.make(of: SmallWebP.turned).bytes).image) == "BRWG")
    }

    @Test("is a PNG when a side is too long for the format")
    func long() throws {
        let long = Image(batch: 1, height: 1, width: 16_384, channels: 3, bytes: Array(repeating: 9, count: 16_384 * 3))
        #expect(try made("webp", nil, of: long).type == "image/png")
        #expect(try made("jpeg", nil, of: long).type == "image/jpeg")
        let longer = Image(batch: 1, height: 1, width: 70_000, channels: 1, bytes: Array(repeating: 9, count: 70_000))
        #expect(try made("jpeg", nil, of: longer).type == "image/png")
    }

    @Test("of what is no picture says so")
    func broken() throws {
        let query = try #require(PicturePreview(preview: "webp", channel: nil))
        #expect(throws: CodecError.self) { try query.make(of: Array("hello".utf8)) }
    }
}

@Suite("A drawn mask")
struct PictureMaskTests {
    private func png(_ channels: Int, _ bytes: [UInt8], text: [TextChunk] = []) throws -> [UInt8] {
        let image = Image(batch: 1, height: 1, width: bytes.count / channels, channels: channels, bytes: bytes)
        return try PNGCodec.encode(image, at: 0, text: text)
    }

    @Test("becomes the alpha of the original, which keeps its colours and texts")
    func applied() throws {
        let text = [TextChunk(keyword: "prompt", text: "{}"), TextChunk(keyword: "workflow", text: "猫")]
        let original = try png(4, [1, 2, 3, 4, 5, 6, 7, 8], text: text)
        let mask = try png(4, [9, 9, 9, 0, 9, 9, 9, 200])
        let made = try ImageDecoder.decode(try PictureMask.apply(mask, to: original))
        #expect(made.image.eightBit() == [1, 2, 3, 5, 6, 7])
        #expect(made.alpha == [0, 200])
        #expect(made.text == text)
    }

    @Test("without alpha makes the original opaque")
    func opaque() throws {
        let made = try PictureMask.apply(try png(1, [0, 0]), to: try png(4, [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(try ImageDecoder.decode(made).alpha == [255, 255])
    }

    @Test("of another size is refused")
    func size() throws {
        let (original, mask) = (try png(3, [1, 2, 3]), try png(4, [9, 9, 9, 0, 9, 9, 9, 200]))
        #expect(
            throws: CodecError(
                "the mask is 2x1 pixels, and the original is 1x1", suggestion: "Draw the mask on the original itself.")
        ) { try PictureMask.apply(mask, to: original) }
    }

    @Test("says which of the two files is broken")
    func broken() throws {
        let whole = try png(3, [1, 2, 3])
        let text = Array("hello".utf8)
        let inMask = #expect(throws: CodecError.self) { try PictureMask.apply(text, to: whole) }
        #expect(inMask?.message == "the mask: the file is not a picture: it starts like text")
        let inOriginal = #expect(throws: CodecError.self) { try PictureMask.apply(whole, to: text) }
        #expect(inOriginal?.message == "the original: the file is not a picture: it starts like text")
    }
}
