internal import GraphCore

/// Which pixels might belong to a scratch or a speck, judged by their surroundings alone.
///
/// After the first of the two tests in A. Newson, A. Almansa, Y. Gousseau, P. Perez, "Robust automatic line scratch
/// detection in films", IEEE TIP 23 (2014): a scratch is brighter, or darker, than what lies on both its sides. An
/// edge is so on one side only, however sharp it is. By how much is measured in the local scale of such differences.
enum DefectCandidates {
    /// Bits of a plane: upright and level lines.
    static let brightLines: [UInt8] = [1, 2]
    static let darkLines: [UInt8] = [4, 8]
    static let brightDust = (strong: UInt8(16), weak: UInt8(32))
    static let darkDust = (strong: UInt8(64), weak: UInt8(128))

    /// From the middle of the widest scratch to where its soft rim has ended.
    static func lineDistance(maxWidth: Int) -> Int { (maxWidth + 1) / 2 + 1 }

    static func dustDistance(size: Int) -> Int { size / 2 + 2 }

    /// [height, width] of the bits above.
    static func plane(
        _ luma: SmoothLuma, _ scale: LocalScale, _ settings: Descratch, _ work: inout RowWork
    ) throws -> [UInt8] {
        let width = luma.width
        let lineDistance = lineDistance(maxWidth: settings.maxWidth)
        let dustDistance = dustDistance(size: settings.dustSize)
        // In local deviations, and at least in sixteenths of a level.
        let line = (factor: Float(2.8 - 2.4 * settings.sensitivity), floor: Float(16 * (6 - 5 * settings.sensitivity)))
        let dust = (factor: Float(8 - 6 * settings.sensitivity), floor: Float(16 * (12 - 10 * settings.sensitivity)))
        let (bright, dark) = (settings.kind != .dark, settings.kind != .bright)
        return try work.makeRows(luma.height, elementsPerRow: width, workPerRow: 80 * width) { rows, band in
            let row = [Int32](repeating: 0, count: width)
            var (low, high, lowDown, highDown) = (row, row, row, row)
            for (i, y) in rows.enumerated() {
                let deviations = scale.row(y, count: width)
                luma.acrossRange(row: y, distance: lineDistance, low: &low, high: &high)
                luma.downRange(row: y, distance: lineDistance, low: &lowDown, high: &highDown)
                for x in 0..<width {
                    // Sums of two, as the ranges are.
                    let value = 2 * Int32(luma.values[y * width + x])
                    let limit = Int32(clamping: 2 * max(line.factor * deviations[x], line.floor))
                    var bits: UInt8 = 0
                    if bright {
                        if value - high[x] >= limit { bits |= 1 }
                        if value - highDown[x] >= limit { bits |= 2 }
                    }
                    if dark {
                        if low[x] - value >= limit { bits |= 4 }
                        if lowDown[x] - value >= limit { bits |= 8 }
                    }
                    band[i * width + x] = bits
                }
                guard settings.findsDust else { continue }
                luma.acrossRange(row: y, distance: dustDistance, low: &low, high: &high)
                luma.downRange(row: y, distance: dustDistance, low: &lowDown, high: &highDown)
                for x in 0..<width {
                    let value = 2 * Int32(luma.values[y * width + x])
                    let limit = Int32(clamping: 2 * max(dust.factor * deviations[x], dust.floor))
                    let (up, down) = (value - max(high[x], highDown[x]), min(low[x], lowDown[x]) - value)
                    if bright, 2 * up >= limit { band[i * width + x] |= up >= limit ? 16 | 32 : 32 }
                    if dark, 2 * down >= limit { band[i * width + x] |= down >= limit ? 64 | 128 : 128 }
                }
            }
        }
    }
}
