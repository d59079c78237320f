internal import Arguments
internal import Foundation
internal import GraphCore
internal import HTTP

/// A graphserver or ComfyUI somewhere else: its address, the token, and the requests it is sent.
struct RemoteServer: Sendable {
    /// Without a `/` behind it.
    let url: String
    private let token: String?
    private let client = HTTPClient(maxTransferCount: 4)

    /// - Throws: `UsageError` for what is no URL.
    init(_ options: Options, _ console: Console) throws {
        let given = options.server ?? ""
        let full = given.contains("://") ? given : "http://" + given
        let parts = full.components(separatedBy: "://")
        let host = parts.count == 2 ? parts[1].prefix { $0 != "/" } : ""
        guard ["http", "https"].contains(parts[0].lowercased()), !host.isEmpty, !host.contains("@"),
            full.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !full.contains("?"), !full.contains("#")
        else {
            // Somebody's password may stand in it.
            throw UsageError(
                message: "--server takes the address of a server, such as http://192.168.1.5:8188",
                suggestion: host.contains("@") ? "Give the token with --token or $GRAPHRUN_TOKEN." : nil)
        }
        url = String(full.reversed().drop { $0 == "/" }.reversed())
        let environment = ProcessInfo.processInfo.environment["GRAPHRUN_TOKEN"]
        token = options.token ?? environment.flatMap { $0.isEmpty ? nil : $0 }
        if let token, token.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
            throw UsageError(message: "the token holds characters that no token has", suggestion: "Copy it again.")
        }
        if token != nil && parts[0].lowercased() == "http" && Authority(host)?.isLoopback != true {
            console.error(
                "warning: the token goes to \(host) unencrypted: whoever listens on the way can read it\n"
                    + "  Use https, or a tunnel.")
        }
    }

    // MARK: Requests

    /// - Parameter path: with its query, encoded.
    func request(_ method: String = "GET", _ path: String, body: ClientRequest.Body = .none) -> ClientRequest {
        var request = ClientRequest(method, url + path, body: body)
        request.bearerToken = token
        return request
    }

    func send(_ request: ClientRequest) async throws(HTTPClientError) -> ClientResponse {
        try await client.send(request)
    }

    func get(_ path: String) async throws(HTTPClientError) -> ClientResponse {
        var request = request("GET", path)
        request.timeout = .seconds(60)
        return try await send(request)
    }

    func post(_ path: String, _ json: JSON) async throws(HTTPClientError) -> ClientResponse {
        var request = request("POST", path, body: .bytes(JSONWriter.bytes(json)))
        request.headers["Content-Type"] = "application/json"
        request.timeout = .seconds(60)
        return try await send(request)
    }

    /// - Parameter since: what has been handled, `EPOCH:SEQ`.
    func connect(clientID: String, since: String?) async throws(HTTPClientError) -> WebSocketClient {
        var options = WebSocketClient.Options()
        options.bearerToken = token
        // Pictures may come as one message.
        options.maxMessageByteCount = 256 << 20
        let query =
            "?clientId=\(PercentCoding.encode(clientID))&supports_preview_metadata=true"
            + (since.map { "&since=\(PercentCoding.encode($0))" } ?? "")
        let socket = try await WebSocketClient.connect(url + "/ws" + query, options: options)
        // Pictures then say whose they are; ComfyUI does not look into the query for it.
        let flags: JSON = ["type": "feature_flags", "data": ["supports_preview_metadata": true]]
        try await socket.send(JSONWriter.text(flags))
        return socket
    }

    // MARK: What became of a run

    enum Standing: Sendable {
        /// What `/history` says of it.
        case ended(JSON)
        case queued
        /// It ended before it began, or the server has forgotten it.
        case unknown
    }

    func standing(of run: RunID) async throws(HTTPClientError) -> Standing {
        // Short where the queue may be long; not every ComfyUI has it.
        let job = try await get("/api/jobs/" + PercentCoding.encode(run.text))
        let state = job.status == 200 ? (try? JSONParser.parse(job.body))?["status"]?.string : nil
        if state == "pending" || state == "in_progress" { return .queued }
        // Between the two looks it may have gone from one to the other.
        for path in ["/history/", "/queue", "/history/"] {
            let isQueue = path == "/queue"
            let response = try await get(path + (isQueue ? "" : PercentCoding.encode(run.text)))
            guard response.status == 200, let json = try? JSONParser.parse(response.body) else {
                let isPassing = response.status >= 500 || response.status == 429
                throw HTTPClientError(
                    isPassing ? .interrupted : .invalidRequest,
                    "\(url)\(path) answered \(response.status), and not what became of the run",
                    suggestion: "Look into the server's log.")
            }
            if isQueue {
                let prompts = (json["queue_running"]?.array ?? []) + (json["queue_pending"]?.array ?? [])
                if prompts.contains(where: { ($0.array ?? []).dropFirst().first?.string == run.text }) {
                    return .queued
                }
            } else if let entry = json[run.text] {
                return .ended(entry)
            }
            // It never began, which the history does not tell.
            if state == "cancelled" { return .ended(.object(JSONObject())) }
        }
        return .unknown
    }

    /// Takes it out of the queue, or stops it.
    func interrupt(_ run: RunID) async throws(HTTPClientError) {
        // ComfyUI interrupts only what runs.
        _ = try await post("/queue", ["delete": [.string(run.text)]])
        _ = try await post("/interrupt", ["prompt_id": .string(run.text)])
    }

    // MARK: Refusals

    /// An answer that is no good, in words.
    /// - Parameter what: what was asked for, such as "the workflow was refused".
    func failure(_ response: ClientResponse, _ what: String) -> Failure {
        let error = (try? JSONParser.parse(response.body))?["error"]
        let said = error?["message"]?.string ?? error?.string
        var line = "graphrun: \(url): \(what): " + (said ?? "the server answered \(response.status)")
        if let details = error?["details"]?.string, !details.isEmpty, details != said { line += ": \(details)" }
        let suggestion: String
        switch response.status {
        case 401: suggestion = "Give its token with --token or $GRAPHRUN_TOKEN."
        case 403: suggestion = error?["suggestion"]?.string ?? "Give its token with --token or $GRAPHRUN_TOKEN."
        case 404, 405: suggestion = "Check the address: is it a graphserver or ComfyUI?"
        case 413: suggestion = error?["suggestion"]?.string ?? "Send less, or raise the server's limit."
        case 429, 503:
            let seconds = response.headers["Retry-After"].flatMap(Int.init).flatMap { $0 >= 0 ? $0 : nil }
            suggestion = "Try again later" + (seconds.map { ": it asks for \(Words.count($0, "second"))." } ?? ".")
        default: suggestion = error?["suggestion"]?.string ?? "Look into the server's log."
        }
        return Failure(code: .failed, text: line + "\n  " + suggestion)
    }

    func failure(_ error: HTTPClientError) -> Failure {
        if let response = error.response { return failure(response, "no WebSocket was opened") }
        let suggestion = error.suggestion.map { "\n  \($0)" } ?? ""
        return Failure(code: .failed, text: "graphrun: \(error.message)\(suggestion)")
    }
}
