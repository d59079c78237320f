/// A curve over 0...1 as straight pieces, finer toward 0, where the curves of colour bend most: a look-up, a product and
/// a sum for each value, where SSE2 would need some twenty operations for a power.
///
/// The pieces are equal parts of octaves of x + `bias`: their number stands in the top bits of that float.
struct CurveTable: Sendable {
    /// 65/64, where 1 lands, begins a piece for 6 or more bits, so that 1 is exact.
    static let bias: Float = 1.0 / 64

    struct Piece: BitwiseCopyable, Sendable { let slope: Float, base: Float }

    /// The last begins at 1 and stands for it alone.
    let pieces: [Piece]
    /// How far to the right the bits of x + `bias` are moved, and the number that the first piece then has.
    let shift: UInt32, first: UInt32

    /// - Parameters:
    ///   - segmentBits: 2 to this power is the number of pieces of an octave, at least 6.
    ///   - margin: when given, the pieces lie on or above the curve, by this much more than they must; else they join
    ///     points of it.
    init(segmentBits: UInt32, above margin: Double? = nil, _ curve: (Double) -> Double) {
        precondition((6...12).contains(segmentBits))
        let shift = 23 - segmentBits
        let (first, last) = (Self.bias.bitPattern >> shift, (1 + Self.bias).bitPattern >> shift)
        (self.shift, self.first) = (shift, first)
        pieces = (first...last).map { number in
            if number == last { return Piece(slope: 0, base: Float(curve(1))) }
            let bias = Double(Self.bias)
            let start = Double(Float(bitPattern: number << shift))
            let end = Double(Float(bitPattern: (number + 1) << shift))
            let (low, high) = (curve(start - bias), curve(end - bias))
            let slope = Float((high - low) / (end - start))
            var base = low - Double(slope) * start
            if let margin, number != first {
                let excess = (1..<16).map { part -> Double in
                    let x = start + (end - start) * Double(part) / 16
                    return curve(x - bias) - (Double(slope) * x + base)
                }
                base += max(0, excess.max() ?? 0) + margin
            }
            return Piece(slope: slope, base: Float(base))
        }
    }

    /// The curve's value, at most 1; what lies outside 0...1 counts as the nearer end, NaN as 0.
    func callAsFunction(_ x: Float) -> Float {
        let z = (x > 0 ? min(x, 1) : 0) + Self.bias
        let piece = pieces[Int(z.bitPattern >> shift - first)]
        return min(piece.slope * z + piece.base, 1)
    }
}
