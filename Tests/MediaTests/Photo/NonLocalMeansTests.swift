import Foundation
import Testing

@testable import Media

@Suite("Non-local means")
struct NonLocalMeansTests {
    private func denoised(_ image: Image, _ method: NonLocalMeans) throws -> Image {
        var work = RowWork(rowCount: image.batch * image.height)
        return try image.denoised(method, &work)
    }

    @Test("is the sum it is defined by", arguments: [(7, 3), (9, 5), (13, 7)])
    func reference(searchWindow: Int, patch: Int) throws {
        let method = try NonLocalMeans(searchWindow: searchWindow, patch: patch, sigma: 0.2)
        // Neither side is a whole number of vectors; wider than one tile.
        for (width, height) in [(21, 17), (300, 5)] {
            let image = DrawnPicture.random(width, height)
            let expected = Self.slowly(image, method)
            let got = try denoised(image, method).floats()
            #expect(zip(got, expected).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    /// Straight from the formula, in double precision.
    private static func slowly(_ image: Image, _ method: NonLocalMeans) -> [Float] {
        let (width, height, pixels) = (image.width, image.height, image.floats().map(Double.init))
        let steps = Double(method.lumaSteps)
        func mirrored(_ i: Int, _ count: Int) -> Int {
            var i = i
            while i < 0 || i >= count { i = i < 0 ? -i : 2 * (count - 1) - i }
            return i
        }
        func pixel(_ x: Int, _ y: Int) -> Int { (mirrored(y, height) * width + mirrored(x, width)) * 3 }
        let luma = (0..<width * height).map { i in
            Double(
                (Float(steps) * Luma.of(Float(pixels[3 * i]), Float(pixels[3 * i + 1]), Float(pixels[3 * i + 2])))
                    .rounded()) / steps
        }
        let (search, radius, sigma) = (method.searchWindow / 2, method.patch / 2, Double(method.sigma))
        var result: [Float] = []
        for y in 0..<height {
            for x in 0..<width {
                var (sums, total) = ([0.0, 0, 0], 0.0)
                for dy in -search...search {
                    for dx in -search...search {
                        var distance = 0.0
                        for v in -radius...radius {
                            for u in -radius...radius {
                                let a = luma[pixel(x + u, y + v) / 3], b = luma[pixel(x + dx + u, y + dy + v) / 3]
                                distance += (a - b) * (a - b)
                            }
                        }
                        distance /= Double(method.patch * method.patch)
                        let h = 0.4 * sigma
                        let weight = exp(-max(distance - 2 * sigma * sigma, 0) / (h * h))
                        for c in 0..<3 { sums[c] += weight * pixels[pixel(x + dx, y + dy) + c] }
                        total += weight
                    }
                }
                result += sums.map { Float($0 / total) }
            }
        }
        return result
    }

    @Test("takes seven eighths of the noise away, and leaves the edge as steep as it was")
    func noise() throws {
        let sigma = 8.0 / 255
        let noisy = DrawnPicture.grey(128, 96, noise: sigma) { x, _ in x < 64 ? 0.3 : 0.7 }
        let clean = try denoised(noisy, NonLocalMeans(sigma: Float(sigma)))
        #expect(clean.tones(columns: 8..<52, rows: 8..<88).deviation < sigma / 8)
        #expect(abs(clean.tones(columns: 63..<64, rows: 0..<96).mean - 0.3) < 0.01)
        #expect(abs(clean.tones(columns: 64..<65, rows: 0..<96).mean - 0.7) < 0.01)
    }

    @Test("gives the picture back where blend is 0, and half of the change where it is a half")
    func blend() throws {
        let image = DrawnPicture.random(20, 20)
        let full = try denoised(image, NonLocalMeans(sigma: 0.2)).floats()
        #expect(try denoised(image, NonLocalMeans(sigma: 0.2, blend: 0)) == image)
        let half = try denoised(image, NonLocalMeans(sigma: 0.2, blend: 0.5)).floats()
        for (i, old) in image.floats().enumerated() { #expect(abs(half[i] - (old + full[i]) / 2) < 1e-6) }
    }

    @Test("takes each picture of a batch by itself, and keeps how opaque a pixel is")
    func batch() throws {
        let pair = DrawnPicture.random(40, 30, channels: 4, batch: 2)
        let method = try NonLocalMeans(searchWindow: 9, patch: 3, sigma: 0.2)
        let both = try denoised(pair, method).floats()
        let count = 40 * 30 * 4
        for index in 0..<2 {
            let part = Array(pair.floats()[index * count..<(index + 1) * count])
            let alone = Image(batch: 1, height: 30, width: 40, channels: 4, floats: part)
            #expect(try denoised(alone, method).floats() == Array(both[index * count..<(index + 1) * count]))
        }
        let alphas = stride(from: 3, to: both.count, by: 4)
        #expect(alphas.allSatisfy { both[$0] == pair.floats()[$0] })
    }

    @Test("handles a picture of one channel, and one smaller than its window")
    func small() throws {
        let grey = Image(batch: 1, height: 2, width: 3, channels: 1, floats: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
        let result = try denoised(grey, NonLocalMeans(sigma: 0.1)).floats()
        #expect(result.allSatisfy { abs($0 - 0.5) < 1e-6 })
    }
}

@Suite("The estimate of noise")
struct NoiseEstimateTests {
    @Test("is right within a tenth, on a slope too", arguments: [2.0, 6, 15])
    func known(levels: Double) {
        let slope = DrawnPicture.grey(256, 256, noise: levels / 255) { x, y in
            0.3 + 0.001 * Double(x) + 0.0005 * Double(y)
        }
        #expect(abs(Double(slope.noiseEstimate(imageAt: 0)) * 255 / levels - 1) < 0.1)
    }

    @Test("is 0 where there is none")
    func none() {
        #expect(DrawnPicture.grey(64, 64) { _, _ in 0.5 }.noiseEstimate(imageAt: 0) < 1e-6)
        #expect(DrawnPicture.grey(4, 4) { _, _ in 0.5 }.noiseEstimate(imageAt: 0) == 0)
    }
}
