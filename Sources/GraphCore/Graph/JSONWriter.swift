/// Writes JSON text. Numbers come out as they were read.
public struct JSONWriter {
    public enum Style: Sendable {
        /// No white space: `{"a":1}`.
        case compact
        /// As Python's `json.dumps` writes by default: `{"a": 1}`, everything beyond ASCII escaped. PNG text chunks use it.
        case python
        /// Two spaces an indent, for people.
        case indented
    }

    private let style: Style
    private var out: [UInt8] = []

    private init(_ style: Style) { self.style = style }

    /// The UTF-8 text of `value`.
    public static func bytes(_ value: JSON, style: Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style)
        writer.write(value, level: 0)
        return writer.out
    }

    public static func text(_ value: JSON, style: Style = .compact) -> String {
        String(decoding: bytes(value, style: style), as: UTF8.self)
    }

    // Recursion is bounded by the parser's depth limit: nothing deeper can be read.
    private mutating func write(_ value: JSON, level: Int) {
        switch value {
        case .null: append("null")
        case .bool(let bool): append(bool ? "true" : "false")
        case .number(let number): out.append(contentsOf: number.text.utf8)
        case .string(let string): write(string)
        case .array(let elements):
            list("[", "]", elements, level: level) { writer, element in writer.write(element, level: level + 1) }
        case .object(let object):
            list("{", "}", object.members, level: level) { writer, member in
                writer.write(member.key)
                writer.append(writer.style == .compact ? ":" : ": ")
                writer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func list<Element>(
        _ open: StaticString, _ close: StaticString, _ elements: [Element], level: Int,
        _ writeElement: (inout JSONWriter, Element) -> Void
    ) {
        append(open)
        for (index, element) in elements.enumerated() {
            if index > 0 { append(style == .python ? ", " : ",") }
            newLine(level + 1)
            writeElement(&self, element)
        }
        if !elements.isEmpty { newLine(level) }
        append(close)
    }

    private mutating func newLine(_ level: Int) {
        guard style == .indented else { return }
        out.append(0x0A)
        out.append(contentsOf: repeatElement(0x20, count: 2 * level))
    }

    private mutating func write(_ string: String) {
        out.append(UInt8(ascii: "\""))
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            case "\u{08}": append("\\b")
            case "\u{0C}": append("\\f")
            case "\u{0}"..<"\u{20}": escape(UInt16(scalar.value))
            case "\u{20}"..<"\u{7F}": out.append(UInt8(ascii: scalar))
            default:
                if style == .python {
                    for unit in String(scalar).utf16 { escape(unit) }
                } else {
                    out.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
                }
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ unit: UInt16) {
        let hex = String(unit, radix: 16)
        append("\\u")
        out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - hex.utf8.count))
        out.append(contentsOf: hex.utf8)
    }

    private mutating func append(_ text: StaticString) { out.append(contentsOf: text.description.utf8) }
}
