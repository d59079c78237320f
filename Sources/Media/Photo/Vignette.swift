internal import GraphCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// How much darker a picture is toward its corners: a factor that depends on the distance r from the middle alone, 0 to
/// 1 in the corners: exp(a r^2 + b r^4 + c r^6), at most 1 and never rising.
///
/// The even polynomial and the principle of the fit: Y. Zheng, J. Yu, S. B. Kang, S. Lin, C. Kambhamettu,
/// "Single-image vignetting correction using radial gradient symmetry", CVPR 2008: what a picture shows rises outward as
/// often as it falls, so a gradient that remains along the radius is the lens's. Here that of each two points opposite
/// each other is taken together, in which a sky that is lighter than the ground cancels out, and fitted by least squares
/// reweighted after Cauchy (P. W. Holland, R. E. Welsch, 1977), to which edges count for little.
public struct Vignette: Sendable, Equatable {
    /// a, b, c.
    private let terms: [Double]

    /// - Parameter falloff: how much darker the corners are, 0 up to 1: natural vignetting's leading term, r^2, alone.
    public init(falloff: Double) { terms = [log(max(1 - falloff, 1e-3))] }

    private init(terms: [Double]) { self.terms = terms }

    /// At `squaredRadius`, r^2.
    public func factor(atSquaredRadius squaredRadius: Double) -> Double {
        exp(terms.reversed().reduce(0) { ($0 + $1) * squaredRadius })
    }

    /// How much darker the corners are than the middle: 0 when not at all.
    public var falloff: Double { 1 - factor(atSquaredRadius: 1) }

    /// Derivative of the exponent by r.
    private func slope(at r: Double) -> Double {
        var (sum, power) = (0.0, r)
        for (i, term) in terms.enumerated() {
            sum += 2 * Double(i + 1) * term * power
            power *= r * r
        }
        return sum
    }
}

extension Vignette {
    /// Nil when the picture is too small or too dark, or grows no darker outward.
    init?(of picture: ReducedLuma) {
        let samples = Self.samples(picture)
        guard samples.count >= 400 else { return nil }
        for termCount in [3, 2, 1] {
            guard let terms = Self.fit(samples, termCount: termCount) else { continue }
            let fitted = Vignette(terms: terms)
            if (1...50).allSatisfy({ fitted.slope(at: Double($0) / 50) <= 1e-9 }) {
                self = fitted
                return
            }
        }
        return nil
    }

    /// A pair of opposite points: their distance from the middle and the mean of their radial gradients of log luma.
    private struct Sample {
        let r: Double, gradient: Double
    }

    private static func samples(_ picture: ReducedLuma) -> [Sample] {
        let (width, height) = (picture.width, picture.height)
        guard width >= 16, height >= 16 else { return [] }
        // Darker than this, noise and the film's base are most of it.
        let floor: Float = 0.04
        let logs = picture.luma.map { log(Double(max($0, floor))) }
        let (midX, midY) = (Double(width - 1) / 2, Double(height - 1) / 2)
        // To the corner of the picture, half a pixel beyond the middle of its last pixel.
        let radius = ((midX + 0.5) * (midX + 0.5) + (midY + 0.5) * (midY + 0.5)).squareRoot()
        func gradient(_ x: Int, _ y: Int) -> Double? {
            let i = y * width + x
            guard picture.luma[i] > floor, picture.luma[i] < 0.995 else { return nil }
            let reach = 2
            let gx = (logs[i + reach] - logs[i - reach]) / Double(2 * reach)
            let gy = (logs[i + reach * width] - logs[i - reach * width]) / Double(2 * reach)
            let (dx, dy) = (Double(x) - midX, Double(y) - midY)
            return (gx * dx + gy * dy) / (dx * dx + dy * dy).squareRoot() * radius
        }
        var samples: [Sample] = []
        for y in 2..<(height + 1) / 2 {
            for x in 2..<width - 2 {
                let (dx, dy) = (Double(x) - midX, Double(y) - midY)
                let r = (dx * dx + dy * dy).squareRoot() / radius
                guard r > 0.08, y < height - 2, let here = gradient(x, y),
                    let there = gradient(width - 1 - x, height - 1 - y)
                else { continue }
                samples.append(Sample(r: r, gradient: (here + there) / 2))
            }
        }
        return samples
    }

