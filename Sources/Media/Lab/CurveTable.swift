internal import GraphCore

/// A curve over 0...1 as straight pieces, finer toward 0, where the curves of colour bend most: a look-up, a product and
/// a sum for each value, where SSE2 would need some twenty operations for a power.
///
/// The pieces are equal parts of octaves of x + `bias`: their number stands in the top bits of that float.
struct CurveTable: Sendable {
    static var bias: Float { 1.0 / 64 }
    /// Leaves the exponent and 8 bits: 256 pieces an octave. 65/64, where 1 lands, begins one, so that 1 is exact.
    static var shift: UInt32 { 15 }
    /// What `bias` gives, the first piece's number.
    static var first: UInt32 { 0x7900 }

    struct Piece: BitwiseCopyable, Sendable { let slope: Float, base: Float }

    /// The last begins at 1 and stands for it alone.
    let pieces: [Piece]

    /// - Parameters:
    ///   - liesAbove: of a curve that bends down and ends at 1: the pieces lie on it or above, by 1e-6 more than they
    ///     must, and nowhere above 1; else they join points of the curve.
    init(liesAbove: Bool = false, _ curve: (Double) -> Double) {
        precondition(Self.bias.bitPattern >> Self.shift == Self.first, "the first piece begins at the bias")
        let (bias, last) = (Double(Self.bias), (1 + Self.bias).bitPattern >> Self.shift)
        pieces = (Self.first...last).map { number in
            if number == last { return Piece(slope: 0, base: Float(curve(1))) }
            let start = Double(Float(bitPattern: number << Self.shift))
            let end = Double(Float(bitPattern: (number + 1) << Self.shift))
            let (low, high) = (curve(start - bias), curve(end - bias))
            var slope = Float((high - low) / (end - start))
            var base = low - Double(slope) * start
            if liesAbove && number + 1 == last {
                // The tangent at 1, nearly.
                slope = Float((high - curve(1 - 1e-6)) / 1e-6)
                base = (high - Double(slope) * end).nextDown
            } else if liesAbove && number > Self.first {
                let excess = (1..<16).map { part -> Double in
                    let x = start + (end - start) * Double(part) / 16
                    return curve(x - bias) - (Double(slope) * x + base)
                }
                base += max(0, excess.max() ?? 0) + 1e-6
            }
            return Piece(slope: slope, base: Float(base))
        }
    }

    /// The curve's value; what lies outside 0...1 counts as the nearer end, NaN as 0.
    func callAsFunction(_ x: Float) -> Float {
        let z = (x > 0 ? min(x, 1) : 0) + Self.bias
        let piece = pieces[Int(z.bitPattern >> Self.shift - Self.first)]
        return piece.slope * z + piece.base
    }
}
