/// A JSON value that loses nothing a workflow file says: numbers keep their text, objects keep the order of their keys.
///
/// 5 and 5.0 are different values, and 2^64 - 1 stays itself (ComfyUI seeds reach that far).
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// The word an error message uses for this kind of value.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    public var array: [JSON]? { if case .array(let array) = self { array } else { nil } }
    public var string: String? { if case .string(let string) = self { string } else { nil } }
    public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    public var number: JSONNumber? { if case .number(let number) = self { number } else { nil } }

    /// The member of an object, or nil when this is no object or has no such key.
    public subscript(key: String) -> JSON? { object?[key] }
}

/// A number exactly as it was written.
public struct JSONNumber: Sendable, Hashable {
    /// The digits as they stand in the source, such as `64`, `64.0` or `1e3`.
    public let text: String

    init(checkedText text: String) { self.text = text }
    public init(_ value: Int) { text = String(value) }
    public init(_ value: Int128) { text = String(value) }

    /// - Parameter value: must be finite: JSON has no spelling for infinities and NaN.
    public init(_ value: Double) {
        precondition(value.isFinite, "JSON numbers are finite")
        text = value.description
    }

    /// Whether the text has neither a fraction nor an exponent: an int literal, as Python's json tells them apart.
    public var isInteger: Bool { !text.utf8.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") } }

    /// The exact integer, or nil when the text is no integer or exceeds 128 bits.
    public var int: Int128? { isInteger ? Int128(text) : nil }

    /// The nearest double, or nil when the magnitude exceeds a double's range.
    public var double: Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}

/// The members of an object in the order they were written.
public struct JSONObject: Sendable, Hashable {
    public struct Member: Sendable, Hashable {
        public let key: String
        public var value: JSON

        public init(_ key: String, _ value: JSON) { (self.key, self.value) = (key, value) }
    }

    public private(set) var members: [Member]
    /// Keys that the source wrote more than once, each named once.
    public let duplicateKeys: [String]

    public init(_ members: [Member] = []) {
        self.members = members
        self.duplicateKeys = Self.duplicates(in: members)
    }

    /// The value of `key`; the last one when the source repeats it, as Python's json has it.
    /// Linear in the number of members: iterate over large objects instead. Assigning nil removes the key.
    public subscript(key: String) -> JSON? {
        get { members.last { $0.key == key }?.value }
        set {
            if let newValue {
                if let index = members.lastIndex(where: { $0.key == key }) {
                    members[index].value = newValue
                } else {
                    members.append(Member(key, newValue))
                }
            } else {
                members.removeAll { $0.key == key }
            }
        }
    }

    private static func duplicates(in members: [Member]) -> [String] {
        // Comparing pairs beats hashing for the handful of keys most objects have.
        if members.count <= 8 {
            var found: [String] = []
            for (index, member) in members.enumerated().dropFirst()
            where members[..<index].contains(where: { $0.key == member.key }) && !found.contains(member.key) {
                found.append(member.key)
            }
            return found
        }
        var seen = Set<String>(minimumCapacity: members.count)
        var repeated = Set<String>()
        return members.compactMap { member in
            !seen.insert(member.key).inserted && repeated.insert(member.key).inserted ? member.key : nil
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    public init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member($0, $1) }))
    }
    public init(nilLiteral: ()) { self = .null }
}
