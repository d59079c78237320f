internal import GraphCore

/// The neighbours that a mask grows into at each of `distance` steps.
public enum GrowthShape: Sendable {
    /// Left, right, above and below: corners taper into a diamond.
    case diamond
    /// All eight.
    case square
}

extension Mask {
    /// Grey dilation, `distance` times over (erosion when it is negative), as scipy.ndimage's with a 3 x 3 footprint:
    /// each value becomes the largest (smallest) within so many steps. What lies outside takes no part.
    ///
    /// Steps are taken together: the largest within r steps, compared with those k steps away in each direction, is the
    /// largest within r + k, as long as one of those is inside the mask and near enough to whatever is r + k away. So
    /// 16,384 steps are 23 passes for a diamond, where k is at most half of r + 1 (the longer leg of the way is at least
    /// that long), and 30 for a square, where k is at most r + 1 along rows and then along columns.
    public func grown(by distance: Int, _ shape: GrowthShape, work makeWork: (_ rowCount: Int) -> RowWork) throws
        -> Mask
    {
        // More steps than the mask is long change nothing.
        let count = min(abs(distance), width + height)
        guard count > 0 else { return self }
        let jumps = Self.jumps(count, shape)
        let passes: [(across: Int, down: Int)] =
            switch shape {
            case .diamond: jumps.map { ($0, $0) }
            case .square: jumps.map { ($0, 0) } + jumps.map { (0, $0) }
            }
        var work = makeWork(passes.count * batch * height)
        var floats = floats()
        for pass in passes {
            floats =
                distance > 0
                ? try compared(floats, pass, &work) { $0 > $1 ? $0 : $1 }
                : try compared(floats, pass, &work) { $0 < $1 ? $0 : $1 }
        }
        return Mask(batch: batch, height: height, width: width, floats: floats)
    }

    /// How many steps each pass adds.
    private static func jumps(_ count: Int, _ shape: GrowthShape) -> [Int] {
        var (jumps, reached) = ([Int](), 0)
        while reached < count {
            let longest =
                switch shape {
                case .diamond: max(1, (reached + 2) / 2)
                case .square: reached + 1
                }
            jumps.append(min(longest, count - reached))
            reached += jumps[jumps.count - 1]
        }
        return jumps
    }

    @inline(__always)
    private func compared(
        _ floats: PixelBuffer<Float>, _ jump: (across: Int, down: Int), _ work: inout RowWork,
        _ better: @escaping @Sendable (Float, Float) -> Float
    ) throws -> PixelBuffer<Float> {
        let (width, height) = (width, height)
        return try work.makeRows(batch * height, elementsPerRow: width, workPerRow: 4 * width) { rows, band in
            for y in rows {
                let at = (y - rows.lowerBound) * width
                let own = floats.span.extracting(y * width..<(y + 1) * width)
                for x in own.indices { band[at + x] = own[x] }
                if jump.across > 0 && jump.across < width {
                    take(floats, y * width..<(y + 1) * width - jump.across, to: &band, at: at + jump.across, better)
                    take(floats, y * width + jump.across..<(y + 1) * width, to: &band, at: at, better)
                }
                if jump.down > 0 {
                    let row = y % height
                    if row >= jump.down {
                        let above = (y - jump.down) * width
                        take(floats, above..<above + width, to: &band, at: at, better)
                    }
                    if row + jump.down < height {
                        let below = (y + jump.down) * width
                        take(floats, below..<below + width, to: &band, at: at, better)
                    }
                }
            }
        }
    }

    /// Each value of `band` from `first` on, compared with those of `range`.
    @inline(__always)
    private func take(
        _ floats: PixelBuffer<Float>, _ range: Range<Int>, to band: inout MutableSpan<Float>, at first: Int,
        _ better: (Float, Float) -> Float
    ) {
        let source = floats.span.extracting(range)
        for i in source.indices { band[first + i] = better(band[first + i], source[i]) }
    }
}
