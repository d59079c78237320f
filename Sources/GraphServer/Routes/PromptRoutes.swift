internal import ComfyProtocol
internal import Foundation
internal import GraphCore
internal import HTTP

/// Posting prompts, and the queue they stand in.
struct PromptRoutes {
    let context: ServerContext

    var routes: [Route] {
        [
            .get("/prompt") { _ in .json(state) },
            context.post("/prompt") { request in
                let parsed: ParsedPrompt
                do throws(PromptReader.Refusal) {
                    parsed = try ParsedPrompt(request.body, limits: context.bodyLimits)
                } catch {
                    return .json(error.json, status: 400)
                }
                // A large body is off the loop already.
                if request.body.count > Router.inlineByteCount || parsed.isQuicklyChecked(by: context.registry) {
                    return .now(accept(parsed))
                }
                return context.work(on: context.checks) { accept(parsed) }
            },
            context.post("/workflow/convert") { request in
                context.work(on: context.checks) { convert(request) }
            },
            .get("/queue") { _ in context.work(on: context.lists) { queue } },
            context.post("/queue") { try changeQueue($0) },
            .post("/interrupt", maxByteCount: 64 << 10) { try interrupt($0) },
            .post("/free", maxByteCount: 64 << 10) { try free($0) },
        ]
    }

    private var state: JSON { ["exec_info": ["queue_remaining": .number(JSONNumber(context.store.counts.remaining))]] }

    private func accept(_ parsed: ParsedPrompt) -> Response {
        let read: PromptReader
        do throws(PromptReader.Refusal) {
            read = try PromptReader(parsed, registry: context.registry, environment: context.engine.environment)
        } catch {
            return .json(error.json, status: 400)
        }
        let createdAt = Int(clamping: Date().timeIntervalSince1970 * 1000)
        let prompt: Prompt
        do throws(SubmitRefusal) {
            let ready = Dispatcher.Ready(workflow: read.workflow, plan: read.plan)
            prompt = try context.dispatcher.submit(read.id, read.place, ready: ready) { priority, number in
                if let client = read.clientID { context.log.posting(client, read.id) }
                return Prompt(read, priority: priority, number: number, createdAt: createdAt)
            }
        } catch {
            if case .full = error, let client = read.clientID { context.log.answered(client, read.id) }
            return refusal(error, read.id)
        }
        var text = JSONText(capacity: 120)
        text.raw("{\"prompt_id\":")
        text.string(prompt.id.text)
        text.raw(",\"number\":")
        text.raw(prompt.number)
        text.raw(",\"node_errors\":")
        text.value(read.nodeErrors)
        if !read.notes.isEmpty {
            text.raw(",\"notes\":")
            text.value(.array(read.notes.map { .string($0) }))
        }
        text.raw("}")
        var response = Response.json(bytes: text.bytes)
        if let client = read.clientID {
            response.onWritten = { [log = context.log, id = read.id] in
                guard log.hasStreams(client) else { return log.answered(client, id) }
                // A thread later: of two sockets that are written to at once the second may be readable first.
                Task.detached { log.answered(client, id) }
            }
        }
        return response
    }

    /// A file of the editor as a prompt; runs nothing.
    private func convert(_ request: Request) -> Response {
        do throws(PromptReader.Refusal) {
            let (graph, notes) = try PromptReader.converted(
                try ParsedPrompt(request.body, limits: context.bodyLimits), registry: context.registry,
                environment: context.engine.environment)
            guard request.query.isTrue("notes") else { return .json(graph) }
            return .json(["prompt": graph, "notes": .array(notes.map { .string($0) })])
        } catch {
            return .json(error.json, status: 400)
        }
    }

    private func refusal(_ refusal: SubmitRefusal, _ id: RunID) -> Response {
        switch refusal {
        case .repeatedID:
            return .json(
                PromptReader.Refusal(
                    type: "prompt_id_exists", message: "There is a prompt with this id already",
                    details: "prompt_id \(id)", suggestion: "Leave prompt_id out to have one made."
                ).json, status: 409)
        case .full(let reason):
            let body = PromptReader.Refusal(
                type: "queue_full", message: "The queue is full", details: reason,
                suggestion: "Post it again later, or clear the queue with POST /queue {\"clear\": true}.")
            return Response(
                429, headers: ["Content-Type": "application/json; charset=utf-8", "Retry-After": "5"],
                body: .bytes(JSONWriter.bytes(body.json)))
        }
    }

    // MARK: The queue

    private var queue: Response {
        let (running, pending) = context.store.livePrompts()
        let prompts = running + pending
        return JSONEntries(
            head: "{\"queue_running\":[" + (running.isEmpty ? "],\"queue_pending\":[" : ""),
            tail: (pending.isEmpty && !running.isEmpty ? "],\"queue_pending\":[" : "") + "]}", count: prompts.count
        ) { index, json in
            if index == running.count, index > 0 {
                json.text.raw("],\"queue_pending\":[")
            } else if index > 0 {
                json.text.raw(",")
            }
            prompts[index].write(to: &json)
        }.response(on: context.lists)
    }

    private func changeQueue(_ request: Request) throws -> Reply {
        let change = try ListChange(try context.json(request))
        return context.work(on: context.lists) { [dispatcher = context.dispatcher] in
            if change.clears { dispatcher.cancelAllPending() }
            dispatcher.cancel(change.deleted)
            return Response(200)
        }
    }

    /// One prompt, wherever it stands, or whatever runs. Always 200, as in ComfyUI.
    private func interrupt(_ request: Request) throws -> Reply {
        guard let id = try context.options(request)["prompt_id"], id != .null else {
            context.dispatcher.interrupt(nil)
            return .empty
        }
        guard let id = id.string.map({ RunID($0) }) else {
            throw HTTPProblem(400, "\"prompt_id\" is no text", suggestion: "Send {\"prompt_id\": \"ID\"}, or nothing.")
        }
        context.dispatcher.cancel([id])
        context.dispatcher.interrupt(id)
        return .empty
    }

    /// What is left of the log of events by `free_memory`.
    private static let leastLogByteCount = 4 << 20

    /// Models go for either word, since both hold memory; results may hold what a model made, and go with
    /// `free_memory`, as in ComfyUI.
    private func free(_ request: Request) throws -> Reply {
        let json = try context.options(request)
        let freesMemory = json["free_memory"]?.bool == true
        guard freesMemory || json["unload_models"]?.bool == true else { return .empty }
        context.freeModels()
        return .later { [context] in
            // The answer says that memory is back, so it waits for the trim; no other request does.
            _ = try? await context.disk.run {
                if freesMemory {
                    context.engine.clearCache()
                    context.previews.clear()
                    // What runs has clients that may come back for all of it.
                    if context.store.counts.remaining == 0 {
                        context.log.dropOldFacts()
                        context.store.log.shrink(toByteCount: Self.leastLogByteCount)
                    }
                }
                context.idleTrim.trimNow()
            }
            return Response(200)
        }
    }
}

/// What a POST to `/queue` or `/history` asks for.
struct ListChange: Sendable {
    let clears: Bool
    let deleted: [RunID]

    /// - Throws: `HTTPProblem` 400 for a `delete` that is no list of ids.
    init(_ json: JSON) throws {
        clears = json["clear"]?.bool == true
        let ids = json["delete"]
        guard let deleted = ids == nil ? [] : ids?.strings else {
            throw HTTPProblem(
                400, "\"delete\" is no list of prompt ids", suggestion: "Send {\"delete\": [\"ID\"]}.")
        }
        self.deleted = deleted.map { RunID($0) }
    }
}
