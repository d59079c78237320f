internal import GraphCore

/// Luma of one image, made smaller by a whole factor: what measuring a whole picture needs, whatever its size.
struct ReducedLuma: Sendable {
    /// [height, width], nominally 0...1: means of squares of `factor` pixels. What fills no square is left out.
    let luma: [Float]
    let width: Int, height: Int, factor: Int
}

extension Image {
    /// `work` is told of `reducedLumaRowCount(maxSide:)` rows.
    func reducedLuma(imageAt index: Int, maxSide: Int, _ work: inout RowWork) throws -> ReducedLuma {
        let factor = reduction(maxSide: maxSide)
        let (small, rows) = (width / factor, height / factor)
        let weight = 1 / Float(factor * factor)
        let luma: [Float] = try work.makeRows(rows, elementsPerRow: small, workPerRow: 10 * rowLength * factor) {
            rows, band in
            var (line, luma): ([Float], [Float]) = ([], [])
            for (i, row) in rows.enumerated() {
                for y in row * factor..<(row + 1) * factor {
                    read(row: index * height + y, into: &line)
                    self.luma(of: line, into: &luma)
                    for x in 0..<small {
                        var sum: Float = 0
                        for place in x * factor..<(x + 1) * factor { sum += luma[place] }
                        band[i * small + x] += sum * weight
                    }
                }
            }
        }
        return ReducedLuma(luma: luma, width: small, height: rows, factor: factor)
    }

    func reducedLumaRowCount(maxSide: Int) -> Int { height / reduction(maxSide: maxSide) }

    /// At least 1, and never more than a side has pixels.
    private func reduction(maxSide: Int) -> Int {
        max(1, min((max(width, height) + maxSide - 1) / maxSide, min(width, height)))
    }
}
