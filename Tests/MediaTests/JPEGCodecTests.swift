import Testing

@testable import Media

@Suite("A JPEG")
struct JPEGCodecTests {
    private func withOrientation(_ value: UInt8, bigEndian: Bool = false) -> [UInt8] {
        let tiff: [UInt8] =
            bigEndian
            ? "MM\0*".utf8 + [0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0]
            : "II*\0".utf8 + [8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, value, 0, 0, 0]
        let body = "Exif\0\0".utf8 + tiff
        return SmallJPEG.color.prefix(2) + [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + SmallJPEG.color.dropFirst(2)
    }

    @Test(
        "has its colours, baseline, progressive and in four inks",
        arguments: [
            SmallJPEG.color, SmallJPEG.progressive, SmallJPEG.cmyk,
        ])
    func colours(_ bytes: [UInt8]) throws {
        let decoded = try ImageDecoder.decode(bytes)
        #expect(decoded.image.width == 32 && decoded.image.height == 16 && decoded.image.channels == 3)
        #expect(decoded.alpha == nil && decoded.text.isEmpty)
        #expect(corners(decoded.image) == "RGBW")
    }

    @Test("of gray has three equal channels")
    func gray() throws {
        let bytes = try ImageDecoder.decode(SmallJPEG.gray).image.eightBit()
        #expect(bytes[0..<3] == [76, 76, 76])
        #expect(bytes[93..<96] == [150, 150, 150])
    }

    @Test(
        "stands upright whatever its EXIF orientation",
        arguments: [
            (1, "RGBW"), (2, "GRWB"), (3, "WBGR"), (4, "BWRG"), (5, "RBGW"), (6, "BRWG"), (7, "WGBR"), (8, "GWRB"),
            (0, "RGBW"), (9, "RGBW"),
        ])
    func orientation(value: UInt8, upright: String) throws {
        for bigEndian in [false, true] {
            let image = try JPEGCodec.decode(withOrientation(value, bigEndian: bigEndian)).image
            #expect(corners(image) == upright)
            #expect(image.width == ((5...8).contains(value) ? 16 : 32))
        }
    }

    @Test("that is cut off says how many rows are missing")
    func truncated() {
        let again = "Copy the file again from its source, or open and re-save it in an image editor."
        #expect(
            complaint(about: SmallJPEG.color.dropLast(10))
                == CodecError("the JPEG ends early: 8 of its 16 rows are missing", suggestion: again))
        let cutInside: [UInt8] = SmallJPEG.color.dropLast(10) + [0xFF, 0xD9]
        #expect(
            complaint(about: cutInside)
                == CodecError("the JPEG ends early: 8 of its 16 rows are missing", suggestion: again))
        let progressive = CodecError("the JPEG ends early", suggestion: again)
        #expect(complaint(about: SmallJPEG.progressive.dropLast(40)) == progressive)
        #expect(complaint(about: Array(SmallJPEG.color.prefix(40))) == progressive)
    }

    @Test("that lacks only its end mark is whole")
    func noEndMark() throws {
        #expect(corners(try JPEGCodec.decode(SmallJPEG.color.dropLast(2)).image) == "RGBW")
    }

    @Test("of 60,000x60,000 pixels is refused before memory is taken")
    func bomb() throws {
        var bytes = SmallJPEG.progressive
        let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xC2]) })
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xEA, 0x60, 0xEA, 0x60])
        #expect(
            complaint(about: bytes)?.message
                == "the image is 60,000x60,000 pixels (3,600 megapixels), and the limit is 100 megapixels")
    }

    @Test("of more scans than any program writes is refused")
    func scans() throws {
        let whole = SmallJPEG.progressive
        let last = try #require(whole.indices.last { whole[$0...].starts(with: [0xFF, 0xDA]) })
        let scan = whole[last..<whole.count - 2]
        let scans = [[UInt8]](repeating: Array(scan), count: 100).flatMap { $0 }
        let bytes = Array(whole[..<(whole.count - 2)]) + scans + [0xFF, 0xD9]
        #expect(
            complaint(about: bytes)
                == CodecError(
                    "the JPEG is drawn in more than 100 scans, which no usual program writes",
                    suggestion: "Open and re-save it in an image editor."))
    }

    @Test(
        "of a kind that is not read is refused by name",
        arguments: [
            (0xC9, "the JPEG is arithmetic-coded", "Rewrite it without loss: 'jpegtran -copy all old.jpg > new.jpg'."),
            (0xCA, "the JPEG is arithmetic-coded", "Rewrite it without loss: 'jpegtran -copy all old.jpg > new.jpg'."),
            (0xC3, "the file is a lossless JPEG", "Convert it with libjpeg-turbo 3: 'djpeg old.jpg > new.ppm'."),
            (0xC5, "the JPEG is hierarchical", "Open it in the program that wrote it and export a PNG."),
            (0xF7, "the file is a JPEG-LS picture", "Convert it: 'ffmpeg -i old.jls new.png'."),
        ])
    func process(marker: UInt8, what: String, suggestion: String) throws {
        var bytes = SmallJPEG.color
        let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xC0]) })
        bytes[frame + 1] = marker
        #expect(complaint(about: bytes) == CodecError("\(what), which cannot be read", suggestion: suggestion))
    }

    @Test(
        "of 12 bits, or of two or five channels, is refused",
        arguments: [
            (4, 12, "the JPEG has 12 bits a sample", "Convert it with libjpeg-turbo 3: 'djpeg old.jpg > new.ppm'."),
            (9, 2, "the JPEG has 2 colour channels", "Open it in an image editor and export it as RGB."),
            (9, 5, "the JPEG has 5 colour channels", "Open it in an image editor and export it as RGB."),
        ])
    func samples(offset: Int, value: UInt8, what: String, suggestion: String) throws {
        var bytes = SmallJPEG.color
        let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xC0]) })
        bytes[frame + offset] = value
        #expect(complaint(about: bytes) == CodecError("\(what), which cannot be read", suggestion: suggestion))
    }

    @Test("that is written comes back nearly the same, of bytes and of floats")
    func roundTrip() throws {
        let bytes: [UInt8] = (0..<64 * 48).flatMap { (i: Int) -> [UInt8] in [UInt8(i % 64 * 3), UInt8(i / 64 * 4), 90] }
        let image = Image(batch: 1, height: 48, width: 64, channels: 3, bytes: bytes)
        let floats = Image(batch: 1, height: 48, width: 64, channels: 3, floats: image.floats())
        let file = try JPEGCodec.encode(image, at: 0, quality: 95)
        #expect(try JPEGCodec.encode(floats, at: 0, quality: 95) == file)
        let decoded = try ImageDecoder.decode(file).image
        #expect(decoded.width == 64 && decoded.height == 48)
        let differences = zip(decoded.eightBit(), bytes).map { abs(Int($0) - Int($1)) }
        #expect((differences.max() ?? 0) <= 10)
    }

    @Test("is smaller for less quality; what lies outside 1...100 is brought inside")
    func quality() throws {
        let bytes = (0..<96 * 96 * 3).map { UInt8(truncatingIfNeeded: ($0 &* $0 &* 2_654_435_761) >> 9) }
        let image = Image(batch: 1, height: 96, width: 96, channels: 3, bytes: bytes)
        func count(_ quality: Int) throws -> Int { try JPEGCodec.encode(image, at: 0, quality: quality).count }
        let counts = try [1, 50, 100].map(count)
        #expect(counts == counts.sorted() && Set(counts).count == 3)
        #expect(try count(0) == counts[0] && count(101) == counts[2])
    }

    @Test("larger than the first buffer is written whole")
    func large() throws {
        let bytes = (0..<512 * 512 * 3).map { UInt8(truncatingIfNeeded: ($0 &* $0 &* 2_654_435_761) >> 21) }
        let image = Image(batch: 1, height: 512, width: 512, channels: 3, bytes: bytes)
        let file = try JPEGCodec.encode(image, at: 0, quality: 100)
        #expect(file.count > 1 << 17)
        #expect(file.suffix(2) == [0xFF, 0xD9])
        #expect(try ImageDecoder.decode(file).image.width == 512)
    }

    @Test("has three channels, and sides up to 65,500")
    func refused() {
        let gray = Image(batch: 1, height: 1, width: 1, channels: 1, bytes: [1])
        #expect(throws: CodecError("a JPEG has 3 channels, and this image has 1", suggestion: "Save a PNG.")) {
            try JPEGCodec.encode(gray, at: 0, quality: 90)
        }
        let long = Image(batch: 1, height: 1, width: 65_501, channels: 3, bytes: Array(repeating: 0, count: 65_501 * 3))
        #expect(
            throws: CodecError(
                "the image is 65,501x1 pixels, and a JPEG may have at most 65,500 a side",
                suggestion: "Make it smaller, or write a PNG.")
        ) { try JPEGCodec.encode(long, at: 0, quality: 90) }
    }
}
