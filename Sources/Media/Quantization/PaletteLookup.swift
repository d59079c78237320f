internal import GraphCore

/// The palette entry of a colour, as Pillow finds it (Palette.c): the nearest to the colour with the last two bits of
/// each channel cleared, the first of equals.
struct PaletteLookup {
    let palette: [SIMD3<UInt8>]
    /// By six bits of each channel; -1 is not known yet.
    private var nearest = [Int16](repeating: -1, count: 1 << 18)

    init(_ palette: [SIMD3<UInt8>]) { self.palette = palette }

    mutating func index(_ red: Int, _ green: Int, _ blue: Int) -> Int {
        let slot = red >> 2 | (green >> 2) << 6 | (blue >> 2) << 12
        if nearest[slot] >= 0 { return Int(nearest[slot]) }
        let color = SIMD3<Int>(red & ~3, green & ~3, blue & ~3)
        var best = (index: 0, distance: Int.max)
        for (index, entry) in palette.enumerated() {
            let off = SIMD3<Int>(truncatingIfNeeded: entry) &- color
            let distance = (off &* off).wrappedSum()
            if distance < best.distance { best = (index, distance) }
        }
        nearest[slot] = Int16(best.index)
        return best.index
    }
}
