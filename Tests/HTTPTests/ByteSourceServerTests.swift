import Synchronization
import Testing

@testable import HTTP

/// Gives what other threads put in, and notes what happens to it.
final class PipeSource: ByteSource {
    private struct State {
        var bytes: [UInt8] = []
        var last = Filled.idle
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let ignoresLimit: Bool
    let notes = Notes()

    init(ignoresLimit: Bool = false) { self.ignoresLimit = ignoresLimit }

    func attach(wake: @escaping @Sendable () -> Void) {
        notes.add("attached")
        state.withLock { $0.wake = wake }
    }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        state.withLock { state in
            let count = ignoresLimit ? state.bytes.count : min(limit, state.bytes.count)
            out += state.bytes[..<count]
            state.bytes.removeFirst(count)
            return state.bytes.isEmpty ? state.last : .more
        }
    }

    func detach() { notes.add("detached") }

    func put(_ text: String, then last: Filled = .idle) {
        let wake = state.withLock { state in
            state.bytes += text.utf8
            state.last = last
            return state.wake
        }
        wake?()
    }
}

@Suite("An answer from a source")
struct ByteSourceServerTests {
    private let source = PipeSource()
    private func routes(byteCount: Int?) -> [Route] {
        let source = source
        return [
            Route.get("/source") { _ in .now(Response(200, body: .source(source, byteCount: byteCount))) },
            Route.get("/hello") { _ in .now(Response(200, text: "hello")) },
        ]
    }

    @Test("comes in chunks as it is made, woken from another thread")
    func chunked() async throws {
        try await withServer(routes(byteCount: nil)) { [source] _, port in
            let peer = try WireClient(port)
            peer.send("GET /source HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try peer.head().headers["Transfer-Encoding"] == "chunked")
            for text in ["one", "two and more"] {
                source.put(text)
                #expect(try peer.read(through: "\r\n") == String(text.utf8.count, radix: 16) + "\r\n")
                #expect(try peer.read(through: "\r\n") == text + "\r\n")
            }
            source.put("", then: .end)
            #expect(try peer.read(through: "\r\n\r\n") == "0\r\n\r\n")
            #expect(try peer.get("/hello").text == "hello")
            #expect(source.notes.all == ["attached", "detached"])
        }
    }

    @Test("goes to an HTTP/1.0 client until the connection closes")
    func untilClose() async throws {
        try await withServer(routes(byteCount: nil)) { [source] _, port in
            source.put("all of it", then: .end)
            let peer = try WireClient(port)
            let answer = try peer.ask("GET /source HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(answer.text == "all of it")
            #expect(answer.headers["Transfer-Encoding"] == nil)
            #expect(answer.headers["Connection"] == "close")
        }
    }

    @Test("has the length it promised")
    func length() async throws {
        let text = String(repeating: "0123456789", count: 100_000)
        try await withServer(routes(byteCount: text.utf8.count)) { [source] _, port in
            source.put(text, then: .end)
            let peer = try WireClient(port)
            let answer = try peer.get("/source")
            #expect(answer.headers["Content-Length"] == "1000000")
            #expect(answer.text == text)
            #expect(try peer.get("/hello").text == "hello")
        }
    }

    @Test(
        "is cut when it fails or is shorter or longer than promised",
        arguments: [
            ("abc", Filled.fail(code: 1011, reason: "the disk is gone"), "the disk is gone"),
            ("abc", .end, "the body is 7 bytes shorter than promised"),
            ("0123456789abc", .end, "the body is 3 bytes longer than promised"),
        ])
    func fails(text: String, last: Filled, message: String) async throws {
        let (log, source) = (Notes(), PipeSource(ignoresLimit: true))
        let routes = [Route.get("/source") { _ in .now(Response(200, body: .source(source, byteCount: 10))) }]
        try await withServer(routes, log: { log.add($0) }) { _, port in
            source.put(text, then: last)
            let peer = try WireClient(port)
            peer.send("GET /source HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try peer.head().status == 200)
            #expect(try peer.readToEnd().count < 10)
            #expect(eventually { source.notes.all == ["attached", "detached"] })
        }
        #expect(log.all == ["GET /source: \(message)"])
    }

    @Test("is let go when the client hangs up, though nothing is sent")
    func hangsUp() async throws {
        try await withServer(routes(byteCount: nil)) { [source] _, port in
            let peer = try WireClient(port)
            peer.send("GET /source HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try peer.head()
            peer.finishSending()
            #expect(eventually { source.notes.all == ["attached", "detached"] })
        }
    }

    @Test("is not asked for a HEAD")
    func head() async throws {
        try await withServer(routes(byteCount: nil)) { [source] _, port in
            let peer = try WireClient(port)
            peer.send("HEAD /source HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try peer.answer(isHead: true).headers["Transfer-Encoding"] == "chunked")
            #expect(try peer.get("/hello").text == "hello")
            #expect(source.notes.all == [])
        }
    }

    @Test("loses nothing when it is woken while it is written")
    func manyWakes() async throws {
        try await withServer(routes(byteCount: nil)) { [source] _, port in
            let peer = try WireClient(port)
            peer.send("GET /source HTTP/1.1\r\nHost: a\r\n\r\n")
            let writers = (0..<2).map { _ in Task.detached { for _ in 0..<20_000 { source.put("0123456789") } } }
            _ = try peer.head()
            var left = 2 * 20_000 * 10
            while left > 0, let count = Int(try peer.read(through: "\r\n").dropLast(1), radix: 16) {
                left -= try peer.read(exactly: count).count
                _ = try peer.read(exactly: 2)
            }
            #expect(left == 0)
            source.put("", then: .end)
            #expect(try peer.read(through: "\r\n\r\n") == "0\r\n\r\n")
            withExtendedLifetime(writers) {}
        }
    }
}

@Suite("Work off the loop")
struct LaterServerTests {
    @Test("is cancelled when the client goes away")
    func cancelled() async throws {
        let notes = Notes()
        let routes = [
            Route.get("/wait") { _ in
                .later {
                    notes.add("began")
                    try? await Task.sleep(for: .seconds(100))
                    notes.add(Task.isCancelled ? "cancelled" : "over")
                    return Response(200)
                }
            }
        ]
        try await withServer(routes) { server, port in
            let peer = try WireClient(port)
            peer.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { notes.all == ["began"] })
            peer.finishSending()
            #expect(eventually { notes.all == ["began", "cancelled"] })
            #expect(eventually { server.connectionCount == 0 })
        }
    }

    @Test("on a large body does not hold up small requests")
    func large() async throws {
        let (entered, left) = (Notes(), Notes())
        let routes = [
            Route.post("/large", maxByteCount: 1 << 20) { _ in
                entered.add("entered")
                _ = eventually { !left.all.isEmpty }
                return .now(Response(200, text: "done"))
            },
            Route.get("/hello") { _ in .now(Response(200, text: "hello")) },
        ]
        try await withServer(routes, loopCount: 1) { _, port in
            let (large, small) = (try WireClient(port), try WireClient(port))
            large.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            large.send([UInt8](repeating: 1, count: 100_000))
            #expect(eventually { !entered.all.isEmpty })
            #expect(try small.get("/hello").text == "hello")
            left.add("left")
            #expect(try large.answer().text == "done")
        }
    }
}
