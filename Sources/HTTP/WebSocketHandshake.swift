internal import Digest

/// The opening handshake (RFC 6455 section 4), both sides.
public enum WebSocketHandshake {
    /// Checks a request (section 4.2.1) and gives the fields of the 101 that accepts it.
    /// - Throws: 426 for a request that asks for no WebSocket or for another version than 13, 400 for one that asks
    ///   wrongly.
    public static func answer(_ head: RequestHead) throws(HTTPProblem) -> Headers {
        let headers = head.headers
        guard headers.tokens("Upgrade").contains("websocket") else {
            throw HTTPProblem(
                426, "this needs a WebSocket", suggestion: "Connect with a WebSocket client.",
                headers: ["Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"])
        }
        guard head.method == "GET" else {
            throw HTTPProblem(400, "a WebSocket is opened by GET, not by \(head.method.prefix(20))")
        }
        guard head.minorVersion >= 1 else { throw HTTPProblem(400, "a WebSocket is opened by HTTP/1.1") }
        guard headers.tokens("Connection").contains("upgrade") else {
            throw HTTPProblem(
                400, "the request has 'Upgrade: websocket' without 'Connection: Upgrade'",
                suggestion: "Set both, also in a proxy in between.")
        }
        let versions = headers.values("Sec-WebSocket-Version").map { trimmed($0) }
        guard versions == ["13"] else {
            throw HTTPProblem(
                426, "the WebSocket version '\(versions.joined(separator: ", ").prefix(40))' is not supported",
                suggestion: "Use version 13.",
                headers: ["Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"])
        }
        let keys = headers.values("Sec-WebSocket-Key").map { trimmed($0) }
        guard keys.count == 1, Base64.decode(keys[0])?.count == 16 else {
            throw HTTPProblem(400, "Sec-WebSocket-Key is not one key of 16 bytes in Base64")
        }
        return ["Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": acceptKey(keys[0])]
    }

    /// What proves that the key was read by a WebSocket server (section 4.2.2, step 5.4).
    public static func acceptKey(_ key: String) -> String {
        Base64.encode(SHA1.digest(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    /// A client's 16 random bytes in Base64, new for each connection.
    public static func newKey() -> String {
        var random = SystemRandomNumberGenerator()
        return Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    /// What a client adds to its GET (section 4.1).
    public static func requestHeaders(key: String) -> Headers {
        [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13",
        ]
    }

    /// Checks the answer a client got (section 4.1, at its end). What is wrong with it, or nil.
    public static func complaint(status: Int, headers: Headers, key: String) -> String? {
        guard status == 101 else { return "the server answered \(status) instead of opening a WebSocket" }
        guard headers.tokens("Upgrade") == ["websocket"], headers.tokens("Connection").contains("upgrade") else {
            return "the server switched to something that is no WebSocket"
        }
        guard headers.values("Sec-WebSocket-Accept").map({ trimmed($0) }) == [acceptKey(key)] else {
            return "the server's Sec-WebSocket-Accept does not fit the key"
        }
        guard headers["Sec-WebSocket-Extensions"] == nil else {
            return "the server uses an extension that was not asked for"
        }
        guard headers["Sec-WebSocket-Protocol"] == nil else {
            return "the server chose a subprotocol that was not asked for"
        }
        return nil
    }
}
