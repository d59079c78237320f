/// A host and perhaps a port, as `Host` and URLs name them (RFC 3986 section 3.2), read strictly: what two readers could
/// take for different hosts is none.
public struct Authority: Sendable, Equatable {
    /// Lower case; an IPv6 address without its brackets.
    public let host: String
    public let port: Int?
    /// Whether the host is an IP address: no name server can make it mean another machine.
    public let isAddress: Bool

    /// Nil unless the text is a name, an IPv4 address or an IPv6 address in brackets, and then at most a colon and a port.
    public init?(_ text: some StringProtocol) {
        // Beyond ASCII some letters have an ASCII one as their lower case.
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let text = text.lowercased()
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let inside = text[..<end].dropFirst()
            guard Self.isIPv6(inside) else { return nil }
            (host, isAddress) = (String(inside), true)
            rest = text[end...].dropFirst()
        } else {
            let name = text.prefix { $0 != ":" }
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else { return nil }
            (host, isAddress) = (String(name), Self.isIPv4(name))
            rest = text[name.endIndex...]
        }
        guard let port = Self.port(rest) else { return nil }
        self.port = port
    }

    /// Whether the host is this machine and can be no other: an address of 127.0.0.0/8 or ::1, or a name that RFC 6761 keeps
    /// for it. `127.example.org` is a name as any other.
    public var isLoopback: Bool {
        isAddress
            ? host.hasPrefix("127.") || host == "::1" || host.hasPrefix("::ffff:127.")
            : host == "localhost" || host.hasSuffix(".localhost")
    }

    /// The same of a host alone, an IPv6 address without brackets.
    public static func isLoopback(host: String) -> Bool {
        Authority(host.contains(":") ? "[\(host)]" : host)?.isLoopback == true
    }

    /// Of `:80`, of a colon alone, or of nothing; nil for anything else.
    private static func port(_ text: Substring) -> Int?? {
        if text.isEmpty { return .some(nil) }
        let digits = text.dropFirst()
        guard text.first == ":", digits.utf8.count <= 5, digits.utf8.allSatisfy(isDigit) else { return nil }
        guard !digits.isEmpty else { return .some(nil) }
        guard let port = Int(digits), port <= 65_535 else { return nil }
        return port
    }

    /// unreserved and sub-delims; percent-encoding is refused: host names do not need it.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true  // unreserved, in lower case
        case 0x21, 0x24, 0x26...0x2C, 0x3B, 0x3D: true  // ! $ & ' ( ) * + , ; =
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// Four numbers up to 255. Signs, which Swift's integers read, are none.
    private static func isIPv4(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.utf8.allSatisfy(isDigit) && UInt8($0) != nil }
    }

    /// RFC 4291 section 2.2, an interface perhaps behind it (`fe80::1%25eth0`, RFC 6874).
    private static func isIPv6(_ text: Substring) -> Bool {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, parts[1].isEmpty || !parts[1].utf8.allSatisfy({ isNameByte($0) || $0 == 0x25 }) {
            return false
        }
        let address = parts[0]
        guard let gap = address.firstRange(of: "::") else { return groupCount(address, mayEndInIPv4: true) == 8 }
        let before = address[..<gap.lowerBound], after = address[gap.upperBound...]
        guard let first = before.isEmpty ? 0 : groupCount(before, mayEndInIPv4: false),
            let last = after.isEmpty ? 0 : groupCount(after, mayEndInIPv4: true)
        else { return false }
        return first + last <= 7
    }

    /// How many 16-bit groups, an IPv4 address counting as two; nil when one is malformed.
    private static func groupCount(_ text: Substring, mayEndInIPv4: Bool) -> Int? {
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        let endsInIPv4 = mayEndInIPv4 && groups.last.map { isIPv4($0) } == true
        let plain = endsInIPv4 ? groups.dropLast() : groups[...]
        guard
            plain.allSatisfy({ (1...4).contains($0.utf8.count) && $0.utf8.allSatisfy { Syntax.hexadecimal($0) != nil } }
            )
        else { return nil }
        return plain.count + (endsInIPv4 ? 2 : 0)
    }
}
