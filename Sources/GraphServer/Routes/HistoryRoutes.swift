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
                return .json(bytes: Self.object(entry.map { [$0] } ?? []))
            },
            .post("/history", maxByteCount: context.options.maxBodyByteCount) { try change($0) },
        ]
    }

    /// The newest `max_items`, or as many from `offset`; oldest first either way.
    private func list(_ request: Request) throws -> Reply {
        let maxItems = try request.query.integer("max_items"), offset = try request.query.integer("offset")
        return .later {
            let entries = context.history.entries.filter { !$0.neverStarted }
            let count = maxItems.map { max(0, $0) } ?? entries.count
            let start = offset.flatMap { $0 < 0 ? nil : $0 } ?? max(0, entries.count - count)
            return Response(
                200, headers: ["Content-Type": "application/json; charset=utf-8"],
                body: .bytes(Self.object(Array(entries.dropFirst(start).prefix(count)))))
        }
    }

    private static func object(_ entries: [History.Entry]) -> [UInt8] {
        var text = JSONText()
        text.raw("{")
        var isFirst = true
        for entry in entries where !entry.neverStarted {
            if !isFirst { text.raw(",") }
            isFirst = false
            text.string(entry.prompt.id.text)
            text.raw(":")
            text.raw(entry.json)
        }
        text.raw("}")
        return text.bytes
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
