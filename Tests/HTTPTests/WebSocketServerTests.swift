import Synchronization
import Testing

@testable import HTTP

/// A session that notes what it gets, and gives what the test puts in.
final class NotingSession: WebSocketSession {
    private struct State {
        var frames: [[UInt8]] = []
        var last = Filled.idle
        var handle: WebSocketHandle?
    }

    private let state = Mutex(State())
    let notes = Notes()

    func opened(_ socket: WebSocketHandle) {
        state.withLock { $0.handle = socket }
        notes.add("opened")
    }

    func received(_ message: WebSocketMessage) {
        switch message {
        case .text(let text): notes.add(text)
        case .binary(let bytes): notes.add("\(bytes.count) bytes")
        }
    }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        state.withLock { state in
            let end = out.count + limit
            var taken = 0
            while taken < state.frames.count, out.count < end {
                out += state.frames[taken]
                taken += 1
            }
            state.frames.removeFirst(taken)
            return state.frames.isEmpty ? state.last : .more
        }
    }

    func closed() { notes.add("closed") }

    func put(_ text: String? = nil, then last: Filled = .idle) {
        let handle = state.withLock { state in
            if let text {
                var frame: [UInt8] = []
                WebSocketFrame.encode(.text, Array(text.utf8), into: &frame)
                state.frames.append(frame)
            }
            state.last = last
            return state.handle
        }
        handle?.wake()
    }

    func close(_ code: UInt16, _ reason: String) { state.withLock { $0.handle }?.close(code, reason) }
}

/// A WebSocket client on a blocking socket.
final class WebSocketPeer: Sendable {
    let client: WireClient
    private let decoder = Mutex(WebSocketDecoder(role: .client, maxMessageByteCount: 1 << 24))

    static let request = """
        GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """

    /// - Parameter behind: sent together with the request.
    init(_ port: Int, behind: [UInt8] = [], receiveByteCount: Int32? = nil) throws {
        client = try WireClient(port, receiveByteCount: receiveByteCount)
        client.send(Array(Self.request.utf8) + behind)
        let answer = try client.head()
        guard answer.status == 101 else { throw WireClient.Failure(description: "answered \(answer.status)") }
    }

    static func frame(_ opcode: WebSocketFrame.Opcode, _ payload: some Sequence<UInt8>) -> [UInt8] {
        var frame: [UInt8] = []
        WebSocketFrame.encode(opcode, Array(payload), mask: 0x1234_5678, into: &frame)
        return frame
    }

    func send(_ opcode: WebSocketFrame.Opcode, _ payload: some Sequence<UInt8>) {
        client.send(Self.frame(opcode, payload))
    }

    func event() throws -> WebSocketDecoder.Event? {
        while true {
            if let event = try decoder.withLock({ try $0.next() }) { return event }
            let bytes = try client.read()
            if bytes.isEmpty { return nil }
            decoder.withLock { $0.append(bytes) }
        }
    }
}

@Suite("A WebSocket of the server")
struct WebSocketServerTests {
    private let session = NotingSession()
    private var routes: [Route] {
        let session = session
        return [Route.get("/ws") { _ in .webSocket(session) }]
    }

    private static func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    @Test("carries messages both ways, even those that came with the handshake")
    func messages() async throws {
        try await withServer(routes) { [session] _, port in
            let peer = try WebSocketPeer(port, behind: WebSocketPeer.frame(.text, "early".utf8))
            peer.send(.binary, [UInt8](repeating: 1, count: 300_000))
            session.put("hello")
            #expect(try peer.event() == .message(.text("hello")))
            #expect(eventually { session.notes.all == ["opened", "early", "300000 bytes"] })
        }
    }

    @Test("needs a handshake")
    func plain() async throws {
        try await withServer(routes) { [session] _, port in
            let answer = try WireClient(port).get("/ws")
            #expect(answer.status == 426)
            #expect(answer.headers["Upgrade"] == "websocket")
            #expect(session.notes.all == [])
        }
    }

