public import GraphCore

/// Values that more than one program takes.
public enum OptionValue {
    /// A whole number of a range.
    public static func integer(_ text: String, _ option: String, in range: ClosedRange<Int>) throws -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw UsageError(
                message: "\(option) takes a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return value
    }

    /// `500MB`, `2GB`, `1.5G` or a plain number of bytes; nil for anything else.
    public static func byteCount(_ text: String) -> Int? {
        let units: [(String, Double)] = [
            ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("G", 1e9), ("M", 1e6), ("K", 1e3), ("B", 1),
        ]
        let upper = text.uppercased()
        let (unit, scale) = units.first { upper.hasSuffix($0.0) } ?? ("", 1)
        guard let number = Double(upper.dropLast(unit.count)), number > 0, number * scale < 1e15 else { return nil }
        return Int(clamping: number * scale)
    }

    /// One of a few words.
    public static func word(_ text: String, _ option: String, among words: [String]) throws -> String {
        guard words.contains(text) else {
            throw UsageError(
                message:
                    "\(option) takes \(words.dropLast().joined(separator: ", ")) or \(words.last ?? ""), not '\(text)'")
        }
        return text
    }

    /// What nodes with models compute on.
    public static let devices = ["auto", "cpu", "cuda"]

    /// What loaded models may take.
    public static func modelMemory(_ text: String) throws -> Int {
        guard let count = byteCount(text) else {
            throw UsageError(message: "--model-memory takes a size such as 8GB, not '\(text)'")
        }
        return count
    }

    /// `gpu=2`.
    public static func resource(_ text: String) throws -> (name: ResourceName, permits: Int) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, let permits = Int(parts[1]), (1...1024).contains(permits) else {
            throw UsageError(message: "--resource takes NAME=N with N from 1 to 1024, not '\(text)'")
        }
        return (ResourceName(parts[0]), permits)
    }
}
