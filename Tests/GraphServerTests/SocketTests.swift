import GraphCore
import HTTP
import TestData
import Testing

/// Connecting, as shared/wire/ws_connect.json has it, and where ComfyUI loses clients.
@Suite("A client on /ws", .timeLimit(.minutes(2)))
struct SocketTests {
    private static func recorded(_ key: String) throws -> JSON {
        try #require(try JSONParser.parse(try Shared.bytes("wire/ws_connect.json"))[key])
    }

    @Test("is told the state of the queue first, and its id", .enabled(if: Shared.has("wire/ws_connect.json")))
    func firstFrame() async throws {
        try await withServerProcess { _, endpoint in
            let named = try endpoint.socket("sid1").next()
            let recorded = try Self.recorded("clientId_first_frame").array
            #expect(named.json == recorded?.first)
            let unnamed = try WireSocket(endpoint.port, "/ws").next()
            let id = try #require(unnamed["sid"]?.string)
            #expect(id.wholeMatch(of: #/[0-9a-f]{32}/#) != nil)
            #expect(unnamed["status"] == named["status"])
            let other = try WireSocket(endpoint.port, "/ws?clientId=").next()
            #expect(other["sid"] != unnamed["sid"])
            #expect(try WireSocket(endpoint.port, "/api/ws?clientId=viaapi").next()["sid"] == "viaapi")
        }
    }

    @Test("is answered its features once, if it announces its own before anything else")
    func features() async throws {
        let announcement = #"{"type": "feature_flags", "data": {"supports_preview_metadata": true}}"#
        try await withServerProcess { _, endpoint in
            let first = try endpoint.socket("first")
            _ = try first.next()
            first.send(announcement)
            let answer = try first.next()
            #expect(
                answer.json
                    == [
                        "type": "feature_flags",
                        "data": [
                            "supports_preview_metadata": true, "max_upload_size": 104_857_600,
                            "supports_progress_text_metadata": true,
                        ],
                    ])
            first.send(announcement)
            #expect(try first.readWaiting().isEmpty)

            let late = try endpoint.socket("late")
            _ = try late.next()
            late.send("no JSON at all")
            late.send(announcement)
            #expect(try late.readWaiting().isEmpty)
            // And is still there.
            let id = try endpoint.submit(Graphs.number(1), client: "late")
            #expect(try late.read(untilEndOf: id).contains { $0.type == "execution_success" })
        }
    }

    @Test("shares its id with others: each is told everything, and one that goes silences nobody")
    func sharedID() async throws {
        try await withServerProcess { _, endpoint in
            let survivor = try endpoint.socket("shared")
            var first = try endpoint.socket("shared") as WireSocket?
            let one = try endpoint.submit(Graphs.number(1), client: "shared")
            let told = try survivor.read(untilEndOf: one)
            let same = try first?.read(untilEndOf: one)
            #expect(same == told)
            first = nil
            let two = try endpoint.submit(Graphs.number(2), client: "shared")
            let after = try survivor.read(untilEndOf: two)
            #expect(after.contains { $0.type == "execution_success" && $0["prompt_id"]?.string == two })
        }
    }

    @Test("that comes back in mid-run is told which run, its state, what runs, and then everything")
    func reconnect() async throws {
        try await withServerProcess { _, endpoint in
            var socket = try endpoint.socket("mid")
            let id = try endpoint.submit(Graphs.sleep(300), client: "mid")
            _ = try socket.read { $0.type == "progress" }
            socket = try endpoint.socket("mid")
            let greeting = try socket.next()
            #expect(greeting["status"]?["exec_info"]?["queue_remaining"] == 1)
            #expect(greeting["sid"] == "mid")
            let start = try socket.next()
            #expect(start.type == "execution_start" && start["prompt_id"]?.string == id)
            let state = try socket.next()
            #expect(state.type == "progress_state")
            #expect(state["nodes"]?["1"]?["state"] == "finished")
            #expect(state["nodes"]?["2"]?["state"] == "running")
            let executing = try socket.next()
            #expect(executing.type == "executing")
            #expect(executing["node"] == "2")
            #expect(executing["display_node"] == "2")
            #expect(executing["prompt_id"]?.string == id)
            _ = try endpoint.post("/interrupt", [])
            let rest = try socket.read(untilEndOf: id)
            #expect(rest.contains { $0.type == "execution_interrupted" && $0["node_id"] == "2" })
        }
    }

    @Test("that is no WebSocket client is told so")
    func plain() async throws {
        try await withServerProcess { _, endpoint in
            let answer = try endpoint.get("/ws")
            #expect(answer.status == 426)
            #expect(answer.headers["Upgrade"] == "websocket")
            let long = try WireSocket(endpoint.port, "/ws?clientId=" + String(repeating: "x", count: 257))
            #expect(long.answer.problem == "400 the clientId is longer than 256 bytes\nUse a UUID.")
        }
    }

    @Test("that posted no client id hears of nobody else's prompts but the queue")
    func bystander() async throws {
        try await withServerProcess { _, endpoint in
            let other = try endpoint.socket("other")
            let (_, _) = try endpoint.run(Graphs.number(3), client: "me")
            _ = try other.next()
            let heard = try other.read { $0["status"]?["exec_info"]?["queue_remaining"] == 0 } + other.readWaiting()
            #expect(heard.map(\.type) == ["status", "status", "status"])
            #expect(
                heard.map { $0["status"]?["exec_info"]?["queue_remaining"] } == [1, 1, 0])
        }
    }
}
