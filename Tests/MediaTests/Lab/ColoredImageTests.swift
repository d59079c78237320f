import Foundation
import Media
import TestData
import Testing

@Suite("A coloured picture")
struct ColoredImageTests {
    /// a* and b* without any order, far beyond what sRGB holds.
    private func colors(side: Int, seed: UInt64, reach: Double = 110) -> [Float] {
        var noise = SeededNoise(seed)
        return (0..<2 * side * side).map { _ in Float((noise.uniform() * 2 - 1) * reach) }
    }

    private func colored(_ image: Image, _ colors: [[Float]], side: Int, _ upsampling: ColorUpsampling) throws -> Image
    {
        var work = RowWork(rowCount: image.batch * image.height)
        return try image.colored(with: colors, side: side, upsampling: upsampling, &work)
    }

    private func expected(_ image: Image, _ colors: [[Float]], side: Int, _ upsampling: ColorUpsampling) -> [Double] {
        let (floats, height, width, channels) = (image.floats(), image.height, image.width, image.channels)
        var result: [Double] = []
        for row in 0..<image.batch * height {
            let (planes, y) = (colors[row / height], row % height)
            for x in 0..<width {
                let pixel = (0..<channels).map { Double(floats[(row * width + x) * channels + $0]) }
                let rgb = (0..<3).map { min(max(pixel[channels < 3 ? 0 : $0], 0), 1) }
                let ab = (0..<2).map { plane -> Double in
                    func value(_ j: Int, _ i: Int) -> Double { Double(planes[(plane * side + j) * side + i]) }
                    switch upsampling {
                    case .nearest: return value(y * side / height, x * side / width)
                    case .bilinear:
                        return LabReference.linear(y, from: side, to: height) { j in
                            LabReference.linear(x, from: side, to: width) { value(j, $0) }
                        }
                    }
                }
                result += LabReference.rgb(LabReference.openCVLightness(rgb), ab[0], ab[1])
                if channels == 4 { result.append(pixel[3]) }
            }
        }
        return result
    }

    private func deviation(_ made: Image, _ expected: [Double]) -> Double {
        let floats = made.floats()
        guard floats.count == expected.count else { return .infinity }
        return zip(floats, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    }

    @Test(
        "keeps its lightness and takes the network's colours, of 1, 3 and 4 channels, floats and bytes",
        arguments: ColorUpsampling.allCases, [1, 3, 4])
    func exact(upsampling: ColorUpsampling, channels: Int) throws {
        for (width, height, side) in [(93, 41, 16), (20, 64, 32), (64, 64, 64), (7, 3, 32), (1, 1, 8)] {
            let floats = DrawnPicture.random(width, height, channels: channels, batch: 2)
            for image in [floats, DrawnPicture.eightBit(floats)] {
                for reach in [10.0, 110] {
                    let planes = [colors(side: side, seed: 3, reach: reach), colors(side: side, seed: 4, reach: reach)]
                    let made = try colored(image, planes, side: side, upsampling)
                    #expect(made.channels == (channels == 4 ? 4 : 3) && made.batch == 2)
                    #expect(deviation(made, expected(image, planes, side: side, upsampling)) < 2e-5)
                }
            }
        }
    }

    @Test("is right at every gray level and for every colour near and beyond the edge of sRGB")
    func levels() throws {
        let bytes = (0..<64).flatMap { _ in (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 3) } }
        let image = Image(batch: 1, height: 64, width: 256, channels: 3, bytes: bytes)
        let planes = [colors(side: 64, seed: 5, reach: 130)]
        let made = try colored(image, planes, side: 64, .nearest)
        #expect(deviation(made, expected(image, planes, side: 64, .nearest)) < 2e-5)
        #expect(made.floats().allSatisfy { (0...1).contains($0) })
        #expect(made.floats().contains(0) && made.floats().contains(1))
    }

    @Test("is itself, to within half a level, when it is gray and the colours are 0")
    func noColor() throws {
        let image = Image(
            batch: 1, height: 16, width: 16, channels: 3,
            bytes: (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 3) })
        let made = try colored(image, [[Float](repeating: 0, count: 2 * 64)], side: 8, .bilinear)
        #expect(deviation(made, image.floats().map(Double.init)) < 0.5 / 255)
    }

    @Test("takes the samples that PyTorch takes: 4 to 10 is 0 0 0 1 1 2 2 2 3 3")
    func nearest() throws {
        let steps: [Float] = [0, 10, 20, 30]
        let row = steps + steps + steps + steps
        let planes = row + [Float](repeating: 0, count: 16)
        let gray = Image(batch: 1, height: 1, width: 10, channels: 1, floats: [Float](repeating: 0.5, count: 10))
        let made = try colored(gray, [planes], side: 4, .nearest).floats()
        let lightness = LabReference.openCVLightness([0.5, 0.5, 0.5])
        let reds: [Float] = steps.map { Float(LabReference.rgb(lightness, Double($0), 0)[0]) }
        let found: [Int?] = (0..<10).map { x in reds.firstIndex { abs($0 - made[3 * x]) < 1e-4 } }
        #expect(found == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3])
    }

    @Test("is black or white where its numbers are no colours")
    func wild() throws {
        let image = Image(batch: 1, height: 1, width: 4, channels: 1, floats: [.nan, -.infinity, .infinity, 2])
        let made = try colored(image, [[0, 0]], side: 1, .nearest).floats()
        for value in made.prefix(6) { #expect(value == 0) }
        for value in made.suffix(6) { #expect(abs(value - 1) < 1e-5) }
        let strange = try colored(image, [[.nan, .infinity]], side: 1, .bilinear).floats()
        #expect(strange.allSatisfy { (0...1).contains($0) })
    }

    @Test("tells of its rows, and stops where a step throws")
    func stops() throws {
        let image = DrawnPicture.random(300, 900)
        var work = RowWork(rowCount: 900) { completed, total in
            #expect(total == 900)
            if completed > 0 { throw CancellationError() }
        }
        #expect(throws: CancellationError.self) {
            try image.colored(with: [colors(side: 8, seed: 1)], side: 8, upsampling: .nearest, &work)
        }
    }
}

@Suite("The preview of a coloured picture")
struct LowResolutionColorsTests {
    @Test(
        "has the picture's shape and is no larger than it or than asked",
        arguments: [(4000, 3000, 512, 384), (1000, 4000, 128, 512), (300, 200, 300, 200), (5000, 2, 512, 1)])
    func shape(width: Int, height: Int, newWidth: Int, newHeight: Int) throws {
        let image = Image(
            batch: 1, height: height, width: width, channels: 1, bytes: [UInt8](repeating: 128, count: width * height))
        let gray = image.squashedGray(imageAt: 0, side: 32)
        let preview = try image.lowResolutionColors(
            gray: gray, colors: [Float](repeating: 30, count: 2048), side: 32)
        #expect(preview.width == newWidth && preview.height == newHeight && preview.channels == 3)
        let expected = LabReference.rgb(LabReference.openCVLightness([128 / 255.0, 128 / 255.0, 128 / 255.0]), 30, 30)
        let floats = preview.floats()
        for c in 0..<3 { #expect(abs(Double(floats[c]) - expected[c]) < 1e-3) }
    }
}
