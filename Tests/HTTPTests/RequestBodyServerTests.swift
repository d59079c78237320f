import Synchronization
import Testing

@testable import HTTP

/// A sink that remembers what happened to it.
private final class NotingSink: BodySink {
    let notes: Notes
    private let byteCount = Mutex(0)
    init(_ notes: Notes) { self.notes = notes }

    func write(_ bytes: ArraySlice<UInt8>) throws {
        byteCount.withLock { $0 += bytes.count }
        if bytes.contains(UInt8(ascii: "!")) { throw HTTPProblem(422, "no shouting") }
        notes.add("wrote")
    }

    func finish() throws -> Reply {
        notes.add("finished")
        return .now(Response(200, text: "\(byteCount.withLock { $0 }) bytes"))
    }

    func abandon() { notes.add("abandoned") }
}

@Suite("A request's body")
struct RequestBodyServerTests {
    private let notes = Notes()
    private var routes: [Route] {
        let notes = notes
        return [
            Route.post("/echo", maxByteCount: 1 << 20) { .now(Response(200, body: .bytes($0.body))) },
            Route.post("/small", maxByteCount: 10) { _ in .now(Response(200, text: "small")) },
            Route.get("/hello") { _ in .now(Response(200, text: "hello")) },
            Route("POST", "/sink", handler: .streamed(maxByteCount: 100 << 20) { _ in NotingSink(notes) }),
        ]
    }

    @Test("is collected from a length or from chunks, small or large", arguments: [1, 1000, 100_000, 1 << 20])
    func collected(count: Int) async throws {
        try await withServer(routes) { _, port in
            let peer = try WireClient(port)
            let body = (0..<count).map { UInt8($0 % 251) }
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
            peer.send(body)
            #expect(try peer.answer().body == body)
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: count, by: 30_000) {
                let piece = body[start..<min(count, start + 30_000)]
                peer.send(String(piece.count, radix: 16) + "\r\n")
                peer.send(piece)
                peer.send("\r\n")
            }
            peer.send("0\r\n\r\n")
            #expect(try peer.answer().body == body)
        }
    }

    @Test("is asked for with 100 when the client waits and the route wants it")
    func continues() async throws {
        try await withServer(routes) { _, port in
            let peer = try WireClient(port)
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(try peer.head().status == 100)
            peer.send("abc")
            #expect(try peer.answer().text == "abc")
        }
    }

    @Test(
        "is refused before a byte of it is read",
        arguments: [
            ("POST /small", 11, 413, "the body is larger than the limit of 10 bytes\nSend less at once.\n"),
            ("POST /missing", 1, 404, "there is no /missing here\nSee /openapi.json for what there is.\n"),
            ("POST /hello", 1, 405, "/hello does not take POST\nUse GET, HEAD.\n"),
            ("POST /forbidden", 1, 403, "not for you\n"),
        ])
    func refusedEarly(request: String, count: Int, status: Int, message: String) async throws {
        try await withServer(
            routes,
            configure: { router in
                router.guards.append { request in
                    if request.rawPath == "/forbidden" { throw HTTPProblem(403, "not for you") }
                }
            },
            { _, port in
                let peer = try WireClient(port)
                let answer = try peer.ask(
                    "\(request) HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\nExpect: 100-continue\r\n\r\n")
                #expect(answer.status == status)
                #expect(answer.text == message)
                #expect(answer.headers["Connection"] == "close")
                #expect(try peer.readToEnd() == [])
            })
    }

    @Test("that is refused while the client sends on does not cost it the answer")
    func lingering() async throws {
        try await withServer(routes) { _, port in
            let peer = try WireClient(port)
            peer.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
            // A client that closes on us only after all is sent would get a reset if the server just closed.
            #expect(peer.send([UInt8](repeating: 0x61, count: 4_000_000)))
            #expect(try peer.answer().status == 413)
            #expect(try peer.readToEnd() == [])
        }
    }

    @Test("in chunks is refused when it passes the limit")
    func chunksOverLimit() async throws {
        try await withServer(routes) { _, port in
            let peer = try WireClient(port)
            let answer = try peer.ask(
                "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nabcde\r\n")
            #expect(answer.status == 413)
            #expect(try peer.readToEnd() == [])
        }
    }

    @Test("goes to its sink as it comes, and the connection is kept")
    func streamed() async throws {
        try await withServer(routes) { [notes] _, port in
            let peer = try WireClient(port)
            peer.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")
            peer.send([UInt8](repeating: 0x61, count: 20_000_000))
            #expect(try peer.answer().text == "20000000 bytes")
            #expect(try peer.get("/hello").text == "hello")
            #expect(notes.all.first == "wrote")
            #expect(notes.all.last == "finished")
        }
    }

    @Test("that its sink refuses half-way is abandoned")
    func sinkRefuses() async throws {
        try await withServer(routes) { [notes] _, port in
            let peer = try WireClient(port)
            let answer = try peer.ask("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhey!")
            #expect(answer.status == 422)
            #expect(answer.text == "no shouting\n")
            #expect(try peer.readToEnd() == [])
            #expect(notes.all == ["abandoned"])
        }
    }

    @Test("whose client vanishes is abandoned", arguments: [false, true])
    func vanishes(withReset: Bool) async throws {
        try await withServer(routes) { [notes] server, port in
            let peer = try WireClient(port)
            peer.send("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhey")
            #expect(eventually { notes.all == ["wrote"] })
            if withReset { peer.reset() } else { peer.finishSending() }
            #expect(eventually { notes.all == ["wrote", "abandoned"] })
            #expect(eventually { server.connectionCount == 0 })
        }
    }

    @Test("that comes too slowly is refused with 408")
    func tooSlow() async throws {
        var limits = ServerLimits()
        limits.bodyGrace = .milliseconds(100)
        try await withServer(routes, limits: limits) { [notes] _, port in
            let peer = try WireClient(port)
            let answer = try peer.ask("POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhey")
            #expect(answer.status == 408)
            #expect(answer.text == "the request's body came with less than 1024 bytes per second\n")
            #expect(try peer.readToEnd() == [])
            #expect(notes.all == ["wrote", "abandoned"])
        }
    }
}
