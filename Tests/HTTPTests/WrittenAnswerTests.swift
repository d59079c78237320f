import Testing

@testable import HTTP

@Suite("The hook of an answer that is written")
struct WrittenAnswerTests {
    private let notes = Notes()

    private func answer(_ name: String, _ body: Response.Body) -> Response {
        var response = Response(200, body: body)
        response.onWritten = { [notes] in notes.add(name) }
        return response
    }

    @Test("is called once, when a short answer and when all of a long one has left")
    func written() async throws {
        let long = [UInt8](repeating: 120, count: 8 << 20)
        let routes = [
            Route.get("/short") { [self] _ in .now(answer("short", .bytes(Array("x".utf8)))) },
            Route.get("/later") { [self] _ in .later { answer("later", .bytes([])) } },
            Route.get("/long") { [self] _ in .now(answer("long", .bytes(long))) },
        ]
        try await withServer(routes) { [notes] _, port in
            let peer = try WireClient(port)
            #expect(try peer.get("/short").body == Array("x".utf8))
            #expect(eventually { notes.all == ["short"] })
            _ = try peer.get("/later")
            #expect(eventually { notes.all == ["short", "later"] })
            peer.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try peer.read(exactly: 1 << 16)
            // The system takes less than all of it while the peer reads no further.
            #expect(notes.all == ["short", "later"])
            _ = try peer.read(exactly: (8 << 20) - (1 << 16))
            #expect(eventually { notes.all == ["short", "later", "long"] })
        }
    }

    @Test("is called when the peer goes away before")
    func gone() async throws {
        let source = PipeSource()
        let long = [UInt8](repeating: 120, count: 8 << 20)
        let routes = [
            Route.get("/source") { [self] _ in .now(answer("source", .source(source, byteCount: nil))) },
            Route.get("/long") { [self] _ in .now(answer("long", .bytes(long))) },
            Route.get("/later") { [self] _ in
                .later {
                    notes.add("begun")
                    while !Task.isCancelled { await Task.yield() }
                    return answer("later", .bytes([]))
                }
            },
        ]
        for name in ["source", "long", "later"] {
            try await withServer(routes) { [notes] _, port in
                var peer: WireClient? = try WireClient(port)
                peer?.send("GET /\(name) HTTP/1.1\r\nHost: a\r\n\r\n")
                if name == "later" {
                    #expect(eventually { notes.all.contains("begun") })
                } else {
                    _ = try peer?.read(1)
                }
                peer?.reset()
                // Closed, which is what tells a server that still sends.
                peer = nil
                #expect(eventually { notes.all.filter { $0 == name } == [name] }, "\(name): \(notes.all)")
            }
        }
    }
}
