internal import GraphCore

/// Reads little-endian numbers from bytes, never beyond their end.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var remaining: Int { bytes.count - position }

    /// Nil when fewer are left; then nothing is taken.
    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) -> Number? {
        let count = Number.bitWidth / 8
        guard count <= remaining else { return nil }
        var number: Number = 0
        for i in (0..<count).reversed() { number = number << 8 | Number(truncatingIfNeeded: bytes[position + i]) }
        position += count
        return number
    }

    /// A number of an unsigned type as an index; nil also when it does not fit.
    mutating func int<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) -> Int? {
        number(type).flatMap { Int(exactly: $0) }
    }
}
