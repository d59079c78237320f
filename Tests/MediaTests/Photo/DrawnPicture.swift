import Foundation
import Media

/// Random numbers that are the same in every run. SplitMix64 (G. L. Steele et al., 2014).
struct SeededNoise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ z >> 31) >> 11) / Double(1 << 53)
    }

    /// Box and Muller (1958).
    mutating func normal() -> Double {
        (-2 * log(max(uniform(), 1e-300))).squareRoot() * cos(2 * .pi * uniform())
    }
}

/// Pictures given by a formula of the pixel.
enum DrawnPicture {
    /// Grey in RGB, floats, with normal noise of `sigma` (a share of white), the same in all channels.
    static func grey(
        _ width: Int, _ height: Int, noise sigma: Double = 0, seed: UInt64 = 1, _ tone: (_ x: Int, _ y: Int) -> Double
    ) -> Image {
        var noise = SeededNoise(seed)
        var floats: [Float] = []
        floats.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let value = Float(tone(x, y) + (sigma > 0 ? sigma * noise.normal() : 0))
                floats += [value, value, value]
            }
        }
        return Image(batch: 1, height: height, width: width, channels: 3, floats: floats)
    }

    /// The same as a file would have it: eight bits.
    static func eightBit(_ image: Image) -> Image {
        Image(
            batch: image.batch, height: image.height, width: image.width, channels: image.channels,
            bytes: image.floats().map { UInt8((min(max($0, 0), 1) * 255).rounded()) })
    }

    /// Colours without any order.
    static func random(_ width: Int, _ height: Int, channels: Int = 3, batch: Int = 1, seed: UInt64 = 7) -> Image {
        var noise = SeededNoise(seed)
        let floats = (0..<batch * width * height * channels).map { _ in Float(noise.uniform()) }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
    }
}

extension Image {
    /// The first channel of a region.
    func tones(columns: Range<Int>, rows: Range<Int>) -> [Double] {
        let floats = floats()
        return rows.flatMap { y in columns.map { x in Double(floats[(y * width + x) * channels]) } }
    }
}

extension [Double] {
    var mean: Double { reduce(0, +) / Double(count) }
    var deviation: Double {
        let mean = mean
        return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
    }
}
