/// Which bytes of a representation a request asks for (RFC 9110 section 14). Several ranges at once get the whole, as
/// the RFC allows.
public enum ByteRange: Sendable, Equatable {
    case whole
    /// Never empty.
    case part(Range<Int>)
    /// 416.
    case unsatisfiable

    /// Reads a `Range` field for a representation of so many bytes. What is malformed or in another unit is ignored.
    public init(_ field: String, byteCount: Int) {
        self = .whole
        let halves = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, Syntax.matches(halves[0], "bytes") else { return }
        let bounds = trimmed(halves[1]).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, bounds.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }) else { return }
        // Digits beyond Int are beyond every representation too.
        let number = { (digits: Substring) in digits.isEmpty ? nil : Int(digits) ?? .max }
        switch (number(bounds[0]), number(bounds[1])) {
        case (nil, nil): return
        case (nil, let suffix?):
            self = suffix == 0 || byteCount == 0 ? .unsatisfiable : .part(max(0, byteCount - suffix)..<byteCount)
        case (let first?, let last):
            if let last, last < first { return }
            self = first >= byteCount ? .unsatisfiable : .part(first..<min(last ?? .max, byteCount - 1) + 1)
        }
    }

    /// What a request asks for, its method and `If-Range` considered (sections 13.1.5 and 14.2).
    /// - Parameter lastModified: seconds since 1970.
    public init(_ request: RequestHead, byteCount: Int, etag: String?, lastModified: Int?) {
        self = .whole
        guard request.method == "GET", let field = request.headers["Range"] else { return }
        if let condition = request.headers["If-Range"] {
            let holds =
                condition.hasPrefix("\"") || condition.hasPrefix("W/")
                ? condition == etag && condition.hasPrefix("\"")
                : lastModified != nil && HTTPDate.parse(condition) == lastModified
            guard holds else { return }
        }
        self.init(field, byteCount: byteCount)
    }
}
