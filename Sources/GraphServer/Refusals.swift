internal import GraphCore
internal import HTTP

extension HTTPProblem {
    /// Refusals are JSON with a suggestion, under a key that ComfyUI's clients look for.
    var response: Response {
        var error: [JSONObject.Member] = [
            .init("type", .string("http_\(status)")), .init("message", .string(message)),
            .init("details", .string("")), .init("extra_info", .object(JSONObject())),
        ]
        if let suggestion { error.append(.init("suggestion", .string(suggestion))) }
        var headers = headers
        headers["Content-Type"] = "application/json; charset=utf-8"
        return Response(
            status, headers: headers, body: .bytes(JSONWriter.bytes(["error": .object(JSONObject(error))])))
    }
}

extension Diagnostic {
    /// What is wrong with a file, as an answer.
    /// - Parameter status: instead of the code's own.
    func problem(_ status: Int? = nil) -> HTTPProblem {
        HTTPProblem(status ?? self.status, message, suggestion: suggestion)
    }

    private var status: Int {
        switch code {
        case .fileNotFound, .fileNotReadable: 404
        case .outsideFolder: 403
        case .fileExists: 409
        case .tooLarge: 413
        case .diskFull: 507
        case .fileNotWritable: 500
        default: 400
        }
    }
}

extension ServerContext {
    /// Work that may hold a thread for long, as an answer. What it throws is one, too.
    func work(on lane: BlockingPool, _ body: @escaping @Sendable () throws -> Response) -> Reply {
        later { try await lane.run(body) }
    }

    /// Work that waits for others, as an answer. What it throws is one, too.
    func later(_ body: @escaping @Sendable () async throws -> Response) -> Reply {
        .later { [serverLog, redactor] in
            do {
                return try await body()
            } catch let problem as HTTPProblem {
                return redactor.redact(problem).response
            } catch let diagnostic as Diagnostic {
                return redactor.redact(diagnostic.problem()).response
            } catch is CancellationError {
                // Nobody is there to read it.
                return HTTPProblem(503, "the request was cancelled").response
            } catch {
                serverLog.say("an answer failed: \(error)")
                return HTTPProblem(500, "the server failed to answer this", suggestion: "Look into the server's log.")
                    .response
            }
        }
    }
}

extension Response {
    static func json(_ value: JSON, status: Int = 200) -> Response {
        .json(bytes: JSONWriter.bytes(value), status: status)
    }

    static func json(bytes: [UInt8], status: Int = 200) -> Response {
        Response(status, headers: ["Content-Type": "application/json; charset=utf-8"], body: .bytes(bytes))
    }
}
