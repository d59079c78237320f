import Testing

@testable import HTTP

@Suite("A WebSocket handshake")
struct WebSocketHandshakeTests {
    private static func request(_ changes: [(String, String?)] = [], method: String = "GET", minorVersion: Int = 1)
        -> RequestHead
    {
        var headers: Headers = [
            "Host": "server.example.com", "upgrade": "WebSocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
        ]
        for (name, value) in changes { headers[name] = value }
        return RequestHead(method: method, target: "/ws", minorVersion: minorVersion, headers: headers)
    }

    private static func problem(_ head: RequestHead) -> HTTPProblem? {
        do { _ = try WebSocketHandshake.answer(head) } catch { return error }
        return nil
    }

    /// RFC 6455 section 1.3.
    @Test("is answered as in the RFC's example")
    func example() throws {
        let answer = try WebSocketHandshake.answer(Self.request())
        #expect(answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(answer["Upgrade"] == "websocket")
        #expect(answer["Connection"] == "Upgrade")
        #expect(answer.fields.count == 3)
    }

    @Test("is refused with the reason")
    func refused() {
        #expect(Self.problem(Self.request([("Upgrade", nil)]))?.status == 426)
        #expect(Self.problem(Self.request([("Upgrade", nil)]))?.headers["Upgrade"] == "websocket")
        #expect(Self.problem(Self.request(method: "POST"))?.message == "a WebSocket is opened by GET, not by POST")
        #expect(Self.problem(Self.request(minorVersion: 0))?.message == "a WebSocket is opened by HTTP/1.1")
        let unconnected = Self.problem(Self.request([("Connection", "keep-alive")]))
        #expect(unconnected?.status == 400)
        #expect(unconnected?.message == "the request has 'Upgrade: websocket' without 'Connection: Upgrade'")
        let old = Self.problem(Self.request([("Sec-WebSocket-Version", "8")]))
        #expect(old?.status == 426)
        #expect(old?.headers["Sec-WebSocket-Version"] == "13")
        #expect(old?.message == "the WebSocket version '8' is not supported")
        for key in [nil, "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j", "!GhlIHNhbXBsZSBub25jZQ=="] {
            #expect(
                Self.problem(Self.request([("Sec-WebSocket-Key", key)]))?.message
                    == "Sec-WebSocket-Key is not one key of 16 bytes in Base64")
        }
    }

    @Test("is checked by the client")
    func clientSide() throws {
        let key = WebSocketHandshake.newKey()
        #expect(Base64.decode(key)?.count == 16)
        #expect(key != WebSocketHandshake.newKey())
        var request = WebSocketHandshake.requestHeaders(key: key)
        request.add("Host", "x")
        let answer = try WebSocketHandshake.answer(RequestHead(method: "GET", target: "/", headers: request))
        #expect(WebSocketHandshake.complaint(status: 101, headers: answer, key: key) == nil)
        #expect(
            WebSocketHandshake.complaint(status: 404, headers: answer, key: key)
                == "the server answered 404 instead of opening a WebSocket")
        #expect(
            WebSocketHandshake.complaint(status: 101, headers: answer, key: WebSocketHandshake.newKey())
                == "the server's Sec-WebSocket-Accept does not fit the key")
        var extended = answer
        extended["Sec-WebSocket-Extensions"] = "permessage-deflate"
        #expect(
            WebSocketHandshake.complaint(status: 101, headers: extended, key: key)
                == "the server uses an extension that was not asked for")
    }
}

@Suite("Base64")
struct Base64Tests {
    /// RFC 4648 section 10.
    @Test(
        "is read and written as in the RFC",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(
        "refuses what is not Base64",
        arguments: ["Z", "Zg=", "Zg", "Z===", "Zm9v\n", "Zm-_", "=Zm9", "Zm=v", "Zg==Zg=="])
    func refused(text: String) { #expect(Base64.decode(text) == nil) }
}