    private static func fit(_ samples: [Sample], termCount: Int) -> [Double]? {
        var terms = [Double](repeating: 0, count: termCount)
        // Each round is a few milliseconds at most, and the weights have settled long before.
        for _ in 0..<30 {
            let model = Vignette(terms: terms)
            var sizes = samples.map { abs($0.gradient - model.slope(at: $0.r)) }
            sizes.sort()
            // Of normal residuals the median is 0.6745 deviations; 2.385 of those is Cauchy's usual width.
            let scale = max(sizes[sizes.count / 2] / 0.6745 * 2.385, 1e-6)
            var normal = LinearSystem(size: termCount)
            for sample in samples {
                let residual = (sample.gradient - model.slope(at: sample.r)) / scale
                let squared = sample.r * sample.r
                normal.add(
                    (0..<termCount).reduce(into: (row: [Double](), power: sample.r)) { row, i in
                        row.row.append(2 * Double(i + 1) * row.power)
                        row.power *= squared
                    }.row, equals: sample.gradient, weight: 1 / (1 + residual * residual))
            }
            guard let next = normal.solution() else { return nil }
            let change = zip(next, terms).reduce(0) { max($0, abs($1.0 - $1.1)) }
            terms = next
            if change < 1e-5 { break }
        }
        return terms
    }
}

/// Normal equations of a least-squares fit with a few unknowns.
private struct LinearSystem {
    private var rows: [[Double]]

    init(size: Int) { rows = Array(repeating: Array(repeating: 0, count: size + 1), count: size) }

    mutating func add(_ factors: [Double], equals value: Double, weight: Double) {
        for i in rows.indices {
            for j in rows.indices { rows[i][j] += weight * factors[i] * factors[j] }
            rows[i][rows.count] += weight * factors[i] * value
        }
    }

    /// Gaussian elimination with pivoting; nil when there is no single solution.
    func solution() -> [Double]? {
        var rows = rows
        let count = rows.count
        for i in 0..<count {
            guard let pivot = (i..<count).max(by: { abs(rows[$0][i]) < abs(rows[$1][i]) }), abs(rows[pivot][i]) > 1e-12
            else { return nil }
            rows.swapAt(i, pivot)
            for j in 0..<count where j != i {
                let factor = rows[j][i] / rows[i][i]
                for k in i...count { rows[j][k] -= factor * rows[i][k] }
            }
        }
        return (0..<count).map { rows[$0][count] / rows[$0][$0] }
    }
}

extension Image {
    /// The falloff of one image of the batch; nil when none is to be seen. `work` is told of `vignetteRowCount` rows.
    public func vignette(imageAt index: Int, _ work: inout RowWork) throws -> Vignette? {
        Vignette(of: try reducedLuma(imageAt: index, maxSide: Self.vignetteSide, &work))
    }

    public var vignetteRowCount: Int { reducedLumaRowCount(maxSide: Self.vignetteSide) }

    /// Small enough to average the grain away.
    private static let vignetteSide = 320

    /// Each image divided by its vignette to the power of `strength`, no pixel by less than 1 / `maxGain`; clipped to
    /// 1. Floats; a fourth channel is kept. `work` is told of the rows of the batch.
    /// - Parameter vignettes: one an image; nil leaves that image as it is.
    public func withoutVignette(
        _ vignettes: [Vignette?], strength: Double, maxGain: Double, _ work: inout RowWork
    ) throws -> Image {
        precondition(vignettes.count == batch, "each image has its own vignette")
        if strength <= 0 || vignettes.allSatisfy({ $0 == nil }) { return self }
        // By r^2, which needs no root; between two entries the gain is all but straight.
        let tableCount = 1024
        let tables = vignettes.map { vignette in
            (0...tableCount).map { i in
                vignette.map {
                    Float(min(pow($0.factor(atSquaredRadius: Double(i) / Double(tableCount)), -strength), maxGain))
                } ?? 1
            }
        }
        let (midX, midY) = (Float(width - 1) / 2, Float(height - 1) / 2)
        let scale = Float(tableCount) / ((midX + 0.5) * (midX + 0.5) + (midY + 0.5) * (midY + 0.5))
        let floats: PixelBuffer<Float> = try work.makeRows(
            rowCount, elementsPerRow: rowLength, workPerRow: 8 * rowLength
        ) {
            rows, band in
            var line: [Float] = []
            for (i, y) in rows.enumerated() {
                read(row: y, into: &line)
                let table = tables[y / height]
                let isKept = vignettes[y / height] == nil
                let dy = Float(y % height) - midY
                for x in 0..<width {
                    let dx = Float(x) - midX
                    let place = min((dx * dx + dy * dy) * scale, Float(tableCount) - 1e-3)
                    let entry = Int(clamping: place)
                    let gain = table[entry] + (table[entry + 1] - table[entry]) * (place - Float(entry))
                    for c in x * channels..<(x + 1) * channels {
                        let isColor = c - x * channels < colorCount
                        band[i * rowLength + c] = isKept || !isColor ? line[c] : min(line[c] * gain, max(line[c], 1))
                    }
                }
            }
        }
        return Image(batch: batch, height: height, width: width, channels: channels, floats: floats)
    }
}
