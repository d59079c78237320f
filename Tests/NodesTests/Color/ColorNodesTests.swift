import Foundation
import GraphCore
import Media
import Testing

@testable import Nodes

@Suite("ImageSaturation")
struct ImageSaturationTests {
    private func saturated(_ pixels: [Float], channels: Int = 3, by factor: Double) async throws -> [Float] {
        let image = Image(batch: 1, height: 1, width: pixels.count / channels, channels: channels, floats: pixels)
        let values: [String: Value] = ["image": image.value, "saturation": .double(factor)]
        return Array(try await NodeCall.image(ImageSaturation(), values).floats())
    }

    /// What the light of sRGB colours sums to, IEC 61966-2-1: equal luminance is equal L*.
    private func isAsLight(_ a: [Float], _ b: [Float]) -> Bool {
        func luminance(_ c: [Float]) -> Float {
            func light(_ v: Float) -> Float {
                v <= 0.04045 ? v / 12.92 : Float(pow((Double(v) + 0.055) / 1.055, 2.4))
            }
            return 0.212671 * light(c[0]) + 0.71516 * light(c[1]) + 0.072169 * light(c[2])
        }
        return abs(luminance(a) - luminance(b)) < 1e-4
    }

    @Test("0 makes gray that is as light")
    func gray() async throws {
        let color: [Float] = [0.8, 0.4, 0.2]
        let made = try await saturated(color, by: 0)
        #expect(abs(made[0] - made[1]) < 1e-4 && abs(made[1] - made[2]) < 1e-4)
        #expect(isAsLight(made, color))
    }

    @Test("1 returns the picture itself, and so does a picture of one channel whatever the factor")
    func same() async throws {
        #expect(try await saturated([0.8, 0.4, 0.2], by: 1) == [0.8, 0.4, 0.2])
        #expect(try await saturated([0.3, 0.7], channels: 1, by: 2) == [0.3, 0.7])
    }

    @Test("2 is more colourful and as light, and undone by a half")
    func double() async throws {
        let color: [Float] = [0.6, 0.5, 0.45]
        let made = try await saturated(color, by: 2)
        #expect(made[0] - made[2] > 1.8 * (color[0] - color[2]))
        #expect(isAsLight(made, color))
        for (back, old) in zip(try await saturated(made, by: 0.5), color) { #expect(abs(back - old) < 1e-4) }
    }

    @Test("stays in 0...1 and keeps alpha")
    func alpha() async throws {
        let made = try await saturated([1, 0, 0, 0.25, 0, 0.2, 1, 0.75], channels: 4, by: 4)
        #expect(made.allSatisfy { (0...1).contains($0) } && made[3] == 0.25 && made[7] == 0.75)
    }
}

@Suite("ColorizeStrength")
struct ColorizeStrengthTests {
    private static func blended(_ original: Image, _ colorized: Image, _ strength: Double) async throws -> Image {
        let values: [String: Value] = [
            "original": original.value, "colorized": colorized.value, "strength": .double(strength),
        ]
        return try await NodeCall.image(ColorizeStrength(), values)
    }

    private static func pixel(_ color: [Float], batch: Int = 1, width: Int = 1) -> Image {
        Image(
            batch: batch, height: 1, width: width, channels: color.count,
            floats: (0..<batch * width).flatMap { _ in color })
    }

    private func expectClose(_ image: Image, _ expected: [Float]) {
        #expect(image.floats().count == expected.count)
        for (a, b) in zip(image.floats(), expected) { #expect(abs(a - b) < 1e-4) }
    }

    @Test("0 is the original's colours, 1 the new ones, when both are as light")
    func ends() async throws {
        let original = Self.pixel([0.7, 0.5, 0.4])
        // As light as the original, since saturation keeps L*.
        let values: [String: Value] = ["image": original.value, "saturation": .double(0.2)]
        let colorized = try await NodeCall.image(ImageSaturation(), values)
        expectClose(try await Self.blended(original, colorized, 0), Array(original.floats()))
        expectClose(try await Self.blended(original, colorized, 1), Array(colorized.floats()))
        let half: [String: Value] = ["image": original.value, "saturation": .double(0.6)]
        expectClose(
            try await Self.blended(original, colorized, 0.5),
            Array(try await NodeCall.image(ImageSaturation(), half).floats())
        )
    }

    @Test("keeps the original's light")
    func light() async throws {
        let dark = Self.pixel([0.25, 0.25, 0.25])
        let white = Self.pixel([1, 1, 1])
        expectClose(try await Self.blended(dark, white, 1), [0.25, 0.25, 0.25])
    }

    @Test("takes a gray picture of one channel, and keeps the original's alpha")
    func channels() async throws {
        expectClose(try await Self.blended(Self.pixel([0.5]), Self.pixel([0.5, 0.5, 0.5]), 1), [0.5, 0.5, 0.5])
        expectClose(
            try await Self.blended(Self.pixel([0.5, 0.5, 0.5, 0.125]), Self.pixel([0.5]), 1), [0.5, 0.5, 0.5, 0.125])
    }

    @Test("lets a single picture go with every one of a batch, also when a row is longer than a block")
    func batches() async throws {
        let (one, three) = (
            Self.pixel([0.5, 0.5, 0.5], width: 1300), Self.pixel([0.6, 0.4, 0.4], batch: 3, width: 1300)
        )
        let made = try await Self.blended(one, three, 1)
        #expect(made.batch == 3 && made.floats().count == 3 * 3900)
        let first = Array(made.floats().prefix(3))
        #expect(first[0] > first[1] + 0.1)
        expectClose(made, (0..<3 * 1300).flatMap { _ in first })
        #expect(try await Self.blended(three, one, 0.5).batch == 3)
    }

    @Test("refuses pictures of different sizes")
    func sizes() async throws {
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil,
                "the original is 2x1 and the colorized picture 1x1, so their colours cannot be blended",
                suggestion: "Scale one of them to the size of the other.")
        ) { try await Self.blended(Self.pixel([0, 0, 0], width: 2), Self.pixel([0, 0, 0]), 1) }
    }

    @Test("refuses batches of two and three")
    func unequalBatches() async throws {
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "batches of 2 and 3 pictures cannot be blended",
                suggestion: "Use batches of the same size, or a single picture.")
        ) { try await Self.blended(Self.pixel([0, 0, 0], batch: 2), Self.pixel([0, 0, 0], batch: 3), 1) }
    }

    @Test("refuses two channels")
    func twoChannels() async throws {
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "the picture has 2 channels, and a photo has 1, 3 or 4",
                suggestion: "Convert it to grey, RGB or RGBA first.")
        ) { try await Self.blended(Self.pixel([0, 0, 0]), Self.pixel([0, 0]), 1) }
    }
}
