import Testing

@testable import Media

@Suite("Auto contrast")
struct AutoContrastTests {
    private func stretched(_ image: Image, _ settings: AutoContrast) throws -> Image {
        var work = RowWork(rowCount: 2 * image.batch * image.height)
        return try image.autoContrast(settings, &work)
    }

    /// 100 pixels: tones 50 ... 149 of 255 once each; the second channel is 20 higher, the third 30 lower.
    private static let ramp: Image = {
        let bytes = (0..<100).flatMap { i -> [UInt8] in [50, 70, 20].map { UInt8($0 + i) } }
        return Image(batch: 1, height: 10, width: 10, channels: 3, bytes: bytes)
    }()

    private func bytes(_ image: Image, channel: Int) -> [UInt8] {
        let all = image.floats().map { UInt8(($0 * 255).rounded()) }
        return stride(from: channel, to: all.count, by: image.channels).map { all[$0] }
    }

    @Test("maps the percentiles of each channel to black and white, exactly")
    func perChannel() throws {
        let image = try stretched(Self.ramp, AutoContrast(blackClip: 0.05, whiteClip: 0.1, perChannel: true))
        for c in 0..<3 {
            let tones = bytes(image, channel: c)
            // Five of a hundred are clipped, and the next is black itself.
            #expect(tones.prefix(6).allSatisfy { $0 == 0 } && tones[6] == 3)
            #expect(tones.suffix(11).allSatisfy { $0 == 255 } && tones[88] == 252)
        }
    }

    @Test("maps those of all channels together, and keeps the storage's bytes")
    func joint() throws {
        let image = try stretched(Self.ramp, AutoContrast(blackClip: 0, whiteClip: 0, perChannel: false))
        // 20 becomes black, 169 white.
        for (c, first) in [50, 70, 20].enumerated() {
            let expected = (0..<100).map { UInt8((Double(first + $0 - 20) / 149 * 255).rounded()) }
            #expect(bytes(image, channel: c) == expected)
        }
        guard case .bytes(let after, _) = image.storage, case .bytes(let before, _) = Self.ramp.storage else {
            Issue.record("became floats")
            return
        }
        #expect(after == before)
    }

    @Test("gives floats the same points as bytes")
    func floats() throws {
        let floats = Image(batch: 1, height: 10, width: 10, channels: 3, floats: Self.ramp.floats())
        for perChannel in [true, false] {
            let settings = AutoContrast(blackClip: 0.02, whiteClip: 0.02, perChannel: perChannel)
            let (a, b) = (try stretched(floats, settings).floats(), try stretched(Self.ramp, settings).floats())
            #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 0.51 / 255 })
        }
    }

    @Test("keeps as much of a cast as asked for")
    func cast() throws {
        let joint = try stretched(Self.ramp, AutoContrast(blackClip: 0, whiteClip: 0, perChannel: false))
        let kept = try stretched(Self.ramp, AutoContrast(blackClip: 0, whiteClip: 0, perChannel: true, keptCast: 1))
        // To the nearest byte, for lack of levels that are right for all channels.
        #expect(zip(kept.floats(), joint.floats()).allSatisfy { abs($0 - $1) <= 0.51 / 255 })
    }

    @Test("changes nothing at strength 0, or where there is one tone only")
    func nothing() throws {
        #expect(
            try stretched(Self.ramp, AutoContrast(blackClip: 0, whiteClip: 0, perChannel: true, strength: 0))
                == Self.ramp)
        let plain = DrawnPicture.grey(8, 8) { _, _ in 0.4 }
        #expect(try stretched(plain, AutoContrast(blackClip: 0.01, whiteClip: 0.01, perChannel: true)) == plain)
    }

    @Test("knows dark from light in a negative, whose levels fall")
    func negative() throws {
        let negative = Self.ramp.mapLevels { 1 - $0 }
        let image = try stretched(negative, AutoContrast(blackClip: 0, whiteClip: 0, perChannel: true))
        #expect(bytes(image, channel: 0).first == 255 && bytes(image, channel: 0).last == 0)
    }

    @Test("keeps how opaque a pixel is, and gives each picture of a batch its own points")
    func batch() throws {
        let pixels: [UInt8] = [50, 50, 50, 7, 100, 100, 100, 9, 10, 10, 10, 1, 20, 20, 20, 2]
        let pair = Image(batch: 2, height: 1, width: 2, channels: 4, bytes: pixels)
        let image = try stretched(pair, AutoContrast(blackClip: 0, whiteClip: 0, perChannel: false))
        #expect(image.eightBit() == [0, 0, 0, 7, 255, 255, 255, 9, 0, 0, 0, 1, 255, 255, 255, 2])
    }
}

@Suite("Grayscale")
struct GrayscaleTests {
    private func grey(_ image: Image, strength: Float) throws -> Image {
        var work = RowWork(rowCount: image.batch * image.height)
        return try image.grayscale(strength: strength, &work)
    }

    @Test("is the luma of Rec. 601, as far as strength goes")
    func luma() throws {
        let red = Image(batch: 1, height: 1, width: 1, channels: 3, floats: [1, 0, 0])
        #expect(try grey(red, strength: 1).floats() == [0.299, 0.299, 0.299])
        #expect(try grey(red, strength: 0) == red)
        #expect(try grey(red, strength: 0.5).floats() == [0.6495, 0.1495, 0.1495])
    }

    @Test("keeps the fourth channel, and returns a picture of one as it is")
    func channels() throws {
        let clear = Image(batch: 1, height: 1, width: 1, channels: 4, floats: [0, 1, 0, 0.25])
        #expect(try grey(clear, strength: 1).floats() == [0.587, 0.587, 0.587, 0.25])
        let single = Image(batch: 1, height: 1, width: 2, channels: 1, floats: [0, 1])
        #expect(try grey(single, strength: 1) == single)
    }
}
