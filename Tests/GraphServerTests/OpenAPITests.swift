import ComfyProtocol
import Foundation
import GraphCore
import HTTP
import Testing

@testable import GraphServer

@Suite("The OpenAPI document")
struct OpenAPITests {
    private let place: TestPlace
    private let document: JSON
    private let checker: SchemaChecker

    init() async throws {
        place = try TestPlace()
        document = await place.get("/openapi.json").json
        checker = SchemaChecker(document: document)
    }

    // MARK: The document itself

    @Test("describes every route, and nothing else")
    func routes() {
        let described = (document["paths"]?.object?.members ?? []).flatMap { path in
            (path.value.object?.members ?? []).map { "\($0.key.uppercased()) \(path.key)" }
        }
        // Every route is there under /api once more.
        let served = place.server.router.routes.filter { !$0.pattern.hasPrefix("/api/") }
            .map { "\($0.method) \($0.pattern.replacing("...}", with: "}"))" }
        #expect(described.count > 25)
        #expect(Set(described).subtracting(served) == [], "described and not served")
        #expect(Set(served).subtracting(described) == [], "served and not described")
        #expect(described.count == served.count)
    }

    @Test("has what OpenAPI 3.1 asks for")
    func required() {
        #expect(document["openapi"] == "3.1.0")
        #expect(document["info"]?["title"]?.string?.isEmpty == false)
        #expect(document["info"]?["version"]?.string?.isEmpty == false)
        #expect(document["servers"]?.array?.first?["url"] == "/")
        var names: [String] = []
        for path in document["paths"]?.object?.members ?? [] {
            #expect(path.key.hasPrefix("/"))
            let words = path.key.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.dropFirst().dropLast() }
            for operation in path.value.object?.members ?? [] {
                names.append(operation.value["operationId"]?.string ?? "")
                #expect(operation.value["summary"]?.string?.hasSuffix(".") == true, "\(path.key)")
                let parameters = operation.value["parameters"]?.array ?? []
                let inPath = parameters.filter { $0["in"] == "path" && $0["required"] == true }
                #expect(inPath.compactMap { $0["name"]?.string } == words.map(String.init), "\(path.key)")
                for answer in operation.value["responses"]?.object?.members ?? [] where answer.value["$ref"] == nil {
                    #expect(answer.value["description"]?.string?.isEmpty == false, "\(path.key) \(answer.key)")
                }
                #expect(operation.value["responses"]?["default"] != nil, "\(path.key)")
            }
        }
        #expect(Set(names).count == names.count)
    }

    @Test("refers to nothing that it does not have, and has nothing that it does not refer to")
    func references() {
        let references = Self.references(in: document)
        for reference in references { #expect(checker.resolve(reference) != nil, "\(reference)") }
        let schemas = (document["components"]?["schemas"]?.object?.members ?? []).map(\.key)
        #expect(Set(schemas.map { "#/components/schemas/\($0)" }).subtracting(references) == [])
    }

    private static func references(in json: JSON) -> Set<String> {
        switch json {
        case .object(let object):
            object.members.reduce(into: []) { found, member in
                if member.key == "$ref", let text = member.value.string { found.insert(text) }
                found.formUnion(references(in: member.value))
            }
        case .array(let list): list.reduce(into: []) { $0.formUnion(references(in: $1)) }
        default: []
        }
    }

    // MARK: Real answers

    /// What does not fit the description of an answer.
    private func complaints(_ answer: Answer, to method: String, _ target: String) -> [String] {
        var path = String(target.prefix { $0 != "?" })
        if path.hasPrefix("/api/") { path = String(path.dropFirst(4)) }
        let segments = path.split(separator: "/")
        let matching = (document["paths"]?.object?.members ?? []).filter { member in
            let pattern = member.key.split(separator: "/")
            return pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }
        let operation = matching.min { $0.key.count { $0 == "{" } < $1.key.count { $0 == "{" } }?
            .value[method.lowercased()]
        let described =
            operation?["responses"]?[String(answer.status)] ?? document["components"]?["responses"]?["Problem"]
        guard let content = described?["content"]?.object?.members.first else {
            return answer.bytes.isEmpty ? [] : ["no body is described"]
        }
        let type = answer.headers["Content-Type"] ?? "none"
        guard content.key == "*/*" || type.prefix(while: { $0 != ";" }) == content.key else {
            return ["\(type) is not \(content.key)"]
        }
        guard let schema = content.value["schema"] else { return [] }
        return checker.complaints(answer.json, schema)
    }

    private func expect(
        _ status: Int, _ method: String, _ target: String, _ body: String = "", headers: Headers = Headers(),
        at location: SourceLocation = #_sourceLocation
    ) async {
        let answer = await place.send(method, target, body: Array(body.utf8), headers: headers)
        #expect(answer.status == status, "\(method) \(target): \(answer.text)", sourceLocation: location)
        #expect(complaints(answer, to: method, target) == [], "\(method) \(target)", sourceLocation: location)
    }

    private static func prompt(_ fields: String = "", _ nodes: String...) -> String {
        "{\"prompt\": {\(nodes.joined(separator: ", "))}\(fields.isEmpty ? "" : ", ")\(fields)}"
    }

    private static let picture =
        #""1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}"#
    private static let saved =
        #""2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}"#

    /// Waits until a prompt has ended; not for ever.
    private func end(of id: String) async throws {
        for _ in 0..<4000 {
            let state = await place.get("/jobs/\(id)").json["status"]?.string
            if state != "pending" && state != "in_progress" { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(id) did not end")
    }

    @Test(
        "fits what the server says of itself",
        arguments: [
            "/prompt", "/queue", "/history", "/history/nobody", "/jobs", "/object_info", "/object_info/SaveImage",
            "/object_info/LoadImage", "/object_info/PrimitiveInt", "/object_info/Nothing", "/embeddings",
            "/extensions", "/system_stats", "/api/features", "/users", "/i18n", "/workflow_templates",
            "/global_subgraphs", "/node_replacements", "/internal/logs", "/internal/logs/raw", "/openapi.json",
            "/events", "/settings", "/settings/Comfy.None", "/models", "/models/checkpoints", "/experiment/models",
            "/experiment/models/loras", "/internal/files/input", "/internal/folder_paths", "/", "/templates/index.json",
            "/templates/index_logo.json",
        ])
    func said(target: String) async { await expect(200, "GET", target) }

    @Test(
        "would not fit an answer that lacks a field, or has another kind of value in it",
        arguments: ["/prompt", "/queue", "/jobs", "/system_stats", "/features", "/users", "/internal/logs/raw"])
    func strict(target: String) async throws {
        let schema = document["paths"]?[target]?["get"]?["responses"]?["200"]?["content"]?["application/json"]?[
            "schema"]
        let answer = await place.get(target).json
        for broken in Self.broken(answer) {
            #expect(checker.complaints(broken, try #require(schema)) != [], "\(JSONWriter.text(broken))")
        }
    }

    /// The value with each field of its objects left out once, and once replaced.
    private static func broken(_ json: JSON) -> [JSON] {
        guard let members = json.object?.members else { return [] }
        var found: [JSON] = []
        for (index, member) in members.enumerated() {
            var changed = members
            changed.remove(at: index)
            found.append(.object(JSONObject(changed)))
            for value in [["other": 1]] + broken(member.value) {
                changed = members
                changed[index].value = value
                found.append(.object(JSONObject(changed)))
            }
        }
        return found
    }

    @Test("fits prompts that are taken")
    func accepted() async throws {
        let request = Self.prompt(
            #""client_id": "c", "prompt_id": "p", "number": -7.5, "extra_data": {"a": 1}"#, Self.picture, Self.saved)
        let schema = try #require(document["components"]?["schemas"]?["PromptRequest"])
        #expect(checker.complaints(try JSONParser.parse(request), schema) == [])
        await expect(200, "POST", "/prompt", request)
        try await end(of: "p")
        await expect(409, "POST", "/prompt", request)
        let partial = Self.prompt(
            "", Self.picture, Self.saved, #""3": {"class_type": "PreviewImage", "inputs": {}}"#)
        await expect(200, "POST", "/prompt", partial)
        await expect(200, "GET", "/history/p")
        await expect(200, "GET", "/history?max_items=1&offset=0")
        await expect(200, "GET", "/jobs?status=completed&limit=1&sort_order=asc")
        await expect(200, "GET", "/jobs/p")
        #expect(await place.get("/history/p").json["p"]?["outputs"]?["2"]?["images"]?.array?.count == 1)
        #expect(await place.get("/jobs/p").json["preview_output"]?["nodeId"] == "2")
    }

    @Test("fits prompts that are refused")
    func refused() async {
        let invert = { (id: String, from: String) in
            "\"\(id)\": {\"class_type\": \"ImageInvert\", \"inputs\": {\"image\": [\"\(from)\", 0]}}"
        }
        let show = { (images: String) in #""2": {"class_type": "PreviewImage", "inputs": {"images": \#(images)}}"# }
        let sized = { (width: String) in
            "\"1\": {\"class_type\": \"EmptyImage\", \"inputs\": {\"width\": \(width), \"height\": 8, \"batch_size\": 1, \"color\": 0}}"
        }
        let bodies = [
            "", "{", "[]", "{}", #"{"prompt": null}"#, #"{"prompt": {}}"#, #"{"prompt": {}, "prompt_id": ""}"#,
            #"{"prompt": {}, "number": "x"}"#, Self.prompt("", Self.picture),
            Self.prompt("", #""1": {"class_type": "Nothing", "inputs": {}}"#),
            Self.prompt("", #""1": {"inputs": {}}"#),
            Self.prompt("", Self.picture, #""2": {"class_type": "PreviewImage", "inputs": {}}"#),
            Self.prompt("", sized("0"), show(#"["1", 0]"#)), Self.prompt("", sized("99999999"), show(#"["1", 0]"#)),
            Self.prompt("", sized("\"abc\""), show(#"["1", 0]"#)), Self.prompt("", Self.picture, show(#"["9", 0]"#)),
            Self.prompt("", Self.picture, show(#"["1", 9]"#)), Self.prompt("", Self.picture, show("[1, 2, 3]")),
            Self.prompt("", #""1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}}"#, show(#"["1", 0]"#)),
            Self.prompt("", #""1": {"class_type": "LoadImage", "inputs": {"image": "no.png"}}"#, show(#"["1", 0]"#)),
            Self.prompt("", invert("3", "7"), invert("7", "3"), show(#"["3", 0]"#)),
            Self.prompt(
                "",
                #""1": {"class_type": "StubImage", "inputs": {"content": "GREY", "width": 1, "height": 1, "batch_size": 1}}"#,
                show(#"["1", 0]"#)),
            Self.prompt(#""partial_execution_targets": []"#, Self.picture, Self.saved),
        ]
        for body in bodies { await expect(400, "POST", "/prompt", body) }
    }

    @Test("fits a queue that is full")
    func full() async throws {
        let place = try TestPlace { options, _ in options.queueLimit = 1 }
        let sleep = #""1": {"class_type": "TestSleep", "inputs": {"value": 1, "seconds": 60}}"#
        let body = Self.prompt("", sleep, #""2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}"#)
        // One runs, one waits.
        _ = await place.post("/prompt", body.utf8)
        _ = await place.post("/prompt", body.utf8)
        let answer = await place.post("/prompt", body.utf8)
        #expect(answer.status == 429)
        #expect(answer.headers["Retry-After"] == "5")
        #expect(complaints(answer, to: "POST", "/prompt") == [])
        await place.server.stop(grace: .zero)
    }

    @Test("fits what waits, runs, fails and is taken back")
    func jobs() async throws {
        let sleep = #""1": {"class_type": "TestSleep", "inputs": {"value": 1, "seconds": 60}}"#
        let show = #""2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}"#
        for id in ["a", "b", "c"] {
            await expect(200, "POST", "/prompt", Self.prompt("\"prompt_id\": \"\(id)\"", sleep, show))
        }
        for target in ["/queue", "/jobs", "/jobs?status=pending,in_progress", "/jobs/a", "/jobs/b"] {
            await expect(200, "GET", target)
        }
        #expect(await place.get("/queue").json["queue_pending"]?.array?.count == 2)
        await expect(200, "POST", "/jobs/b/cancel")
        await expect(200, "POST", "/queue", #"{"delete": ["c", "nobody"]}"#)
        await expect(200, "POST", "/interrupt", #"{"prompt_id": "a"}"#)
        for id in ["a", "b", "c"] { try await end(of: id) }
        await expect(200, "GET", "/history")
        await expect(200, "GET", "/jobs/a")
        await expect(200, "GET", "/jobs/b")
        let failing = #""1": {"class_type": "TestSyncError", "inputs": {"value": 1}}"#
        await expect(200, "POST", "/prompt", Self.prompt(#""prompt_id": "d""#, failing, show))
        try await end(of: "d")
        await expect(200, "GET", "/jobs/d")
        await expect(200, "GET", "/history/d")
        #expect(await place.get("/jobs/d").json["execution_error"]?["node_id"] == "1")
        await expect(200, "POST", "/jobs/cancel", #"{"job_ids": ["a"]}"#)
        await expect(200, "POST", "/history", #"{"delete": ["a"]}"#)
        await expect(200, "POST", "/history", #"{"clear": true}"#)
        await expect(404, "GET", "/jobs/d")
    }

    @Test("fits what is done and what is refused")
    func others() async {
        await expect(200, "POST", "/interrupt")
        await expect(200, "POST", "/free", #"{"unload_models": true}"#)
        await expect(200, "PATCH", "/internal/logs/subscribe", #"{"enabled": true, "clientId": "c"}"#)
        for target in ["/queue", "/history", "/free", "/interrupt", "/jobs/cancel"] {
            await expect(400, "POST", target, "{")
        }
        await expect(400, "POST", "/queue", #"{"delete": 1}"#)
        await expect(400, "POST", "/history", #"{"delete": [1]}"#)
        await expect(400, "POST", "/jobs/cancel", "{}")
        await expect(400, "GET", "/history?max_items=x")
        await expect(400, "GET", "/jobs?status=lost")
        await expect(404, "GET", "/jobs/nobody")
        await expect(404, "POST", "/jobs/nobody/cancel")
        await expect(404, "GET", "/events?prompt_id=nobody")
        await expect(404, "GET", "/nothing/here")
        await expect(405, "PUT", "/prompt")
        await expect(403, "GET", "/queue", headers: ["Host": "elsewhere.example"])
        await expect(403, "GET", "/queue", headers: ["Origin": "null"])
        await expect(413, "POST", "/interrupt", String(repeating: " ", count: 1 << 20))
        await expect(426, "GET", "/ws")
        await expect(400, "GET", "/ws?clientId=\(String(repeating: "x", count: 300))")
    }

    @Test("fits files and settings")
    func files() async throws {
        await expect(200, "POST", "/prompt", Self.prompt(#""prompt_id": "p""#, Self.picture, Self.saved))
        try await end(of: "p")
        let png = await place.get("/view?filename=x_00001_.png").bytes
        let upload = await place.postForm(
            "/upload/image", [("image", "a.png", png), ("type", nil, Array("temp".utf8))])
        #expect(upload.status == 200)
        #expect(complaints(upload, to: "POST", "/upload/image") == [])
        let reference = #"{"filename": "a.png", "subfolder": "", "type": "temp"}"#
        let mask = await place.postForm(
            "/upload/mask", [("image", "m.png", png), ("original_ref", nil, Array(reference.utf8))])
        #expect(mask.status == 200, "\(mask.text)")
        #expect(complaints(mask, to: "POST", "/upload/mask") == [])
        let nothing = await place.postForm("/upload/image", [("type", nil, [])])
        #expect(nothing.status == 400)
        #expect(complaints(nothing, to: "POST", "/upload/image") == [])
        await expect(200, "GET", "/view?filename=a.png&type=temp")
        await expect(206, "GET", "/view?filename=a.png&type=temp", headers: ["Range": "bytes=0-3"])
        await expect(416, "GET", "/view?filename=a.png&type=temp", headers: ["Range": "bytes=9999-"])
        await expect(200, "GET", "/view?filename=a.png&type=temp&preview=webp;50")
        await expect(400, "GET", "/view?filename=a.png&type=nowhere")
        await expect(404, "GET", "/view?filename=none.png")
        await expect(403, "GET", "/view?filename=a.png&subfolder=../..")

        await expect(200, "POST", "/settings/Comfy.X", "[1]")
        await expect(200, "POST", "/settings", #"{"Comfy.Y": true}"#)
        await expect(200, "GET", "/settings")
        await expect(200, "GET", "/settings/Comfy.X")
        await expect(400, "POST", "/settings", "[]")
        await expect(404, "GET", "/userdata?dir=workflows")
        await expect(400, "GET", "/userdata")
        await expect(200, "POST", "/userdata/workflows%2Fa.json?full_info=true", "{}")
        await expect(200, "POST", "/userdata/workflows%2Fa.json", "{}")
        await expect(409, "POST", "/userdata/workflows%2Fa.json?overwrite=false", "{}")
        await expect(403, "POST", "/userdata/..%2Fa.json", "{}")
        for query in ["", "&full_info=true", "&split=true", "&recurse=true"] {
            await expect(200, "GET", "/userdata?dir=workflows\(query)")
        }
        await expect(200, "GET", "/userdata/workflows%2Fa.json")
        await expect(200, "POST", "/userdata/workflows%2Fa.json/move/workflows%2Fb.json?full_info=true")
        await expect(204, "DELETE", "/userdata/workflows%2Fb.json")
        await expect(404, "DELETE", "/userdata/workflows%2Fb.json")
        await expect(404, "GET", "/user.css")
        await expect(404, "GET", "/models/nothing")
        await expect(404, "GET", "/view_metadata/loras")
        try place.write(
            "models/loras/a.safetensors", [24, 0, 0, 0, 0, 0, 0, 0] + Array(#"{"__metadata__":{"a":1}}"#.utf8))
        await expect(200, "GET", "/view_metadata/loras?filename=a.safetensors")
        await expect(400, "GET", "/internal/files/models")
        try place.write("workflows/photo.json", Array(#"{"nodes": []}"#.utf8))
        await expect(200, "GET", "/templates/index.json")
        await expect(200, "GET", "/templates/photo.json")
        await expect(404, "GET", "/templates/none.json")
    }

    // MARK: Messages

    @Test("fits every message of runs that work, fail and are ended")
    func messages() async throws {
        let messages = try #require(document["paths"]?["/ws"]?["get"]?["x-websocket-messages"]?["server"])
        let show = #""9": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}"#
        let failing = #""1": {"class_type": "TestSyncError", "inputs": {"value": 1}}"#
        let blocking =
            #""5": {"class_type": "TestExecutionBlocker", "inputs": {"input": ["1", 0], "block": true, "verbose": true}}, "2": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "x"}}"#
        let sleeping = #""1": {"class_type": "TestSleep", "inputs": {"value": 1, "seconds": 0.1}}"#
        let graphs = [
            "works": [Self.picture, Self.saved], "again": [Self.picture, Self.saved], "fails": [failing, show],
            "blocks": [Self.picture, blocking], "sleeps": [sleeping, show],
        ]
        for id in ["works", "again", "fails", "blocks", "sleeps"] {
            let body = "{\"prompt_id\": \"\(id)\", \"prompt\": {\((graphs[id] ?? []).joined(separator: ", "))}}"
            await expect(200, "POST", "/prompt", body)
            try await end(of: id)
        }
        // What is no number of this life is answered with its name.
        let resync = await place.get("/events?since=new").text
        let epoch = try #require(resync.split(separator: "id: ").last?.split(separator: ":").first)
        let told = await place.get("/events?since=\(epoch):0").text
        var types: Set<String> = []
        for line in told.split(separator: "\n") where line.hasPrefix("data: {\"type\"") {
            let message = try JSONParser.parse(String(line.dropFirst(6)))
            let type = try #require(message["type"]?.string)
            types.insert(type)
            let schema = messages[type]?["data"] ?? false
            #expect(checker.complaints(message["data"] ?? .null, schema) == [], "\(type)")
        }
        #expect(
            types.isSuperset(of: [
                "run_queued", "execution_start", "execution_cached", "executing", "progress_state", "progress",
                "executed", "node_finished", "run_progress", "execution_error", "execution_success",
            ]), "\(types.sorted())")
        let status = try JSONParser.parse(ComfyMessage.status(1, clientID: "c"))
        #expect(checker.complaints(status["data"] ?? .null, messages["status"]?["data"] ?? false) == [])
    }

    @Test("describe every message that there is, as do docs/SERVER.md and docs/COMPATIBILITY.md")
    func everyMessage() async throws {
        let document = await (try TestPlace()).get("/openapi.json").json
        let described = document["paths"]?["/ws"]?["get"]?["x-websocket-messages"]?["server"]?.object?.members ?? []
        let kinds = ComfyMessage.Kind.allCases.map(\.rawValue)
        #expect(Set(described.map(\.key)) == Set(kinds + ["status", "feature_flags", "resumed", "resync"]))
        for name in ["SERVER", "COMPATIBILITY"] {
            let text = try String(
                contentsOf: ServerProcess.packageRoot.appending(path: "docs/\(name).md"), encoding: .utf8)
            for kind in kinds where name == "COMPATIBILITY" || !Self.comfyUIs.contains(kind) {
                #expect(text.contains("`\(kind)`"), "\(name).md says nothing of \(kind)")
            }
        }
    }

    /// Those of ComfyUI, which docs/COMPATIBILITY.md has.
    private static let comfyUIs: Set = [
        "execution_start", "execution_cached", "executing", "executed", "execution_success", "execution_interrupted",
        "execution_error", "progress", "progress_state",
    ]
}
