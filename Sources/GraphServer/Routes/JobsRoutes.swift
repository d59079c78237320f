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
                let isCancelled = cancel(id)
                guard isCancelled || context.history.entry(id) != nil else { throw Self.unknown(id) }
                return .json(["cancelled": .bool(isCancelled)])
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
        return context.work(on: context.lists) { [self] in
            // What ended comes first to be read: a prompt that ends meanwhile is then seen twice rather than never.
            let ended = context.history.entries.map { Job.ended($0) }
            let (running, pending) = context.queue.snapshot()
            // Newest first.
            let all =
                pending.reversed().map { Job.queued($0, isRunning: false) }
                + running.reversed().map { Job.queued($0, isRunning: true) } + ended.reversed()
            let seenAsEnded = Set(ended.map(\.prompt.id))
            var jobs = all.filter { job in
                if case .queued(let prompt, _) = job, seenAsEnded.contains(prompt.id) { return false }
                return wanted?.contains(job.state) != false && (workflow == nil || workflow == job.prompt.workflowID)
            }
            if isAscending { jobs.reverse() }
            // Only what is shown is written.
            let page = jobs.dropFirst(offset).prefix(limit)
            let pagination =
                "{\"offset\":\(offset),\"limit\":\(limit),\"total\":\(jobs.count),\"has_more\":\(page.endIndex < jobs.count)}"
            let shown = Array(page)
            return JSONEntries(
                head: "{\"jobs\":[", tail: "],\"pagination\":\(pagination)}", count: shown.count
            ) { index, json in
                json.text.raw(index > 0 ? ",{" : "{")
                shown[index].write(to: &json)
                json.text.raw("}")
            }.response(on: context.lists)
        }
    }

    // MARK: One job

    private func detail(_ id: RunID) throws -> Reply {
        let job: Job
        if let known = context.queue.prompt(id) {
            job = .queued(known.prompt, isRunning: known.isRunning)
        } else if let entry = context.history.entry(id) {
            job = .ended(entry)
        } else {
            throw Self.unknown(id)
        }
        if job.byteCount <= Router.inlineByteCount { return .now(job.detail) }
        return context.work(on: context.lists) { job.detail }
    }
}

/// A prompt in the state it is in.
private enum Job: Sendable {
    case queued(Prompt, isRunning: Bool)
    case ended(History.Entry)

    var prompt: Prompt {
        switch self {
        case .queued(let prompt, _): prompt
        case .ended(let entry): entry.prompt
        }
    }

    var byteCount: Int {
        switch self {
        case .queued(let prompt, _): prompt.byteCount
        case .ended(let entry): entry.byteCount
        }
    }

    var state: String {
        switch self {
        case .queued(_, let isRunning): isRunning ? "in_progress" : "pending"
        case .ended(let entry): entry.state
        }
    }

    /// Its members in a list, without the braces. What is kept as text is not parsed: a page may have megabytes of it.
    func write(to json: inout JSONPieces) {
        json.text.raw("\"id\":")
        json.text.string(prompt.id.text)
        json.text.raw(",\"status\":\"\(state)\",\"priority\":")
        json.text.number(prompt.priority)
        json.text.raw(",\"create_time\":\(prompt.createdAt)")
        if let workflow = prompt.workflowID {
            json.text.raw(",\"workflow_id\":")
            json.text.string(workflow)
        }
        guard case .ended(let entry) = self else {
            json.text.raw(",\"outputs_count\":0")
            return
        }
        json.text.raw(",\"outputs_count\":\(entry.outputCount)")
        if let started = entry.startedAt { json.text.raw(",\"execution_start_time\":\(started)") }
        json.text.raw(",\"execution_end_time\":\(entry.endedAt)")
        if let preview = entry.preview, var file = preview.file.object {
            file["nodeId"] = .string(preview.node.text)
            file["mediaType"] = .string(preview.kind)
            json.text.raw(",\"preview_output\":")
            json.text.value(.object(file))
        }
        if let error = entry.error {
            json.text.raw(",\"execution_error\":")
            json.raw(error)
        }
    }

    /// All that is known of it.
    var detail: Response {
        var json = JSONPieces()
        json.text.raw("{")
        write(to: &json)
        if case .ended(let entry) = self {
            json.text.raw(",\"outputs\":")
            json.raw(entry.outputs)
            json.text.raw(",\"execution_status\":")
            entry.writeStatus(to: &json)
            json.text.raw(",\"execution_meta\":")
            json.raw(entry.meta)
        }
        json.text.raw(",\"workflow\":{\"prompt\":")
        json.raw(prompt.graph)
        json.text.raw(",\"extra_data\":")
        json.raw(prompt.extraData)
        json.text.raw("}}")
        return json.response()
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

    /// The fields of the `execution_error` message, which is the last one, as JSON.
    fileprivate var error: [UInt8]? {
        let head = Array("[\"execution_error\",".utf8)
        guard outcome == .failed, let last = messages.last, last.starts(with: head) else { return nil }
        return Array(last.dropFirst(head.count).dropLast())
    }
}
