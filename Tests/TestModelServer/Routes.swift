internal import GraphCore
internal import HTTP
internal import Synchronization

extension ScriptedServer {
    private static let maxByteCount = 64 << 20

    static func routes(_ stage: Stage) -> [Route] {
        var routes: [Route] = [
            make(stage, "/v1/audio/speech") { await Speech.answer($0, stage) },
            make(stage, "/v1/images/generations") { await Painting.generate($0, stage) },
            make(stage, "/v1/images/edits") { await Painting.edit($0, stage) },
            .get("/v1/models") { request in ask(stage, request) { models(stage) } },
        ]
        guard stage.kind == .xinference else { return routes }
        routes += [
            make(stage, "/v1/images/variations") { await Painting.edit($0, stage) },
            make(stage, "/v1/images/inpainting") { await Painting.edit($0, stage) },
            .get("/v1/cluster/version") { request in
                ask(stage, request) {
                    Response(200, json: ["version": "4.1.0", "full-revisionid": "0", "dirty": false])
                }
            },
            .get("/v1/requests/{id}/progress") { request in
                ask(stage, request) { progress(request.parameters["id"] ?? "", stage) }
            },
            .post("/v1/models/{uid}/requests/{id}/abort", maxByteCount: 1 << 20) { request in
                ask(stage, request) {
                    let id = request.parameters["id"] ?? ""
                    let isKnown = stage.script.withLock { script in
                        script.aborted.insert(id)
                        return script.knownRequests.contains(id)
                    }
                    return Response(200, json: ["msg": isKnown ? "DONE" : "NO_OP"])
                }
            },
        ]
        return routes
    }

    /// A question: recorded, and refused without the key.
    private static func ask(_ stage: Stage, _ request: Request, _ answer: () -> Response) -> Reply {
        stage.script.withLock { $0.requests.append(Recorded(request)) }
        return .now(refusal(request, stage) ?? answer())
    }

    /// Work: recorded, counted, and made to fail when the script says so.
    private static func make(
        _ stage: Stage, _ path: String, _ answer: @escaping @Sendable (Recorded) async -> Response
    ) -> Route {
        .post(path, maxByteCount: maxByteCount) { request in
            let recorded = Recorded(request)
            let refusal = refusal(request, stage)
            let fault: Fault? = stage.script.withLock { script in
                script.requests.append(recorded)
                script.runningCount += 1
                script.mostAtOnce = max(script.mostAtOnce, script.runningCount)
                return script.faults.isEmpty ? nil : script.faults.removeFirst()
            }
            return .later {
                defer { stage.script.withLock { $0.runningCount -= 1 } }
                if let refusal { return refusal }
                if let fault, let response = await respond(fault, stage) { return response }
                return await answer(recorded)
            }
        }
    }

    private static func refusal(_ request: Request, _ stage: Stage) -> Response? {
        guard let key = stage.key, request.head.headers["Authorization"] != "Bearer \(key)" else { return nil }
        return unauthorized(stage)
    }

    private static func unauthorized(_ stage: Stage) -> Response {
        stage.kind == .xinference
            ? Response(401, json: ["detail": "Could not validate credentials"])
            : Response(
                401,
                json: [
                    "error": [
                        "message": "Incorrect API key provided.", "type": "invalid_request_error",
                        "code": "invalid_api_key",
                    ]
                ])
    }

