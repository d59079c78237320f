internal import GraphCore

/// Finds the candidates that lie in line: each is judged by how many of the pixels on a straight stretch through it are
/// candidates too, for the best of 33 directions. Chance makes a few in a hundred; a scratch nearly all.
///
/// The grouping of Newson et al. (2014, see `DefectCandidates`) with stretches in place of their Hough transform, and
/// the hysteresis of J. Canny, "A computational approach to edge detection", IEEE PAMI 8 (1986).
struct LineSearch {
    private let candidates: [UInt8], bit: UInt8
    private let width: Int, height: Int
    /// Along the lines, and across them, in elements of the plane.
    private let isUpright: Bool
    private let minLength: Int, maxThickness: Double

    /// Half a stretch, in pixels.
    private static let reach = 24
    /// Directions to either side, up to 45 degrees.
    private static let slopes = 16
    /// Shares of a stretch, in 255ths: a scratch begins with the larger, and goes on with the smaller.
    private static let (begins, goesOn) = (178, 115)
    /// Pixels of which a third must be candidates for a scratch to be followed on.
    private static let lookahead = 36
    /// The longest worn part of a scratch that is bridged, in pixels.
    private static let maxGap = 14

    /// - Parameter bit: of the candidates: 1 and 4 for upright lines, 2 and 8 for level ones.
    init(_ candidates: [UInt8], bit: UInt8, width: Int, height: Int, _ settings: Descratch) throws {
        (self.candidates, self.bit, self.width, self.height) = (candidates, bit, width, height)
        isUpright = bit == 1 || bit == 4
        minLength = max(8, Int(clamping: settings.minLength * Double(min(width, height))))
        maxThickness = Double(settings.maxWidth) + 2
    }

    func find(_ work: inout RowWork, adding found: inout [UInt8]) throws {
        let search = self
        // The share in the upper byte, the direction in the lower one.
        let scores: [UInt16] = try work.makeRows(height, elementsPerRow: width, workPerRow: 60 * width) { rows, band in
            for (i, y) in rows.enumerated() {
                for x in 0..<search.width where search.candidates[y * search.width + x] & search.bit != 0 {
                    band[i * search.width + x] = search.score(x, y)
                }
            }
        }
        var lines = try bridged(scores)
        try keepLong(&lines, adding: &found)
    }

    private func score(_ x: Int, _ y: Int) -> UInt16 {
        var (best, direction) = (0, 0)
        for slope in -Self.slopes...Self.slopes {
            var (hits, seen) = (0, 0)
            for t in -Self.reach...Self.reach {
                guard let place = place(x, y, along: t, slope: slope) else { continue }
                seen += 1
                if candidates[place] & bit != 0 { hits += 1 }
            }
            // At the picture's edge a stretch is shorter, but never less than its half.
            if seen > Self.reach, hits * 255 / seen > best { (best, direction) = (hits * 255 / seen, slope) }
        }
        return UInt16(best) << 8 | UInt16(direction + Self.slopes)
    }

    /// Nil beyond the picture.
    @inline(__always)
    private func place(_ x: Int, _ y: Int, along t: Int, slope: Int) -> Int? {
        // Rounded to the nearest pixel: 16 slopes a pixel.
        let off = (t * slope + (t * slope < 0 ? -8 : 8)) / Self.slopes
        let (px, py) = isUpright ? (x + off, y + t) : (x + t, y + off)
        return px >= 0 && px < width && py >= 0 && py < height ? py * width + px : nil
    }

    /// [height, width]: 2 where a line begins, 1 where it goes on, with the worn parts between.
    private func bridged(_ scores: [UInt16]) throws -> [UInt8] {
        var lines = [UInt8](repeating: 0, count: scores.count)
        for y in 0..<height {
            if y % 64 == 0 { try Task.checkCancellation() }
            for x in 0..<width {
                let score = Int(scores[y * width + x] >> 8)
                guard score >= Self.goesOn else { continue }
                lines[y * width + x] = score >= Self.begins ? 2 : max(lines[y * width + x], 1)
                guard score >= Self.begins else { continue }
                let slope = Int(scores[y * width + x] & 0xFF) - Self.slopes
                for side in [-1, 1] {
                    let steps = (1...Self.maxGap).map { place(x, y, along: side * $0, slope: slope) }
                    guard let end = steps.lastIndex(where: { $0.map { scores[$0] >> 8 >= Self.goesOn } ?? false })
                    else { continue }
                    for place in steps[...end].compactMap({ $0 }) { lines[place] = max(lines[place], 1) }
                }
            }
        }
        return lines
    }

