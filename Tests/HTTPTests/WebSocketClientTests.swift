import Testing

@testable import HTTP

@Suite("The WebSocket client", .timeLimit(.minutes(1)))
struct WebSocketClientTests {
    private static func failure(
        _ url: String, headers: Headers = [:], options: WebSocketClient.Options = .init()
    ) async -> HTTPClientError? {
        do { _ = try await WebSocketClient.connect(url, headers: headers, options: options) } catch { return error }
        return nil
    }

    @Test("sends and receives text and bytes of any size")
    func echo() async throws {
        let peer = try await Peer()
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws?x=1", headers: ["X-One": "1"])
        var messages = socket.messages.makeAsyncIterator()
        try await socket.send("head")
        #expect(try await messages.next() == .text("X-One: 1"))
        for count in [0, 125, 126, 65535, 65536, 3_000_000] {
            let sent = WebSocketMessage.binary((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13) })
            try await socket.send(sent)
            let isEcho = try await messages.next() == sent
            #expect(isEcho, "\(count)")
        }
        try await socket.send("κόσμε")
        #expect(try await messages.next() == .text("κόσμε"))
        await socket.close(code: 3000, reason: "done")
        #expect(socket.closure == WebSocketClient.Closure(code: 3000, reason: "done"))
        #expect(try await messages.next() == nil)
        await #expect(throws: HTTPClientError(.closed, "the WebSocket is closed", suggestion: "Connect again.")) {
            try await socket.send("late")
        }
    }

    @Test("answers a ping")
    func pong() async throws {
        let peer = try await Peer()
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws?ping=1")
        for try await message in socket.messages {
            #expect(message == .text("pong are you there"))
            break
        }
    }

    @Test("says what the peer closed with")
    func closedByPeer() async throws {
        let peer = try await Peer()
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws")
        try await socket.send("close")
        for try await message in socket.messages { Issue.record("\(message)") }
        #expect(socket.closure == WebSocketClient.Closure(code: 4001, reason: "as told"))
    }

    @Test("works over TLS")
    func secure() async throws {
        let folder = try ScratchFolder()
        let certificate = try folder.makeCertificate()
        let peer = try await Peer(certificate: certificate)
        var options = WebSocketClient.Options()
        options.authorityFile = certificate.certificate
        let socket = try await WebSocketClient.connect("wss://\(peer.authority)/ws", options: options)
        var messages = socket.messages.makeAsyncIterator()
        for count in [1, 70_000, 1_000_000] {
            let sent = WebSocketMessage.text(String(repeating: "s", count: count))
            try await socket.send(sent)
            let isEcho = try await messages.next() == sent
            #expect(isEcho, "\(count)")
        }
        await socket.close()
        #expect(socket.closure == WebSocketClient.Closure(code: 1000, reason: ""))
    }

    @Test("takes no more than 256 messages or 4 MiB from the server while nobody reads")
    func bounded() async throws {
        for (message, count) in [
            (WebSocketMessage.text("a"), 256), (.binary([UInt8](repeating: 0, count: 1 << 20)), 4),
        ] {
            let mailbox = WebSocketMailbox(try CurlHandle(), closeTimeout: .seconds(1))
            for _ in 0..<count {
                #expect(mailbox.hasRoom)
                mailbox.deliver(message)
            }
            #expect(!mailbox.hasRoom)
            let isFirst = try await mailbox.next().get() == message
            #expect(isFirst)
            #expect(mailbox.hasRoom)
        }
    }

    @Test("loses nothing while its reader lags")
    func lagging() async throws {
        let peer = try await Peer()
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws?flood=20000")
        var count = 0
        for try await message in socket.messages {
            guard case .text(let text) = message else { break }
            #expect(text.hasPrefix(String(String(10_000_000 + count).dropFirst())))
            count += 1
            if count == 20000 { break }
        }
        #expect(count == 20000)
    }

    @Test("holds many messages that are sent at once")
    func sending() async throws {
        let peer = try await Peer()
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws")
        let sender = Task {
            for number in 0..<5000 { try await socket.send(String(number) + String(repeating: ".", count: 1000)) }
        }
        var next = 0
        for try await message in socket.messages {
            guard case .text(let text) = message else { break }
            #expect(text.hasPrefix("\(next)."))
            next += 1
            if next == 5000 { break }
        }
        try await sender.value
    }

    @Test("says why there is no WebSocket")
    func refused() async throws {
        let peer = try await Peer()
        let error = await Self.failure("ws://\(peer.authority)/status/403?count=5")
        #expect(error?.kind == .refused)
        #expect(error?.message == "the server answered 403 instead of opening a WebSocket")
        #expect(error?.suggestion == "Is this the address of a WebSocket?")
        #expect(error?.response?.status == 403)
        #expect(error?.response?.text == "xxxxx")
        #expect(
            await Self.failure("ws://\(peer.authority)/ws?wrong=1")?.message
                == "the server's Sec-WebSocket-Accept does not fit the key")
        #expect(await Self.failure("gopher://x/")?.message == "the URL 'gopher://x/' is neither http nor https")
        let port = try await Peer.unusedPort()
        #expect(
            await Self.failure("ws://127.0.0.1:\(port)/ws")?.message
                == "could not connect to 127.0.0.1:\(port): connection refused")
    }

    @Test("waits for a handshake only so long")
    func handshakeTimeout() async throws {
        let peer = try await Peer()
        var options = WebSocketClient.Options()
        options.connectTimeout = .milliseconds(500)
        #expect(
            await Self.failure("ws://\(peer.authority)/silent", options: options)?.message
                == "\(peer.authority) did not answer the handshake within 0.5 s")
    }

    @Test("can be cancelled while it connects")
    func cancelled() async throws {
        let peer = try await Peer()
        let opening = Task { try await WebSocketClient.connect("ws://\(peer.authority)/silent") }
        try await peer.isSilent()
        opening.cancel()
        await #expect(throws: HTTPClientError(.cancelled, "the transfer was cancelled")) { try await opening.value }
    }

    @Test("gives up a peer that does not answer pings")
    func deaf() async throws {
        let peer = try await Peer()
        var options = WebSocketClient.Options()
        options.pingInterval = .milliseconds(30)
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws?deaf=1", options: options)
        await #expect(
            throws: HTTPClientError(
                .timedOut, "\(peer.authority) did not answer two pings, 0.03 s apart", suggestion: "Connect again.")
        ) {
            for try await _ in socket.messages {}
        }
    }

    @Test("pings a peer, and its pong is no message")
    func pings() async throws {
        let peer = try await Peer()
        var options = WebSocketClient.Options()
        // Far from giving up: the peer has a second to answer.
        options.pingInterval = .milliseconds(500)
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws?count=1", options: options)
        var messages = socket.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("1 pings"))
    }

    @Test("pings at each beat and gives up at the second in a row without a sign of life")
    func pulse() {
        let start = ContinuousClock.now
        var pulse = WebSocketPulse(interval: .seconds(20), now: start)
        func beat(_ seconds: Int) -> WebSocketPulse.Beat { pulse.beat(start + .seconds(seconds)) }
        #expect(beat(19) == .nothing)
        #expect(beat(20) == .ping)
        #expect(beat(40) == .ping)
        pulse.excuse()
        #expect(beat(60) == .ping)
        #expect(beat(79) == .nothing)
        #expect(beat(80) == .ping)
        #expect(beat(100) == .giveUp)
    }

    @Test("closes in bounded time when the peer does not answer")
    func deafClosing() async throws {
        let peer = try await Peer()
        var options = WebSocketClient.Options()
        options.closeTimeout = .milliseconds(50)
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws?deaf=1", options: options)
        await socket.close()
        #expect(socket.closure == WebSocketClient.Closure(code: nil, reason: ""))
    }

    @Test(
        "says that the connection broke, or that the peer broke the rules",
        arguments: [
            ("drop=1", "the connection to PEER broke: the server closed it without a close frame"),
            ("raw=c100", "PEER broke the WebSocket protocol: a reserved bit is set"),
            ("raw=8101ff", "PEER broke the WebSocket protocol: a text message is not valid UTF-8"),
            (
                "raw=827f0000000001000001",
                "PEER broke the WebSocket protocol: a message is larger than the limit of 16777216 bytes"
            ),
        ])
    func broken(query: String, message: String) async throws {
        let peer = try await Peer()
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws?\(query)")
        do {
            for try await _ in socket.messages {}
            Issue.record("it ended well")
        } catch {
            #expect(error.message == message.replacing("PEER", with: peer.authority))
            #expect(error.kind == .interrupted)
        }
    }

    @Test("ends a reader whose task is cancelled")
    func cancelledReader() async throws {
        let peer = try await Peer()
        let socket = try await WebSocketClient.connect("ws://\(peer.authority)/ws")
        let reader = Task {
            var messages = socket.messages.makeAsyncIterator()
            return try await messages.next()
        }
        reader.cancel()
        #expect(try await reader.value == nil)
        try await socket.send("open still")
        var messages = socket.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("open still"))
    }
}
