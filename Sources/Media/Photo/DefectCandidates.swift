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
        let line = (factor: Float(3.2 - 2.4 * settings.sensitivity), floor: Float(16 * (6 - 5 * settings.sensitivity)))
        let dust = (factor: Float(8 - 6 * settings.sensitivity), floor: Float(16 * (12 - 10 * settings.sensitivity)))
        let (bright, dark) = (settings.kind != .dark, settings.kind != .bright)
        return try work.makeRows(luma.height, elementsPerRow: width, workPerRow: 80 * width) { rows, band in
            let row = [Int32](repeating: 0, count: width)
            var (left, right, above, below) = (row, row, row, row)
            for (i, y) in rows.enumerated() {
                let deviations = scale.row(y, count: width)
                luma.sides(row: y, distance: lineDistance, left: &left, right: &right)
                luma.sides(row: y, distance: lineDistance, above: &above, below: &below)
                for x in 0..<width {
                    let value = 4 * Int32(luma.values[y * width + x])
                    // Four values a side: four times the difference.
                    let limit = Int32(4 * max(line.factor * deviations[x], line.floor))
                    var bits: UInt8 = 0
                    if bright {
                        if value - max(left[x], right[x]) >= limit { bits |= 1 }
                        if value - max(above[x], below[x]) >= limit { bits |= 2 }
                    }
                    if dark {
                        if min(left[x], right[x]) - value >= limit { bits |= 4 }
                        if min(above[x], below[x]) - value >= limit { bits |= 8 }
                    }
                    band[i * width + x] = bits
                }
                guard settings.findsDust else { continue }
                luma.sides(row: y, distance: dustDistance, left: &left, right: &right)
                luma.sides(row: y, distance: dustDistance, above: &above, below: &below)
                for x in 0..<width {
                    let value = 4 * Int32(luma.values[y * width + x])
                    let limit = Int32(4 * max(dust.factor * deviations[x], dust.floor))
                    let up = value - max(max(left[x], right[x]), max(above[x], below[x]))
                    let down = min(min(left[x], right[x]), min(above[x], below[x])) - value
                    if bright, 2 * up >= limit { band[i * width + x] |= up >= limit ? 16 | 32 : 32 }
                    if dark, 2 * down >= limit { band[i * width + x] |= down >= limit ? 64 | 128 : 128 }
                }
            }
        }
    }
}
