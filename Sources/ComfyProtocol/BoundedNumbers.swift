public import GraphCore

/// The numbers of one message of a server, which may be anything: read within bounds.
///
/// A number beyond its bounds makes its message a wrong one. The fold leaves the message out, and `complaint` says why.
/// A member that is missing or null is no mistake.
public struct BoundedNumbers: Sendable {
    /// More nodes and prompts than a server can hold.
    private static let counts = 0...Int(Int32.max)
    /// Whole numbers up to here are exact in a double.
    private static let amounts = 0...1e15
    /// 30 years.
    private static let seconds = 0...1e9
    private static let maxShownCharacterCount = 40

    private let data: JSON
    /// The first member that is out of bounds: `'finished' is -1`.
    public private(set) var complaint: String?

    public init(_ data: JSON) { self.data = data }

    /// A number of things.
    public mutating func count(_ name: String) -> Int? {
        read(name) { $0.int.flatMap { Int(exactly: $0) }.flatMap { Self.counts.contains($0) ? $0 : nil } }
    }

    /// Work done, or work to do.
    public mutating func amount(_ name: String) -> Double? {
        read(name) { $0.double.flatMap { Self.amounts.contains($0) ? $0 : nil } }
    }

    public mutating func duration(_ name: String) -> Duration? {
        read(name) { $0.double.flatMap { Self.seconds.contains($0) ? .seconds($0) : nil } }
    }

    private mutating func read<Value>(_ name: String, _ convert: (JSONNumber) -> Value?) -> Value? {
        guard let member = data[name], member != .null else { return nil }
        if let value = member.number.flatMap(convert) { return value }
        complaint = complaint ?? "'\(name)' is \(JSONWriter.text(member).prefix(Self.maxShownCharacterCount))"
        return nil
    }
}
