internal import GraphCore

/// How a picture keeps its tones when it loses its colours.
public enum Dithering: Sendable, Equatable {
    case none
    /// R. Floyd and L. Steinberg, "An Adaptive Algorithm for Spatial Greyscale", 1976, with Pillow's integers.
    case floydSteinberg
    /// An ordered pattern of so many rows and columns, a power of two (B. Bayer, 1973).
    case bayer(Int)
}

extension Image {
    /// ComfyUI's ImageQuantize: at most `colorCount` colours, chosen for each image of the batch by Pillow's median cut.
    /// Eight bits; three channels, or more: the others stay as they are.
    ///
    /// - Parameters:
    ///   - colorCount: 1...256.
    ///   - step: called with the rows done and the rows there are; when it throws, the work stops.
    public func quantized(
        colorCount: Int, dithering: Dithering, step: (_ completed: Int, _ total: Int) throws -> Void
    ) throws -> Image {
        precondition(channels >= 3 && (1...256).contains(colorCount), "no picture of colours")
        let total = batch * height
        try step(0, total)
        var work = RowWork(rowCount: total)
        var bytes = try eightBit(&work)
        for index in 0..<batch {
            let first = index * height * width * channels
            let colors: PixelBuffer<UInt8> =
                channels == 3 && batch == 1
                ? bytes
                : PixelBuffer((0..<height * width).lazy.flatMap { bytes[(first + $0 * channels)...].prefix(3) })
            try step(index * height, total)
            let palette = MedianCut(ColorCounts(colors.span), colorCount: colorCount).palette
            var painter = Painter(lookup: PaletteLookup(palette), width: width, dithering)
            for y in 0..<height {
                try step(index * height + y, total)
                painter.paint(colors.span, row: y, to: &bytes, at: first + y * width * channels, channels: channels)
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, bytes: bytes)
    }
}

/// Gives pixels their palette colours, row after row.
private struct Painter {
    var lookup: PaletteLookup
    let width: Int
    let dithering: Dithering
    /// What the row above left to this one, three numbers a pixel in sixteenths, and three more at the end.
    private var errors: [Int]
    /// Rows of what is added to a byte before its colour is looked up.
    private let pattern: [[Float]]

    init(lookup: PaletteLookup, width: Int, _ dithering: Dithering) {
        (self.lookup, self.width, self.dithering) = (lookup, width, dithering)
        errors = Array(repeating: 0, count: dithering == .floydSteinberg ? 3 * (width + 1) : 0)
        if case .bayer(let order) = dithering {
            let spread = Float(2 * 256 / Double(lookup.palette.count))
            pattern = Self.bayer(order).map { $0.map { spread * $0 + 0.5 } }
        } else {
            pattern = []
        }
    }

    /// -1/2 ..< 1/2: each matrix is made of four copies of the one half its size.
    private static func bayer(_ order: Int) -> [[Float]] {
        guard order > 1 else { return [[0]] }
        let q = Float(order * order)
        let half = bayer(order / 2).map { $0.map { q * $0 } }
        return half.map { row in row.map { ($0 - 1.5) / q } + row.map { ($0 + 0.5) / q } }
            + half.map { row in row.map { ($0 + 1.5) / q } + row.map { ($0 - 0.5) / q } }
    }

    mutating func paint(
        _ colors: Span<UInt8>, row: Int, to bytes: inout PixelBuffer<UInt8>, at start: Int, channels: Int
    ) {
        let source = colors.extracting(row * width * 3..<(row + 1) * width * 3)
        switch dithering {
        case .none:
            for x in 0..<width {
                let index = lookup.index(Int(source[3 * x]), Int(source[3 * x + 1]), Int(source[3 * x + 2]))
                set(index, &bytes, start + x * channels)
            }
        case .bayer(let order):
            for x in 0..<width {
                let offset = pattern[row % order][x % order]
                func moved(_ c: Int) -> Int { Int(clamping: min(max(Float(source[3 * x + c]) + offset, 0), 255)) }
                set(lookup.index(moved(0), moved(1), moved(2)), &bytes, start + x * channels)
            }
        case .floydSteinberg: diffuse(source, to: &bytes, at: start, channels: channels)
        }
    }

    private func set(_ index: Int, _ bytes: inout PixelBuffer<UInt8>, _ at: Int) {
        let color = lookup.palette[index]
        (bytes[at], bytes[at + 1], bytes[at + 2]) = (color.x, color.y, color.z)
    }

    /// Seven sixteenths of what a pixel is off go right, three below left, five below and one below right.
    private mutating func diffuse(
        _ source: Span<UInt8>, to bytes: inout PixelBuffer<UInt8>, at start: Int, channels: Int
    ) {
        var right = SIMD3<Int>.zero, below = SIMD3<Int>.zero, belowRight = SIMD3<Int>.zero
        for x in 0..<width {
            var wanted = SIMD3<Int>.zero
            for c in 0..<3 {
                wanted[c] = min(max(Int(source[3 * x + c]) + (right[c] + errors[3 * (x + 1) + c]) / 16, 0), 255)
            }
            let index = lookup.index(wanted.x, wanted.y, wanted.z)
            set(index, &bytes, start + x * channels)
            let off = wanted &- SIMD3<Int>(truncatingIfNeeded: lookup.palette[index])
            let belowLeft = off &* 3 &+ below
            for c in 0..<3 { errors[3 * x + c] = belowLeft[c] }
            below = off &* 5 &+ belowRight
            belowRight = off
            right = off &* 7
        }
        // Pillow's Convert.c leaves three errors of the blue channel behind the last pixel, one for each channel.
        (errors[3 * width], errors[3 * width + 1], errors[3 * width + 2]) = (below.z, belowRight.z, belowRight.z)
    }
}
