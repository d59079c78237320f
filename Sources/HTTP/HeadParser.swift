/// Reads a complete head (RFC 9112 sections 3 and 5), strictly: what two readers could take differently is refused.
enum HeadParser {
    /// - Parameter section: request line, fields and the empty line; every line feed has its carriage return.
    /// - Throws: 400, 405, 431 or 505.
    static func parse(_ section: ArraySlice<UInt8>, maxFieldCount: Int) throws(HTTPProblem) -> RequestHead {
        var at = section.startIndex
        while Syntax.isToken(section[at]) { at += 1 }
        guard at > section.startIndex, section[at] == ByteQueue.Character.space else {
            throw malformed("the request line does not begin with a method and a space")
        }
        let method = String(decoding: section[..<at], as: UTF8.self)
        at += 1
        let targetStart = at
        while section[at] > 0x20 && section[at] < 0x7F { at += 1 }
        guard at > targetStart, section[at] == ByteQueue.Character.space else {
            throw malformed(
                "the request target is not made of visible ASCII characters followed by a space",
                suggestion: "Percent-encode everything else, and end the line with HTTP/1.1.")
        }
        let target = String(decoding: section[targetStart..<at], as: UTF8.self)
        at += 1
        let minorVersion = try version(section, &at)
        var head = RequestHead(
            method: method, target: target, minorVersion: minorVersion,
            headers: try fields(section[at...], maxCount: maxFieldCount))
        try checkHost(head)
        try resolveTarget(&head)
        return head
    }

    private static func version(_ section: ArraySlice<UInt8>, _ at: inout Int) throws(HTTPProblem) -> Int {
        // The section ends in two line ends and so is long enough for every comparison that follows a matching one.
        for byte in "HTTP/".utf8 {
            guard section[at] == byte else { throw malformed("the request line does not end with HTTP/1.1") }
            at += 1
        }
        let isDigit: (UInt8) -> Bool = { $0 >= 0x30 && $0 <= 0x39 }
        guard isDigit(section[at]), section[at + 1] == 0x2E, isDigit(section[at + 2]),
            section[at + 3] == ByteQueue.Character.carriageReturn, section[at + 4] == ByteQueue.Character.lineFeed
        else { throw malformed("the request line does not end with HTTP/1.1") }
        guard section[at] == 0x31, section[at + 2] <= 0x31 else {
            throw HTTPProblem(
                505, "HTTP/\(section[at] - 0x30).\(section[at + 2] - 0x30) is not spoken here",
                suggestion: "Use HTTP/1.1.")
        }
        defer { at += 5 }
        return Int(section[at + 2] - 0x30)
    }

    /// Field lines up to the empty line, of a head or of a trailer section.
    static func fields(_ section: ArraySlice<UInt8>, maxCount: Int) throws(HTTPProblem) -> Headers {
        var fields: [Headers.Field] = []
        var at = section.startIndex
        while section[at] != ByteQueue.Character.carriageReturn {
            guard fields.count < maxCount else {
                throw HTTPProblem(
                    431, "the request has more than \(maxCount) header fields", suggestion: "Send fewer of them.")
            }
            fields.append(try field(section, &at))
        }
        // A carriage return where a field should begin, without being the empty line.
        guard at + 2 == section.endIndex else { throw bareCarriageReturn }
        return Headers(fields)
    }

    /// One line, its line end included.
    private static func field(_ section: ArraySlice<UInt8>, _ at: inout Int) throws(HTTPProblem) -> Headers.Field {
        let nameStart = at
        while Syntax.isToken(section[at]) { at += 1 }
        guard section[at] == ByteQueue.Character.colon, at > nameStart else {
            if Syntax.isBlank(section[at]) {
                throw at == nameStart
                    ? malformed(
                        "a header line begins with a space or tab", suggestion: "Put each field on one line.")
                    : malformed(
                        "a space or tab stands inside or behind a header field's name",
                        suggestion: "Put the colon directly behind the name.")
            }
            throw malformed("a header line does not begin with a field name and a colon")
        }
        let name = String(decoding: section[nameStart..<at], as: UTF8.self)
        at += 1
        while Syntax.isBlank(section[at]) { at += 1 }
        let valueStart = at
        var isASCII = true
        while Syntax.isFieldContent(section[at]) {
            if section[at] > 0x7F { isASCII = false }
            at += 1
        }
        guard section[at] == ByteQueue.Character.carriageReturn else {
            throw malformed("the header field '\(name.prefix(40))' holds a control character")
        }
        guard section[at + 1] == ByteQueue.Character.lineFeed else { throw bareCarriageReturn }
        var valueEnd = at
        while valueEnd > valueStart, Syntax.isBlank(section[valueEnd - 1]) { valueEnd -= 1 }
        at += 2
        return Headers.Field(name, text(section[valueStart..<valueEnd], isASCII: isASCII))
    }

    /// obs-text (RFC 9110 section 5.5) as UTF-8 where it is that, else as Latin-1.
    private static func text(_ bytes: ArraySlice<UInt8>, isASCII: Bool) -> String {
        if isASCII { return String(decoding: bytes, as: UTF8.self) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        text.unicodeScalars.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
        return text
    }

    // RFC 9112 section 3.2: exactly one Host in HTTP/1.1, and a valid one.
    private static func checkHost(_ head: RequestHead) throws(HTTPProblem) {
        var host: String?
        for field in head.headers.fields where Syntax.matches(field.name, "host") {
            guard host == nil else { throw malformed("the request has more than one Host field") }
            host = field.value
        }
        guard let host else {
            guard head.minorVersion == 0 else { throw malformed("the request has no Host field") }
            return
        }
        guard Authority(host) != nil else { throw malformed("the Host field is not a host name with an optional port") }
    }

    /// RFC 9112 section 3.2: an absolute-form target becomes a path, and its authority stands in for Host.
    private static func resolveTarget(_ head: inout RequestHead) throws(HTTPProblem) {
        if head.target.utf8.first == 0x2F, head.method != "CONNECT" { return }
        if head.method == "CONNECT" || head.target == "*" && head.method == "OPTIONS" {
            throw HTTPProblem(
                405, "\(head.method) \(head.target.prefix(60)) is not served: this is no proxy",
                suggestion: "Ask for a path.", headers: ["Allow": "GET, HEAD, POST"])
        }
        guard let colon = head.target.utf8.firstIndex(of: ByteQueue.Character.colon),
            ["http", "https"].contains(where: { Syntax.matches(head.target[..<colon], $0) }),
            head.target[colon...].hasPrefix("://")
        else {
            throw malformed(
                "the request target '\(head.target.prefix(60))' is no path", suggestion: "Begin it with a slash.")
        }
        let rest = head.target[colon...].dropFirst(3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard Authority(authority) != nil else {
            throw malformed("the request target '\(head.target.prefix(60))' names no host")
        }
        let path = rest[authority.endIndex...]
        head.headers["Host"] = String(authority)
        head.target = path.first == "/" ? String(path) : "/" + path
    }

    private static let bareCarriageReturn = malformed("the request has a carriage return without a line feed behind it")

    static func malformed(_ message: String, suggestion: String? = nil) -> HTTPProblem {
        HTTPProblem(400, message, suggestion: suggestion ?? "Send a request as RFC 9112 describes it.")
    }
}
