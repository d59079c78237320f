import Testing

@testable import HTTP

@Suite("A request")
struct RequestParserTests {
    @Test("is a head and an end when it has no body", arguments: Cut.allCases)
    func head(cut: Cut) {
        #expect(
            parsed("GET /a?b=%20c HTTP/1.1\r\nHost: x:8188\r\nAccept:\t*/* \r\nX-Empty:\r\n\r\n", cut) == [
                "GET /a?b=%20c 1.1 none Host=x:8188 Accept=*/* X-Empty=", "end",
            ])
    }

    @Test("has as much body as its Content-Length says, and the next one may follow at once", arguments: Cut.allCases)
    func pipelined(cut: Cut) {
        let text = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        #expect(
            parsed(text + "GET /b HTTP/1.0\r\n\r\n" + text, cut) == [
                "POST /a 1.1 length(5) Host=x Content-Length=5", "body hello", "end", "GET /b 1.0 none", "end",
                "POST /a 1.1 length(5) Host=x Content-Length=5", "body hello", "end",
            ])
    }

    @Test("has no body when its Content-Length is 0", arguments: Cut.allCases)
    func empty(cut: Cut) {
        #expect(
            parsed("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", cut) == [
                "PUT / 1.1 none Host=x Content-Length=0", "end",
            ])
    }

    @Test("may come behind one empty line, but not two", arguments: Cut.allCases)
    func emptyLines(cut: Cut) {
        let get = "GET / HTTP/1.0\r\n\r\n"
        #expect(parsed("\r\n" + get + "\r\n" + get, cut) == ["GET / 1.0 none", "end", "GET / 1.0 none", "end"])
        #expect(parsed("\r\n\r\n" + get, cut) == ["400 the request does not begin with a method"])
        #expect(parsed("\r\r" + get, cut) == ["400 the request does not begin with a method"])
    }

    @Test("keeps bytes above ASCII in a value, as UTF-8 or else as Latin-1", arguments: Cut.allCases)
    func obsText(cut: Cut) {
        let start = Array("GET / HTTP/1.0\r\nX: ".utf8)
        let end = Array("\r\n\r\n".utf8)
        #expect(parsed(start + [0xC3, 0xA4] + end, cut) == ["GET / 1.0 none X=ä", "end"])
        #expect(parsed(start + [0xE4] + end, cut) == ["GET / 1.0 none X=ä", "end"])
    }

    @Test("names its host once", arguments: Cut.allCases)
    func host(cut: Cut) {
        #expect(parsed("GET / HTTP/1.1\r\n\r\n", cut) == ["400 the request has no Host field"])
        for fields in ["Host: x\r\nHost: x", "Host: x\r\nhost: y"] {
            #expect(
                parsed("GET / HTTP/1.1\r\n\(fields)\r\n\r\n", cut) == ["400 the request has more than one Host field"])
        }
        for host in ["", "[::1]evil.example", "a b", "a/b", "user@x", "a?b", "a#b", "\"x\""] {
            #expect(
                parsed("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n", cut) == [
                    "400 the Host field is not a host name with an optional port"
                ])
        }
        for host in ["localhost", "127.0.0.1:8188", "[::1]:8188"] {
            #expect(refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n", cut) == nil)
        }
    }

    @Test("has a path for its target, or an absolute URI, whose host counts", arguments: Cut.allCases)
    func targets(cut: Cut) {
        let cases = [
            ("http://y:1/a/b?c", "/a/b?c", "y:1"), ("HTTPS://y", "/", "y"), ("http://y?c=/", "/?c=/", "y"),
            ("/http://y/", "/http://y/", "x"), ("//y/a", "//y/a", "x"),
        ]
        for (target, path, host) in cases {
            #expect(
                parsed("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n", cut) == [
                    "GET \(path) 1.1 none Host=\(host)", "end",
                ])
        }
        for target in ["x", "x:80", "*", "http:/y", "http:///a", "http://u@y/", "ftp://y/", ":", "a://"] {
            #expect(refusal("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n", cut) == 400, "\(target)")
        }
        #expect(refusal("CONNECT y:443 HTTP/1.1\r\nHost: x\r\n\r\n", cut) == 405)
        #expect(refusal("CONNECT /y HTTP/1.1\r\nHost: x\r\n\r\n", cut) == 405)
        #expect(refusal("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", cut) == 405)
    }

    @Test("is of HTTP/1.1 or 1.0", arguments: Cut.allCases)
    func versions(cut: Cut) {
        for version in ["1.2", "2.0", "0.9", "3.0"] {
            #expect(parsed("GET / HTTP/\(version)\r\n\r\n", cut) == ["505 HTTP/\(version) is not spoken here"])
        }
        for line in [
            "GET /", "GET / ", "GET / HTTP", "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/1.10", "GET / http/1.1",
            "GET / HTTP/1.1 ", "GET /  HTTP/1.1", "GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/+1.1", "GET", "",
            "GET /a b HTTP/1.1", "GET\t/ HTTP/1.1", "G(T / HTTP/1.1", "GET /ä HTTP/1.1", "GET /\u{7F} HTTP/1.1",
            "GET / HTTP/1.1\r", "GET /\r HTTP/1.1",
        ] {
            #expect(refusal(line + "\r\nHost: x\r\n\r\n", cut) == 400, "\(line)")
        }
    }

    @Test("stays within the limits of its head", arguments: Cut.allCases)
    func limits(cut: Cut) {
        var limits = RequestParser.Limits()
        (limits.headByteCount, limits.fieldCount) = (64, 3)
        let line = "GET / HTTP/1.0\r\n"
        let fits = line + "X: " + String(repeating: "a", count: 64 - line.utf8.count - 7) + "\r\n\r\n"
        #expect(refusal(fits, cut, limits: limits) == nil)
        #expect(
            parsed(fits.replacing("X:", with: "XX:"), cut, limits: limits) == [
                "431 the request head is longer than 64 bytes"
            ])
        #expect(
            parsed("GET /" + String(repeating: "a", count: 60) + " HTTP/1.0\r\n\r\n", cut, limits: limits) == [
                "414 the request line is longer than 64 bytes"
            ])
        #expect(
            parsed(line + "A:\r\nA:\r\nA:\r\nA:\r\n\r\n", cut, limits: limits) == [
                "431 the request has more than 3 header fields"
            ])
    }

    @Test("tells what it waits for")
    func waiting() throws {
        var parser = RequestParser()
        #expect(parser.isIdle && !parser.isInHead)
        parser.append(Array("POST / HTTP/1.1\r\n".utf8))
        #expect(try parser.next() == nil)
        #expect(!parser.isIdle && parser.isInHead && parser.bufferedByteCount == 17)
        parser.append(Array("Host: x\r\nContent-Length: 3\r\n\r\n".utf8))
        #expect(try parser.next() != nil)
        #expect(!parser.isIdle && !parser.isInHead && parser.bufferedByteCount == 0)
        parser.append(Array("abc\r\n".utf8))
        #expect(try parser.next() == .body(Array("abc".utf8)))
        #expect(!parser.isIdle && !parser.isInHead)
        #expect(try parser.next() == .end)
        #expect(try parser.next() == nil)
        #expect(parser.isIdle && !parser.isInHead)
    }

    @Test("leaves what is behind it to another protocol", arguments: Cut.allCases)
    func remainder(cut: Cut) throws {
        var parser = RequestParser()
        for piece in cut.pieces(of: Array("GET / HTTP/1.0\r\n\r\n".utf8)) { parser.append(piece) }
        _ = try parser.next()
        #expect(try parser.next() == .end)
        for piece in cut.pieces(of: [0x81, 0x00]) { parser.append(piece) }
        #expect(parser.takeRemainder() == [0x81, 0x00])
        #expect(parser.takeRemainder() == [])
    }

    @Test("stays refused")
    func refused() {
        var parser = RequestParser()
        parser.append([0x16, 0x03, 0x01])
        for _ in 0..<2 {
            #expect(throws: HTTPProblem.self) { try parser.next() }
            parser.append(Array("GET / HTTP/1.0\r\n\r\n".utf8))
        }
    }

    @Test(
        "keeps the connection as its version and Connection field say",
        arguments: [
            (1, nil, true), (1, "close", false), (1, "keep-alive", true), (1, "Upgrade, Close", false),
            (0, nil, false), (0, "Keep-Alive", true), (0, "close, keep-alive", false), (1, "closed", true),
        ])
    func keepsAlive(minorVersion: Int, connection: String?, expected: Bool) {
        var head = RequestHead(method: "GET", target: "/", minorVersion: minorVersion)
        head.headers["Connection"] = connection
        #expect(head.keepsAlive == expected)
    }

    @Test("may wait for a 100, and for nothing else", arguments: Cut.allCases)
    func expectations(cut: Cut) {
        let waits = RequestHead(method: "PUT", target: "/", headers: ["expect": "100-Continue"])
        #expect(waits.expectsContinue)
        var old = waits
        old.minorVersion = 0
        #expect(!old.expectsContinue)
        #expect(
            parsed("PUT / HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\n\r\n", cut) == [
                "417 the expectation 'a miracle' cannot be met"
            ])
        #expect(refusal("PUT / HTTP/1.0\r\nExpect: a miracle\r\n\r\n", cut) == nil)
    }
}
