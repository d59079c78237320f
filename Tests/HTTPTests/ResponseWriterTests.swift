import Testing

@testable import HTTP

@Suite("A response head")
struct ResponseWriterTests {
    private static func head(
        _ status: Int, _ headers: Headers = [:], _ framing: ResponseWriter.Framing = .length(2),
        keepsAlive: Bool = true,
        date: String = "", minorVersion: Int = 1
    ) -> String {
        let bytes = ResponseWriter.head(
            status, headers, framing: framing, keepsAlive: keepsAlive, date: date, minorVersion: minorVersion)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("is a status line, its fields, the date and the framing")
    func whole() {
        #expect(
            Self.head(
                200, ["Content-Type": "text/plain", "Set-Cookie": "a=1", "set-cookie": "b=2"],
                date: "Sun, 06 Nov 1994 08:49:37 GMT") == """
                    HTTP/1.1 200 OK\r
                    Content-Type: text/plain\r
                    Set-Cookie: a=1\r
                    set-cookie: b=2\r
                    Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                    Content-Length: 2\r
                    \r

                    """)
    }

    @Test("says how the body ends and whether the connection stays")
    func framing() {
        #expect(Self.head(200, [:], .chunked) == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(Self.head(200, [:], .untilClose) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        #expect(
            Self.head(404, keepsAlive: false)
                == "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
        #expect(
            Self.head(200, minorVersion: 0)
                == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n")
        #expect(Self.head(304, [:], .none) == "HTTP/1.1 304 Not Modified\r\n\r\n")
        #expect(Self.head(204) == "HTTP/1.1 204 No Content\r\n\r\n")
        #expect(Self.head(299, [:], .none) == "HTTP/1.1 299 \r\n\r\n")
    }

    @Test("keeps the Connection field of a protocol switch only")
    func switching() {
        let headers: Headers = ["Connection": "Upgrade", "Upgrade": "websocket"]
        #expect(
            Self.head(101, headers, .none, keepsAlive: false)
                == "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(Self.head(200, headers) == "HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n")
    }

    @Test("takes no framing from the handler")
    func handlersFraming() {
        #expect(
            Self.head(200, ["content-length": "99", "TRANSFER-ENCODING": "gzip", "date": "now"], .length(2))
                == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    }

    @Test("cannot be split by what a field holds")
    func splitting() {
        #expect(
            Self.head(200, ["X": "a\r\nSet-Cookie: b\r\n\r\n<html>", "Y": "\u{0}ä\u{7F}\t", "Z\r\nW": "c", "": "d"])
                == "HTTP/1.1 200 OK\r\nX: a  Set-Cookie: b    <html>\r\nY:  ä \t\r\nContent-Length: 2\r\n\r\n")
    }

    @Test("goes before chunks, of which only the last is empty")
    func chunks() {
        var out: [UInt8] = []
        ResponseWriter.chunk(Array("hello world, hello".utf8), into: &out)
        ResponseWriter.chunk([], into: &out)
        ResponseWriter.chunk(Array("xabc".utf8)[1...], into: &out)
        ResponseWriter.lastChunk(into: &out)
        #expect(String(decoding: out, as: UTF8.self) == "12\r\nhello world, hello\r\n3\r\nabc\r\n0\r\n\r\n")
    }
}
