internal import GraphCore
internal import HTTP

/// What has ended.
struct HistoryRoutes {
    let context: ServerContext

    var routes: [Route] {
        [
            .get("/history") { try list($0) },
            .get("/history/{id}") { request in
                let entry = context.history.entry(RunID(request.parameters["id"] ?? ""))
                return .now(Self.answer(entry.map { [$0] } ?? []))
            },
            context.post("/history") { try change($0) },
        ]
    }

    /// The newest `max_items`, or as many from `offset`; oldest first either way.
    private func list(_ request: Request) throws -> Reply {
        let maxItems = try request.query.integer("max_items"), offset = try request.query.integer("offset")
        return context.work(on: context.lists) { [history = context.history] in
            let entries = history.started(
                maxCount: maxItems.map { max(0, $0) } ?? .max, offset: offset.flatMap { $0 < 0 ? nil : $0 })
            return Self.answer(entries)
        }
    }

    private static func answer(_ entries: [History.Entry]) -> Response {
        var json = JSONPieces()
        json.text.raw("{")
        var isFirst = true
        for entry in entries where !entry.neverStarted {
            if !isFirst { json.text.raw(",") }
            isFirst = false
            json.text.string(entry.prompt.id.text)
            json.text.raw(":")
            entry.write(to: &json)
        }
        json.text.raw("}")
        return json.response()
    }

    private func change(_ request: Request) throws -> Reply {
        let json = try context.json(request)
        if json["clear"]?.bool == true { context.history.removeAll() }
        if let ids = json["delete"] {
            guard let ids = ids.strings else {
                throw HTTPProblem(
                    400, "\"delete\" is no list of prompt ids", suggestion: "Send {\"delete\": [\"ID\"]}.")
            }
            context.history.remove(ids.map { RunID($0) })
        }
        return .empty
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
