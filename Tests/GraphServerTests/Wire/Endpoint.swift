import GraphCore
import HTTP

/// A server that listens on this machine, asked the way ComfyUI's clients ask. Each request has a connection of its own.
struct Endpoint: Sendable {
    let port: Int

    func get(_ target: String, headers: Headers = Headers()) throws -> WireAnswer {
        try Wire(port).ask("GET", target, headers: headers)
    }

    func post(_ target: String, _ body: [UInt8], headers: Headers = Headers()) throws -> WireAnswer {
        try Wire(port).ask("POST", target, body, headers: headers)
    }

    func post(_ target: String, _ json: JSON, headers: Headers = Headers()) throws -> WireAnswer {
        try post(target, JSONWriter.bytes(json), headers: headers)
    }

    /// - Returns: the answer to `POST /prompt`.
    func postPrompt(_ graph: JSON, client: String? = nil, _ more: [(String, JSON)] = []) throws -> WireAnswer {
        var request = JSONObject([.init("prompt", graph)])
        if let client { request["client_id"] = .string(client) }
        for (key, value) in more { request[key] = value }
        return try post("/prompt", .object(request))
    }

    /// Posts a prompt that is good.
    /// - Returns: its id.
    func submit(_ graph: JSON, client: String? = nil, _ more: [(String, JSON)] = []) throws -> String {
        let answer = try postPrompt(graph, client: client, more)
        guard answer.status == 200, let id = answer.json["prompt_id"]?.string else {
            throw Wire.Failure(description: "POST /prompt: \(answer.status) \(answer.text)")
        }
        return id
    }

    func history(_ id: String) throws -> JSON? { try get("/history/\(id)").json[id] }

    func socket(_ client: String, _ more: String = "") throws -> WireSocket {
        let socket = try WireSocket(port, "/ws?clientId=\(client)\(more)")
        guard socket.answer.status == 101 else {
            throw Wire.Failure(description: "GET /ws: \(socket.answer.status) \(socket.answer.text)")
        }
        return socket
    }

    /// Runs a prompt to its end.
    /// - Returns: its id, and everything its client was told.
    @discardableResult
    func run(_ graph: JSON, client: String = "runner") throws -> (id: String, frames: [WireSocket.Frame]) {
        let socket = try socket(client)
        let id = try submit(graph, client: client)
        return (id, try socket.read(untilEndOf: id))
    }

    // MARK: The queue

    /// The ids that run, and those that wait, in order.
    func queue() throws -> (running: [String], pending: [String]) {
        let json = try get("/queue").json
        let ids = { (key: String) in (json[key]?.array ?? []).compactMap { $0.array?.dropFirst().first?.string } }
        return (ids("queue_running"), ids("queue_pending"))
    }

    func queueRemaining() throws -> Int {
        try get("/prompt").json["exec_info"]?["queue_remaining"]?.number?.int.map { Int($0) } ?? -1
    }
}
