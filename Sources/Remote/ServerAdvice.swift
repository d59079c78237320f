public import GraphCore
internal import HTTP

/// What went wrong with a call, for people: the server's words, and what to try.
extension ModelServer {
    func explain(_ complaint: ServerComplaint, _ request: RemoteRequest) async -> Diagnostic {
        let words = complaint.message.isEmpty ? "" : ": \(complaint.message)"
        let code: Diagnostic.Code = complaint.cause == .outOfMemory ? .outOfMemory : .nodeFailed
        return Diagnostic(
            code, node: nil, "'\(provider.name)' answered \(complaint.status)\(words)",
            suggestion: await advice(complaint, request))
    }

    /// What went wrong, where a server says so in an answer that claims to be a success; nil when it does not.
    public func complaint(in answer: [UInt8]) -> Diagnostic? {
        guard let complaint = ServerComplaint(inSuccess: answer, key: provider.key) else { return nil }
        return Diagnostic(
            complaint.cause == .outOfMemory ? .outOfMemory : .nodeFailed, node: nil,
            "'\(provider.name)' answered with an error: \(complaint.message)",
            suggestion: "Check the node's inputs, and look into the server's log.")
    }

    private func advice(_ complaint: ServerComplaint, _ request: RemoteRequest) async -> String {
        switch (complaint.cause, complaint.status) {
        case (.outOfMemory, _): return memoryAdvice(request)
        case (.modelMissing, _): return await modelAdvice(request)
        case (.voiceUnknown, _): return "Choose one of the voices that the server names, or leave 'voice' empty."
        case (.modelLoading, _): return "Wait until the server has loaded the model, and run the workflow again."
        case (_, 401), (_, 403): return keyAdvice
        case (_, 404), (_, 405):
            return "Check the url of '\(provider.name)': \(provider.url)\(request.path) is asked for."
        case (_, 413): return "Send less at once: a shorter sound, a smaller picture, a shorter text."
        case (_, 400), (_, 422): return "Check the node's inputs, and that \(request.model) takes them."
        case (_, 429), (_, 502...504):
            return "Wait until the server has less to do, or lower the 'limit' of '\(provider.name)'."
        case (_, 300..<400):
            return "Put the address that answers itself into the url of '\(provider.name)'; redirects are not followed."
        default: return "Look into the server's log."
        }
    }

    private func memoryAdvice(_ request: RemoteRequest) -> String {
        let offload =
            provider.kind == .xinference
            ? "launch the model with --cpu_offload true (xinference launch --model-name \(request.model) "
                + "--model-type \(request.product.rawValue) --cpu_offload true)"
            : "let the server keep parts of the model in the computer's memory"
        switch request.product {
        case .picture: return "Choose fewer steps or a smaller size, or \(offload)."
        case .sound:
            return "Speak a shorter text, end other models on the server, or lower the 'limit' of '\(provider.name)'."
        }
    }

    private func modelAdvice(_ request: RemoteRequest) async -> String {
        let running = (try? await runningModels())?.map(\.id) ?? []
        var advice =
            provider.kind == .xinference
            ? "Launch it: xinference launch --model-name \(request.model) --model-type \(request.product.rawValue)"
            : "Name a model that the server has"
        if running.isEmpty {
            advice += "."
        } else {
            let rest = running.count - 10
            let more = rest > 0 ? " and \(rest) more" : ""
            advice += "; running there: \(running.prefix(10).joined(separator: ", "))\(more)."
        }
        return advice
    }

    private var keyAdvice: String {
        guard let source = provider.keySource, provider.key != nil else {
            return "Set the key of '\(provider.name)' in the environment variable \(provider.environmentName)_KEY."
        }
        return "Check the key of '\(provider.name)', which comes from \(source)."
    }

    /// Without secrets: libcurl's messages name hosts, never headers.
    func said(_ error: HTTPClientError) -> String { provider.key?.scrubbed(from: error.message) ?? error.message }

    func explain(_ error: HTTPClientError, limit: Int = RemoteRequest.defaultMaxByteCount) -> Diagnostic {
        switch error.kind {
        case .unreachable:
            return failure(error, "Start the server, or correct the url of '\(provider.name)'.")
        case .timedOut where error.message.hasPrefix("could not connect"):
            return failure(error, "Start the server, or correct the url of '\(provider.name)'.")
        case .timedOut:
            return Diagnostic(
                .nodeFailed, node: nil, "'\(provider.name)' was not done after \(provider.timeout.words)",
                suggestion: "Give it less work, or more time with 'timeout' in its configuration.")
        case .insecure:
            return failure(
                error, "Check the server's certificate, or name its authority's with 'certificate_file'.")
        case .tooLarge:
            return Diagnostic(
                .tooLarge, node: nil, "the answer of '\(provider.name)' is larger than \(limit) bytes",
                suggestion: "Ask for less at once.")
        case .interrupted, .damaged:
            return failure(error, "Look into the server's log, and run the workflow again.")
        case .invalidRequest, .tooManyRedirects, .file, .refused, .closed, .cancelled:
            return failure(error, error.suggestion)
        }
    }

    private func failure(_ error: HTTPClientError, _ suggestion: String?) -> Diagnostic {
        Diagnostic(.nodeFailed, node: nil, "'\(provider.name)': \(said(error))", suggestion: suggestion)
    }
}
