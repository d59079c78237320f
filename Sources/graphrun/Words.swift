internal import GraphCore

/// Numbers as people say them.
enum Words {
    /// `0.17 ms`, `13 ms`, `3.4 s`, `2 min 5 s`
    static func duration(_ duration: Duration) -> String {
        let seconds = duration.seconds
        if seconds < 0.0095 { return "\(trimmed(seconds * 1000, 2)) ms" }
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 60 { return "\(trimmed(seconds, 1)) s" }
        let whole = Int(seconds.rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// Without a fraction where there is none.
    static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }

    private static func trimmed(_ value: Double, _ digits: Int) -> String {
        let scale = digits == 1 ? 10.0 : 100.0
        return number((value * scale).rounded() / scale)
    }
}
