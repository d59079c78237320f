internal import GraphCore

/// Luma of one image, smoothed by the binomial 1 2 1 both ways, in sixteenths of a level: 0...4080.
struct SmoothLuma: Sendable {
    /// [height, width].
    let values: [UInt16]
    let width: Int, height: Int

    init(_ image: Image, imageAt index: Int, _ work: inout RowWork) throws {
        let (width, height) = (image.width, image.height)
        (self.width, self.height) = (width, height)
        values = try work.makeRows(height, elementsPerRow: width, workPerRow: 24 * image.rowLength) { rows, band in
            var (line, luma): ([Float], [Float]) = ([], [])
            // Three rows, each smoothed across.
            var lines = [[UInt16]](repeating: [UInt16](repeating: 0, count: width), count: 3)
            func read(_ y: Int) {
                image.read(row: index * height + min(max(y, 0), height - 1), into: &line)
                image.luma(of: line, into: &luma)
                let levels = luma.map { UInt16(clamping: (min($0, 1) * 255).rounded()) }
                let slot = (y + 3) % 3
                for x in 0..<width {
                    lines[slot][x] = levels[max(x - 1, 0)] + 2 * levels[x] + levels[min(x + 1, width - 1)]
                }
            }
            read(rows.lowerBound - 1)
            read(rows.lowerBound)
            for (i, y) in rows.enumerated() {
                read(y + 1)
                let (above, here, below) = (lines[(y + 2) % 3], lines[y % 3], lines[(y + 1) % 3])
                for x in 0..<width { band[i * width + x] = above[x] + 2 * here[x] + below[x] }
            }
        }
    }

    /// What lies `distance` to `distance + 3` pixels to the left and right of each pixel of a row: the largest and the
    /// smallest sum of two neighbours. Pairs, as one value is noisy and four would blur what is there.
    func acrossRange(row y: Int, distance: Int, low: inout [Int32], high: inout [Int32]) {
        let start = y * width
        func value(_ x: Int) -> Int32 { Int32(values[start + min(max(x, 0), width - 1)]) }
        for x in 0..<width {
            let (a, b) = (
                value(x - distance) + value(x - distance - 1), value(x - distance - 2) + value(x - distance - 3)
            )
            let (c, d) = (
                value(x + distance) + value(x + distance + 1), value(x + distance + 2) + value(x + distance + 3)
            )
            low[x] = min(min(a, b), min(c, d))
            high[x] = max(max(a, b), max(c, d))
        }
    }

    /// The same above and below.
    func downRange(row y: Int, distance: Int, low: inout [Int32], high: inout [Int32]) {
        func start(_ y: Int) -> Int { min(max(y, 0), height - 1) * width }
        for x in 0..<width { (low[x], high[x]) = (.max, .min) }
        for first in [y - distance, y - distance - 2, y + distance + 1, y + distance + 3] {
            let (upper, lower) = (start(first - 1), start(first))
            for x in 0..<width {
                let sum = Int32(values[upper + x]) + Int32(values[lower + x])
                low[x] = min(low[x], sum)
                high[x] = max(high[x], sum)
            }
        }
    }
}

/// How much a pixel usually differs from its two sides, around each place: grain, and the texture of leaves and grass.
struct LocalScale: Sendable {
    private static let side = 32
    private let blocks: [Float], across: Int, down: Int

    init(_ luma: SmoothLuma, maxWidth: Int, _ work: inout RowWork) throws {
        let side = Self.side
        let (width, height) = (luma.width, luma.height)
        let (across, down) = ((width + side - 1) / side, (height + side - 1) / side)
        let distance = DefectCandidates.lineDistance(maxWidth: maxWidth)
        blocks = try work.makeRows(down, elementsPerRow: across, workPerRow: side * width * 8) { rows, band in
            var (a, b) = ([Int32](repeating: 0, count: width), [Int32](repeating: 0, count: width))
            for (i, row) in rows.enumerated() {
                var differences = [[Int32]](repeating: [], count: across)
                // Every other row and column, by either axis in turn.
                for y in stride(from: row * side, to: min((row + 1) * side, height), by: 2) {
                    if y % 4 == 0 {
                        luma.acrossRange(row: y, distance: distance, low: &a, high: &b)
                    } else {
                        luma.downRange(row: y, distance: distance, low: &a, high: &b)
                    }
                    for x in stride(from: 0, to: width, by: 2) {
                        differences[x / side].append(abs(4 * Int32(luma.values[y * width + x]) - a[x] - b[x]))
                    }
                }
                for x in 0..<across {
                    differences[x].sort()
                    // 1.4826: from the median of absolute deviations to a normal distribution's deviation.
                    band[i * across + x] = 1.4826 / 4 * Float(differences[x][differences[x].count / 2])
                }
            }
        }
        (self.across, self.down) = (across, down)
    }

    /// In sixteenths of a level: the largest of the block and the means of it with each neighbour, so that the rim of a
    /// textured region counts as textured.
    func row(_ y: Int, count width: Int) -> [Float] {
        let i = y / Self.side
        let values = (0..<across).map { j in
            var largest = blocks[i * across + j]
            for (di, dj) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                let (k, l) = (min(max(i + di, 0), down - 1), min(max(j + dj, 0), across - 1))
                largest = max(largest, (blocks[i * across + j] + blocks[k * across + l]) / 2)
            }
            return largest
        }
        return (0..<width).map { values[$0 / Self.side] }
    }
}
