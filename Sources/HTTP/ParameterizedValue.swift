/// A field value with parameters behind it, `form-data; name="a"; filename="b;c.png"` (RFC 9110 section 5.6.6).
struct ParameterizedValue: Sendable, Equatable {
    /// Nobody sends more than a few, and each new one is compared with those before.
    private static let maxParameterCount = 32

    /// Lower-cased.
    let value: String
    /// Names lower-cased, in order, none twice.
    let parameters: [(name: String, value: String)]

    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// Nil for an unclosed quote, a parameter without a value, more than 32 of them, or a repeated one, which two
    /// readers could take differently.
    ///
    /// In quotes only `\"` and `\\` are escapes: browsers send other backslashes as they are. A value without quotes
    /// runs up to the semicolon, since senders leave them out around characters that are none of a token's.
    init?(_ text: String) {
        var rest = text.utf8[...]
        value = trimmed(Self.text(rest.prefix { $0 != ByteQueue.Character.semicolon })).lowercased()
        rest = rest.drop { $0 != ByteQueue.Character.semicolon }
        var parameters: [(name: String, value: String)] = []
        while !rest.isEmpty {
            rest = rest.dropFirst().drop(while: Syntax.isBlank)
            if rest.isEmpty { break }  // a semicolon at the end
            let name = Self.text(rest.prefix { $0 != 0x3D && $0 != ByteQueue.Character.semicolon }).lowercased()
            rest = rest.dropFirst(name.utf8.count)
            guard !name.isEmpty, name.utf8.allSatisfy(Syntax.isToken), rest.first == 0x3D,
                parameters.count < Self.maxParameterCount, !parameters.contains(where: { $0.name == name })
            else { return nil }
            rest = rest.dropFirst()
            if rest.first == Self.quote {
                guard let quoted = Self.quoted(&rest) else { return nil }
                parameters.append((name, quoted))
            } else {
                let bare = rest.prefix { $0 != ByteQueue.Character.semicolon }
                parameters.append((name, trimmed(Self.text(bare))))
                rest = rest.dropFirst(bare.count)
            }
        }
        self.parameters = parameters
    }

    private static let quote: UInt8 = 0x22
    private static let backslash: UInt8 = 0x5C

    /// Takes a quoted string and the blanks behind it, up to a semicolon or the end.
    private static func quoted(_ rest: inout Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.first, byte != quote {
            rest = rest.dropFirst()
            if byte == backslash, let next = rest.first, next == quote || next == backslash {
                bytes.append(next)
                rest = rest.dropFirst()
            } else {
                bytes.append(byte)
            }
        }
        guard !rest.isEmpty else { return nil }
        rest = rest.dropFirst().drop(while: Syntax.isBlank)
        guard rest.isEmpty || rest.first == ByteQueue.Character.semicolon else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func text(_ bytes: Substring.UTF8View) -> String { String(decoding: bytes, as: UTF8.self) }

    static func == (left: ParameterizedValue, right: ParameterizedValue) -> Bool {
        left.value == right.value && left.parameters.elementsEqual(right.parameters) { $0 == $1 }
    }
}
