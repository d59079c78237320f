internal import GraphCore

/// Numbers as people say them.
enum Words {
    /// `0.17 ms`, `13 ms`, `3.4 s`, `2 min 5 s`
    static func duration(_ duration: Duration) -> String {
        let seconds = duration.seconds
        if seconds < 0.0095 { return "\(trimmed(seconds * 1000, 2)) ms" }
        if seconds < 0.9995 { return "\(whole(seconds * 1000)) ms" }
        if seconds < 60 { return "\(trimmed(seconds, 1)) s" }
        let whole = whole(seconds)
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    /// `12 kB`, `3.4 MB`
    static func byteCount(_ count: Int) -> String {
        if count < 1000 { return self.count(count, "byte") }
        let units: [(String, Double)] = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        let (unit, scale) = units.first { Double(count) >= $0.1 } ?? ("kB", 1e3)
        return "\(trimmed(Double(count) / scale, 1)) \(unit)"
    }

    static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// Without a fraction where there is none.
    static func number(_ value: Double) -> String {
        if abs(value) < 1e15, let whole = Int(exactly: value) { return String(whole) }
        return String(value)
    }

    /// The nearest whole number of a range, which a number may lie beyond; its lower end when this is none.
    static func whole(_ value: Double, in range: ClosedRange<Int> = 0...Int.max) -> Int {
        guard value > Double(range.lowerBound) else { return range.lowerBound }
        return min(Int(exactly: value.rounded()) ?? range.upperBound, range.upperBound)
    }

    private static func trimmed(_ value: Double, _ digits: Int) -> String {
        let scale = digits == 1 ? 10.0 : 100.0
        return number((value * scale).rounded() / scale)
    }
}
