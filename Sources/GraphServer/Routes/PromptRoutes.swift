internal import Foundation
internal import GraphCore
internal import HTTP

/// Posting prompts, and the queue they stand in.
struct PromptRoutes {
    let context: ServerContext

    var routes: [Route] {
        [
            .get("/prompt") { _ in .json(state) },
            .post("/prompt", maxByteCount: context.options.maxBodyByteCount) { try post($0) },
            .get("/queue") { _ in .json(bytes: queue) },
            .post("/queue", maxByteCount: context.options.maxBodyByteCount) { try changeQueue($0) },
            .post("/interrupt", maxByteCount: 64 << 10) { try interrupt($0) },
            .post("/free", maxByteCount: 64 << 10) { try free($0) },
        ]
    }

    private var state: JSON { ["exec_info": ["queue_remaining": .number(JSONNumber(context.queue.remaining))]] }

    private func post(_ request: Request) throws -> Reply {
        let read: PromptReader
        do throws(PromptReader.Refusal) {
            read = try PromptReader(
                request.body, limits: context.bodyLimits, registry: context.registry,
                environment: context.engine.environment)
        } catch {
            return .json(error.json, status: 400)
        }
        let createdAt = Int(Date().timeIntervalSince1970 * 1000)
        let prompt: Prompt
        do throws(PromptQueue.Refusal) {
            prompt = try context.queue.add(read.id, read.place) { priority, number in
                Prompt(
                    id: read.id, priority: priority, number: number, clientID: read.clientID,
                    graph: JSONWriter.bytes(read.graph), extraData: JSONWriter.bytes(.object(read.extraData)),
                    extraPNGInfo: read.workflow.extraPNGInfo, outputs: read.checked.goodTargets, createdAt: createdAt,
                    workflowID: read.workflow.extraPNGInfo["workflow"]?["id"]?.string,
                    ready: Prompt.Ready(workflow: read.workflow, plan: read.plan))
            }
        } catch {
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
        return .json(bytes: text.bytes)
    }

    private func refusal(_ refusal: PromptQueue.Refusal, _ id: RunID) -> Reply {
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
            return .now(
                Response(
                    429, headers: ["Content-Type": "application/json; charset=utf-8", "Retry-After": "5"],
                    body: .bytes(JSONWriter.bytes(body.json))))
        }
    }

    // MARK: The queue

    private var queue: [UInt8] {
        let (running, pending) = context.queue.snapshot()
        var text = JSONText()
        text.raw("{\"queue_running\":")
        write(running, &text)
        text.raw(",\"queue_pending\":")
        write(pending, &text)
        text.raw("}")
        return text.bytes
    }

    private func write(_ prompts: [Prompt], _ text: inout JSONText) {
        text.raw("[")
        for (index, prompt) in prompts.enumerated() {
            if index > 0 { text.raw(",") }
            text.raw(prompt.json)
        }
        text.raw("]")
    }

    private func changeQueue(_ request: Request) throws -> Reply {
        let json = try context.json(request)
        if json["clear"]?.bool == true { context.queue.removeAll() }
        if let ids = json["delete"] {
            guard let ids = ids.strings else {
                throw HTTPProblem(
                    400, "\"delete\" is no list of prompt ids", suggestion: "Send {\"delete\": [\"ID\"]}.")
            }
            context.queue.remove(ids.map { RunID($0) })
        }
        return .empty
    }

    /// One prompt, wherever it stands, or whatever runs. Always 200, as in ComfyUI.
    private func interrupt(_ request: Request) throws -> Reply {
        guard let id = try context.options(request)["prompt_id"], id != .null else {
            context.queue.interrupt(nil)
            return .empty
        }
        guard let id = id.string.map({ RunID($0) }) else {
            throw HTTPProblem(400, "\"prompt_id\" is no text", suggestion: "Send {\"prompt_id\": \"ID\"}, or nothing.")
        }
        context.queue.remove([id])
        context.queue.interrupt(id)
        return .empty
    }

    /// Models go for either word, since both hold memory; results may hold what a model made, and go with
    /// `free_memory`, as in ComfyUI.
    private func free(_ request: Request) throws -> Reply {
        let json = try context.options(request)
        let freesMemory = json["free_memory"]?.bool == true
        if freesMemory || json["unload_models"]?.bool == true { context.freeModels() }
        if freesMemory {
            context.engine.clearCache()
            context.previews.clear()
        }
        return .empty
    }
}
