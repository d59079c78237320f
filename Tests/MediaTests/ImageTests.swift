import Testing

@testable import Media

@Suite("An image")
struct ImageTests {
    private let everyByte = Image(batch: 1, height: 16, width: 16, channels: 1, bytes: Array(0...255))

    @Test("of bytes holds i / 255 and saves the same bytes")
    func standardLevels() {
        #expect(everyByte.floats() == (0...255).map { Float($0) / 255 })
        #expect(everyByte.eightBit() == Array(0...255))
        let floats = Image(batch: 1, height: 16, width: 16, channels: 1, floats: everyByte.floats())
        #expect(floats.eightBit() == Array(0...255))
    }

    @Test("of floats is clipped and truncated when it is saved, and NaN is 0")
    func truncation() {
        let values: [Float] = [-1, -.infinity, .nan, 0.5, 0.999, 1, 2, .infinity]
        let image = Image(batch: 2, height: 1, width: 4, channels: 1, floats: values)
        #expect(image.eightBit() == [0, 0, 0, 127, 254, 255, 255, 255])
    }

    @Test("maps 256 levels instead of its pixels, to the same floats")
    func mapLevels() {
        var calls = 0
        let invert: (Float) -> Float = { x in
            calls += 1
            return 1 - x
        }
        let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let image = Image(batch: 1, height: 100, width: 10, channels: 3, bytes: bytes)
        let inverted = image.mapLevels(invert)
        #expect(calls == 256)
        #expect(inverted.floats() == image.floats().map { 1 - $0 })
        let floats = Image(batch: 1, height: 100, width: 10, channels: 3, floats: image.floats()).mapLevels(invert)
        #expect(floats.floats() == inverted.floats())
        #expect(floats.eightBit() == inverted.eightBit())
    }

    @Test("knows what it takes in memory")
    func byteCount() {
        #expect(everyByte.byteCount == 256 + 1024)
        #expect(
            Image(batch: 2, height: 3, width: 4, channels: 3, floats: .init(repeating: 0, count: 72)).byteCount == 288)
        #expect(Mask(batch: 1, height: 2, width: 3, floats: .init(repeating: 0, count: 6)).byteCount == 24)
    }
}

@Suite("Image limits")
struct ImageLimitsTests {
    private func refusal(batch: Int = 1, height: Int, width: Int) -> String? {
        do {
            try ImageLimits().check(batch: batch, height: height, width: width)
            return nil
        } catch { return error.message }
    }

    @Test("allow 100 megapixels and 2 GiB of float32")
    func allowed() {
        #expect(refusal(height: 10_000, width: 10_000) == nil)
        #expect(refusal(batch: 178, height: 1000, width: 1000) == nil)
    }

    @Test("name the size and the limit")
    func refused() {
        #expect(
            refusal(height: 65_500, width: 65_500)
                == "the image is 65,500x65,500 pixels (4,290 megapixels), and the limit is 100 megapixels")
        #expect(
            refusal(height: 1, width: 1_000_001)
                == "the image is 1,000,001x1 pixels, and a side may have at most 1,000,000")
        #expect(
            refusal(batch: 179, height: 1000, width: 1000)
                == "a batch of 179 images of 1,000x1,000 pixels needs more than 2,048 MiB")
        #expect(
            refusal(batch: .max, height: 1000, width: 1000)
                == "a batch of 9,223,372,036,854,775,807 images of 1,000x1,000 pixels needs more than 2,048 MiB")
        #expect(refusal(height: 0, width: 5) == "an image of 5x0 pixels has no pixels")
    }
}
