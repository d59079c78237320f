import GraphCore
import Testing

@Suite("The jobs", .timeLimit(.minutes(2)))
struct JobsTests {
    private static func ids(_ answer: WireAnswer) -> [String] {
        (answer.json["jobs"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    @Test("are every prompt that is known, by its state, newest first")
    func states() async throws {
        try await withServerProcess { _, endpoint in
            let completed = try endpoint.run(Graphs.picture()).id
            let failed = try endpoint.run([
                "1": Graphs.image(), "2": Graphs.node("TestSyncError", ["value": ["1", 0]]),
                "3": Graphs.node("PreviewImage", ["images": ["2", 0]]),
            ]).id
            let (cancelled, socket) = try QueueTests.hold(endpoint)
            #expect(try endpoint.post("/api/jobs/\(cancelled)/cancel", []).json == ["cancelled": true])
            _ = try socket.read(untilEndOf: cancelled)
            let (running, _) = try QueueTests.hold(endpoint)
            let more: [(String, JSON)] = [("extra_data", ["extra_pnginfo": ["workflow": ["id": "w"]]])]
            let pending = try endpoint.submit(Graphs.number(1), more)

            let all = try endpoint.get("/api/jobs")
            #expect(Self.ids(all) == [pending, running, cancelled, failed, completed])
            let jobs = all.json["jobs"]?.array ?? []
            #expect(
                jobs.map { $0["status"] } == ["pending", "in_progress", "cancelled", "failed", "completed"])
            #expect(all.json["pagination"] == ["offset": 0, "limit": 200, "total": 5, "has_more": false])
            for job in jobs { #expect(job["create_time"]?.number?.isInteger == true) }
            #expect(jobs[0]["workflow_id"] == "w")
            #expect(jobs[1]["progress"]?.number != nil && jobs[1]["execution_start_time"]?.number != nil)
            #expect(jobs[4]["outputs_count"] == 1)
            #expect(jobs[4]["preview_output"]?["nodeId"] == "2")
            #expect(jobs[4]["preview_output"]?["mediaType"] == "images")
            #expect(jobs[4]["preview_output"]?["type"] == "temp")
            let error = try #require(jobs[3]["execution_error"])
            #expect(error["node_id"] == "2")
            #expect(error["node_type"] == "TestSyncError")
            #expect(
                error["exception_message"] == "TestSyncError failed: Intentional sync execution error for testing\n")
            #expect(error["exception_type"] == "RuntimeError")
            #expect(error["traceback"]?.array != nil)
            for job in jobs[2...] {
                let start = try #require(job["execution_start_time"]?.number?.int)
                let end = try #require(job["execution_end_time"]?.number?.int)
                #expect(end >= start)
            }

            let some = { (query: String) in Self.ids(try endpoint.get("/api/jobs?\(query)")) }
            #expect(try some("status=in_progress,pending") == [pending, running])
            #expect(try some("status=completed,failed,cancelled") == [cancelled, failed, completed])
            #expect(try some("workflow_id=w") == [pending])
            #expect(try some("sort_order=asc") == [completed, failed, cancelled, running, pending])
            #expect(
                try endpoint.get("/api/jobs?status=lost").problem
                    == "400 there is no status 'lost'\nUse some of pending, in_progress, completed, failed, cancelled.")
        }
    }

    @Test("come in pages")
    func pages() async throws {
        try await withServerProcess { _, endpoint in
            let ids = try (0..<5).map { try endpoint.run(Graphs.number($0)).id }
            let page = try endpoint.get("/api/jobs?limit=2&offset=1")
            #expect(Self.ids(page) == [ids[3], ids[2]])
            #expect(page.json["pagination"] == ["offset": 1, "limit": 2, "total": 5, "has_more": true])
            let last = try endpoint.get("/api/jobs?limit=2&offset=4")
            #expect(Self.ids(last) == [ids[0]])
            #expect(last.json["pagination"]?["has_more"] == false)
            #expect(try endpoint.get("/api/jobs?limit=x").status == 400)
        }
    }

    @Test("show one with its graph, and its outputs when it has ended")
    func detail() async throws {
        try await withServerProcess { _, endpoint in
            let ended = try endpoint.run(Graphs.picture()).id
            let job = try endpoint.get("/api/jobs/\(ended)").json
            #expect(job["status"] == "completed")
            #expect(job["outputs"]?["2"]?["images"]?.array?.count == 1)
            #expect(job["execution_status"]?["status_str"] == "success")
            #expect(job["workflow"]?["prompt"] == Graphs.picture())
            #expect(job["workflow"]?["extra_data"]?["client_id"] == "runner")
            let (running, _) = try QueueTests.hold(endpoint)
            #expect(try endpoint.get("/api/jobs/\(running)").json["status"] == "in_progress")
            #expect(
                try endpoint.get("/api/jobs/nobody").problem
                    == "404 there is no job 'nobody'\nGET /api/jobs lists those there are; the oldest are let go.")
        }
    }

    @Test("can be cancelled, one or many, while they wait or run")
    func cancel() async throws {
        try await withServerProcess { _, endpoint in
            let (running, socket) = try QueueTests.hold(endpoint)
            let waiting = try (0..<3).map { try endpoint.submit(Graphs.number($0)) }
            #expect(try endpoint.post("/api/jobs/\(waiting[0])/cancel", []).status == 200)
            #expect(try endpoint.queue() == ([running], [waiting[1], waiting[2]]))
            let list: JSON = ["job_ids": [.string(waiting[1]), "unknown", .string(running)]]
            #expect(try endpoint.post("/api/jobs/cancel", list).json == [:])
            _ = try socket.read(untilEndOf: running)
            #expect(try eventually { try endpoint.get("/api/jobs/\(waiting[2])").json["status"] == "completed" })
            for id in [running, waiting[0], waiting[1]] {
                #expect(try endpoint.get("/api/jobs/\(id)").json["status"] == "cancelled")
                // Cancelling again changes nothing, and is no mistake.
                #expect(try endpoint.post("/api/jobs/\(id)/cancel", []).status == 200)
            }
            #expect(
                try endpoint.post("/api/jobs/nobody/cancel", []).problem
                    == "404 there is no job 'nobody'\nGET /api/jobs lists those there are; the oldest are let go.")
            #expect(
                try endpoint.post("/api/jobs/cancel", ["job_ids": 1]).problem
                    == "400 \"job_ids\" is no list of ids\nSend {\"job_ids\": [\"ID\"]}.")
        }
    }
}
