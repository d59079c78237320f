import Testing

@testable import Media

/// An animated PNG of 8-bit gray, 2x2 pixels, made by hand.
struct AnimatedPNGBytes {
    struct Frame {
        var x = 0, y = 0, width = 2, height = 2
        var disposal: UInt8 = 0, blend: UInt8 = 0
        var level: UInt8 = 9
        /// Added to the number that is due.
        var sequenceError = 0
        var hasPixels = true
    }

    let bytes: [UInt8]

    /// - Parameter hasDefault: whether a picture of level 1 stands before the frames; else the first frame is the picture.
    init(announces count: Int, hasDefault: Bool = false, _ frames: [Frame], hasEnd: Bool = true, side: Int = 2) {
        var sequence = 0
        func number(_ value: Int) -> [UInt8] { PNGBytes.bigEndian(value) }
        func pixels(_ width: Int, _ height: Int, _ level: UInt8) -> [UInt8] {
            PNGBytes.zlib(
                [UInt8](repeating: level, count: (width + 1) * height).enumerated().map { i, level in
                    i % (width + 1) == 0 ? 0 : level
                })
        }
        var bytes = PNGBytes.signature + PNGBytes.header(width: side, height: side)
        bytes += PNGBytes.chunk("acTL", number(count) + number(0))
        if hasDefault { bytes += PNGBytes.chunk("IDAT", pixels(side, side, 1)) }
        for (index, frame) in frames.enumerated() {
            let region = number(frame.width) + number(frame.height) + number(frame.x) + number(frame.y)
            bytes += PNGBytes.chunk(
                "fcTL",
                number(sequence + frame.sequenceError) + region + [0, 1, 0, 10, frame.disposal, frame.blend])
            sequence += 1
            guard frame.hasPixels else { continue }
            let data = pixels(frame.width, frame.height, frame.level)
            if index == 0 && !hasDefault {
                bytes += PNGBytes.chunk("IDAT", data)
            } else {
                bytes += PNGBytes.chunk("fdAT", number(sequence) + data)
                sequence += 1
            }
        }
        self.bytes = bytes + (hasEnd ? PNGBytes.end : [])
    }
}

@Suite("An animated PNG")
struct AnimatedPNGTests {
    private typealias Frame = AnimatedPNGBytes.Frame

    /// The gray levels of all frames, a string of digits for each.
    private func levels(_ png: AnimatedPNGBytes) throws -> [String] {
        let image = try ImageDecoder.decode(png.bytes).image
        let pixels = image.eightBit()
        return (0..<image.batch).map { frame in
            (0..<4).map { String(pixels[(frame * 4 + $0) * 3]) }.joined()
        }
    }

    @Test("is a batch of its frames, each drawn onto the one before")
    func frames() throws {
        let png = AnimatedPNGBytes(
            announces: 3, [Frame(level: 3), Frame(x: 1, width: 1, level: 5), Frame(y: 1, height: 1, level: 7)])
        #expect(try levels(png) == ["3333", "3535", "3577"])
    }

    @Test("has the picture that stands before its frames as the first, as in Pillow")
    func defaultPicture() throws {
        #expect(try levels(.init(announces: 1, hasDefault: true, [Frame(level: 4)])) == ["1111", "4444"])
    }

    @Test("disposes of a frame by clearing its region or by what was there before")
    func disposal() throws {
        let png = AnimatedPNGBytes(
            announces: 4,
            [
                Frame(level: 3), Frame(width: 1, disposal: 2, level: 5), Frame(x: 1, width: 1, disposal: 1, level: 6),
                Frame(width: 1, height: 1, level: 8),
            ])
        #expect(try levels(png) == ["3333", "5353", "3636", "8030"])
    }

    @Test("has as many frames as it announces at most, and as it has at most")
    func count() throws {
        let frames = [Frame(level: 1), Frame(level: 2), Frame(level: 3)]
        #expect(try levels(.init(announces: 2, frames)) == ["1111", "2222"])
        #expect(try levels(.init(announces: 9, frames)) == ["1111", "2222", "3333"])
        #expect(try levels(.init(announces: 0, frames)) == ["1111"])
    }

    @Test("shows its first frame alone when that is enough, whatever the others are")
    func first() throws {
        let png = AnimatedPNGBytes(announces: 2, [Frame(level: 6), Frame(x: 9, sequenceError: 4)]).bytes
        #expect(try ImageDecoder.decode(png, onlyFirstFrame: true).image.eightBit() == Array(repeating: 6, count: 12))
    }

    @Test(
        "that breaks the rules is refused",
        arguments: [
            ([Frame(), Frame(sequenceError: 1)], "its frames are out of order"),
            ([Frame(), Frame(x: 1)], "a frame lies outside the picture"),
            ([Frame(), Frame(y: 0x7FFF_FFFF)], "a frame lies outside the picture"),
            ([Frame(), Frame(width: 0)], "a frame lies outside the picture"),
            ([Frame(width: 1), Frame()], "its first frame is smaller than the picture"),
            ([Frame(), Frame(hasPixels: false), Frame()], "a frame has no pixels"),
        ])
    func broken(frames: [AnimatedPNGBytes.Frame], words: String) {
        #expect(complaint(about: AnimatedPNGBytes(announces: 3, frames).bytes) == .damaged("PNG", words))
    }

    @Test("that is cut off between its frames says so")
    func truncated() {
        let png = AnimatedPNGBytes(announces: 3, [Frame(), Frame()], hasEnd: false)
        #expect(complaint(about: png.bytes)?.message == "the PNG ends early")
    }

    @Test("of 100,000 frames is refused before memory is taken")
    func bomb() {
        let frames = Array(repeating: Frame(width: 1, height: 1), count: 100_000)
        let png = AnimatedPNGBytes(announces: 100_001, hasDefault: true, frames, side: 200)
        #expect(
            complaint(about: png.bytes)
                == CodecError(
                    "the picture has 100,001 frames, and the limit is 10,000", suggestion: "Cut it into shorter ones."))
    }
}
