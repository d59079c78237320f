import Testing

@testable import Media

@Suite("A JPEG")
struct JPEGCodecTests {
    /// The corners from the upper left to the lower right, each as the letter of its nearest colour.
    private func corners(_ image: Image) -> String {
        let bytes = image.eightBit()
        let (right, bottom) = (image.width - 1, (image.height - 1) * image.width)
        return [0, right, bottom, bottom + right].map { pixel in
            switch (bytes[3 * pixel] > 127, bytes[3 * pixel + 1] > 127, bytes[3 * pixel + 2] > 127) {
            case (true, false, false): "R"
            case (false, true, false): "G"
            case (false, false, true): "B"
            case (true, true, true): "W"
            default: "?"
            }
        }.joined()
    }

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

    @Test("of 65,500x65,500 pixels is refused before memory is taken")
    func bomb() throws {
        var bytes = SmallJPEG.progressive
        let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xC2]) })
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
        #expect(
            complaint(about: bytes)?.message
                == "the image is 65,500x65,500 pixels (4,290 megapixels), and the limit is 100 megapixels")
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
}