    @Test("answers pings, of many at once at least the latest")
    func pings() async throws {
        try await withServer(routes) { _, port in
            let peer = try WebSocketPeer(port)
            peer.client.send((0..<1000).flatMap { WebSocketPeer.frame(.ping, "\($0)".utf8) })
            var count = 0
            while true {
                guard case .pong(let payload)? = try peer.event() else {
                    throw WireClient.Failure(description: "no pong")
                }
                count += 1
                if payload == Array("999".utf8) { break }
            }
            #expect(count < 1000)
        }
    }

    @Test("pings, and is closed when two are missed")
    func missedPings() async throws {
        try await withServer(routes, limits: Self.limits { $0.pingInterval = .milliseconds(50) }) { [session] _, port in
            let peer = try WebSocketPeer(port)
            #expect(try peer.event() == .ping([]))
            peer.send(.pong, [])
            #expect(try peer.event() == .ping([]))
            #expect(try peer.event() == .ping([]))
            #expect(try peer.event() == nil)
            #expect(eventually { session.notes.all == ["opened", "closed"] })
        }
    }

    @Test("answers a close with its code, then closes")
    func closedByPeer() async throws {
        try await withServer(routes) { [session] server, port in
            let peer = try WebSocketPeer(port)
            peer.client.send(WebSocketFrame.close(3001, "bye", mask: 7))
            #expect(try peer.event() == .close(code: 3001, reason: ""))
            #expect(try peer.client.readToEnd() == [])
            #expect(eventually { session.notes.all == ["opened", "closed"] })
            withExtendedLifetime(server) {}
        }
    }

    @Test("closes after what is being written, and waits for the answer")
    func closedByUs() async throws {
        try await withServer(routes) { [session] _, port in
            let peer = try WebSocketPeer(port)
            session.put("last")
            #expect(try peer.event() == .message(.text("last")))
            session.close(4000, "enough")
            #expect(try peer.event() == .close(code: 4000, reason: "enough"))
            #expect(session.notes.all == ["opened"])
            peer.client.send(WebSocketFrame.close(4000, "", mask: 7))
            #expect(try peer.client.readToEnd() == [])
            #expect(eventually { session.notes.all == ["opened", "closed"] })
        }
    }

    @Test("does not wait for the answer for ever")
    func closeTimeout() async throws {
        try await withServer(routes, limits: Self.limits { $0.closeTimeout = .milliseconds(100) }) {
            [session] _, port in
            let peer = try WebSocketPeer(port)
            session.put(then: .end)
            #expect(try peer.event() == .close(code: 1000, reason: ""))
            #expect(try peer.client.readToEnd() == [])
            #expect(eventually { session.notes.all == ["opened", "closed"] })
        }
    }

    @Test("is closed with the code of its failure")
    func fails() async throws {
        try await withServer(routes) { [session] _, port in
            let peer = try WebSocketPeer(port)
            session.put("a", then: .fail(code: 1013, reason: "too far behind"))
            #expect(try peer.event() == .message(.text("a")))
            #expect(try peer.event() == .close(code: 1013, reason: "too far behind"))
        }
    }

    @Test("refuses a message over the limit with 1009")
    func tooLarge() async throws {
        try await withServer(routes, limits: Self.limits { $0.maxMessageByteCount = 100 }) { [session] _, port in
            let peer = try WebSocketPeer(port)
            peer.send(.text, [UInt8](repeating: 0x61, count: 101))
            guard case .close(let code, _)? = try peer.event() else {
                throw WireClient.Failure(description: "no close")
            }
            #expect(code == 1009)
            #expect(try peer.client.readToEnd() == [])
            #expect(eventually { session.notes.all == ["opened", "closed"] })
        }
    }

    @Test("refuses a frame without a mask with 1002")
    func violation() async throws {
        try await withServer(routes) { _, port in
            let peer = try WebSocketPeer(port)
            peer.client.send([0x81, 0x01, 0x61])
            guard case .close(let code, _)? = try peer.event() else {
                throw WireClient.Failure(description: "no close")
            }
            #expect(code == 1002)
        }
    }

    @Test("tells its session once when the client vanishes", arguments: [false, true])
    func vanishes(withReset: Bool) async throws {
        try await withServer(routes) { [session] server, port in
            let peer = try WebSocketPeer(port)
            if withReset { peer.client.reset() } else { peer.client.finishSending() }
            #expect(eventually { session.notes.all == ["opened", "closed"] })
            #expect(eventually { server.connectionCount == 0 })
            session.put("nobody")
            session.close(1000, "")
            withExtendedLifetime(peer) {}
        }
    }

