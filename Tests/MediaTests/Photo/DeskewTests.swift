import Foundation
import Testing

@testable import Media

@Suite("The skew of a picture")
struct SkewTests {
    /// A frame, a horizon and three posts, turned clockwise by `degrees`; edges a pixel soft.
    private func scene(_ degrees: Double, noise: Double = 0.02) -> Image {
        let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
        func box(_ x: Double, _ y: Double, _ columns: ClosedRange<Double>, _ rows: ClosedRange<Double>) -> Double {
            let inside = min(
                min(x - columns.lowerBound, columns.upperBound - x), min(y - rows.lowerBound, rows.upperBound - y))
            return min(max(inside + 0.5, 0), 1)
        }
        return DrawnPicture.grey(400, 300, noise: noise) { px, py in
            let (dx, dy) = (Double(px) - 199.5, Double(py) - 149.5)
            let (x, y) = (dx * cosine + dy * sine, dy * cosine - dx * sine)
            var tone = 0.7 - 0.3 * box(x, y, -500...500, 30...500)
            for post in [-120.0, -20, 90] { tone -= 0.2 * box(x, y, post...post + 24, -60...80) }
            return tone
        }
    }

    private func skew(_ image: Image, maxAngle: Double = 10) throws -> Double? {
        var work = RowWork(rowCount: image.skewRowCount)
        return try image.skew(imageAt: 0, maxAngle: maxAngle, &work)
    }

    @Test("is found within a tenth of a degree", arguments: [-7.3, -2.5, -0.4, 0, 0.2, 1, 3, 8.8])
    func found(degrees: Double) throws {
        let skew = try #require(try skew(scene(degrees)))
        #expect(abs(skew - degrees) < 0.1, "\(skew)")
    }

    @Test("is not guessed where nothing is straight")
    func unclear() throws {
        #expect(try skew(DrawnPicture.grey(300, 300, noise: 0.1) { _, _ in 0.5 }) == nil)
        #expect(try skew(DrawnPicture.grey(300, 300) { _, _ in 0.5 }) == nil)
        let blobs = DrawnPicture.grey(300, 300, noise: 0.02) { x, y in
            0.5 + 0.2 * sin(Double(x) / 9 + 3 * cos(Double(y) / 31)) * cos(Double(y) / 11 + 2 * sin(Double(x) / 23))
        }
        #expect(try skew(blobs) == nil)
        #expect(try skew(DrawnPicture.random(5, 5)) == nil)
    }

    @Test("is not taken from scratches, which are level with nothing")
    func scratches() throws {
        var floats = scene(2.5).floats()
        for y in 0..<300 {
            for start in [40, 150, 260, 330] {
                let x = start - y / 30  // 1.9 degrees clockwise
                for c in 0..<6 { floats[(y * 400 + x) * 3 + c] = 1 }
            }
        }
        let skew = try #require(try skew(Image(batch: 1, height: 300, width: 400, channels: 3, floats: floats)))
        #expect(abs(skew - 2.5) < 0.1, "\(skew)")
    }

    @Test("beyond the largest angle asked for is left alone")
    func beyond() throws {
        #expect(try skew(scene(8), maxAngle: 4) == nil)
    }
}

@Suite("Turning a picture")
struct RotationTests {
    private func turned(_ image: Image, _ degrees: Double, _ border: RotationBorder) throws -> Image {
        var work = RowWork(rowCount: image.batch * image.height)
        return try image.turned(degrees: Array(repeating: degrees, count: image.batch), border: border, &work)
    }

    @Test("undoes a clockwise turn")
    func direction() throws {
        // A dot right of the middle, turned counterclockwise, moves up.
        let dot = DrawnPicture.grey(41, 41) { x, y in abs(x - 34) <= 1 && abs(y - 20) <= 1 ? 1 : 0 }
        let up = try turned(dot, 20, .black)
        let expected = (x: 20 + 14 * cos(20 * Double.pi / 180), y: 20 - 14 * sin(20 * Double.pi / 180))
        let brightest = try #require(
            up.tones(columns: 0..<41, rows: 0..<41).enumerated().max { $0.element < $1.element })
        #expect(abs(Double(brightest.offset % 41) - expected.x) <= 1.5)
        #expect(abs(Double(brightest.offset / 41) - expected.y) <= 1.5)
    }

    @Test("by 0 degrees changes no pixel", arguments: RotationBorder.allCases)
    func zero(border: RotationBorder) throws {
        let image = DrawnPicture.eightBit(DrawnPicture.random(31, 20))
        let same = try turned(image, 0, border)
        #expect(same.width == 31 || border == .crop)
        let left = (31 - same.width) / 2, top = (20 - same.height) / 2
        #expect(
            same.tones(columns: 0..<same.width, rows: 0..<same.height)
                == image.tones(columns: left..<left + same.width, rows: top..<top + same.height))
    }

    @Test("cuts the empty corners off, and little more", arguments: [0.5, 2.5, -7, 20])
    func crop(degrees: Double) throws {
        let image = DrawnPicture.grey(200, 150) { _, _ in 0.5 }
        let size = image.turnedSize(degrees: degrees, border: .crop)
        // A pixel at each corner of what is left lies inside the old picture.
        let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
        for (x, y) in [(-1.0, -1.0), (1, -1), (-1, 1), (1, 1)] {
            let (dx, dy) = (x * Double(size.width - 1) / 2, y * Double(size.height - 1) / 2)
            #expect(abs(dx * cosine - dy * sine) <= 99.5)
            #expect(abs(dx * sine + dy * cosine) <= 74.5)
        }
        #expect(Double(size.width * size.height) > 30_000 * (0.985 - 0.045 * abs(degrees)))
    }

    @Test("fills them as asked")
    func borders() throws {
        let image = DrawnPicture.grey(60, 40) { _, _ in 0.5 }
        for (border, tone) in [(RotationBorder.white, 1.0), (.black, 0), (.extend, 0.5)] {
            let result = try turned(image, 10, border)
            #expect(result.width == 60 && result.height == 40)
            #expect(abs(result.tones(columns: 0..<1, rows: 0..<1)[0] - tone) < 1e-6)
        }
    }

    @Test("makes no halo at an edge")
    func halo() throws {
        let edge = try turned(DrawnPicture.grey(60, 60) { x, _ in x < 30 ? 0.2 : 0.8 }, 3, .crop)
        let tones = edge.floats()
        #expect(tones.allSatisfy { $0 >= 0.2 - 1e-6 && $0 <= 0.8 + 1e-6 })
    }
}
