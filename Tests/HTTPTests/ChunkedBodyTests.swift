import Testing

@testable import HTTP

@Suite("A chunked body")
struct ChunkedBodyTests {
    private static let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// What is made of a body behind the head's own line.
    private static func body(_ text: String, _ cut: Cut, limits: RequestParser.Limits = .init()) -> [String] {
        Array(parsed(head + text, cut, limits: limits).dropFirst())
    }

    @Test("is its chunks put together, and ends at the one without data", arguments: Cut.allCases)
    func chunks(cut: Cut) {
        #expect(
            Self.body("5\r\nhello\r\n00010\r\n, sixteen bytes!\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n", cut) == [
                "body hello, sixteen bytes!", "end", "GET / 1.0 none", "end",
            ])
        #expect(Self.body("000\r\n\r\n", cut) == ["end"])
        #expect(Self.body("A\r\n\r\n0\r\n\r\n0\r\n\r\n0\r\n\r\n", cut) == ["body \r\n0\r\n\r\n0\r\n", "end"])
    }

    @Test("may carry extensions and trailers, which are dropped", arguments: Cut.allCases)
    func dropped(cut: Cut) {
        #expect(
            Self.body("3;a;b=\"c d\"\r\nabc\r\n0 \t;x\r\nX-Sum: 1\r\nContent-Length: 5\r\n\r\n", cut) == [
                "body abc", "end",
            ])
    }

    @Test(
        "is refused for a size that is not hexadecimal digits",
        arguments: [
            "0x5", "5 ", "-1", "+5", "", "g", " 5", "5\t", "5 x", "5\u{0}", "5,5", "\u{0661}", ";a", "5\r\r", "5\rx",
        ])
    func sizes(size: String) {
        for cut in Cut.allCases {
            #expect(
                Self.body(size + "\r\nhello\r\n0\r\n\r\n", cut) == [
                    "400 a chunk does not begin with its size in hexadecimal and a line end"
                ])
        }
    }

    @Test("is refused for a size beyond 48 bits or 16 digits", arguments: Cut.allCases)
    func largeSizes(cut: Cut) {
        for size in [
            "7fffffffffffffff", "7ffffffffffffffe", "1000000000000f", "8000000000000000", "FFFFFFFFFFFFFFFF",
            "00000000000000005", "10000000000000000",
        ] {
            #expect(Self.body(size + "\r\n", cut) == ["400 a chunk's size is too large"])
        }
        #expect(Self.body("ffffffffffff\r\nhello", cut) == ["body hello"])
    }

    @Test("is refused when its data is longer or shorter than it says", arguments: Cut.allCases)
    func lengths(cut: Cut) {
        for rest in ["hello!\r\n", "hello\n", "hello\r\r\n", "hello0\r\n\r\n", "hello\rX"] {
            #expect(
                Self.body("5\r\n" + rest, cut) == ["body hello", "400 a chunk's data is not followed by a line end"])
        }
    }

    @Test("is refused for line feeds alone", arguments: Cut.allCases)
    func lineFeeds(cut: Cut) {
        #expect(
            Self.body("5\nhello\r\n", cut) == ["400 a chunk does not begin with its size in hexadecimal and a line end"]
        )
        #expect(Self.body("5;a\nhello\r\n", cut) == ["400 a chunk extension holds a control character"])
        #expect(Self.body("0\r\n\n", cut) == ["400 a line ends with a line feed alone"])
        #expect(Self.body("0\r\nX: y\n\r\n", cut) == ["400 a line ends with a line feed alone"])
    }

    @Test("is refused for trailers that are malformed or too long", arguments: Cut.allCases)
    func trailers(cut: Cut) {
        #expect(
            Self.body("0\r\nX : y\r\n\r\n", cut) == ["400 a space or tab stands inside or behind a header field's name"]
        )
        var limits = RequestParser.Limits()
        (limits.headByteCount, limits.fieldCount) = (64, 3)
        let long = "X: " + String(repeating: "a", count: 60) + "\r\n\r\n"
        #expect(Self.body("0\r\n" + long, cut, limits: limits) == ["431 the trailer section is longer than 64 bytes"])
        #expect(
            Self.body("0\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n", cut, limits: limits) == [
                "431 the request has more than 3 header fields"
            ])
    }

    @Test("is refused for extensions without end", arguments: Cut.allCases)
    func extensions(cut: Cut) {
        let chunk = "1;" + String(repeating: "a", count: 1023) + "\r\nx\r\n"
        let lines = Self.body(String(repeating: chunk, count: 17), cut)
        #expect(
            lines == [
                "body " + String(repeating: "x", count: 16), "400 the chunk extensions are longer than 16384 bytes",
            ])
    }
}
