internal import GraphCore
internal import HTTP

/// A model that a server has loaded.
public struct RunningModel: Sendable, Equatable {
    /// What requests call it.
    public let id: String
    /// Xinference: what it was launched as.
    public let modelName: String?
    /// Xinference: `audio`, `image` and others.
    public let modelType: String?
}

/// What is asked besides the work itself: short questions that stand in no line and are asked once.
extension ModelServer {
    private static let maxByteCount = 1 << 20
    private static let patience = Duration.seconds(10)

    /// `GET /v1/models`.
    public func runningModels() async throws -> [RunningModel] {
        let json = try await ask("GET", "/v1/models", within: Self.patience)
        return (json["data"]?.array ?? []).prefix(1_000).compactMap { entry in
            entry["id"]?.string.map { id in
                RunningModel(id: id, modelName: entry["model_name"]?.string, modelType: entry["model_type"]?.string)
            }
        }
    }

    /// How far a picture is, 0 ... 1 (Xinference); nil while the server knows nothing of the request, and for servers that
    /// cannot say.
    public func progress(of requestID: String) async throws -> Double? {
        guard provider.kind == .xinference else { return nil }
        do {
            let json = try await ask(
                "GET", "/v1/requests/\(PercentCoding.encode(requestID))/progress", within: Self.patience)
            return json["progress"]?.number?.double.map { min(max($0, 0), 1) }
        } catch is Diagnostic {
            return nil
        }
    }

    /// Has the server drop a picture that is being made (Xinference): call it when the node is cancelled. It goes on
    /// although the task is cancelled, for 2 s at most, and is silent about failures.
    public func abort(requestID: String, model: String) async {
        guard provider.kind == .xinference else { return }
        let path =
            "/v1/models/\(PercentCoding.encode(model))/requests/\(PercentCoding.encode(requestID))/abort"
        // The calling task is cancelled; one of its own is not.
        let task = Task { _ = try await ask("POST", path, ["block_duration": 30], within: .seconds(2)) }
        _ = await task.result
    }

    /// Fetches what an answer names by its address: of the same server only.
    /// - Throws: `.outsideFolder` for an address elsewhere.
    public func fetch(
        _ address: String, maxByteCount: Int = RemoteRequest.defaultMaxByteCount
    ) async throws -> RemoteAnswer {
        guard let url = provider.url.ownURL(address) else {
            throw Diagnostic(
                .outsideFolder, node: nil,
                "'\(provider.name)' answered with an address of another server, which is not fetched: "
                    + "'\(address.prefix(100))'",
                suggestion: "Use a server that answers with the picture itself (b64_json).")
        }
        var outgoing = self.outgoing("GET", url, timeout: provider.timeout)
        outgoing.maxByteCount = maxByteCount
        let response = try await answer(outgoing, limit: maxByteCount)
        let type = response.headers["Content-Type"]?.prefix { $0 != ";" && $0 != " " }
        return RemoteAnswer(
            status: response.status, contentType: type?.lowercased(), body: response.body, server: provider.name)
    }

    /// `GET /v1/cluster/version`: Xinference's version; nil for servers that have no such route.
    public func xinferenceVersion() async -> String? {
        (try? await ask("GET", "/v1/cluster/version", within: Self.patience))?["version"]?.string
    }

    private func ask(
        _ method: String, _ path: String, _ body: JSON? = nil, within time: Duration
    ) async throws -> JSON {
        guard let url = provider.url.route(path) else {
            throw Diagnostic(.nodeFailed, node: nil, "'\(path)' is no route of a server")
        }
        var outgoing = self.outgoing(method, url, timeout: time)
        outgoing.maxByteCount = Self.maxByteCount
        if let body {
            outgoing.headers["Content-Type"] = "application/json"
            outgoing.body = .bytes(JSONWriter.bytes(body))
        }
        let response = try await answer(outgoing, limit: Self.maxByteCount)
        return try RemoteAnswer(
            status: response.status, contentType: nil, body: response.body, server: provider.name
        ).json()
    }

    /// - Throws: `Diagnostic` for any answer that is not a good one; `CancellationError`.
    private func answer(_ outgoing: ClientRequest, limit: Int) async throws -> ClientResponse {
        let response: ClientResponse
        do throws(HTTPClientError) { response = try await client.send(outgoing) } catch {
            try Task.checkCancellation()
            throw explain(error, limit: limit)
        }
        guard (200..<300).contains(response.status) else {
            let complaint = ServerComplaint(status: response.status, body: response.body, key: provider.key)
            let words = complaint.message.isEmpty ? "" : ": \(complaint.message)"
            throw Diagnostic(
                .nodeFailed, node: nil, "'\(provider.name)' answered \(response.status)\(words)",
                suggestion: "Look into the server's log.")
        }
        return response
    }
}
