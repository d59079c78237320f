import Foundation
import Synchronization
import Testing

@testable import HTTP

@Suite("The memory that connections share")
struct MemoryBudgetTests {
    private static let byteCount = 300_000
    private let gate = Gate()
    private var routes: [Route] {
        let gate = gate
        return [
            Route.post("/echo", maxByteCount: 1 << 20) { .now(Response(200, body: .bytes($0.body))) },
            Route.post("/hold", maxByteCount: 1 << 20) { request in
                .later {
                    await gate.wait()
                    return Response(200, text: "\(request.body.count)")
                }
            },
            Route("POST", "/sink", handler: .streamed(maxByteCount: 1 << 20) { _ in HoldingSink() }),
            Route.get("/large") { _ in .now(Response(200, body: .bytes([UInt8](repeating: 7, count: 32 << 20)))) },
            Route.get("/hello") { _ in .now(Response(200, text: "hello")) },
            Route.get("/ws") { _ in .webSocket(NotingSession()) },
        ]
    }

    private static func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    private static func post(_ path: String, announcing count: Int = byteCount) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n"
    }

    private static func expectBusy(_ answer: WireClient.Answer) {
        #expect(answer.status == 503)
        #expect(answer.headers["Retry-After"] == "5")
        #expect(answer.text == "the server is receiving too much at once\nTry again in a moment.\n")
    }

    @Test("is filled by unfinished bodies; the next gets 503, small ones go on, and it comes back when they go")
    func unfinished() async throws {
        try await withServer(routes, limits: Self.limits { $0.receivedByteCount = 1 << 20 }) { server, port in
            var peers: [WireClient] = []
            for _ in 0..<3 {
                let peer = try WireClient(port)
                peer.send(Self.post("/echo"))
                peer.send([UInt8](repeating: 1, count: Self.byteCount - 1))
                peers.append(peer)
            }
            let counted = 3 * (Self.byteCount - 1 - ServerLimits().freeByteCount)
            #expect(eventually { server.receivedByteCount >= counted })
            let next = try WireClient(port)
            Self.expectBusy(try next.ask(Self.post("/echo")))
            #expect(try next.readToEnd() == [])
            #expect(try WireClient(port).ask(Self.post("/echo", announcing: 5) + "hello").text == "hello")

            peers.removeFirst()
            #expect(eventually { server.receivedByteCount <= 2 * Self.byteCount })
            let last = try WireClient(port)
            last.send(Self.post("/echo"))
            last.send([UInt8](repeating: 2, count: Self.byteCount))
            #expect(try last.answer().body.count == Self.byteCount)
            for peer in peers {
                peer.send([1])
                #expect(try peer.answer().body == [UInt8](repeating: 1, count: Self.byteCount))
            }
            #expect(eventually { server.receivedByteCount == 0 })
        }
    }

    @Test("is asked for as bytes come when their number was not announced")
    func chunked() async throws {
        try await withServer(routes, limits: Self.limits { $0.receivedByteCount = 1_300_000 }) { server, port in
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            var peers: [WireClient] = []
            for count in 1...2 {
                let peer = try WireClient(port)
                peer.send(head + "493e0\r\n")
                peer.send([UInt8](repeating: 1, count: Self.byteCount))
                peers.append(peer)
                #expect(
                    eventually { server.receivedByteCount >= count * (Self.byteCount - ServerLimits().freeByteCount) })
            }
            let next = try WireClient(port)
            next.send(head + "100000\r\n")
            next.send([UInt8](repeating: 1, count: 1 << 20))
            Self.expectBusy(try next.answer())
            peers = []
            #expect(eventually { server.receivedByteCount == 0 })
        }
    }

    @Test("is taken by a body until whoever works on it is done")
    func worked() async throws {
        let gate = gate
        try await withServer(routes, limits: Self.limits { $0.receivedByteCount = 1 << 20 }) { server, port in
            let peer = try WireClient(port)
            peer.send(Self.post("/hold"))
            peer.send([UInt8](repeating: 1, count: Self.byteCount))
            #expect(eventually { gate.isWaitedFor })
            #expect(server.receivedByteCount >= Self.byteCount - ServerLimits().freeByteCount)
            gate.open()
            #expect(try peer.answer().text == "300000")
            #expect(eventually { server.receivedByteCount == 0 })
        }
    }

    @Test("is taken by what a sink holds of a body")
    func sink() async throws {
        let limits = Self.limits { ($0.receivedByteCount, $0.freeByteCount) = (500_000, 0) }
        try await withServer(routes, limits: limits) { server, port in
            let peer = try WireClient(port)
            peer.send(Self.post("/sink"))
            peer.send([UInt8](repeating: 1, count: Self.byteCount - 1))
            #expect(eventually { server.receivedByteCount == Self.byteCount - 1 })
            let next = try WireClient(port)
            next.send(Self.post("/sink"))
            next.send([UInt8](repeating: 1, count: Self.byteCount))
            Self.expectBusy(try next.answer())
            peer.send([1])
            #expect(try peer.answer().text == "300000")
            #expect(server.receivedByteCount == 0)
        }
    }

    @Test("is taken by WebSocket messages under way; the next is closed with 1013")
    func messages() async throws {
        let limits = Self.limits { ($0.receivedByteCount, $0.freeByteCount) = (300_000, 0) }
        try await withServer(routes, limits: limits) { server, port in
            let frame = WebSocketPeer.frame(.binary, [UInt8](repeating: 1, count: 100_000))
            let first = try WebSocketPeer(port)
            first.client.send(frame.dropLast())
            #expect(eventually { server.receivedByteCount >= 99_999 })
            let next = try WebSocketPeer(port)
            next.client.send(WebSocketPeer.frame(.binary, [UInt8](repeating: 1, count: 400_000)).dropLast())
            #expect(
                try next.event()
                    == .close(code: 1013, reason: "the server is receiving too much at once; try again later"))
            first.client.send(frame.suffix(1))
            #expect(eventually { server.receivedByteCount == 0 })
        }
    }

    @Test("is another for answers, which a peer that takes nothing fills; the next gets 503")
    func answers() async throws {
        try await withServer(routes, limits: Self.limits { $0.answerByteCount = 40 << 20 }) { server, port in
            var peers = [try WireClient(port, receiveByteCount: 4096)]
            peers[0].send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { server.answerByteCount == 32 << 20 })
            let next = try WireClient(port)
            let answer = try next.get("/large")
            #expect(answer.status == 503)
            #expect(answer.headers["Retry-After"] == "5")
            #expect(
                answer.text == "the server is sending too much at once\nTry again in a moment, or ask for less.\n")
            #expect(try next.get("/hello").text == "hello")
            peers = []
            #expect(eventually { server.answerByteCount == 0 })
            #expect(try next.get("/large").body.count == 32 << 20)
        }
    }

    @Test("never keeps one answer from being sent alone")
    func largeAnswer() async throws {
        try await withServer(routes, limits: Self.limits { $0.answerByteCount = 1 << 20 }) { server, port in
            let answer = try WireClient(port).get("/large")
            #expect(answer.body.count == 32 << 20)
            #expect(eventually { server.answerByteCount == 0 })
        }
    }
}

/// Keeps all of a body.
private final class HoldingSink: BodySink {
    private let bytes = Mutex<[UInt8]>([])

    var heldByteCount: Int { bytes.withLock { $0.count } }
    func write(_ bytes: ArraySlice<UInt8>) { self.bytes.withLock { $0 += bytes } }
    func finish() -> Reply { .now(Response(200, text: "\(heldByteCount)")) }
    func abandon() {}
}

/// Closed until it is opened.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var isWaitedFor: Bool { state.withLock { !$0.waiting.isEmpty } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
