import GraphCore
import HTTP
import Testing

@Suite("GET /events", .timeLimit(.minutes(2)))
struct EventsTests {
    private static let transient: Set<String> = ["progress_state", "progress", "run_progress", "status"]

    private static func facts(_ events: [WireEvents.Event]) -> [WireEvents.Event] {
        events.filter { !transient.contains($0.type) }
    }

    @Test("tells a client what /ws tells it, and goes on after the Last-Event-ID")
    func lastEventID() async throws {
        try await withServerProcess { _, endpoint in
            let socket = try endpoint.socket("c")
            let events = try WireEvents(endpoint.port, "/events?clientId=c")
            #expect(events.answer.headers["Content-Type"] == "text/event-stream")
            #expect(events.answer.headers["Cache-Control"] == "no-store")
            let id = try endpoint.submit(Graphs.wide(0..<5), client: "c")
            let told = Self.facts(try events.read { $0.isEnd(of: id) })
            let frames = try socket.read(untilEndOf: id).filter { !Self.transient.contains($0.type ?? "") }
            #expect(told.map(\.json) == frames.compactMap(\.json))

            let seen = try #require(told[told.count / 2].id)
            let again = try WireEvents(endpoint.port, "/api/events?clientId=c", lastID: seen)
            let welcome = try #require(try again.next())
            #expect(welcome.name == "resumed")
            #expect(welcome.id == seen)
            #expect(welcome.data == "{\"replayed\":\(told.count - told.count / 2 - 1)}")
            let rest = Self.facts(try again.read { $0.isEnd(of: id) })
            #expect(rest == Array(told[(told.count / 2 + 1)...]))
        }
    }

    @Test("tells of one prompt, whoever posted it")
    func onePrompt() async throws {
        try await withServerProcess { _, endpoint in
            let all = try WireEvents(endpoint.port, "/events")
            let id = try endpoint.submit(Graphs.sleep(300))
            let started = try all.read { $0.type == "progress" }
            let since = try #require(started.first { $0.type == "run_queued" }?.id)
            let one = try WireEvents(endpoint.port, "/events?prompt_id=\(id)&since=\(since)")
            #expect(try one.next()?.name == "resumed")
            let other = try endpoint.submit(Graphs.number(1), client: "other")
            #expect(try endpoint.post("/interrupt", ["prompt_id": .string(id)]).status == 200)
            let told = Self.facts(try one.read { $0.isEnd(of: id) })
            #expect(told.allSatisfy { $0.json["data"]?["prompt_id"]?.string == id })
            #expect(told.first?.type == "execution_start")
            #expect(told.contains { $0.type == "execution_interrupted" })
            // Without a prompt's id it is all of them.
            let everything = Self.facts(try all.read { $0.isEnd(of: other) })
            #expect(everything.contains { $0.json["data"]?["prompt_id"]?.string == id })
        }
    }

    @Test("starts over where the number means nothing")
    func resync() async throws {
        try await withServerProcess { _, endpoint in
            let events = try WireEvents(endpoint.port, "/events?clientId=c", lastID: "0badcafe:7")
            let welcome = try #require(try events.next())
            #expect(welcome.name == "resync")
            #expect(welcome.json["seq"] == 0)
        }
    }

    @Test("knows no prompt that was never posted")
    func unknown() async throws {
        try await withServerProcess { (_, endpoint) throws in
            #expect(
                try endpoint.get("/events?prompt_id=nobody").problem
                    == "404 there is no prompt 'nobody'\nGET /api/jobs lists those there are.")
        }
    }
}
