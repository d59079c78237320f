internal import GraphCore

extension Image {
    /// Standard deviation of the noise in one image's luma, as a share of white; 0 when there is none to see.
    ///
    /// Block based: S. I. Olsen, "Estimation of noise in images: an evaluation", CVGIP 55 (1993). A plane is fitted to
    /// blocks of 8x8 pixels, so that slopes do not count; the quarter of the blocks that deviates least from its plane is
    /// taken for flat, and its upper end for the noise. Unlike estimates by differences of neighbours this sees the
    /// clumped grain of film as strong as it looks. Blocks at plain black or white are left out: noise is clipped there.
    public func noiseEstimate(imageAt index: Int) -> Float {
        let side = 8
        // So many block rows and columns at most, evenly spread: their number bounds the work on a large picture.
        let most = 128
        let (down, across) = (height / side, width / side)
        guard down > 0, across > 0 else { return 0 }
        var deviations: [Float] = []
        var (line, luma, band): ([Float], [Float], [Float]) = ([], [], [])
        for i in 0..<min(down, most) {
            let top = index * height + i * down / min(down, most) * side
            band.removeAll(keepingCapacity: true)
            for y in 0..<side {
                read(row: top + y, into: &line)
                self.luma(of: line, into: &luma)
                band += luma
            }
            for j in 0..<min(across, most) {
                let left = j * across / min(across, most) * side
                if let deviation = Self.deviationFromPlane(band, width: width, left: left, side: side) {
                    deviations.append(deviation)
                }
            }
        }
        guard !deviations.isEmpty else { return 0 }
        deviations.sort()
        // Of pure noise, the lower quarter of the blocks ends at 0.94 of its deviation: chi-squared, 61 degrees.
        return deviations[deviations.count / 4] / 0.94
    }

    /// Nil for a block that is black or white.
    private static func deviationFromPlane(_ band: [Float], width: Int, left: Int, side: Int) -> Float? {
        var (sum, sumX, sumY, squares): (Double, Double, Double, Double) = (0, 0, 0, 0)
        let middle = Double(side - 1) / 2
        for y in 0..<side {
            for x in 0..<side {
                let value = Double(band[y * width + left + x])
                sum += value
                sumX += value * (Double(x) - middle)
                sumY += value * (Double(y) - middle)
                squares += value * value
            }
        }
        let count = Double(side * side)
        let mean = sum / count
        guard mean > 0.01, mean < 0.99 else { return nil }
        // The sum of (x - middle)^2 over the block, for either axis.
        let spread = count * Double(side * side - 1) / 12
        let rest = squares - sum * mean - (sumX * sumX + sumY * sumY) / spread
        return Float((max(rest, 0) / (count - 3)).squareRoot())
    }
}
