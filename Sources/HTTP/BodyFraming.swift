/// How the body of a request is delimited (RFC 9112 section 6), which is what request smuggling plays with.
enum BodyFraming {
    /// - Throws: 400 for contradictory or malformed fields, 501 for a transfer coding we do not know, 417 for an
    ///   expectation other than 100-continue.
    static func body(of head: RequestHead) throws(HTTPProblem) -> RequestParser.Body {
        var length: Int?
        var coding: String?
        for field in head.headers.fields {
            switch field.name.utf8.count {
            case 14 where Syntax.matches(field.name, "content-length"):
                let value = try contentLength(field.value)
                guard length ?? value == value else { throw differingLengths }
                length = value
            case 17 where Syntax.matches(field.name, "transfer-encoding"):
                guard coding == nil else { throw HeadParser.malformed("the request has two Transfer-Encoding fields") }
                coding = field.value
            case 6 where head.minorVersion > 0 && Syntax.matches(field.name, "expect"):
                // RFC 9110 section 10.1.1; HTTP/1.0 knows no expectations.
                guard Syntax.matches(field.value, "100-continue") else {
                    throw HTTPProblem(
                        417, "the expectation '\(field.value.prefix(40))' cannot be met",
                        suggestion: "Leave the Expect field out, or send 100-continue.")
                }
            default: break
            }
        }
        guard let coding else { return length.map { $0 == 0 ? .none : .length($0) } ?? .none }
        guard length == nil else {
            throw HeadParser.malformed(
                "the request has both Content-Length and Transfer-Encoding", suggestion: "Send one of them.")
        }
        guard head.minorVersion > 0 else {
            throw HeadParser.malformed(
                "Transfer-Encoding is not part of HTTP/1.0", suggestion: "Use HTTP/1.1 or send a Content-Length.")
        }
        guard Syntax.matches(coding, "chunked") else { throw refusal(of: coding) }
        return .chunked
    }

    /// Digits only; a list of equal ones counts as one (RFC 9110 section 8.6).
    private static func contentLength(_ text: String) throws(HTTPProblem) -> Int {
        var length: Int?
        for member in text.split(separator: ",", omittingEmptySubsequences: false) {
            let digits = trimmed(member)
            // Int's own reading would take a sign.
            guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(digits) else {
                throw HeadParser.malformed(
                    "the Content-Length '\(text.prefix(40))' is no byte count", suggestion: "Send decimal digits only.")
            }
            guard length ?? value == value else { throw differingLengths }
            length = value
        }
        return length ?? 0
    }

    private static let differingLengths = HeadParser.malformed(
        "the request has differing Content-Lengths", suggestion: "Send one of them.")

    /// 501 for other codings below a final `chunked` (section 6.1). Without that the end of the body cannot be known:
    /// 400 (section 6.3), as for a repeated one (section 6.1).
    private static func refusal(of coding: String) -> HTTPProblem {
        let members = coding.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) }
        let isChunked = { (member: String) in Syntax.matches(member, "chunked") }
        guard let last = members.last, isChunked(last) else {
            return HeadParser.malformed(
                "the Transfer-Encoding '\(coding.prefix(40))' does not end with chunked",
                suggestion: "Send the body with Content-Length or with Transfer-Encoding: chunked.")
        }
        let others = members.dropLast()
        guard !others.contains(where: isChunked),
            others.allSatisfy({ $0.utf8.allSatisfy(Syntax.isToken) && !$0.isEmpty })
        else {
            return HeadParser.malformed(
                "the Transfer-Encoding '\(coding.prefix(40))' is malformed",
                suggestion: "Send the body with Transfer-Encoding: chunked alone.")
        }
        return HTTPProblem(
            501, "the transfer coding '\(others.joined(separator: ", ").prefix(40))' is not known here",
            suggestion: "Send the body with Transfer-Encoding: chunked alone.")
    }
}

extension RequestHead {
    /// Whether the peer wants to send another request on this connection (RFC 9112 section 9.3).
    public var keepsAlive: Bool {
        let options = headers.tokens("Connection")
        return !options.contains("close") && (minorVersion > 0 || options.contains("keep-alive"))
    }

    /// Whether the peer waits for a `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
    public var expectsContinue: Bool {
        minorVersion > 0 && headers["Expect"].map { Syntax.matches($0, "100-continue") } ?? false
    }
}
