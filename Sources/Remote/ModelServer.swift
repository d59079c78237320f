public import GraphCore
internal import HTTP
internal import Synchronization

/// A provider that can be called: it holds the requests back that would be too many at once, tries those again that may
/// come through later, and says what went wrong in words that help.
public final class ModelServer: Sendable {
    public let provider: Provider
    let client: HTTPClient
    let pacing: Pacing
    private let gate: ProviderGate

    init(_ provider: Provider, client: HTTPClient, pacing: Pacing) {
        (self.provider, self.client, self.pacing) = (provider, client, pacing)
        gate = ProviderGate(limit: provider.limit)
    }

    /// How many requests wait for their turn.
    var waitingCount: Int { gate.waitingCount }

    /// The model that a node asks for.
    /// - Parameters:
    ///   - chosen: by the workflow; empty for the configuration's first one for that type of node.
    ///   - fallback: what it is usually called on such servers; nil when there is no such name.
    /// - Throws: `.badInput` when nothing names a model.
    public func model(for nodeType: String, chosen: String = "", fallback: String? = nil) throws(Diagnostic) -> String {
        if !chosen.isEmpty { return chosen }
        if let named = provider.models[nodeType]?.first ?? provider.model ?? fallback { return named }
        throw Diagnostic(
            .badInput, node: nil, input: "model", "no model of provider '\(provider.name)' is named for \(nodeType)",
            suggestion: "Name one in the input 'model', or under 'models' of '\(provider.name)' in the configuration: "
                + "models: {\(nodeType): MODEL}.")
    }

    /// Sends a request as soon as the provider's limit allows it, and again while that may help.
    /// - Throws: `Diagnostic` in the server's words with what to try; `CancellationError`, at once, when cancelled.
    public func send(_ request: RemoteRequest, _ report: CallReport = .silent) async throws -> RemoteAnswer {
        let name = provider.name
        return try await gate.pass(telling: { ahead in
            report.phase(
                .waitingForServer,
                "'\(name)' is working; " + (ahead == 0 ? "this request is next" : "\(ahead) more before this request"))
        }) {
            try await persist(request, report)
        }
    }

    private func persist(_ request: RemoteRequest, _ report: CallReport) async throws -> RemoteAnswer {
        let start = pacing.now()
        var failedCount = 0
        while true {
            report.phase(.processing, "\(request.model) on '\(provider.name)'")
            let left = provider.timeout - (pacing.now() - start)
            switch try await attempt(request, within: left, report) {
            case .answered(let answer): return answer
            case .refused(let complaint): throw await explain(complaint, request)
            case .loading(let complaint, let named):
                // A model may take minutes to load, and asking costs the server nothing: the time alone is the limit.
                let wait = max(.seconds(2), named ?? .seconds(5))
                guard isInTime(wait, start) else { throw await explain(complaint, request) }
                report.phase(
                    .loadingModel, "'\(provider.name)' is loading \(request.model); asking again in \(wait.words)")
                try await pacing.sleep(wait)
            case .busy(let complaint, let named):
                failedCount += 1
                let wait = max(named ?? .zero, jitter(failedCount))
                guard failedCount < Retrying.maxTryCount, isInTime(wait, start) else {
                    throw await explain(complaint, request)
                }
                report.phase(
                    .waitingForServer,
                    "'\(provider.name)' is busy (\(complaint.status)); \(again(in: wait, after: failedCount))")
                try await pacing.sleep(wait)
            case .lost(let error):
                failedCount += 1
                let wait = jitter(failedCount)
                guard failedCount < Retrying.maxTryCount, isInTime(wait, start) else { throw explain(error) }
                report.phase(.waitingForServer, "\(said(error)); \(again(in: wait, after: failedCount))")
                try await pacing.sleep(wait)
            }
        }
    }

    private func jitter(_ failedCount: Int) -> Duration {
        Retrying.wait(failedCount: failedCount, random: pacing.random())
    }

    private func again(in wait: Duration, after failedCount: Int) -> String {
        "trying again in \(wait.words) (\(failedCount + 1) of \(Retrying.maxTryCount))"
    }

    /// Whether there is time left after a wait.
    private func isInTime(_ wait: Duration, _ start: ContinuousClock.Instant) -> Bool {
        pacing.now() - start + wait < provider.timeout
    }

    // MARK: One try

