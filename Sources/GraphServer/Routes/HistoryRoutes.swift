internal import GraphCore
internal import HTTP

/// What has ended.
struct HistoryRoutes {
    let context: ServerContext

    var routes: [Route] {
        [
            .get("/history") { try list($0) },
            .get("/history/{id}") { request in
                let entry = context.store.endedRun(RunID(request.parameters["id"] ?? ""))
                let answer = answer(entry.map { [$0] } ?? [])
                guard let entry, entry.byteCount > Router.inlineByteCount else {
                    return .now(answer.response(on: context.lists))
                }
                return context.work(on: context.lists) { answer.response(on: context.lists) }
            },
            context.post("/history") { try change($0) },
        ]
    }

    /// The newest `max_items`, or as many from `offset`; oldest first either way.
    private func list(_ request: Request) throws -> Reply {
        let maxItems = try request.query.integer("max_items"), offset = try request.query.integer("offset")
        return context.work(on: context.lists) { [self] in
            let entries = context.store.startedRuns(
                maxCount: maxItems.map { max(0, $0) } ?? .max, offset: offset.flatMap { $0 < 0 ? nil : $0 })
            return answer(entries).response(on: context.lists)
        }
    }

    private func answer(_ entries: [StoredRun]) -> JSONEntries {
        let started = entries.filter { !$0.neverStarted }
        let encoding = context.encoding
        return JSONEntries(head: "{", tail: "}", count: started.count) { index, json in
            if index > 0 { json.text.raw(",") }
            json.text.string(started[index].prompt.id.text)
            json.text.raw(":")
            HistoryEntry(run: started[index], encoding: encoding).write(to: &json)
        }
    }

    private func change(_ request: Request) throws -> Reply {
        let change = try ListChange(try context.json(request))
        return context.work(on: context.lists) { [store = context.store] in
            if change.clears { store.forgetAllEnded() }
            store.forget(change.deleted)
            return Response(200)
        }
    }
}

extension Query {
    /// - Throws: `HTTPProblem` 400 when the field is there and no whole number.
    func integer(_ name: String) throws -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text) else {
            throw HTTPProblem(
                400, "\(name) is no whole number: '\(text.prefix(40))'", suggestion: "Use a number, such as \(name)=10."
            )
        }
        return value
    }
}
