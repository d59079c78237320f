import Testing

@testable import Media

@Suite("The median filter")
struct MedianFilterTests {
    private func denoised(_ image: Image, _ method: MedianFilter) throws -> Image {
        var work = RowWork(rowCount: image.batch * image.height)
        return try image.denoised(method, &work)
    }

    @Test("gives the middle one of the window's values", arguments: [3, 5, 9])
    func reference(size: Int) throws {
        let bytes = DrawnPicture.eightBit(DrawnPicture.random(23, 14, channels: 4))
        let floats = Image(batch: 1, height: 14, width: 23, channels: 4, floats: bytes.floats())
        var expected: [Float] = []
        for y in 0..<14 {
            for x in 0..<23 {
                for c in 0..<4 {
                    var window: [Float] = []
                    for dy in -(size / 2)...size / 2 {
                        for dx in -(size / 2)...size / 2 {
                            let (px, py) = (min(max(x + dx, 0), 22), min(max(y + dy, 0), 13))
                            window.append(floats.floats()[(py * 23 + px) * 4 + c])
                        }
                    }
                    let isColor = c < 3
                    expected.append(isColor ? window.sorted()[size * size / 2] : floats.floats()[(y * 23 + x) * 4 + c])
                }
            }
        }
        #expect(try denoised(bytes, MedianFilter(size: size)).floats() == expected)
        #expect(try denoised(floats, MedianFilter(size: size)).floats() == expected)
    }

    @Test("keeps eight bits eight bits, also of a negative")
    func storage() throws {
        let image = DrawnPicture.eightBit(DrawnPicture.random(16, 16))
        let filtered = try denoised(image, MedianFilter(size: 3))
        guard case .bytes = filtered.storage else {
            Issue.record("became floats")
            return
        }
        let negative = try denoised(image.mapLevels { 1 - $0 }, MedianFilter(size: 3))
        #expect(negative.floats() == filtered.floats().map { 1 - $0 })
    }

    @Test("removes a lone wrong pixel and leaves an edge where it is")
    func spike() throws {
        let image = DrawnPicture.grey(20, 20) { x, y in (x, y) == (5, 5) ? 1 : x < 10 ? 0.25 : 0.75 }
        let clean = DrawnPicture.grey(20, 20) { x, _ in x < 10 ? 0.25 : 0.75 }
        #expect(try denoised(image, MedianFilter(size: 3)) == clean)
    }

    @Test("takes each picture of a batch by itself")
    func batch() throws {
        let pair = Image(
            batch: 2, height: 3, width: 3, channels: 1,
            floats: Array(repeating: 0, count: 9) + Array(repeating: 1, count: 9))
        #expect(try denoised(pair, MedianFilter(size: 3)) == pair)
    }
}
