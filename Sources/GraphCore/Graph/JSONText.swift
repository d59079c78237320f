/// JSON text under construction: bytes are written, no tree is made.
public struct JSONText: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 320) { bytes.reserveCapacity(capacity) }

    /// Text that is JSON already.
    public mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }
    public mutating func raw(_ text: [UInt8]) { bytes.append(contentsOf: text) }

    public mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                raw("\\u00")
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    public mutating func integer(_ value: some BinaryInteger) { raw(value.description) }

    /// Whole numbers without a fraction; what is not finite is null, since JSON has no word for it.
    public mutating func number(_ value: Double) {
        if value.rounded(.towardZero) == value, abs(value) < 1e15 {
            integer(Int(clamping: value))
        } else if value.isFinite {
            raw(value.description)
        } else {
            raw("null")
        }
    }

    public mutating func value(_ json: JSON) { bytes.append(contentsOf: JSONWriter.bytes(json)) }

    /// `"a","b"` between brackets.
    public mutating func strings(_ list: some Sequence<String>) {
        raw("[")
        var isFirst = true
        for text in list {
            if !isFirst { raw(",") }
            isFirst = false
            string(text)
        }
        raw("]")
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