    private static func respond(_ fault: Fault, _ stage: Stage) async -> Response? {
        switch fault {
        case .nothing: return nil
        case .status(let status, let text, let retryAfter):
            return Response(status, json: ["detail": .string(text)], retryAfter: retryAfter)
        case .busy(let retryAfter): return Response(429, json: ["detail": "Rate limit reached"], retryAfter: retryAfter)
        case .loading(let retryAfter):
            return Response(
                503, json: ["detail": "Model is loading, please retry later: it is being loaded"],
                retryAfter: retryAfter)
        case .unauthorized: return unauthorized(stage)
        case .outOfMemory:
            let words =
                "[address=127.0.0.1:41923, pid=7] CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total "
                + "capacity of 23.65 GiB of which 1.20 GiB is free."
            return Response(500, json: ["detail": .string(words)])
        case .cut(let count):
            return Response(
                200, headers: ["Content-Type": "audio/wav"],
                body: .source(
                    ScriptedBody([Array(MadeSound.wav(100_000).prefix(count))], isCut: true), byteCount: 200_044))
        case .wrongJSON:
            return Response(
                200, headers: ["Content-Type": "application/json"], body: .bytes(Array(#"{"data": ["#.utf8)))
        case .huge(let count):
            let piece = [UInt8](repeating: 0, count: 1 << 16)
            return Response(
                200, headers: ["Content-Type": "audio/wav"],
                body: .source(
                    ScriptedBody([MadeSound.header(dataByteCount: nil)] + Array(repeating: piece, count: count >> 16)),
                    byteCount: nil))
        case .redirect(let place): return Response(302, headers: ["Location": place], body: .bytes(Array("gone".utf8)))
        case .body(let bytes, let type): return Response(200, headers: ["Content-Type": type], body: .bytes(bytes))
        case .held:
            let isReleased = await stage.waits { $0.isReleased }
            return isReleased ? nil : Response(500, text: "held too long")
        }
    }

    private static func models(_ stage: Stage) -> Response {
        let models = stage.script.withLock { $0.models }
        let list = models.sorted { $0.key < $1.key }.map { name, type -> JSON in
            stage.kind == .xinference
                ? [
                    "id": .string(name), "object": "model", "created": 0, "owned_by": "xinference",
                    "model_name": .string(name), "model_type": .string(type),
                ] : ["id": .string(name), "object": "model", "created": 0, "owned_by": "openai"]
        }
        return Response(200, json: ["object": "list", "data": .array(list)])
    }

    private static func progress(_ id: String, _ stage: Stage) -> Response {
        let value: Double? = stage.script.withLock { script in
            guard script.knownRequests.contains(id) else { return nil }
            return script.progress.isEmpty ? 1 : script.progress.removeFirst()
        }
        guard let value else { return Response(400, json: ["detail": .string("'\(id)'")]) }
        return Response(
            200, json: ["progress": .number(JSONNumber(value)), "elapsed_seconds": 1.5, "eta_seconds": .null])
    }
}

extension ScriptedServer.Stage {
    /// Waits for 30 s at most; ends when the client goes away.
    func waits(until isSo: @Sendable (ScriptedServer.Script) -> Bool) async -> Bool {
        for _ in 0..<15_000 {
            if script.withLock({ isSo($0) }) { return true }
            do { try await Task.sleep(for: .milliseconds(2)) } catch {
                script.withLock { $0.abandonedCount += 1 }
                return false
            }
        }
        return false
    }

    /// Why a model cannot be asked for anything.
    func missing(_ model: String) -> Response? {
        guard script.withLock({ $0.models[model] == nil }) else { return nil }
        switch kind {
        case .xinference:
            return Response(404, json: ["detail": .string("Model not found in the model list, uid: \(model)")])
        case .openai:
            return Response(
                404,
                json: [
                    "error": [
                        "message": .string("The model `\(model)` does not exist or you do not have access to it."),
                        "type": "invalid_request_error", "code": "model_not_found",
                    ]
                ])
        }
    }

    /// FastAPI's answer to a body without a field.
    func missingField(_ name: String) -> Response {
        Response(
            422,
            json: [
                "detail": [["type": "missing", "loc": ["body", .string(name)], "msg": "Field required", "input": nil]]
            ])
    }
}

extension Response {
    init(_ status: Int, json: JSON, retryAfter: String? = nil) {
        self.init(status, headers: ["Content-Type": "application/json"], body: .bytes(JSONWriter.bytes(json)))
        headers["Retry-After"] = retryAfter
    }
}
