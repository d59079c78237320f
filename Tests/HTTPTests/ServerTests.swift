import Synchronization
import Testing

@testable import HTTP

@Suite("A server")
struct ServerTests {
    private static let routes = [
        Route.get("/hello") { _ in .now(Response(200, text: "hello")) },
        Route.get("/empty") { _ in .now(Response(204)) },
        Route.get("/later") { _ in .later { Response(200, text: "later") } },
        Route.get("/bug") { _ in throw CancellationError() },
        Route.post("/echo", maxByteCount: 10 << 20) { request in
            .now(Response(200, body: .bytes(request.body)))
        },
    ]

    @Test("answers a request and keeps the connection")
    func keepsAlive() async throws {
        try await withServer(Self.routes) { server, port in
            let peer = try WireClient(port)
            for _ in 0..<3 {
                let answer = try peer.get("/hello")
                #expect(answer.status == 200)
                #expect(answer.text == "hello")
                #expect(answer.headers["Connection"] == nil)
                #expect(answer.headers["Date"]?.hasSuffix(" GMT") == true)
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test("answers pipelined requests in their order, slow ones too")
    func pipelining() async throws {
        try await withServer(Self.routes) { _, port in
            let peer = try WireClient(port)
            let request = { (path: String) in "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }
            let body = String(repeating: "x", count: 100_000)
            peer.send(
                request("/later") + request("/hello")
                    + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body + request("/empty")
                    + request("/missing") + request("/hello"))
            #expect(try peer.answer().text == "later")
            #expect(try peer.answer().text == "hello")
            #expect(try peer.answer().text == body)
            #expect(try peer.answer().status == 204)
            #expect(try peer.answer().status == 404)
            #expect(try peer.answer().text == "hello")
        }
    }

    @Test("answers HEAD without the body")
    func head() async throws {
        try await withServer(Self.routes) { _, port in
            let peer = try WireClient(port)
            peer.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try peer.answer(isHead: true).headers["Content-Length"] == "5")
            #expect(try peer.get("/hello").text == "hello")
        }
    }

    @Test("closes when the client asks for it, after the answer")
    func closes() async throws {
        try await withServer(Self.routes) { _, port in
            let peer = try WireClient(port)
            let answer = try peer.ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answer.headers["Connection"] == "close")
            #expect(try peer.readToEnd() == [])
            let old = try WireClient(port)
            #expect(try old.ask("GET /hello HTTP/1.0\r\n\r\n").text == "hello")
            #expect(try old.readToEnd() == [])
        }
    }

    @Test("answers a client that has finished sending")
    func halfClosed() async throws {
        try await withServer(Self.routes) { _, port in
            let peer = try WireClient(port)
            peer.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            peer.finishSending()
            #expect(try peer.answer().text == "hello")
            #expect(try peer.readToEnd() == [])
        }
    }

    @Test("tells nothing of its own errors, except to the log")
    func bug() async throws {
        let log = Notes()
        try await withServer(Self.routes, log: { log.add($0) }) { _, port in
            let answer = try WireClient(port).get("/bug")
            #expect(answer.status == 500)
            #expect(answer.text == "the server failed to answer this\nLook into the server's log.\n")
        }
        #expect(log.all == ["GET /bug: CancellationError()"])
    }

    @Test("lets every answer pass the router's last step, refusals too")
    func finish() async throws {
        try await withServer(
            Self.routes, configure: { $0.finish = { $1.headers["X-Seen"] = $0.head.target } },
            { _, port in
                let peer = try WireClient(port)
                #expect(try peer.get("/hello").headers["X-Seen"] == "/hello")
                #expect(try peer.get("/missing").headers["X-Seen"] == "/missing")
                let refusal = try peer.ask("nonsense\r\n\r\n")
                #expect(refusal.status == 400)
                #expect(refusal.headers["X-Seen"] == "/")
                #expect(refusal.headers["Connection"] == "close")
                #expect(try peer.readToEnd() == [])
            })
    }

    @Test("listens on IPv4 and IPv6, on several ports")
    func addresses() async throws {
        try await withServer(Self.routes) { server, port in
            let second = try server.listen("::1", port: 0)
            #expect(second != port)
            #expect(try WireClient(second, address: "::1").get("/hello").text == "hello")
            #expect(try WireClient(port).get("/hello").text == "hello")
        }
    }

    @Test("says why it cannot listen")
    func cannotListen() async throws {
        try await withServer(Self.routes) { server, port in
            let message = { (address: String, port: Int) -> String in
                do throws(ListenError) {
                    try server.listen(address, port: port)
                    return ""
                } catch { return error.description }
            }
            #expect(
                message("127.0.0.1", port) == "cannot listen on 127.0.0.1 port \(port): Address already in use")
            #expect(message("::1", 70_000) == "cannot listen on ::1 port 70000: a port is a number from 0 to 65535")
            #expect(
                message("192.0.2.1", 0) == "cannot listen on 192.0.2.1 port 0: Cannot assign requested address")
        }
    }

    @Test("raises the limit of open sockets to what the system allows")
    func descriptors() { #expect(Server.raiseDescriptorLimit() >= 1024) }
}

/// What happened, noted from any thread.
final class Notes: Sendable {
    private let notes = Mutex<[String]>([])
    func add(_ note: String) { notes.withLock { $0.append(note) } }
    var all: [String] { notes.withLock { $0 } }
}
