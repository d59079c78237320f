import Testing

@testable import HTTP

/// What a proxy before us might read differently: a request that hides another one.
@Suite("A request that two readers could take differently")
struct SmugglingTests {
    private static func post(_ fields: String...) -> String {
        "POST / HTTP/1.1\r\nHost: x\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    @Test("is refused when it has Content-Length and Transfer-Encoding", arguments: Cut.allCases)
    func both(cut: Cut) {
        for fields in [
            ["Content-Length: 5", "Transfer-Encoding: chunked"], ["transfer-encoding: chunked", "content-length: 0"],
        ] {
            #expect(
                parsed(Self.post(fields[0], fields[1]) + "0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n", cut) == [
                    "400 the request has both Content-Length and Transfer-Encoding"
                ])
        }
    }

    @Test("is refused when its Content-Lengths differ, and read when they are equal", arguments: Cut.allCases)
    func lengths(cut: Cut) {
        for fields in [["Content-Length: 5, 6"], ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 0, 5"]] {
            #expect(
                parsed(Self.post(fields.joined(separator: "\r\n")), cut) == [
                    "400 the request has differing Content-Lengths"
                ])
        }
        for fields in [["Content-Length: 5, 5"], ["Content-Length: 5", "content-length: 5"], ["Content-Length: 05"]] {
            #expect(
                parsed(Self.post(fields.joined(separator: "\r\n")) + "hello", cut).suffix(2) == ["body hello", "end"])
        }
    }

    @Test(
        "is refused when its Content-Length is no plain number",
        arguments: [
            "+5", "-5", "0x5", "5 5", "5.0", "5e0", "", ",", "5,", ",5", "five", "٥", "5;", "9223372036854775808",
            "99999999999999999999999999",
        ])
    func noNumber(length: String) {
        for cut in Cut.allCases {
            #expect(
                parsed(Self.post("Content-Length: \(length)") + "hello", cut) == [
                    "400 the Content-Length '\(length)' is no byte count"
                ])
        }
    }

    @Test(
        "is refused for every Transfer-Encoding but chunked",
        arguments: [
            ("identity", 400), ("gzip", 400), ("", 400), ("xchunked", 400), ("chunkedx", 400),
            ("chunked, chunked", 400),
            ("chunked, identity", 400), ("chunked, gzip, chunked", 400), (", chunked", 400), ("chunked,", 400),
            ("chunked;a=b", 400), ("\"chunked\"", 400), ("chun ked", 400), ("gzip, chunked", 501),
            ("identity, chunked", 501), ("ch\u{E4}nked, chunked", 400), ("chunked\u{0B}", 400), ("\u{0B}chunked", 400),
            ("chunked\u{0}", 400), ("chunked\r", 400), ("chunked\r x", 400),
        ])
    func codings(coding: String, status: Int) {
        for cut in Cut.allCases {
            #expect(refusal(Self.post("Transfer-Encoding: \(coding)") + "0\r\n\r\n", cut) == status)
        }
    }

    @Test("is refused for two Transfer-Encodings, and for one in HTTP/1.0", arguments: Cut.allCases)
    func moreCodings(cut: Cut) {
        #expect(
            parsed(Self.post("Transfer-Encoding: chunked", "transfer-encoding: chunked"), cut) == [
                "400 the request has two Transfer-Encoding fields"
            ])
        #expect(
            parsed("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", cut) == [
                "400 Transfer-Encoding is not part of HTTP/1.0"
            ])
    }

    @Test("is chunked whatever the case and the blanks around the word", arguments: Cut.allCases)
    func spelling(cut: Cut) {
        for field in ["Transfer-Encoding:chunked", "TRANSFER-ENCODING: \t CHUNKED \t"] {
            #expect(parsed(Self.post(field) + "0\r\n\r\n", cut).last == "end")
        }
    }

    @Test(
        "is refused for a field line that is not name, colon, value",
        arguments: [
            ("Transfer-Encoding : chunked", "a space or tab stands inside or behind a header field's name"),
            ("Transfer Encoding: chunked", "a space or tab stands inside or behind a header field's name"),
            ("X: a\r\n Transfer-Encoding: chunked", "a header line begins with a space or tab"),
            ("X: a\r\n\tb", "a header line begins with a space or tab"),
            (" X: a", "a header line begins with a space or tab"),
            (": a", "a header line does not begin with a field name and a colon"),
            ("X", "a header line does not begin with a field name and a colon"),
            ("X\u{0}: a", "a header line does not begin with a field name and a colon"),
            ("Xä: a", "a header line does not begin with a field name and a colon"),
            ("X: a\u{0}b", "the header field 'X' holds a control character"),
            ("X: a\u{7F}", "the header field 'X' holds a control character"),
            ("X: a\rY: b", "the request has a carriage return without a line feed behind it"),
            ("X: a\r\r", "the request has a carriage return without a line feed behind it"),
            ("\rX: a", "the request has a carriage return without a line feed behind it"),
            ("X: a\nY: b", "a line ends with a line feed alone"),
        ])
    func lines(line: String, message: String) {
        for cut in Cut.allCases { #expect(parsed(Self.post(line), cut) == ["400 \(message)"]) }
    }

    @Test("is refused for line feeds alone", arguments: Cut.allCases)
    func lineFeeds(cut: Cut) {
        for text in [
            "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nHost: x\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\n",
        ] {
            #expect(parsed(text, cut) == ["400 a line ends with a line feed alone"])
        }
    }
}
