internal import Synchronization

/// One request on its way: checked, then run on a thread of its own, and answered exactly once.
final class Transfer: Sendable {
    typealias Answer = Result<ClientResponse, HTTPClientError>

    private struct State {
        var continuation: CheckedContinuation<Answer, Never>?
        var handle: CurlHandle?
        var isCancelled = false
    }

    let request: ClientRequest
    let url: ClientURL
    private let headers: [String]
    private let state = Mutex(State())

    /// - Throws: `invalidRequest` for what must not or cannot be sent.
    init(_ request: ClientRequest) throws(HTTPClientError) {
        self.request = request
        guard let url = ClientURL(request.url) else {
            throw HTTPClientError(.invalidRequest, "'\(request.url)' is not a URL")
        }
        guard url.scheme == "http" || url.scheme == "https" else { throw .unsupportedScheme(request.url) }
        self.url = url
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(Self.isToken) else {
            throw HTTPClientError(.invalidRequest, "'\(request.method)' is not a method")
        }
        headers = try Self.lines(request)
    }

    /// Keeps the continuation to answer; false when the task was cancelled before, and has its answer.
    func await(_ continuation: CheckedContinuation<Answer, Never>) -> Bool {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { state.continuation = continuation }
            return state.isCancelled
        }
        if isCancelled { continuation.resume(returning: .failure(.cancelled)) }
        return !isCancelled
    }

    /// Answers at once; what libcurl still has to clean up is not waited for.
    func cancel() {
        let (handle, continuation) = state.withLock { state in
            state.isCancelled = true
            defer { state.continuation = nil }
            return (state.handle, state.continuation)
        }
        handle?.wake()
        continuation?.resume(returning: .failure(.cancelled))
    }

    /// Blocks until all is done.
    /// - Parameter keep: takes the handle for the next transfer.
    func run(on idle: CurlHandle?, keep: (CurlHandle) -> Void) {
        guard !isStopped else {
            if let idle { keep(idle) }
            return
        }
        let handle: CurlHandle
        do throws(HTTPClientError) {
            if let idle { handle = idle } else { handle = try CurlHandle() }
        } catch {
            answer(.failure(error))
            return
        }
        state.withLock { $0.handle = handle }
        let receiver = Receiver(self)
        let outcome = handle.perform(request, headers: headers, noProxy: HTTPClient.noProxy, listener: receiver)
        state.withLock { $0.handle = nil }
        // Before the answer: whoever gets it may ask the same server next.
        keep(handle)
        answer(receiver.result(outcome))
    }

    var isStopped: Bool { state.withLock { $0.isCancelled } }

    private func answer(_ answer: Answer) {
        state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }?.resume(returning: answer)
    }

    /// As libcurl takes them: `Name: value`, and `Name;` for an empty one.
    private static func lines(_ request: ClientRequest) throws(HTTPClientError) -> [String] {
        var headers = request.headers
        if let token = request.bearerToken { headers["Authorization"] = "Bearer \(token)" }
        var lines: [String] = []
        for field in headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(isToken),
                field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw HTTPClientError(.invalidRequest, "the header field '\(field.name)' is not valid") }
            let value = trimmed(field.value)
            lines.append(value.isEmpty ? "\(field.name);" : "\(field.name): \(value)")
        }
        return lines
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// Collects what libcurl says of one transfer, on its thread.
private final class Receiver: CurlListener {
    private let transfer: Transfer
    private var head = ResponseHead()
    private var download: Download
    private var error: HTTPClientError?
    private var isCut = false
    private var lastProgress: ContinuousClock.Instant?
    private var pendingProgress: ClientRequest.Progress?

    init(_ transfer: Transfer) {
        self.transfer = transfer
        download = Download(transfer.request)
    }

    var isStopped: Bool { transfer.isStopped }

    func received(line: String) -> Bool {
        if line.hasPrefix("HTTP/") { download.restart() }
        if head.take(line) { return true }
        error = HTTPClientError(.interrupted, "the header fields of \(transfer.url.authority) are too long")
        return false
    }

    func received(_ bytes: ArraySlice<UInt8>) -> Bool {
        do throws(Download.Refusal) {
            try download.take(bytes, of: head)
            return !isStopped
        } catch {
            switch error {
            case .cut: isCut = true
            case .tooLarge: self.error = .tooLarge(transfer.url.authority, limit: transfer.request.maxByteCount)
            case .failed(let failure): self.error = failure
            }
            return false
        }
    }

    func progressed(_ progress: ClientRequest.Progress) {
        guard let tell = transfer.request.progress else { return }
        // 100 ms: libcurl calls for every piece.
        let now = ContinuousClock.now
        if let last = lastProgress, now - last < .milliseconds(100) {
            pendingProgress = progress
            return
        }
        (lastProgress, pendingProgress) = (now, nil)
        tell(progress)
    }

    func result(_ outcome: CurlOutcome) -> Transfer.Answer {
        if let pendingProgress { transfer.request.progress?(pendingProgress) }
        if let error {
            download.discard()
            return .failure(error)
        }
        if let failure = outcome.failure, !isCut {
            download.discard()
            return .failure(
                HTTPClientError(
                    outcome, failure: failure, request: transfer.request, authority: transfer.url.authority))
        }
        do throws(Download.Refusal) { try download.finish(head) } catch {
            if case .failed(let failure) = error { return .failure(failure) }
        }
        return .success(
            ClientResponse(
                status: head.status, headers: head.headers, body: download.bytes, isBodyCut: isCut, url: outcome.url))
    }
}
