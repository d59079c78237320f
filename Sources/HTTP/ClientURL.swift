/// The parts of a URL (RFC 3986 section 3) that a client needs; libcurl reads it in full.
struct ClientURL: Sendable, Equatable {
    /// Lower case.
    let scheme: String
    /// Host, and port where it is named: `example.org`, `127.0.0.1:8188`, `[::1]:80`.
    let authority: String
    /// Path and query, with a `/` at least.
    let target: String

    /// Nil when there is no scheme or no host, or an octet that a URL cannot hold.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let mark = text.firstRange(of: "://") else {
            return nil
        }
        scheme = text[..<mark.lowerBound].lowercased()
        let rest = text[mark.upperBound...].prefix { $0 != "#" }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        // A name and password in front are libcurl's to use, and nobody's to print.
        let host = rest[..<end].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        guard !scheme.isEmpty, !host.isEmpty else { return nil }
        authority = String(host)
        target = (rest[end...].hasPrefix("/") ? "" : "/") + rest[end...]
    }
}
