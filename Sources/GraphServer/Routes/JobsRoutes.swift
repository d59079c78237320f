internal import GraphCore
internal import HTTP

/// The newer frontends' view of queue and history in one: every prompt that is known, by its state.
struct JobsRoutes {
    let context: ServerContext

    private static let states = ["pending", "in_progress", "completed", "failed", "cancelled"]
    private static let maxLimit = 1000

    var routes: [Route] {
        [
            .get("/jobs") { try list($0) },
            .get("/jobs/{id}") { try detail(RunID($0.parameters["id"] ?? "")) },
            .post("/jobs/{id}/cancel", maxByteCount: 64 << 10) { request in
                let id = RunID(request.parameters["id"] ?? "")
                guard cancel(id) || context.history.entry(id) != nil else { throw Self.unknown(id) }
                return .json(.object(JSONObject()))
            },
            .post("/jobs/cancel", maxByteCount: 1 << 20) { request in
                guard let ids = try context.json(request)["job_ids"]?.strings else {
                    throw HTTPProblem(400, "\"job_ids\" is no list of ids", suggestion: "Send {\"job_ids\": [\"ID\"]}.")
                }
                for id in ids { cancel(RunID(id)) }
                return .json(.object(JSONObject()))
            },
        ]
    }

    private static func unknown(_ id: RunID) -> HTTPProblem {
        HTTPProblem(
            404, "there is no job '\(id.text.prefix(100))'",
            suggestion: "GET /api/jobs lists those there are; the oldest are let go.")
    }

    @discardableResult
    private func cancel(_ id: RunID) -> Bool {
        guard let known = context.queue.prompt(id) else { return false }
        if known.isRunning { return context.queue.interrupt(id) }
        context.queue.remove([id])
        return true
    }

    // MARK: Listing

    private func list(_ request: Request) throws -> Reply {
        let query = request.query
        let wanted = query["status"]?.split(separator: ",").map(String.init)
        if let strange = wanted?.first(where: { !Self.states.contains($0) }) {
            throw HTTPProblem(
                400, "there is no status '\(strange.prefix(40))'",
                suggestion: "Use some of \(Self.states.joined(separator: ", ")).")
        }
        let limit = min(Self.maxLimit, max(1, try query.integer("limit") ?? 200))
        let offset = max(0, try query.integer("offset") ?? 0)
        let workflow = query["workflow_id"]
        let isAscending = query["sort_order"] == "asc"
        return .later { [self] in
            // What ended comes first to be read: a prompt that ends meanwhile is then seen twice rather than never.
            let ended = context.history.entries
            let (running, pending) = context.queue.snapshot()
            var seen: Set<RunID> = []
            var jobs: [JSON] = []
            func add(_ id: RunID, _ state: String, _ workflowID: String?, _ make: () -> JSON) {
                guard wanted?.contains(state) != false, workflow == nil || workflow == workflowID,
                    seen.insert(id).inserted
                else { return }
                jobs.append(make())
            }
            // Newest first.
            for entry in ended.reversed() {
                add(entry.prompt.id, entry.state, entry.prompt.workflowID) { Self.job(entry) }
            }
            var active: [JSON] = []
            swap(&active, &jobs)
            for prompt in pending.reversed() {
                add(prompt.id, "pending", prompt.workflowID) { Self.job(prompt, "pending") }
            }
            for prompt in running.reversed() {
                add(prompt.id, "in_progress", prompt.workflowID) { Self.job(prompt, "in_progress") }
            }
            jobs += active
            if isAscending { jobs.reverse() }
            let page = Array(jobs.dropFirst(offset).prefix(limit))
            return Response(
                200, headers: ["Content-Type": "application/json; charset=utf-8"],
                body: .bytes(
                    JSONWriter.bytes([
                        "jobs": .array(page),
                        "pagination": [
                            "offset": .number(JSONNumber(offset)), "limit": .number(JSONNumber(limit)),
                            "total": .number(JSONNumber(jobs.count)),
                            "has_more": .bool(offset + page.count < jobs.count),
                        ],
                    ])))
        }
    }

    private static func job(_ prompt: Prompt, _ state: String) -> JSON {
        var members: [JSONObject.Member] = [
            .init("id", .string(prompt.id.text)), .init("status", .string(state)),
            .init("priority", .number(number(prompt.priority))),
            .init("create_time", .number(JSONNumber(prompt.createdAt))),
            .init("outputs_count", 0),
        ]
        if let workflow = prompt.workflowID { members.append(.init("workflow_id", .string(workflow))) }
        return .object(JSONObject(members))
    }

    private static func number(_ priority: Double) -> JSONNumber {
        priority.rounded() == priority && abs(priority) < 1e15
            ? JSONNumber(Int(clamping: priority)) : JSONNumber(priority)
    }

    private static func job(_ entry: History.Entry) -> JSON {
        guard var job = job(entry.prompt, entry.state).object else { return .null }
        if let started = entry.startedAt { job["execution_start_time"] = .number(JSONNumber(started)) }
        job["execution_end_time"] = .number(JSONNumber(entry.endedAt))
        job["outputs_count"] = .number(JSONNumber(entry.outputCount))
        if let preview = entry.preview, var file = preview.file.object {
            file["nodeId"] = .string(preview.node.text)
            file["mediaType"] = .string(preview.kind)
            job["preview_output"] = .object(file)
        }
        if let error = entry.error { job["execution_error"] = error }
        return .object(job)
    }

    // MARK: One job

    private func detail(_ id: RunID) throws -> Reply {
        if let known = context.queue.prompt(id) {
            guard var job = Self.job(known.prompt, known.isRunning ? "in_progress" : "pending").object else {
                throw Self.unknown(id)
            }
            job["workflow"] = Self.workflow(known.prompt)
            return .json(.object(job))
        }
        guard let entry = context.history.entry(id), var job = Self.job(entry).object else { throw Self.unknown(id) }
        job["outputs"] = try? JSONParser.parse(entry.outputs)
        job["execution_status"] = try? JSONParser.parse(entry.status)
        job["execution_meta"] = try? JSONParser.parse(entry.meta)
        job["workflow"] = Self.workflow(entry.prompt)
        return .json(.object(job))
    }

    private static func workflow(_ prompt: Prompt) -> JSON {
        [
            "prompt": (try? JSONParser.parse(prompt.graph)) ?? .null,
            "extra_data": (try? JSONParser.parse(prompt.extraData)) ?? .null,
        ]
    }
}

extension History.Entry {
    fileprivate var state: String {
        switch outcome {
        case .succeeded: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    /// The fields of the `execution_error` message.
    fileprivate var error: JSON? {
        guard outcome == .failed else { return nil }
        let last = messages.lazy.compactMap { try? JSONParser.parse($0) }.last { $0.array?.first == "execution_error" }
        return last?.array?.last
    }
}
