import Foundation
import Testing

@testable import Media

@Suite("A vignette")
struct VignetteTests {
    private static let (width, height) = (480, 360)

    private static func squaredRadius(_ x: Int, _ y: Int) -> Double {
        let (dx, dy) = (Double(x) - Double(width - 1) / 2, Double(y) - Double(height - 1) / 2)
        return (dx * dx + dy * dy) / Double(width * width + height * height) * 4
    }

    /// Houses on ground that grows lighter to one side: what a picture shows is not even either.
    private static func scene(_ x: Int, _ y: Int) -> Double {
        for left in [60, 210, 330] where (left..<left + 60).contains(x) && (150..<260).contains(y) { return 0.3 }
        return 0.5 + 0.0006 * Double(y - 180) + 0.0002 * Double(x - 240)
    }

    private func fitted(_ image: Image) throws -> Vignette? {
        var work = RowWork(rowCount: image.vignetteRowCount)
        return try image.vignette(imageAt: 0, &work)
    }

    private func flattened(
        _ image: Image, _ vignette: Vignette?, strength: Double = 1, maxGain: Double = 4
    ) throws -> Image {
        var work = RowWork(rowCount: image.height)
        return try image.withoutVignette([vignette], strength: strength, maxGain: maxGain, &work)
    }

    @Test("of either shape is measured, and flattened within 5 %", arguments: [0.25, 0.5])
    func flat(falloff: Double) throws {
        let shapes: [(Double) -> Double] = [
            { exp(log(1 - falloff) * $0) },  // r^2 alone
            { 1 / pow(1 + ((1 - falloff).squareRoot().squareRoot() - 1).magnitude * 1.35 * $0, 4) },
        ]
        for shape in shapes {
            let image = DrawnPicture.grey(Self.width, Self.height, noise: 0.01) { x, y in
                Self.scene(x, y) * shape(Self.squaredRadius(x, y))
            }
            let vignette = try #require(try fitted(image))
            let middle = vignette.factor(atSquaredRadius: 0)
            #expect(middle == 1)
            for r in [0.3, 0.6, 0.9] {
                #expect(abs(vignette.factor(atSquaredRadius: r * r) / shape(r * r) - 1) < 0.05, "at \(r)")
            }
            let flat = try flattened(image, vignette)
            for (x, y) in [(20, 20), (440, 20), (20, 320), (440, 320)] {
                let tones = flat.tones(columns: x..<x + 20, rows: y..<y + 20).mean
                #expect(abs(tones / Self.scene(x + 10, y + 10) - 1) < 0.05)
            }
        }
    }

    @Test("is hardly seen where there is none")
    func none() throws {
        let image = DrawnPicture.grey(Self.width, Self.height, noise: 0.01, Self.scene)
        #expect(try fitted(image)?.falloff ?? 0 < 0.05)
        let brighter = DrawnPicture.grey(Self.width, Self.height) { x, y in 0.4 + 0.2 * Self.squaredRadius(x, y) }
        #expect(try fitted(brighter) == nil)
        #expect(try fitted(DrawnPicture.grey(8, 8) { _, _ in 0.5 }) == nil)
        #expect(try fitted(DrawnPicture.grey(Self.width, Self.height) { _, _ in 0.01 }) == nil)
    }

    @Test("is never divided out by more than the largest gain, nor beyond white")
    func bounds() throws {
        let dark = DrawnPicture.grey(100, 80) { _, _ in 0.2 }
        #expect(try flattened(dark, Vignette(falloff: 0.9), maxGain: 2).floats().max() == 0.4)
        let light = DrawnPicture.grey(100, 80) { _, _ in 0.8 }
        #expect(try flattened(light, Vignette(falloff: 0.9)).floats().max() == 1)
    }

    @Test("given by hand lightens the corners by just that")
    func manual() throws {
        let image = DrawnPicture.grey(101, 101) { _, _ in 0.5 }
        let flat = try flattened(image, Vignette(falloff: 0.3))
        #expect(abs(flat.tones(columns: 50..<51, rows: 50..<51)[0] - 0.5) < 1e-6)
        // The middle of the last pixel is just short of the corner.
        #expect(abs(flat.tones(columns: 0..<1, rows: 0..<1)[0] - 0.5 / 0.7) < 0.01)
        let half = try flattened(image, Vignette(falloff: 0.3), strength: 0.5)
        #expect(abs(half.tones(columns: 0..<1, rows: 0..<1)[0] - 0.5 / 0.7.squareRoot()) < 0.01)
        #expect(try flattened(image, nil) == image)
    }
}
