internal import GraphCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// What becomes of the corners of a picture that is turned.
public enum RotationBorder: String, Sendable, CaseIterable {
    /// The largest upright rectangle that has no empty corner.
    case crop
    /// The picture's size; its edge is continued outward.
    case extend
    case white, black
}

extension Image {
    /// How far off level one image of the batch is: degrees that it is turned clockwise, or nil when no direction stands
    /// out of its edges. `work` is told of `skewRowCount` rows.
    public func skew(imageAt index: Int, maxAngle: Double, _ work: inout RowWork) throws -> Double? {
        let small = try reducedLuma(imageAt: index, maxSide: Self.skewSide, &work)
        let detector = SkewDetector(luma: small.luma, width: small.width, height: small.height, maxAngle: maxAngle)
        guard case .angle(let angle) = detector.find(maxAngle: maxAngle) else { return nil }
        return angle
    }

    public var skewRowCount: Int { reducedLumaRowCount(maxSide: Self.skewSide) }

    /// An angle of 0.05 degrees moves the end of a line across this by less than a pixel.
    private static let skewSide = 1_000

    /// Size of what `turned` makes.
    public func turnedSize(degrees: Double, border: RotationBorder) -> (width: Int, height: Int) {
        guard border == .crop else { return (width, height) }
        let (sine, cosine) = (abs(sin(degrees * .pi / 180)), abs(cos(degrees * .pi / 180)))
        let (w, h) = (Double(width), Double(height))
        let (long, short) = (max(w, h), min(w, h))
        var size: (Double, Double)
        if short <= 2 * sine * cosine * long || abs(sine - cosine) < 1e-9 {
            // Two corners touch the long sides: half of the short one, seen from both ends.
            let x = 0.5 * short
            size = w > h ? (x / sine, x / cosine) : (x / cosine, x / sine)
        } else {
            let doubled = cosine * cosine - sine * sine
            size = ((w * cosine - h * sine) / doubled, (h * cosine - w * sine) / doubled)
        }
        // A pixel's middle must lie inside, and so must what the cubic reads beside it.
        size = (size.0 - 1, size.1 - 1)
        return (max(1, Int(clamping: size.0)), max(1, Int(clamping: size.1)))
    }

    /// Each image of the batch turned counterclockwise about its middle by its own angle, as floats, all of the smallest
    /// size that one of them gets. `work` is told of as many rows as the result has.
    ///
    /// Each pixel is read where it comes from, by cubic convolution with a = -0.5: R. G. Keys, "Cubic convolution
    /// interpolation for digital image processing", IEEE ASSP 29 (1981). Clipped to the range of the four pixels
    /// around, so that sharp edges get no halo.
    public func turned(degrees: [Double], border: RotationBorder, _ work: inout RowWork) throws -> Image {
        precondition(degrees.count == batch, "each image has its own angle")
        let sizes = degrees.map { turnedSize(degrees: $0, border: border) }
        var (width, height) = sizes.reduce((width, height)) { (min($0.0, $1.width), min($0.1, $1.height)) }
        // As odd as the old sides, so that an image which is not turned is cut between pixels.
        if width > 1, (self.width - width) % 2 == 1 { width -= 1 }
        if height > 1, (self.height - height) % 2 == 1 { height -= 1 }
        let size = (width, height)
        let turns = degrees.indices.map { Turn(degrees: degrees[$0], from: self, index: $0, to: size, border: border) }
        let perRow = width * channels
        let floats: PixelBuffer<Float> = try work.makeRows(
            batch * height, elementsPerRow: perRow, workPerRow: perRow * 40
        ) {
            rows, band in
            for (i, y) in rows.enumerated() { turns[y / size.1].fill(row: y % size.1, &band, at: i * perRow) }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
    }
}

/// Reads one image of a batch along turned rows.
private struct Turn: Sendable {
    private let image: Image, index: Int, border: RotationBorder
    private let width: Int, height: Int
    private let sine: Float, cosine: Float

    init(
        degrees: Double, from image: Image, index: Int, to size: (width: Int, height: Int), border: RotationBorder
    ) {
        (self.image, self.index, self.border) = (image, index, border)
        (width, height) = size
        (sine, cosine) = (Float(sin(degrees * .pi / 180)), Float(cos(degrees * .pi / 180)))
    }

    /// Writes row `y` of the turned image to `band`, from place `start` on.
    func fill(row y: Int, _ band: inout MutableSpan<Float>, at start: Int) {
        switch image.storage {
        case .floats(let floats):
            let source = floats.span
            fill(y, &band, start) { source[$0] }
        case .bytes(let bytes, let levels):
            let (source, table) = (bytes.span, levels.span)
            fill(y, &band, start) { table[Int(source[$0])] }
        }
    }

    @inline(__always)
    private func fill(_ y: Int, _ band: inout MutableSpan<Float>, _ target: Int, _ sample: (Int) -> Float) {
        let channels = image.channels
        let (midX, midY) = (Float(image.width - 1) / 2, Float(image.height - 1) / 2)
        let start = index * image.height * image.rowLength
        var at = target
        let dy = Float(y) - Float(height - 1) / 2
        for x in 0..<width {
            let dx = Float(x) - Float(width - 1) / 2
            let (sx, sy) = (midX + dx * cosine - dy * sine, midY + dx * sine + dy * cosine)
            let (left, top) = (sx.rounded(.down), sy.rounded(.down))
            let isOutside =
                sx < -0.5 || sy < -0.5 || sx > Float(image.width) - 0.5 || sy > Float(image.height) - 0.5
            if isOutside, border == .white || border == .black {
                for c in 0..<channels { band[at + c] = border == .white || c == 3 ? 1 : 0 }
                at += channels
                continue
            }
            let (across, down) = (Self.weights(sx - left), Self.weights(sy - top))
            let (column, row) = (Int(clamping: left), Int(clamping: top))
            let columns =
                SIMD4(column - 1, column, column + 1, column + 2)
                .clamped(lowerBound: .zero, upperBound: SIMD4(repeating: image.width - 1)) &* channels
            for c in 0..<channels {
                var (sum, low, high): (Float, Float, Float) = (0, .infinity, -.infinity)
                for i in 0..<4 {
                    let line = start + min(max(row - 1 + i, 0), image.height - 1) * image.rowLength + c
                    let four = SIMD4(
                        sample(line + columns.x), sample(line + columns.y), sample(line + columns.z),
                        sample(line + columns.w))
                    sum += (four * across).sum() * down[i]
                    if i == 1 || i == 2 {
                        low = min(low, four.y, four.z)
                        high = max(high, four.y, four.z)
                    }
                }
                band[at + c] = min(max(sum, low), high)
            }
            at += channels
        }
    }

    /// Of the four samples around a place `t` beyond the second.
    @inline(__always)
    private static func weights(_ t: Float) -> SIMD4<Float> {
        let (t2, t3) = (t * t, t * t * t)
        return SIMD4(
            -0.5 * t3 + t2 - 0.5 * t, 1.5 * t3 - 2.5 * t2 + 1, -1.5 * t3 + 2 * t2 + 0.5 * t, 0.5 * t3 - 0.5 * t2)
    }
}
