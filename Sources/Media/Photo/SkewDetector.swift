internal import GraphCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Finds by how much a picture is turned, from lines that should be level or upright: horizons, walls, frames.
///
/// A Hough transform (R. O. Duda, P. E. Hart, CACM 15, 1972) of the edges whose gradient points nearly along an axis;
/// the angle wanted is that whose projection profile has the sharpest peaks (W. Postl, US patent 4,723,297, 1988).
struct SkewDetector {
    /// What was found, or why it is not to be trusted.
    enum Finding: Sendable, Equatable {
        /// Degrees that the picture is turned clockwise.
        case angle(Double)
        /// No angle stands out.
        case unclear
    }

    /// A point of an edge, in pixels from the middle of the picture.
    private struct Edge {
        /// Place across the axis that the edge is nearest to, and along it so that clockwise turns are positive.
        let across: Float, along: Float
        /// Degrees that the edge itself seems to be turned clockwise, roughly.
        let tilt: Float
        let weight: Float
    }

    /// Edges that are nearly level, and those that are nearly upright.
    private var level: [Edge] = [], upright: [Edge] = []
    private let reach: Int

    /// - Parameter luma: [height, width], 0...1, of a picture that was made small enough.
    init(luma: [Float], width: Int, height: Int, maxAngle: Double) {
        reach = Int(clamping: Double(width * width + height * height).squareRoot() / 2) + 4
        guard width > 16, height > 16 else { return }
        findEdges(
            SmoothGradient(luma, width: width, height: height), maxTilt: Float(maxAngle) + Self.tiltTolerance)
    }

    /// An edge votes for angles as near to its own as noise lets it be.
    private static let tiltTolerance: Float = 5
    /// With fewer edge points than this there is no line to speak of.
    private static let minEdgeCount = 200

    private mutating func findEdges(_ gradient: SmoothGradient, maxTilt: Float) {
        let (width, height) = (gradient.width, gradient.height)
        // Most of a picture is no edge: three times its usual gradient, but at least one level of 255.
        let threshold = max(3 * gradient.usualStrength(), 1 / 255)
        for y in 7..<height - 7 {
            for x in 7..<width - 7 {
                let g = gradient.at(x, y)
                let strength = (g.x * g.x + g.y * g.y).squareRoot()
                guard strength >= threshold else { continue }
                let isLevel = abs(g.y) > abs(g.x)
                let tilt =
                    (isLevel ? atan2f(g.y < 0 ? g.x : -g.x, abs(g.y)) : atan2f(g.x < 0 ? -g.y : g.y, abs(g.x)))
                    * 180 / .pi
                guard abs(tilt) <= maxTilt else { continue }
                // Only the crest of an edge, and where between the pixels it is.
                let before = gradient.strength(isLevel ? x : x - 1, isLevel ? y - 1 : y)
                let after = gradient.strength(isLevel ? x : x + 1, isLevel ? y + 1 : y)
                guard strength >= before, strength > after else { continue }
                guard gradient.isStep(x, y, isLevel: isLevel, strength: strength) else { continue }
                let curve = before - 2 * strength + after
                let shift = curve < 0 ? 0.5 * (before - after) / curve : 0
                let (fx, fy) = (Float(x) - Float(width - 1) / 2, Float(y) - Float(height - 1) / 2)
                // A few strong edges should not outvote many weak ones.
                let weight = min(strength, 3 * threshold)
                if isLevel {
                    level.append(Edge(across: fy + shift, along: fx, tilt: tilt, weight: weight))
                } else {
                    upright.append(Edge(across: fx + shift, along: -fy, tilt: tilt, weight: weight))
                }
            }
        }
    }

