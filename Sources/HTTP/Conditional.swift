/// Whether the client's copy is still good (RFC 9110 section 13).
public enum Conditional {
    /// Whether the answer is a 304. `If-None-Match` goes before `If-Modified-Since`; only GET and HEAD ask this way.
    /// - Parameters:
    ///   - etag: with its quotes, `W/` before it if it is weak.
    ///   - lastModified: seconds since 1970.
    public static func isNotModified(_ request: RequestHead, etag: String?, lastModified: Int?) -> Bool {
        guard request.method == "GET" || request.method == "HEAD" else { return false }
        let tags = request.headers.values("If-None-Match")
        if !tags.isEmpty { return tags.contains { matches($0, etag) } }
        guard let lastModified, let since = request.headers["If-Modified-Since"].flatMap(HTTPDate.parse) else {
            return false
        }
        return lastModified <= since
    }

    /// Whether a list of entity tags has this one, compared weakly (section 8.8.3.2). What is malformed ends the list.
    private static func matches(_ list: String, _ etag: String?) -> Bool {
        guard let etag else { return false }
        if trimmed(list) == "*" { return true }
        let wanted = etag.hasPrefix("W/") ? etag.dropFirst(2) : etag[...]
        var rest = list[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            if rest.hasPrefix("W/") { rest = rest.dropFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { return false }
            if rest[...end] == wanted { return true }
            rest = rest[end...].dropFirst()
        }
    }
}
