import GraphCore
import HTTP
import TestData
import Testing

@Suite("The queue", .timeLimit(.minutes(3)))
struct QueueTests {
    /// Posts a prompt that runs until it is interrupted, and waits until it does.
    /// - Returns: its id, and the socket of its client.
    static func hold(_ endpoint: Endpoint, client: String = "holder") throws -> (id: String, socket: WireSocket) {
        let socket = try endpoint.socket(client)
        let id = try endpoint.submit(Graphs.sleep(1000, value: 1000), client: client)
        _ = try socket.read { $0.type == "progress" }
        return (id, socket)
    }

    // MARK: Ids

    @Test("refuses an id that runs, waits or has ended")
    func repeatedID() async throws {
        try await withServerProcess { _, endpoint in
            let (running, socket) = try Self.hold(endpoint)
            let waiting = try endpoint.submit(Graphs.number(1), [("prompt_id", "my own")])
            #expect(waiting == "my own")
            for id in [running, waiting] {
                let answer = try endpoint.postPrompt(Graphs.number(2), [("prompt_id", .string(id))])
                #expect(
                    answer.problem
                        == "409 There is a prompt with this id already\nLeave prompt_id out to have one made.")
                #expect(answer.json["error"]?["type"] == "prompt_id_exists")
                #expect(answer.json["error"]?["details"]?.string == "prompt_id \(id)")
            }
            _ = try endpoint.post("/interrupt", [])
            _ = try socket.read(untilEndOf: running)
            #expect(try endpoint.postPrompt(Graphs.number(2), [("prompt_id", .string(running))]).status == 409)
        }
    }

    @Test("takes one of many prompts that come with the same id at the same time")
    func racingID() async throws {
        try await withServerProcess { _, endpoint in
            let meeting = Meeting()
            let statuses = try await atOnce(16) { index in
                meeting.arrive()
                try meeting.wait(for: 16)
                return try endpoint.postPrompt(Graphs.number(index), [("prompt_id", "same")]).status
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 409, count: 15))
        }
    }

    // MARK: Order

    @Test("counts its prompts, runs lower numbers first, and shows those that wait in that order")
    func order() async throws {
        try await withServerProcess { _, endpoint in
            let (held, holder) = try Self.hold(endpoint)
            let watch = try endpoint.socket("c")
            let post = { (id: String, more: [(String, JSON)]) in
                let answer = try endpoint.postPrompt(
                    Graphs.number(id.utf8.count), client: "c", more + [("prompt_id", .string(id))])
                return JSONWriter.text(answer.json["number"] ?? .null)
            }
            // As ComfyUI: counted ones are whole, given ones are not and do not count.
            #expect(try post("second", []) == "1")
            #expect(try post("early", [("front", true)]) == "-2")
            #expect(try post("first", [("number", -7.5)]) == "-7.5")
            #expect(try post("between", [("number", 2)]) == "2.0")
            #expect(try post("last", [("front", false)]) == "3")
            let order = ["first", "early", "second", "between", "last"]
            #expect(try endpoint.queue().running == [held])
            #expect(try endpoint.queue().pending == order)
            #expect(try endpoint.queueRemaining() == 6)
            _ = try endpoint.post("/interrupt", [])
            _ = try holder.read(untilEndOf: held)
            let told = try watch.read(untilEndOf: "last")
            #expect(told.filter { $0.type == "execution_start" }.map { $0["prompt_id"]?.string } == order)
        }
    }

    // MARK: Taking out

    @Test("lets waiting prompts be deleted, by their ids or all, and leaves the running one alone")
    func delete() async throws {
        try await withServerProcess { _, endpoint in
            let (held, _) = try Self.hold(endpoint)
            let watch = try endpoint.socket("c")
            let ids = try (0..<4).map { try endpoint.submit(Graphs.number($0), client: "c") }
            for body: JSON in [
                ["delete": [.string(ids[1])]], ["delete": ["unknown"]], ["delete": [.string(held)]],
            ] {
                let answer = try endpoint.post("/queue", body)
                #expect(answer.status == 200)
                #expect(answer.body.isEmpty)
            }
            #expect(try endpoint.queue().running == [held])
            #expect(try endpoint.queue().pending == [ids[0], ids[2], ids[3]])
            // Its client need not wait for it any longer.
            #expect(try watch.read(untilEndOf: ids[1]).contains { $0.type == "execution_interrupted" })
            #expect(try endpoint.history(ids[1]) == nil)
            #expect(try endpoint.post("/queue", ["clear": true]).status == 200)
            #expect(try endpoint.queue().running == [held])
            #expect(try endpoint.queue().pending == [])
            #expect(
                try endpoint.post("/queue", ["delete": "x"]).problem
                    == "400 \"delete\" is no list of prompt ids\nSend {\"delete\": [\"ID\"]}.")
            #expect(try endpoint.post("/queue", Array("{".utf8)).status == 400)
        }
    }

    @Test("interrupts by id a prompt that runs or waits; one that has ended or never was changes nothing")
    func interruptByID() async throws {
        try await withServerProcess { _, endpoint in
            let ended = try endpoint.run(Graphs.number(1)).id
            let (running, holder) = try Self.hold(endpoint)
            let watch = try endpoint.socket("c")
            let waiting = try endpoint.submit(Graphs.number(2), client: "c")
            let interrupt = { (id: String) in
                let answer = try endpoint.post("/interrupt", ["prompt_id": .string(id)])
                #expect(answer.status == 200)
                #expect(answer.body.isEmpty)
            }
            try interrupt(ended)
            try interrupt("unknown")
            #expect(try endpoint.queue() == ([running], [waiting]))
            try interrupt(waiting)
            #expect(try watch.read(untilEndOf: waiting).contains { $0.type == "execution_interrupted" })
            #expect(try endpoint.queue() == ([running], []))
            try interrupt(running)
            let told = try holder.read(untilEndOf: running)
            let interrupted = try #require(told.first { $0.type == "execution_interrupted" })
            #expect(interrupted["node_id"] == "2")
            #expect(interrupted["node_type"] == "TestSleep")
            #expect(interrupted["executed"] == ["1"])
            #expect(try endpoint.queue() == ([], []))
            #expect(try endpoint.history(ended)?["status"]?["status_str"] == "success")
            #expect(try endpoint.history(running)?["status"]?["completed"] == false)
            #expect(
                try endpoint.post("/interrupt", ["prompt_id": 5]).problem
                    == "400 \"prompt_id\" is no text\nSend {\"prompt_id\": \"ID\"}, or nothing.")
        }
    }

    @Test("interrupts whatever runs when no id is given, and goes on with the next", arguments: ["", "{}"])
    func interruptAny(body: String) async throws {
        try await withServerProcess { _, endpoint in
            #expect(try endpoint.post("/interrupt", Array(body.utf8)).status == 200)
            let (held, _) = try Self.hold(endpoint)
            let watch = try endpoint.socket("c")
            let next = try endpoint.submit(Graphs.number(2), client: "c")
            #expect(try endpoint.post("/interrupt", Array(body.utf8)).status == 200)
            #expect(try watch.read(untilEndOf: next).contains { $0.type == "execution_success" })
            #expect(try endpoint.history(held)?["status"]?["status_str"] == "error")
        }
    }

    // MARK: Limits

    @Test("that is full says so, and when to come back")
    func full() async throws {
        try await withServerProcess(["--queue-limit", "2"]) { _, endpoint in
            _ = try Self.hold(endpoint)
            let waiting = try (0..<2).map { try endpoint.submit(Graphs.number($0)) }
            let answer = try endpoint.postPrompt(Graphs.number(3))
            #expect(
                answer.problem
                    == "429 The queue is full\nPost it again later, or clear the queue with POST /queue {\"clear\": true}."
            )
            #expect(answer.json["error"]?["details"] == "2 prompts are waiting; the limit is 2")
            #expect(answer.headers["Retry-After"] == "5")
            _ = try endpoint.post("/queue", ["delete": [.string(waiting[0])]])
            #expect(try endpoint.postPrompt(Graphs.number(3)).status == 200)
        }
    }

    @Test("runs as many prompts at once as it may")
    func concurrency() async throws {
        try await withServerProcess(["--concurrent-prompts", "2"]) { _, endpoint in
            let (one, _) = try Self.hold(endpoint, client: "one")
            let (two, second) = try Self.hold(endpoint, client: "two")
            let three = try endpoint.submit(Graphs.number(1))
            #expect(try endpoint.queue() == ([one, two], [three]))
            _ = try endpoint.post("/interrupt", ["prompt_id": .string(two)])
            _ = try second.read(untilEndOf: two)
            #expect(try eventually { try endpoint.history(three) != nil })
            #expect(try endpoint.queue() == ([one], []))
        }
    }

    @Test("takes ten thousand prompts from several connections, and runs them all")
    func tenThousand() async throws {
        try await withServerProcess { _, endpoint in
            _ = try await atOnce(4) { index in
                let wire = try Wire(endpoint.port)
                let body = JSONWriter.bytes(["prompt": Graphs.number(1), "client_id": "c"])
                for _ in 0..<2500 {
                    let answer = try wire.ask("POST", "/prompt", body)
                    guard answer.status == 200 else { throw Wire.Failure(description: answer.text) }
                }
            }
            #expect(try eventually { try endpoint.queueRemaining() == 0 })
            let jobs = try endpoint.get("/api/jobs?status=completed&limit=1").json
            #expect(jobs["pagination"]?["total"] == 10_000)
        }
    }

    @Test("takes a prompt of 16 MiB, and not of a byte more")
    func largeBody() async throws {
        try await withServerProcess { (_, endpoint) throws in
            let prompt = JSONWriter.bytes(["prompt": Graphs.number(1)])
            let exact = prompt + [UInt8](repeating: UInt8(ascii: " "), count: (16 << 20) - prompt.count)
            #expect(try endpoint.post("/prompt", exact).status == 200)
            #expect(
                try endpoint.post("/prompt", exact + [UInt8(ascii: " ")]).problem
                    == "413 the body is larger than the limit of 16777216 bytes\nSend less at once, or start the server with a larger --max-body-size (MB)."
            )
        }
    }

    // MARK: Stopping

    @Test("tells the clients of what runs that it is over, when the server is stopped")
    func stopping() async throws {
        try await withServerProcess { server, endpoint in
            let (held, socket) = try Self.hold(endpoint)
            _ = try endpoint.submit(Graphs.number(1))
            server.kill(.terminate)
            let told = try socket.read(untilEndOf: held)
            #expect(told.contains { $0.type == "execution_interrupted" && $0["node_id"] == "2" })
            #expect(try socket.read { if case .closed = $0 { true } else { false } }.last == .closed(code: 1001))
            #expect(server.exitCode() == 0)
        }
    }
}
