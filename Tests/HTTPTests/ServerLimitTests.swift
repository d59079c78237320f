import Testing

@testable import HTTP

@Suite("A server's limit")
struct ServerLimitTests {
    private static let routes = [
        Route.get("/hello") { _ in .now(Response(200, text: "hello")) },
        Route.get("/large") { _ in .now(Response(200, body: .bytes([UInt8](repeating: 7, count: 32 << 20)))) },
    ]

    private static func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    @Test("on the time for a head answers 408, even to a client that sends a byte now and then")
    func slowHead() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.headTimeout = .milliseconds(200) }) { _, port in
            let peer = try WireClient(port)
            peer.send("GET /hello HTTP/1.1\r\n")
            let answer = try peer.ask("Host: a\r\n")
            #expect(answer.status == 408)
            #expect(answer.text == "the request's head did not come within 0.2 seconds\n")
            #expect(try peer.readToEnd() == [])
        }
    }

    @Test("on the time for a head closes a connection that never says anything")
    func silent() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.headTimeout = .milliseconds(100) }) { _, port in
            let peer = try WireClient(port)
            #expect(try peer.readToEnd() == [])
        }
    }

    @Test("on idle time closes a kept connection")
    func idle() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.idleTimeout = .milliseconds(100) }) { _, port in
            let peer = try WireClient(port)
            #expect(try peer.get("/hello").status == 200)
            #expect(try peer.readToEnd() == [])
        }
    }

    @Test("on a head's size answers 431")
    func largeHead() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.requestHead.headByteCount = 100 }) { _, port in
            let peer = try WireClient(port)
            let answer = try peer.ask(
                "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 200) + "\r\n\r\n")
            #expect(answer.status == 431)
            #expect(try peer.readToEnd() == [])
        }
    }

    @Test("on connections answers 503 at once, and takes the next when one has gone")
    func connections() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.maxConnectionCount = 2 }) { server, port in
            var peers = [try WireClient(port), try WireClient(port)]
            for peer in peers { #expect(try peer.get("/hello").status == 200) }
            let third = try WireClient(port)
            let answer = try third.answer()
            #expect(answer.status == 503)
            #expect(answer.headers["Retry-After"] == "5")
            #expect(answer.text == "too many connections\nTry again later.\n")
            #expect(try third.readToEnd() == [])
            peers.removeLast()
            #expect(eventually { server.connectionCount == 1 })
            #expect(try WireClient(port).get("/hello").status == 200)
        }
    }

    @Test("on stalling cuts a client that takes nothing")
    func neverReads() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.stallTimeout = .milliseconds(200) }) {
            server, port in
            let peer = try WireClient(port, receiveByteCount: 4096)
            peer.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.connectionCount == 1 })
            #expect(eventually { server.connectionCount == 0 })
            withExtendedLifetime(peer) {}
        }
    }

    @Test("on stalling leaves a slow reader alone")
    func slowReader() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.stallTimeout = .milliseconds(500) }) { _, port in
            let peer = try WireClient(port, receiveByteCount: 64 << 10)
            peer.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try peer.head()
            var count = 0
            while count < 32 << 20 { count += try peer.read(exactly: 256 << 10).count }
            #expect(try peer.get("/hello").text == "hello")
        }
    }

    @Test("on waiting bytes stops reading pipelined requests, which are all answered in the end")
    func pipelinedTooMuch() async throws {
        try await withServer(Self.routes, limits: Self.limits { $0.waitingByteCount = 1000 }) { _, port in
            let peer = try WireClient(port)
            let count = 20_000
            let sender = Task.detached { [request = Array("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8)] in
                peer.send(Array(repeatElement(request, count: count).joined()))
            }
            for _ in 0..<count where try peer.answer().text != "hello" { Issue.record("a wrong answer") }
            sender.cancel()
        }
    }
}
