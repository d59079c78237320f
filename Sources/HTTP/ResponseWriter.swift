/// Writes response heads and chunks (RFC 9112 sections 4 to 7).
public enum ResponseWriter {
    public enum Framing: Sendable, Equatable {
        case length(Int)
        case chunked
        /// The body ends with the connection: a stream to an HTTP/1.0 client.
        case untilClose
        /// 1xx, 204 and 304 have no body.
        case none
    }

    /// Status line, fields, `Date`, framing and `Connection` fields, and the empty line.
    ///
    /// `Content-Length`, `Transfer-Encoding`, `Date` and `Connection` among the headers are left out, except the
    /// `Connection` of a 101. Control characters in a value become spaces and a field whose name is no token is left
    /// out, so nothing a value holds can begin another field or response.
    /// - Parameters:
    ///   - date: as `HTTPDate.text` makes it; empty for none.
    ///   - minorVersion: the request's; an HTTP/1.0 client is told that the connection stays open.
    public static func head(
        _ status: Int, _ headers: Headers, framing: Framing, keepsAlive: Bool, date: String, minorVersion: Int = 1
    ) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(512)
        out += "HTTP/1.1 \(status) ".utf8
        out += reason(status).utf8
        out += "\r\n".utf8
        for field in headers.fields where isWritten(field.name, status) {
            write(field.name, field.value, into: &out)
        }
        if !date.isEmpty { write("Date", date, into: &out) }
        switch framing {
        // RFC 9110 section 8.6 and RFC 9112 section 6.1: none of these in a 1xx or 204.
        case _ where status < 200 || status == 204: break
        case .length(let count): write("Content-Length", String(count), into: &out)
        case .chunked: write("Transfer-Encoding", "chunked", into: &out)
        case .untilClose, .none: break
        }
        if status >= 200 {
            if !keepsAlive || framing == .untilClose {
                write("Connection", "close", into: &out)
            } else if minorVersion == 0 {
                write("Connection", "keep-alive", into: &out)
            }
        }
        out += "\r\n".utf8
        return out
    }

    /// One chunk; nothing for no bytes, since an empty chunk would end the body.
    public static func chunk(_ bytes: some Collection<UInt8>, into out: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        out += String(bytes.count, radix: 16).utf8
        out += "\r\n".utf8
        out += bytes
        out += "\r\n".utf8
    }

    public static func lastChunk(into out: inout [UInt8]) { out += "0\r\n\r\n".utf8 }

    public static let continue100 = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private static func isWritten(_ name: String, _ status: Int) -> Bool {
        guard !name.isEmpty, name.utf8.allSatisfy(Syntax.isToken) else { return false }
        switch name.utf8.count {
        case 4: return !Syntax.matches(name, "date")
        case 10: return status == 101 || !Syntax.matches(name, "connection")
        case 14: return !Syntax.matches(name, "content-length")
        case 17: return !Syntax.matches(name, "transfer-encoding")
        default: return true
        }
    }

    private static func write(_ name: String, _ value: String, into out: inout [UInt8]) {
        out += name.utf8
        out += ": ".utf8
        for byte in value.utf8 {
            // RFC 9110 section 5.5: CR, LF and NUL are replaced by spaces.
            out.append(Syntax.isFieldContent(byte) ? byte : ByteQueue.Character.space)
        }
        out += "\r\n".utf8
    }

    /// The registered reason phrase, for people to read; empty for a status we do not know.
    public static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: ""
        }
    }
}
