/// A request as a handler sees it: routed, its path and query decoded, its body (if the route collects it) complete.
public struct Request: Sendable {
    public let head: RequestHead
    /// What stands before the `?`, still encoded.
    public let rawPath: Substring
    public let query: Query
    /// The pattern's `{name}` parts, each decoded by itself.
    public internal(set) var parameters: [String: String] = [:]
    public var body: [UInt8] = []
    /// Counts the body until the last reference to the request is gone.
    var share: MemoryShare?
    /// Whether the connection is encrypted.
    public let isSecure: Bool
    /// The peer's address without its port.
    public let remoteAddress: String

    /// - Throws: `HTTPProblem` 400 for a target that is no path or is not valid percent-encoding.
    public init(_ head: RequestHead, isSecure: Bool = false, remoteAddress: String = "127.0.0.1") throws {
        self.head = head
        guard head.target.hasPrefix("/") else {
            throw HTTPProblem(400, "the request target '\(head.target.prefix(60))' is no path")
        }
        let parts = head.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        rawPath = parts[0]
        query = try Query(parts.count > 1 ? parts[1] : "")
        (self.isSecure, self.remoteAddress) = (isSecure, remoteAddress)
    }
}

/// The fields behind the `?`, in order; the first of a name counts, as in aiohttp.
public struct Query: Sendable, Equatable {
    public let fields: [(name: String, value: String)]

    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// - Throws: `HTTPProblem` 400 when a field is not percent-encoded UTF-8.
    public init(_ text: some StringProtocol) throws {
        fields = try text.split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(parts[0], plusIsSpace: true),
                let value = PercentCoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { throw HTTPProblem(400, "the query '\(text.prefix(60))' is not percent-encoded UTF-8") }
            return (name, value)
        }
    }

    public static func == (left: Query, right: Query) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }
}

/// Percent-encoding (RFC 3986 section 2.1).
public enum PercentCoding {
    /// Nil for a `%` without two hexadecimal digits, for bytes that are not UTF-8, and for a NUL.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        guard text.utf8.contains(where: { $0 == 0x25 || ($0 == 0x2B && plusIsSpace) }) else { return String(text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case 0x25:
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit), high + low > 0 else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case 0x2B where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Everything but the unreserved characters is encoded, `/` included: the result is one path segment.
    public static func encode(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return out
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
