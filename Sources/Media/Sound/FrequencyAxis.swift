internal import GraphCore
internal import Glibc

/// Which frequency a height in a picture of a sound means: the lowest at the bottom, the highest at the top.
public struct FrequencyAxis: Sendable {
    public enum Scale: String, CaseIterable, Sendable {
        /// Equal steps of pitch as people hear them.
        case mel
        /// Equal steps of hertz.
        case linear
        /// Equal steps of octaves, from 20 Hz (or a hundredth of the highest frequency, where that is less).
        case log
    }

    public let scale: Scale
    /// At the very top, in hertz.
    public let highest: Double

    public init(_ scale: Scale, highest: Double) { (self.scale, self.highest) = (scale, highest) }

    /// Hertz at a height: 0 at the bottom edge, 1 at the top edge.
    public func frequency(at height: Double) -> Double {
        switch scale {
        case .linear: return height * highest
        case .log:
            let lowest = min(20, highest / 100)
            return lowest * pow(highest / lowest, height)
        case .mel: return Self.frequency(mel: height * Self.mel(highest))
        }
    }

    /// O'Shaughnessy, Speech Communication (1987): 1,000 Hz is about 1,000 mel.
    private static func mel(_ frequency: Double) -> Double { 2_595 * log10(1 + frequency / 700) }
    private static func frequency(mel: Double) -> Double { 700 * (pow(10, mel / 2_595) - 1) }

    /// What one row of a picture shows of a spectrum.
    enum Row: Equatable {
        /// The strongest of several neighbours: a thin line stays a line.
        case strongest(ClosedRange<Int>)
        /// Between a frequency and the next one: rows are finer than the spectrum.
        case between(Int, Float)
    }

    /// The rows from top to bottom, of a spectrum whose frequencies 0, 1 ... `last` are `spacing` hertz apart.
    func rows(height: Int, spacing: Double, last: Int) -> [Row] {
        (0..<height).map { y in
            let low = frequency(at: Double(height - 1 - y) / Double(height)) / spacing
            let high = frequency(at: Double(height - y) / Double(height)) / spacing
            let (first, end) = (Int(clamping: low.rounded(.up)), min(Int(clamping: high.rounded(.down)), last))
            if first <= end { return .strongest(first...end) }
            let position = min((low + high) / 2, Double(last))
            let index = min(Int(clamping: position), last - 1)
            return .between(index, Float(position - Double(index)))
        }
    }
}
