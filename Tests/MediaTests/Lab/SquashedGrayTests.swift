import Foundation
import Media
import TestData
import Testing

@Suite("What a colouring network sees of a picture")
struct SquashedGrayTests {
    /// How far it is from the formulas in double precision: the largest of all but a fiftieth, and the largest. OpenCV's
    /// lightness has steps, and where a blend of samples comes to lie at the edge of one, its last bit decides.
    private func deviations(_ image: Image, at index: Int, side: Int) -> (most: Double, all: Double) {
        let gray = image.squashedGray(imageAt: index, side: side)
        #expect(gray.count == side * side)
        var work = RowWork(rowCount: side)
        #expect((try? image.squashedGray(imageAt: index, side: side, &work)) == gray)
        let (floats, height, width) = (image.floats(), image.height, image.width)
        func value(_ y: Int, _ x: Int, _ c: Int) -> Double {
            Double(floats[((index * height + y) * width + x) * image.channels + (image.channels < 3 ? 0 : c)])
        }
        var found: [Double] = []
        for y in 0..<side {
            for x in 0..<side {
                let rgb = (0..<3).map { c in
                    let mixed = LabReference.linear(y, from: height, to: side) { row in
                        LabReference.linear(x, from: width, to: side) { value(row, $0, c) }
                    }
                    return min(max(mixed, 0), 1)
                }
                let expected = LabReference.rgb(LabReference.openCVLightness(rgb), 0, 0)
                #expect(abs(expected[0] - expected[2]) < 1e-5)
                found.append(abs(Double(gray[y * side + x]) - expected[1]))
            }
        }
        found.sort()
        return (found[found.count - 1 - found.count / 50], found[found.count - 1])
    }

    @Test("is squashed to a square with bilinear samples and keeps its lightness", arguments: [1, 3, 4], [32, 64])
    func exact(channels: Int, side: Int) {
        for (width, height) in [(97, 41), (20, 90), (64, 64), (1, 7)] {
            let image = DrawnPicture.random(width, height, channels: channels, batch: 2)
            for (image, index) in [(image, 1), (DrawnPicture.eightBit(image), 0)] {
                let found = deviations(image, at: index, side: side)
                #expect(found.most < 1e-5)
                #expect(found.all < 1.5 / 255)
            }
        }
    }

    @Test("is a gray picture's own gray, to within half a level")
    func gray() {
        let image = Image(
            batch: 1, height: 16, width: 16, channels: 3,
            bytes: (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 3) })
        for (value, level) in zip(image.squashedGray(imageAt: 0, side: 16), Image.standardLevels) {
            #expect(abs(value - level) < 0.5 / 255)
        }
    }

    @Test("lies in 0...1, whatever numbers the picture holds")
    func wild() {
        let image = Image(
            batch: 1, height: 2, width: 2, channels: 3,
            floats: [-3, 0, 0, 5, 5, 5, .nan, .nan, .nan, .infinity, -.infinity, 0])
        let gray = image.squashedGray(imageAt: 0, side: 2)
        #expect(gray.allSatisfy { (0...1).contains($0) })
        #expect(abs(gray[0]) < 1e-6 && abs(gray[1] - 1) < 1e-5 && gray[2] == 0)
    }

    @Test("reads bytes by the levels they stand for")
    func levels() {
        let inverted = Image(
            batch: 1, height: 1, width: 2, channels: 1, bytes: [0, 255], levels: Image.standardLevels.reversed())
        let gray = inverted.squashedGray(imageAt: 0, side: 2)
        #expect(abs(gray[0] - 1) < 1e-5 && gray[1] == 0 && gray[3] == 0)
    }
}