    /// Marks the connected parts that are long and thin, and clears `lines`.
    private func keepLong(_ lines: inout [UInt8], adding found: inout [UInt8]) throws {
        for y in 0..<height {
            if y % 64 == 0 { try Task.checkCancellation() }
            for x in 0..<width where lines[y * width + x] == 2 {
                let part = ConnectedPart(at: y * width + x, of: &lines, width: width) { $0 != 0 }
                let length = max(part.columns.count, part.rows.count)
                guard length >= minLength, Double(part.places.count) <= maxThickness * Double(length) else { continue }
                for place in part.places { found[place] = 1 }
                for end in [-1, 1] { followOn(part, toward: end, adding: &found) }
            }
        }
    }

    /// Goes on from an end of a scratch as long as enough of what lies ahead are candidates: where it crosses leaves or
    /// faces too few of them are for a scratch to begin there.
    /// - Parameter toward: -1 up or left, 1 down or right.
    private func followOn(_ part: ConnectedPart, toward: Int, adding found: inout [UInt8]) {
        let along = { (place: Int) in isUpright ? place / width : place % width }
        let across = { (place: Int) in Double(isUpright ? place % width : place / width) }
        let last = part.places.reduce(toward * along(part.places[0])) { max($0, toward * along($1)) } * toward
        // The direction of the last stretch: where its two ends lie, each the mean of some pixels.
        func middle(_ range: ClosedRange<Int>) -> Double? {
            let near = part.places.filter { range.contains(abs(along($0) - last)) }
            return near.isEmpty ? nil : near.reduce(0) { $0 + across($1) } / Double(near.count)
        }
        guard let start = middle(0...5), let before = middle(Self.reach...Self.reach + 5) else { return }
        var slope = (start - before) / Double(Self.reach)
        let length = max(part.columns.count, part.rows.count)
        let half = max(1, part.places.count / length / 2)
        var (position, pending, recent) = (start + 2.5 * slope, [Int](), [Bool](repeating: true, count: Self.lookahead))
        var step = last + toward
        while step >= 0, step < (isUpright ? height : width) {
            position += slope
            let offset = [0, -1, 1].first { off in
                place(along: step, across: Int(clamping: position.rounded()) + off).map { candidates[$0] & bit != 0 }
                    ?? false
            }
            recent.removeFirst()
            recent.append(offset != nil)
            guard recent.count(where: { $0 }) * 3 >= Self.lookahead else { return }
            for off in -half...half {
                if let place = place(along: step, across: Int(clamping: position.rounded()) + off) {
                    pending.append(place)
                }
            }
            if let offset {
                for place in pending { found[place] = 1 }
                pending = []
                // Scratches bend, a little.
                position += 0.3 * Double(offset)
                slope += 0.02 * Double(offset)
            }
            step += toward
        }
    }

    private func place(along: Int, across: Int) -> Int? {
        let (x, y) = isUpright ? (across, along) : (along, across)
        return x >= 0 && x < width && y >= 0 && y < height ? y * width + x : nil
    }
}

/// Pixels that touch each other, by side or corner. Taken out of the plane they were found in.
struct ConnectedPart {
    private(set) var places: [Int]
    private(set) var columns: ClosedRange<Int>, rows: ClosedRange<Int>

    /// - Parameters:
    ///   - plane: [height, width]; becomes 0 where the part is.
    ///   - belongs: never of 0.
    init(at place: Int, of plane: inout [UInt8], width: Int, _ belongs: (UInt8) -> Bool) {
        places = [place]
        columns = place % width...place % width
        rows = place / width...place / width
        plane[place] = 0
        var next = 0
        while next < places.count {
            let (x, y) = (places[next] % width, places[next] / width)
            next += 1
            columns = min(columns.lowerBound, x)...max(columns.upperBound, x)
            rows = min(rows.lowerBound, y)...max(rows.upperBound, y)
            for ny in max(y - 1, 0)...y + 1 where ny * width < plane.count {
                for nx in max(x - 1, 0)...min(x + 1, width - 1) where belongs(plane[ny * width + nx]) {
                    plane[ny * width + nx] = 0
                    places.append(ny * width + nx)
                }
            }
        }
    }
}