    private enum Outcome {
        case answered(RemoteAnswer)
        /// Asking again would bring the same.
        case refused(ServerComplaint)
        case loading(ServerComplaint, Duration?)
        case busy(ServerComplaint, Duration?)
        /// There is no answer, and there may be one next time.
        case lost(HTTPClientError)
    }

    private func attempt(
        _ request: RemoteRequest, within left: Duration, _ report: CallReport
    ) async throws -> Outcome {
        guard let url = provider.url.route(request.path) else {
            throw Diagnostic(.nodeFailed, node: nil, "'\(request.path)' is no route of a server")
        }
        let witness = Witness()
        var outgoing = self.outgoing(request.method, url, timeout: left)
        outgoing.maxByteCount = request.maxByteCount
        switch request.body {
        case .none: break
        case .json(let json):
            outgoing.headers["Content-Type"] = "application/json"
            outgoing.body = .bytes(JSONWriter.bytes(json))
        case .form(let parts):
            outgoing.body = .form(
                parts.map {
                    ClientRequest.FormPart(
                        $0.name, .bytes($0.bytes), fileName: $0.fileName, contentType: $0.contentType)
                })
        }
        outgoing.accept = { status, _ throws(HTTPClientError) in
            guard (200..<300).contains(status) else { return }
            witness.sawGoodHead()
            report.phase(.downloading, "the answer arrives")
        }
        request.begin?()
        if let receive = request.receive {
            outgoing.destination = .stream { piece in
                // A redirect has a body, too.
                guard witness.isGood else { return }
                do { try receive(piece) } catch {
                    witness.keep(error)
                    throw error
                }
            }
        }
        let response: ClientResponse
        do throws(HTTPClientError) { response = try await client.send(outgoing) } catch {
            if let own = witness.error { throw own }
            try Task.checkCancellation()
            if isWorthTrying(error) { return .lost(error) }
            throw explain(error, limit: request.maxByteCount)
        }
        return outcome(response)
    }

    private func outcome(_ response: ClientResponse) -> Outcome {
        if (200..<300).contains(response.status) {
            let type = response.headers["Content-Type"]?.prefix { $0 != ";" && $0 != " " }
            return .answered(
                RemoteAnswer(
                    status: response.status, contentType: type?.lowercased(), body: response.body,
                    server: provider.name))
        }
        if (300..<400).contains(response.status), let place = response.headers["Location"] {
            return .refused(
                ServerComplaint(
                    status: response.status, body: Array("it redirects to '\(place.prefix(100))'".utf8),
                    key: provider.key))
        }
        let complaint = ServerComplaint(status: response.status, body: response.body, key: provider.key)
        guard Retrying.statuses.contains(response.status) else { return .refused(complaint) }
        let named = Retrying.named(
            response.headers["Retry-After"], secondsSince1970: pacing.secondsSince1970())
        return complaint.cause == .modelLoading ? .loading(complaint, named) : .busy(complaint, named)
    }

    /// Whether the next try may be luckier.
    private func isWorthTrying(_ error: HTTPClientError) -> Bool {
        switch error.kind {
        case .unreachable, .interrupted: return true
        // Of connecting: it says so, unlike the whole time being over.
        case .timedOut: return error.message.hasPrefix("could not connect")
        case .invalidRequest, .insecure, .tooLarge, .tooManyRedirects, .file, .damaged, .refused, .closed, .cancelled:
            return false
        }
    }

    func outgoing(_ method: String, _ url: String, timeout: Duration) -> ClientRequest {
        var outgoing = ClientRequest(method, url)
        outgoing.headers["Accept"] = "*/*"
        outgoing.bearerToken = provider.key?.revealed
        outgoing.maxRedirectCount = 0
        outgoing.connectTimeout = min(provider.connectTimeout, max(timeout, .milliseconds(1)))
        outgoing.timeout = max(timeout, .milliseconds(1))
        // A server computes for minutes before it answers.
        outgoing.stallTimeout = nil
        outgoing.authorityFile = provider.certificateFile
        return outgoing
    }
}

/// What was seen of an answer that did not come in full.
private final class Witness: Sendable {
    private struct State {
        var isGood = false
        var error: (any Error)?
    }

    private let state = Mutex(State())

    func sawGoodHead() { state.withLock { $0.isGood = true } }
    /// What the receiver threw, which libcurl cannot hand through.
    func keep(_ error: any Error) { state.withLock { $0.error = error } }

    var isGood: Bool { state.withLock { $0.isGood } }
    var error: (any Error)? { state.withLock { $0.error } }
}
