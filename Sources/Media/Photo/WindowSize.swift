internal import GraphCore

/// The side of a square window around a pixel.
enum WindowSize {
    /// - Throws: `.outOfRange` for a side that is even, and so has no middle, or outside of `range`.
    static func check(_ side: Int, in range: ClosedRange<Int>, of window: String) throws(Diagnostic) {
        guard range.contains(side), side % 2 == 1 else {
            throw Diagnostic(
                .outOfRange, node: nil, "\(window) cannot have a side of \(side) pixels",
                suggestion: "Use an odd number from \(range.lowerBound) to \(range.upperBound).")
        }
    }
}
