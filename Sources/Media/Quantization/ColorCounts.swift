internal import GraphCore

/// How often each colour occurs, and the coarser colours that a median cut works with.
struct ColorCounts {
    /// `red | green << 8 | blue << 16`, each colour once, and its pixels.
    private(set) var colors: [(color: UInt32, count: UInt32)] = []
    /// Bits that `coarse` lacks: the fewest that leave no more than 65,536 colours, as in Pillow's Quant.c.
    private(set) var shift: UInt32 = 0
    private(set) var coarse: [(color: UInt32, count: UInt32)] = []

    private static let maxCoarseCount = 65_536
    /// A table of all 2^24 colours is 64 MB; a picture of fewer pixels than this fits a dictionary in less time.
    private static let smallPixelCount = 1 << 18

    /// `pixels` are red, green and blue bytes.
    init(_ pixels: Span<UInt8>) {
        colors = pixels.count / 3 < Self.smallPixelCount ? Self.dictionary(pixels) : Self.table(pixels)
        coarse = colors
        while coarse.count > Self.maxCoarseCount {
            shift += 1
            coarse = Self.coarser(colors, shift)
        }
    }

    /// What `color` is among the coarse ones.
    static func coarse(_ color: UInt32, _ shift: UInt32) -> UInt32 {
        let mask: UInt32 = (0xFF >> shift) * 0x010101
        return color >> shift & mask
    }

    private static func color(_ pixels: Span<UInt8>, at i: Int) -> UInt32 {
        UInt32(pixels[i]) | UInt32(pixels[i + 1]) << 8 | UInt32(pixels[i + 2]) << 16
    }

    private static func dictionary(_ pixels: Span<UInt8>) -> [(color: UInt32, count: UInt32)] {
        var counts: [UInt32: UInt32] = [:]
        for i in stride(from: 0, to: pixels.count - 2, by: 3) { counts[color(pixels, at: i), default: 0] += 1 }
        return counts.map { (color: $0.key, count: $0.value) }
    }

    private static func table(_ pixels: Span<UInt8>) -> [(color: UInt32, count: UInt32)] {
        var counts = [UInt32](repeating: 0, count: 1 << 24)
        for i in stride(from: 0, to: pixels.count - 2, by: 3) { counts[Int(color(pixels, at: i))] += 1 }
        return counts.indices.compactMap { counts[$0] > 0 ? (color: UInt32($0), count: counts[$0]) : nil }
    }

    private static func coarser(
        _ colors: [(color: UInt32, count: UInt32)], _ shift: UInt32
    ) -> [(color: UInt32, count: UInt32)] {
        var counts: [UInt32: UInt32] = [:]
        for (color, count) in colors { counts[coarse(color, shift), default: 0] += count }
        return counts.map { (color: $0.key, count: $0.value) }
    }
}
