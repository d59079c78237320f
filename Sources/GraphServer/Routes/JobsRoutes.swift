internal import ComfyProtocol
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
                guard isCancelled || context.store.endedRun(id) != nil else { throw Self.unknown(id) }
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
        guard let known = context.store.livePrompt(id) else { return false }
        if known.isRunning { return context.dispatcher.interrupt(id) }
        context.dispatcher.cancel([id])
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
            let runs = context.store.allRuns()
            // Newest first.
            let all = runs.pending.reversed() + runs.running.reversed() + runs.ended.reversed()
            var jobs = all.map { Job(run: $0, encoding: context.encoding) }.filter { job in
                wanted?.contains(job.state) != false && (workflow == nil || workflow == job.run.prompt.workflowID)
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
        guard let run = context.store.run(id) else { throw Self.unknown(id) }
        let job = Job(run: run, encoding: context.encoding)
        if run.byteCount <= Router.inlineByteCount { return .now(job.detail) }
        return context.work(on: context.lists) { job.detail }
    }
}

/// A prompt in the state it is in.
private struct Job: Sendable {
    let run: StoredRun
    let encoding: RunEncoding

    var state: String {
        switch run.status.state {
        case .queued, .running: run.isTaken ? "in_progress" : "pending"
        case .succeeded: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    /// Its members in a list, without the braces. What is kept as text is not parsed: a page may have megabytes of it.
    func write(to json: inout JSONPieces) {
        let (prompt, status) = (run.prompt, run.status)
        json.text.raw("\"id\":")
        json.text.string(prompt.id.text)
        json.text.raw(",\"status\":\"\(state)\",\"priority\":")
        json.text.number(prompt.priority)
        json.text.raw(",\"create_time\":\(prompt.createdAt)")
        if let workflow = prompt.workflowID {
            json.text.raw(",\"workflow_id\":")
            json.text.string(workflow)
        }
        json.text.raw(",\"outputs_count\":\(run.hasEnded ? status.outputCount : 0)")
        if let started = run.startedAt { json.text.raw(",\"execution_start_time\":\(started)") }
        guard run.hasEnded else { return writeProgress(to: &json) }
        if let ended = run.endedAt { json.text.raw(",\"execution_end_time\":\(ended)") }
        if let preview = status.preview, var file = preview.file.object {
            file["nodeId"] = .string(preview.node.text)
            file["mediaType"] = .string(preview.kind)
            json.text.raw(",\"preview_output\":")
            json.text.value(.object(file))
        }
        if let error = HistoryEntry(run: run, encoding: encoding).error {
            json.text.raw(",\"execution_error\":")
            json.raw(ComfyMessage.executionError(error).data(of: prompt.id))
        }
    }

    /// What happens now, of a run under way.
    private func writeProgress(to json: inout JSONPieces) {
        guard run.startedAt != nil else { return }
        json.text.raw(",\"progress\":")
        json.text.number((run.status.percent * 10).rounded() / 10)
        if let stage = run.status.stage, let message = run.status.message {
            json.text.raw(",\"stage\":")
            json.text.string(stage)
            json.text.raw(",\"message\":")
            json.text.string(message)
        }
        if let remaining = run.status.remaining {
            json.text.raw(",\"estimated_seconds_left\":")
            json.text.number((remaining / .milliseconds(1)).rounded() / 1000)
        }
    }

    /// All that is known of it.
    var detail: Response {
        var json = JSONPieces()
        json.text.raw("{")
        write(to: &json)
        if run.hasEnded {
            let entry = HistoryEntry(run: run, encoding: encoding)
            json.text.raw(",\"outputs\":")
            entry.writeOutputs(to: &json)
            json.text.raw(",\"execution_status\":")
            entry.writeStatus(to: &json)
            json.text.raw(",\"execution_meta\":")
            entry.writeMeta(to: &json)
        }
        json.text.raw(",\"workflow\":{\"prompt\":")
        json.raw(run.prompt.graph)
        json.text.raw(",\"extra_data\":")
        json.raw(run.prompt.extraData)
        json.text.raw("}}")
        return json.response()
    }
}
