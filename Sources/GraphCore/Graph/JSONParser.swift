/// Why a text is not JSON: where, and what was expected there.
public struct JSONError: Error, Sendable, Equatable {
    /// Counted from 1; the column counts characters (Unicode scalars), not bytes.
    public let line: Int
    public let column: Int
    /// What is wrong, such as `expected ',' or '}' but found the end of the file`.
    public let reason: String
    /// The bare word that stands where a value or a name was expected, such as `NaN` or `ddcolor_node.output`.
    public var bareWord: String?

    public var message: String { "line \(line), column \(column): \(reason)" }
}

/// Reads RFC 8259 JSON with bounds. Strict: no comments, no trailing commas, no NaN.
///
/// Decisions RFC 8259 leaves open: a UTF-8 byte order mark is skipped; other encodings, invalid UTF-8 and lone
/// surrogates are refused (a Swift string cannot hold them, and a silent U+FFFD would lose data); numbers of any size
/// are kept as text; duplicate keys are accepted and remembered.
public struct JSONParser {
    /// Bounds on what is read.
    public struct Limits: Sendable {
        public var maxByteCount = 64 << 20
        /// Lists and objects inside one another.
        public var maxDepth = 128
        /// Values of any kind. Each takes ten times the memory of the two bytes in which it can be written.
        public var maxValueCount = Int.max

        public init() {}
    }

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private var valueCount = 0
    private let limits: Limits

    private init(_ bytes: [UInt8], _ limits: Limits) { (self.bytes, self.limits) = (bytes, limits) }

    public static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes, limits)
        return try parser.document()
    }

    public static func parse(_ text: String, limits: Limits = Limits()) throws(JSONError) -> JSON {
        try parse(Array(text.utf8), limits: limits)
    }

    // MARK: Grammar

    private mutating func document() throws(JSONError) -> JSON {
        if bytes.count > limits.maxByteCount {
            throw error("the text has \(bytes.count) bytes; the limit is \(limits.maxByteCount)")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.prefix(4).contains(0) {
            throw error("the text is not UTF-8 (it looks like UTF-16 or binary data)")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        skipSpace()
        let value = try self.value()
        skipSpace()
        if position < bytes.count { throw expected("the end of the file") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        guard position < bytes.count else { throw expected("a value") }
        valueCount += 1
        if valueCount > limits.maxValueCount { throw error("the text holds more than \(limits.maxValueCount) values") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t") where word("true"): return .bool(true)
        case UInt8(ascii: "f") where word("false"): return .bool(false)
        case UInt8(ascii: "n") where word("null"): return .null
        default: throw expectedNoBareWord("a value")
        }
    }

    private mutating func object() throws(JSONError) -> JSON {
        try enter()
        var members: [JSONObject.Member] = []
        skipSpace()
        if !take("}") {
            repeat {
                skipSpace()
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                    throw expectedNoBareWord(
                        members.isEmpty ? "a name in double quotes or '}'" : "a name in double quotes")
                }
                let key = try string()
                skipSpace()
                if !take(":") { throw expected("':' after the name") }
                skipSpace()
                members.append(JSONObject.Member(key, try value()))
                skipSpace()
            } while take(",")
            if !take("}") { throw expected("',' or '}'") }
        }
        depth -= 1
        return .object(JSONObject(members))
    }

    private mutating func array() throws(JSONError) -> JSON {
        try enter()
        var elements: [JSON] = []
        skipSpace()
        if !take("]") {
            repeat {
                skipSpace()
                elements.append(try value())
                skipSpace()
            } while take(",")
            if !take("]") { throw expected("',' or ']'") }
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > limits.maxDepth {
            throw error("lists and objects are nested more than \(limits.maxDepth) deep")
        }
        position += 1
    }

    private mutating func number() throws(JSONError) -> JSONNumber {
        let start = position
        _ = take("-")
        if take("0") {
            if digit() { throw error("a number must not start with 0 followed by another digit") }
        } else if !digits() {
            throw expectedNoBareWord("a digit")  // -Infinity
        }
        if take("."), !digits() { throw expected("a digit after the decimal point") }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if !take("+") { _ = take("-") }
            if !digits() { throw expected("a digit in the exponent") }
        }
        return JSONNumber(checkedText: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private func digit() -> Bool {
        position < bytes.count && bytes[position] >= UInt8(ascii: "0") && bytes[position] <= UInt8(ascii: "9")
    }

    private mutating func digits() -> Bool {
        let start = position
        while digit() { position += 1 }
        return position > start
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
                    position = start
                    throw error("this string is not valid UTF-8")
                }
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw controlCharacter(byte) }
            position += 1
        }
        throw expected("'\"' at the end of the string")
    }

    /// The slow path: the string has at least one escape, first at `position`.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    position = start
                    throw error("this string is not valid UTF-8")
                }
                position += 1
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw controlCharacter(byte)
            default:
                text.append(byte)
                position += 1
            }
        }
        throw expected("'\"' at the end of the string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        position += 1
        guard position < bytes.count else { throw expected("an escaped character") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try unicodeEscape()).utf8))
        default:
            position -= 1
            throw expected("one of \" \\ / b f n r t u after '\\'")
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let high = try fourHexDigits()
        if let scalar = Unicode.Scalar(high) { return scalar }
        if high < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = try fourHexDigits()
            if low >= 0xDC00, low <= 0xDFFF,
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            {
                return scalar
            }
        }
        throw error("the escape \\u names half a surrogate pair, which is no character")
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue,
                bytes[position] < 0x80
            else { throw expected("four hexadecimal digits after \\u") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    // MARK: Bytes

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let text = word.description.utf8
        guard bytes[position...].starts(with: text) else { return false }
        position += text.count
        return true
    }

    // MARK: Errors

    private func expected(_ what: String) -> JSONError { error("expected \(what) but found \(found)") }

    /// The same, where a word without quotes is a likely mistake.
    private func expectedNoBareWord(_ what: String) -> JSONError {
        var error = expected(what)
        error.bareWord = bareWord
        return error
    }

    private func controlCharacter(_ byte: UInt8) -> JSONError {
        error(
            byte == 0x0A || byte == 0x0D
                ? "a line break inside a string (write \\n, or close the string with '\"')"
                : "a control character (byte \(byte)) inside a string")
    }

    /// What stands at `position`, in words.
    private var found: String {
        guard position < bytes.count else { return "the end of the file" }
        let rest = bytes[position..<min(position + 24, bytes.count)]
        if let bareWord { return "'\(bareWord)'" }
        guard let first = String(decoding: rest, as: UTF8.self).first, bytes[position] >= 0x20 else {
            return "byte \(bytes[position])"
        }
        return "'\(first)'"
    }

    /// The unquoted name at `position`, if one stands there.
    private var bareWord: String? {
        let word = bytes[position...].prefix(60).prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard let first = word.first, first > UInt8(ascii: "9"), word.count > 1 else { return nil }
        return String(decoding: word, as: UTF8.self)
    }

    private func error(_ reason: String) -> JSONError {
        let before = bytes[..<min(position, bytes.count)]
        let line = 1 + before.count { $0 == 0x0A }
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        // Continuation bytes (10xxxxxx) do not start a character.
        let column = 1 + before[lineStart...].count { $0 & 0xC0 != 0x80 }
        return JSONError(line: line, column: column, reason: reason)
    }
}
