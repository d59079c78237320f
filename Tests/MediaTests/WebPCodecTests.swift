import Testing

@testable import Media

@Suite("A WebP")
struct WebPCodecTests {
    private static let again = "Copy the file again from its source, or open and re-save it in an image editor."

    private func noise(width: Int, height: Int, channels: Int) -> Image {
        let bytes = (0..<width * height * channels).map { UInt8(truncatingIfNeeded: ($0 &* $0 &* 2_654_435_761) >> 9) }
        return Image(batch: 1, height: height, width: width, channels: channels, bytes: bytes)
    }

    @Test("has its colours, lossy and lossless", arguments: [SmallWebP.lossy, SmallWebP.lossless])
    func colours(_ bytes: [UInt8]) throws {
        let decoded = try ImageDecoder.decode(bytes)
        #expect(decoded.image.width == 32 && decoded.image.height == 16 && decoded.image.channels == 3)
        #expect(decoded.alpha == nil && decoded.text.isEmpty)
        #expect(corners(decoded.image) == "RGBW")
    }

    @Test("has its alpha beside its colours", arguments: [SmallWebP.clear, SmallWebP.losslessClear])
    func alpha(_ bytes: [UInt8]) throws {
        let decoded = try ImageDecoder.decode(bytes)
        #expect(corners(decoded.image) == "RGBW")
        let alpha = try #require(decoded.alpha)
        #expect(alpha.count == 512 && alpha[0] == 0 && alpha[31] == 255 && alpha[480] == 128 && alpha[511] == 255)
    }

    @Test("lossless has exactly its bytes")
    func exact() throws {
        let bytes = try ImageDecoder.decode(SmallWebP.lossless).image.eightBit()
        #expect(bytes[..<3] == [255, 0, 0] && bytes[93..<96] == [0, 255, 0])
        #expect(bytes[1440..<1443] == [0, 0, 255] && bytes[1533...] == [255, 255, 255])
    }

    @Test("stands upright whatever its EXIF orientation")
    func orientation() throws {
        let image = try ImageDecoder.decode(SmallWebP.turned).image
        #expect(image.width == 16 && image.height == 32)
        #expect(corners(image) == "BRWG")
    }

    @Test("of several frames is a batch of them")
    func animated() throws {
        let frames = try ImageDecoder.decode(SmallWebP.animated).image
        #expect(frames.batch > 1)
        let first = try ImageDecoder.decode(SmallWebP.animated, onlyFirstFrame: true).image
        #expect(first.batch == 1 && first.eightBit()[...] == frames.eightBit().prefix(first.eightBit().count))
    }

    @Test("that is cut off says so", arguments: [SmallWebP.lossy, SmallWebP.lossless, SmallWebP.clear])
    func truncated(_ whole: [UInt8]) {
        let early = CodecError("the WebP ends early", suggestion: Self.again)
        for count in 12..<whole.count - 2 { #expect(complaint(about: Array(whole.prefix(count))) == early) }
    }

    @Test("that is cut off says how many rows are missing, when it is large enough to tell")
    func rowsMissing() throws {
        let whole = try WebPCodec.encode(noise(width: 64, height: 640, channels: 3), at: 0, quality: 90)
        let message = try #require(complaint(about: Array(whole.prefix(whole.count / 2)))?.message)
        #expect(message == "the WebP ends early: 345 of its 640 rows are missing")
    }

    @Test("of broken bytes is damaged")
    func damaged() {
        var bytes = SmallWebP.lossy
        bytes[23] = 0  // the start code of RFC 6386 section 9.1
        #expect(
            complaint(about: bytes)
                == CodecError("the WebP is damaged (its bytes make no sense)", suggestion: Self.again))
    }

    @Test("of 16,383x16,383 pixels is refused before memory is taken")
    func bomb() throws {
        var bytes = SmallWebP.lossy
        bytes.replaceSubrange(26..<30, with: [0xFF, 0x3F, 0xFF, 0x3F])
        #expect(
            complaint(about: bytes)?.message
                == "the image is 16,383x16,383 pixels (268 megapixels), and the limit is 100 megapixels")
    }

    @Test("that is written comes back: nearly the colours, exactly the alpha", arguments: [3, 4])
    func roundTrip(channels: Int) throws {
        let (width, height) = (90, 70)
        let rgb: [UInt8] = (0..<width * height).flatMap { (i: Int) -> [UInt8] in
            [UInt8(i % width * 2), UInt8(i / width * 3), UInt8(i % width + i / width)]
        }
        let alpha: [UInt8] = (0..<width * height).map { (i: Int) -> UInt8 in UInt8(i % 250 + 1) }
        let rgba: [UInt8] = (0..<width * height).flatMap { (i: Int) -> [UInt8] in rgb[3 * i..<3 * i + 3] + [alpha[i]] }
        let image = Image(
            batch: 1, height: height, width: width, channels: channels, bytes: channels == 3 ? rgb : rgba)
        let decoded = try ImageDecoder.decode(try WebPCodec.encode(image, at: 0, quality: 100))
        #expect(decoded.image.width == width && decoded.image.height == height)
        #expect(decoded.alpha.map(Array.init) == (channels == 4 ? alpha : nil))
        let differences = zip(decoded.image.eightBit(), rgb).map { abs(Int($0) - Int($1)) }
        #expect((differences.max() ?? 0) <= 12)
    }

    @Test("is smaller for less quality; what lies outside 1...100 is brought inside")
    func quality() throws {
        let image = noise(width: 64, height: 64, channels: 3)
        func count(_ quality: Int) throws -> Int { try WebPCodec.encode(image, at: 0, quality: quality).count }
        let counts = try [1, 50, 100].map(count)
        #expect(counts == counts.sorted() && Set(counts).count == 3)
        #expect(try count(-5) == counts[0] && count(1000) == counts[2])
    }

    @Test("can be any image of a batch, of bytes or floats")
    func batch() throws {
        let batch = Image(
            batch: 2, height: 16, width: 16, channels: 3,
            floats: Array(repeating: 0, count: 768) + Array(repeating: 1, count: 768))
        #expect(corners(try WebPCodec.decode(try WebPCodec.encode(batch, at: 1, quality: 90)).image) == "WWWW")
    }

    @Test("has three or four channels, and sides up to 16,383")
    func refused() {
        #expect(throws: CodecError("a WebP has 3 or 4 channels, and this image has 1")) {
            try WebPCodec.encode(noise(width: 2, height: 2, channels: 1), at: 0, quality: 90)
        }
        #expect(
            throws: CodecError(
                "the image is 16,384x1 pixels, and a WebP may have at most 16,383 a side",
                suggestion: "Make it smaller, or write a PNG.")
        ) {
            try WebPCodec.encode(noise(width: 16_384, height: 1, channels: 3), at: 0, quality: 90)
        }
    }
}
