import GraphCore
import HTTP
import TestData
import Testing

/// Answers of ComfyUI's routes, compared with what it answered (shared/wire/{queue,history,get_endpoints,post_prompt}.json).
@Suite("A route", .enabled(if: Shared.has("wire/queue.json")), .timeLimit(.minutes(2)))
struct RouteTests {
    private static func recorded(_ file: String, _ name: String) throws -> JSON {
        var text = String(decoding: try Shared.bytes("wire/\(file).json"), as: UTF8.self)
        // The recording's paths were replaced with a word too few.
        text = text.replacing("HOMEDIR\", line", with: "HOMEDIR\\\", line")
        return try #require(try JSONParser.parse(text)[name])
    }

    /// The status, and the keys of the body down to `depth`, or what else it is.
    private static func shape(_ body: JSON, depth: Int) -> String {
        switch body {
        case .object(let object) where depth > 0:
            "{"
                + object.members.sorted { $0.key < $1.key }.map { "\($0.key): \(shape($0.value, depth: depth - 1))" }
                .joined(separator: ", ") + "}"
        case .object: "an object"
        case .array(let array) where depth > 0: "[\(array.first.map { shape($0, depth: depth - 1) } ?? "")]"
        default: body.kindName
        }
    }

    @Test(
        "that is read answers as in ComfyUI",
        arguments: [
            "/queue", "/prompt", "/features", "/system_stats", "/embeddings", "/history/nope",
            "/object_info/NoSuchNode", "/i18n", "/workflow_templates", "/users", "/internal/logs", "/api/queue",
            "/api/system_stats",
        ])
    func get(target: String) async throws {
        let recorded = try Self.recorded("get_endpoints", target)
        try await withServerProcess { _, endpoint in
            let answer = try endpoint.get(target)
            #expect(answer.status == recorded["status"]?.number?.int.map { Int($0) })
            #expect(answer.headers["Content-Type"] == recorded["headers"]?["Content-Type"]?.string)
            var body = answer.json
            // What this server says besides.
            if target.hasSuffix("system_stats"), var object = body.object, var system = object["system"]?.object {
                #expect(system["graphrun_version"]?.string != nil)
                system["graphrun_version"] = nil
                object["system"] = .object(system)
                body = .object(object)
            }
            if target == "/features", var object = body.object {
                object["supports_progress_text_metadata"] = nil
                body = .object(object)
            }
            let kinds = { (text: String) in
                // No Python, no GPU, nothing in the log yet: what there is has the same place.
                text.replacing("installed_templates_version: null", with: "installed_templates_version: a string")
                    .replacing("required_templates_version: null", with: "required_templates_version: a string")
            }
            #expect(
                kinds(Self.shape(body, depth: 3)) == kinds(Self.shape(recorded["body"] ?? .null, depth: 3)))
        }
    }

    // MARK: POST /prompt

    @Test("that takes prompts answers a good one with its id, its number, and no errors")
    func posted() async throws {
        try await withServerProcess { _, endpoint in
            let answer = try endpoint.postPrompt(Graphs.number(1))
            let recorded = try Self.recorded("post_prompt", "api_prefix")
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"] == recorded["headers"]?["Content-Type"]?.string)
            #expect(answer.json.object?.members.map(\.key) == recorded["body"]?.object?.members.map(\.key))
            let id = try #require(answer.json["prompt_id"]?.string)
            #expect(
                id.wholeMatch(of: #/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/#) != nil)
            #expect(answer.json["number"] == 0)
            #expect(answer.json["node_errors"] == [:])
            let second = try endpoint.post("/api/prompt", ["prompt": Graphs.number(1)])
            #expect(second.json["number"] == 1)
        }
    }

    @Test(
        "that takes prompts looks at no Content-Type",
        arguments: [nil, "application/x-www-form-urlencoded", "text/plain;charset=UTF-8", "application/json"])
    func contentType(type: String?) async throws {
        try await withServerProcess { (_, endpoint) throws in
            let body = JSONWriter.bytes(["prompt": Graphs.number(1)])
            let headers = type.map { Headers([.init("Content-Type", $0)]) } ?? Headers()
            #expect(try endpoint.post("/prompt", body, headers: headers).status == 200)
        }
    }

    @Test(
        "that takes prompts takes what ComfyUI takes: casts, extra inputs, a chain longer than it can",
        arguments: ["extra input", "text for a number", "fraction for a whole number", "a chain of 2,000"])
    func lenient(kind: String) async throws {
        var nodes = Graphs.picture().object ?? JSONObject()
        let set = { (key: String, value: JSON, nodes: inout JSONObject) in
            var inputs = nodes["1"]?["inputs"]?.object ?? JSONObject()
            inputs[key] = value
            nodes["1"] = Graphs.node("EmptyImage", .object(inputs))
        }
        switch kind {
        case "extra input": set("nobody_asked", 5, &nodes)
        case "text for a number": set("width", "64", &nodes)
        case "fraction for a whole number": set("width", 64.9, &nodes)
        default:
            var members = nodes.members.filter { $0.key == "1" }
            for index in 2...2000 {
                members.append(
                    .init(
                        String(index), Graphs.node("ImageInvert", ["image": [.string(String(index - 1)), 0]])))
            }
            members.append(.init("end", Graphs.node("PreviewImage", ["images": ["2000", 0]])))
            nodes = JSONObject(members)
        }
        let graph = JSON.object(nodes)
        try await withServerProcess { _, endpoint in
            let (id, _) = try endpoint.run(graph)
            #expect(try endpoint.history(id)?["status"]?["status_str"] == "success")
        }
    }

    @Test("is refused for a method it has not, and says which it has")
    func method() async throws {
        try await withServerProcess { _, endpoint in
            let answer = try Wire(endpoint.port).ask("PUT", "/prompt", [])
            #expect(answer.problem == "405 /prompt does not take PUT\nUse GET, HEAD, POST.")
            #expect(answer.headers["Allow"] == "GET, HEAD, POST")
            #expect(try endpoint.get("/nope").status == 404)
        }
    }

    // MARK: History

    @Test("of the history gives the newest, or as many from the oldest; and forgets what it is told to")
    func history() async throws {
        try await withServerProcess { _, endpoint in
            let ids = try (0..<4).map { try endpoint.run(Graphs.number($0)).id }
            let shown = { (query: String) in
                (try endpoint.get("/history\(query)").json.object?.members ?? []).map(\.key)
            }
            #expect(try shown("") == ids)
            #expect(try shown("?max_items=2") == [ids[2], ids[3]])
            #expect(try shown("?max_items=1&offset=0") == [ids[0]])
            #expect(try shown("?max_items=2&offset=1") == [ids[1], ids[2]])
            #expect(try shown("?offset=1000") == [])
            #expect(try endpoint.get("/history?max_items=x").status == 400)
            #expect(try endpoint.post("/history", ["delete": [.string(ids[1]), "unknown"]]).body.isEmpty)
            #expect(try shown("") == [ids[0], ids[2], ids[3]])
            #expect(try endpoint.get("/history/\(ids[1])").json == [:])
            #expect(try endpoint.post("/history", ["clear": true]).status == 200)
            #expect(try shown("") == [])
        }
    }

    @Test("of the queue shows a prompt as its number, id, graph, extra data and outputs")
    func queueEntry() async throws {
        try await withServerProcess { _, endpoint in
            let (running, _) = try QueueTests.hold(endpoint, client: "wirecid")
            let pending = try endpoint.submit(Graphs.number(1), client: "wirecid", [("extra_data", ["mine": 1])])
            let queue = try endpoint.get("/queue").json
            let graph = Graphs.sleep(1000, value: 1000)
            #expect(
                queue["queue_running"] == [[0, .string(running), graph, ["client_id": "wirecid"], ["3"]]])
            #expect(
                queue["queue_pending"]
                    == [[1, .string(pending), Graphs.number(1), ["mine": 1, "client_id": "wirecid"], ["2"]]])
            #expect(
                Self.shape(queue, depth: 2)
                    == Self.shape(try Self.recorded("queue", "queue_1_running_3_pending")["body"] ?? .null, depth: 2))
            #expect(try endpoint.post("/free", ["unload_models": true, "free_memory": true]).body.isEmpty)
        }
    }

    @Test(
        "let go of models when they are told to free them or memory",
        arguments: [(#"{"unload_models": true}"#, 1), (#"{"free_memory": true}"#, 1), ("{}", 0)])
    func free(body: String, count: Int) async throws {
        let place = try TestPlace()
        #expect(await place.post("/free", Array(body.utf8)).status == 200)
        #expect(place.freed.all.count == count)
    }
}