    @Test("loses nothing and keeps the order when woken from other threads while it is written")
    func manyWakes() async throws {
        let count = 50_000
        try await withServer(routes) { [session] _, port in
            let peer = try WebSocketPeer(port)
            let writer = Task.detached { for number in 0..<count { session.put("\(number)") } }
            for number in 0..<count where try peer.event() != .message(.text("\(number)")) {
                throw WireClient.Failure(description: "wrong at \(number)")
            }
            withExtendedLifetime(writer) {}
        }
    }

    @Test("is cut when its client takes nothing, and holds only a little for it")
    func neverReads() async throws {
        try await withServer(routes, limits: Self.limits { $0.stallTimeout = .milliseconds(200) }) {
            [session] _, port in
            let peer = try WebSocketPeer(port, receiveByteCount: 4096)
            let text = String(repeating: "x", count: 10_000)
            for _ in 0..<2000 { session.put(text) }
            #expect(eventually { session.notes.all == ["opened", "closed"] })
            withExtendedLifetime(peer) {}
        }
    }
}

@Suite("Stopping a server")
struct ServerStopTests {
    @Test("ends running answers, closes WebSockets with 1001, and refuses new connections")
    func graceful() async throws {
        let (session, source) = (NotingSession(), PipeSource())
        let server = try Server(
            router: Router([
                Route.get("/ws") { _ in .webSocket(session) },
                Route.get("/source") { _ in .now(Response(200, body: .source(source, byteCount: nil))) },
            ]))
        let port = try server.listen("127.0.0.1", port: 0)
        let (web, plain, idle) = try await onThread { () throws -> (WebSocketPeer, WireClient, WireClient) in
            let peers = (try WebSocketPeer(port), try WireClient(port), try WireClient(port))
            peers.1.send("GET /source HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try peers.1.head()
            _ = try peers.2.get("/missing")
            return peers
        }
        let stopping = Task { await server.stop(grace: .seconds(10)) }
        try await onThread { () throws -> Void in
            #expect(try web.event() == .close(code: 1001, reason: "the server is stopping"))
            web.client.send(WebSocketFrame.close(1001, "", mask: 7))
            #expect(try idle.readToEnd() == [])
            let isRefused = eventually {
                do {
                    _ = try WireClient(port)
                    return false
                } catch { return true }
            }
            #expect(isRefused)
            source.put("the end", then: .end)
            #expect(try plain.readToEnd() == Array("7\r\nthe end\r\n0\r\n\r\n".utf8))
        }
        await stopping.value
        #expect(server.connectionCount == 0)
        #expect(session.notes.all == ["opened", "closed"])
    }

    @Test("cuts what is left when the grace is over")
    func cut() async throws {
        let source = PipeSource()
        let server = try Server(
            router: Router([
                Route.get("/source") { _ in .now(Response(200, body: .source(source, byteCount: nil))) }
            ]))
        let port = try server.listen("127.0.0.1", port: 0)
        let peer = try await onThread { () throws -> WireClient in
            let peer = try WireClient(port)
            peer.send("GET /source HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try peer.head()
            return peer
        }
        await server.stop(grace: .milliseconds(50))
        #expect(source.notes.all == ["attached", "detached"])
        #expect(server.connectionCount == 0)
        await server.stop(grace: .zero)
        withExtendedLifetime(peer) {}
    }

    @Test("frees the port for the next one at once")
    func restart() async throws {
        let router = Router([Route.get("/hello") { _ in .now(Response(200, text: "hello")) }])
        let first = try Server(router: router)
        let port = try first.listen("127.0.0.1", port: 0)
        let peer = try await onThread { () throws -> WireClient in
            let peer = try WireClient(port)
            _ = try peer.get("/hello")
            return peer
        }
        await first.stop(grace: .zero)
        let second = try Server(router: router)
        #expect(try second.listen("127.0.0.1", port: port) == port)
        let answer = try await onThread { try WireClient(port).get("/hello") }
        #expect(answer.text == "hello")
        await second.stop(grace: .zero)
        withExtendedLifetime(peer) {}
    }
}