    /// Searches -maxAngle...maxAngle, in degrees.
    func find(maxAngle: Double) -> Finding {
        guard level.count + upright.count >= Self.minEdgeCount else { return .unclear }
        let coarse = 0.25
        let steps = Int(clamping: (maxAngle / coarse).rounded(.up))
        let scores = (-steps...steps).map { sharpness(at: Double($0) * coarse) }
        guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return .unclear }
        // How far the peak stands out of what other angles reach: of a picture without lines, none does.
        let others = scores.indices.filter { abs($0 - best) > Int(clamping: 1.5 / coarse) }.map { scores[$0] }.sorted()
        guard let usual = others.dropFirst(others.count / 2).first, let second = others.last else { return .unclear }
        guard scores[best] > Self.minPeak.overUsual * usual, scores[best] > Self.minPeak.overSecond * second else {
            return .unclear
        }
        // At the end of the range the true peak may lie beyond it.
        guard best > 0, best < scores.count - 1 else { return .unclear }
        let middle = Double(best - steps) * coarse
        let fine = 0.02
        let span = Int(clamping: (coarse / fine).rounded(.up))
        let near = (-span...span).map { sharpness(at: middle + Double($0) * fine) }
        guard let top = near.indices.max(by: { near[$0] < near[$1] }) else { return .unclear }
        var angle = middle + Double(top - span) * fine
        if top > 0, top < near.count - 1 {
            let curve = near[top - 1] - 2 * near[top] + near[top + 1]
            if curve < 0 { angle += fine * 0.5 * (near[top - 1] - near[top + 1]) / curve }
        }
        return .angle(angle)
    }

    private static let minPeak = (overUsual: 5.0, overSecond: 1.5)

    /// The sum of squares of the projection profiles of lines turned by `angle` degrees.
    func sharpness(at angle: Double) -> Double {
        let (sine, cosine) = (Float(sin(angle * .pi / 180)), Float(cos(angle * .pi / 180)))
        return [level, upright].reduce(0) { sum, edges in
            var profile = [Float](repeating: 0, count: 2 * reach + 1)
            for edge in edges where abs(edge.tilt - Float(angle)) <= Self.tiltTolerance {
                let place = edge.across * cosine - edge.along * sine + Float(reach)
                let bin = Int(clamping: place)
                guard place >= 0, bin + 1 < profile.count else { continue }
                let part = place - Float(bin)
                profile[bin] += edge.weight * (1 - part)
                profile[bin + 1] += edge.weight * part
            }
            return sum + Self.energy(profile)
        }
    }

    /// Of what stands out of the profile's surroundings: a crowd of edges on all sides is no line. Smoothed, so that it
    /// does not matter where between two bins a line falls.
    private static func energy(_ profile: [Float]) -> Double {
        let reach = 6
        guard profile.count > 2 * reach + 1 else { return 0 }
        var (energy, around) = (0.0, profile[0..<2 * reach + 1].reduce(0) { $0 + Double($1) })
        for i in reach..<profile.count - reach {
            let value = Double(0.25 * profile[i - 1] + 0.5 * profile[i] + 0.25 * profile[i + 1])
            let above = value - around / Double(2 * reach + 1)
            if above > 0 { energy += above * above }
            if i + reach + 1 < profile.count { around += Double(profile[i + reach + 1] - profile[i - reach]) }
        }
        return energy
    }
}

/// Scharr's gradient of a picture smoothed by the binomial 1 2 1.
private struct SmoothGradient {
    let width: Int, height: Int
    private let smooth: [Float]

    init(_ luma: [Float], width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        var across = luma
        for y in 0..<height {
            for i in y * width + 1..<(y + 1) * width - 1 {
                across[i] = 0.25 * luma[i - 1] + 0.5 * luma[i] + 0.25 * luma[i + 1]
            }
        }
        var down = across
        for i in width..<(height - 1) * width {
            down[i] = 0.25 * across[i - width] + 0.5 * across[i] + 0.25 * across[i + width]
        }
        smooth = down
    }

    /// Per pixel; inside by at least one.
    func at(_ x: Int, _ y: Int) -> (x: Float, y: Float) {
        let (a, b, c) = ((y - 1) * width + x, y * width + x, (y + 1) * width + x)
        let (topLeft, topRight) = (smooth[a - 1], smooth[a + 1])
        let (lowLeft, lowRight) = (smooth[c - 1], smooth[c + 1])
        let gx = 3 * (topRight - topLeft + lowRight - lowLeft) + 10 * (smooth[b + 1] - smooth[b - 1])
        let gy = 3 * (lowLeft - topLeft + lowRight - topRight) + 10 * (smooth[c] - smooth[a])
        return (gx / 32, gy / 32)
    }

    func strength(_ x: Int, _ y: Int) -> Float {
        let g = at(x, y)
        return (g.x * g.x + g.y * g.y).squareRoot()
    }

    /// Whether the two sides of an edge differ. Those of a scratch do not, and a scratch is level with nothing.
    func isStep(_ x: Int, _ y: Int, isLevel: Bool, strength: Float) -> Bool {
        let (i, across) = (y * width + x, isLevel ? width : 1)
        let after = smooth[i + 4 * across] + smooth[i + 6 * across]
        let before = smooth[i - 4 * across] + smooth[i - 6 * across]
        // Of a step as soft as lenses make it, the steepest part rises by about a third in a pixel.
        return abs(after - before) / 2 > 1.2 * strength
    }

    /// The median, of every third pixel each way.
    func usualStrength() -> Float {
        var strengths: [Float] = []
        for y in stride(from: 3, to: height - 3, by: 3) {
            for x in stride(from: 3, to: width - 3, by: 3) { strengths.append(strength(x, y)) }
        }
        strengths.sort()
        return strengths.isEmpty ? 0 : strengths[strengths.count / 2]
    }
}
