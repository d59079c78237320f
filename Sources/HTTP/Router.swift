/// One method on one path pattern.
public struct Route: Sendable {
    public enum Handler: Sendable {
        /// The body is collected first, up to `maxByteCount`. A body of at most `Router.inlineByteCount` is handled on
        /// the connection's loop, so the handler must be quick with small bodies; a larger one off the loop.
        case whole(maxByteCount: Int, @Sendable (Request) throws -> Reply)
        /// The body is given to a sink as it comes, up to `maxByteCount` in all.
        case streamed(maxByteCount: Int, @Sendable (Request) throws -> any BodySink)
    }

    public let method: String
    /// Segments of the raw path: literal ones, `{name}` for any one segment, a last `{name...}` for all that is left.
    public let pattern: String
    let segments: [Segment]
    public let handler: Handler
    /// What a refusal of a body beyond `maxByteCount` suggests.
    public var sizeAdvice = "Send less at once."

    enum Segment: Sendable, Equatable {
        case literal(String)
        case parameter(String)
        case rest(String)
    }

    public init(_ method: String, _ pattern: String, handler: Handler) {
        (self.method, self.pattern, self.handler) = (method, pattern, handler)
        segments = pattern.split(separator: "/", omittingEmptySubsequences: true).map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
        }
    }

    /// The same route with a prefix before its pattern.
    public func under(_ prefix: String) -> Route { with(handler, pattern: prefix + pattern) }

    /// The same route with another handler.
    public func with(_ handler: Handler) -> Route { with(handler, pattern: pattern) }

    private func with(_ handler: Handler, pattern: String) -> Route {
        var route = Route(method, pattern, handler: handler)
        route.sizeAdvice = sizeAdvice
        return route
    }

    /// The same route with other advice for bodies that are too large.
    public func advising(_ sizeAdvice: String) -> Route {
        var route = self
        route.sizeAdvice = sizeAdvice
        return route
    }

    /// A request without a body worth reading.
    public static func get(_ pattern: String, _ handler: @escaping @Sendable (Request) throws -> Reply) -> Route {
        Route("GET", pattern, handler: .whole(maxByteCount: 64 << 10, handler))
    }

    public static func post(
        _ pattern: String, maxByteCount: Int, _ handler: @escaping @Sendable (Request) throws -> Reply
    ) -> Route {
        Route("POST", pattern, handler: .whole(maxByteCount: maxByteCount, handler))
    }
}

/// Finds the handler of a request by its raw path: `/userdata/workflows%2Fa.json` is two segments, decoded afterwards.
///
/// Literal segments go before parameters, and these before the rest of a path. HEAD is GET without its body.
public struct Router: Sendable {
    /// Bodies up to here are handled on the connection's loop.
    public static let inlineByteCount = 64 << 10

    /// Looked at before anything is routed and before any body is read: throws `HTTPProblem` to refuse.
    public var guards: [@Sendable (Request) throws -> Void] = []
    /// Every answer passes here last, refusals too: fields that all answers carry are set in one place.
    public var finish: @Sendable (Request, inout Response) -> Void = { _, _ in }
    /// How a refusal looks.
    public var problemResponse: @Sendable (HTTPProblem) -> Response = { problem in
        var response = Response(
            problem.status,
            text: problem.message + (problem.suggestion.map { "\n\($0)" } ?? "") + "\n")
        for field in problem.headers.fields { response.headers.add(field.name, field.value) }
        return response
    }

    private final class Branch: Sendable {
        let literals: [String: Branch]
        let parameter: Branch?
        let rest: [String: Route]
        let routes: [String: Route]

        init(_ routes: [(segments: ArraySlice<Route.Segment>, route: Route)]) {
            var here: [String: Route] = [:]
            var rest: [String: Route] = [:]
            var literals: [String: [(ArraySlice<Route.Segment>, Route)]] = [:]
            var parameters: [(ArraySlice<Route.Segment>, Route)] = []
            for (segments, route) in routes {
                switch segments.first {
                case nil: here[route.method] = route
                case .literal(let text)?: literals[text, default: []].append((segments.dropFirst(), route))
                case .parameter?: parameters.append((segments.dropFirst(), route))
                case .rest?: rest[route.method] = route
                }
            }
            self.literals = literals.mapValues { Branch($0) }
            parameter = parameters.isEmpty ? nil : Branch(parameters)
            (self.rest, self.routes) = (rest, here)
        }
    }

    public let routes: [Route]
    private let root: Branch

    public init(_ routes: [Route]) {
        self.routes = routes
        root = Branch(routes.map { ($0.segments[...], $0) })
    }

    /// The route of a request, with the pattern's parameters filled in.
    /// - Throws: `HTTPProblem` 404, 405 with `Allow`, 400 for a path that is not percent-encoded UTF-8, or what a guard
    ///   throws; 415 for a body that is encoded in any way.
    public func route(_ request: inout Request) throws -> Route {
        for check in guards { try check(request) }
        if let encoding = request.head.headers["Content-Encoding"], encoding.lowercased() != "identity" {
            throw HTTPProblem(
                415, "the body is compressed (Content-Encoding: \(encoding.prefix(40)))",
                suggestion: "Send it as it is, without Content-Encoding.", headers: ["Accept-Encoding": "identity"])
        }
        let raw = request.rawPath.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        // "/" itself has no segments.
        let segments = raw.count == 1 && raw[0].isEmpty ? [] : raw
        let decoded = try segments.map { segment in
            guard let text = PercentCoding.decode(segment) else {
                throw HTTPProblem(400, "the path '\(request.rawPath.prefix(60))' is not percent-encoded UTF-8")
            }
            return text
        }
        var allowed: Set<String> = []
        let method = request.head.method
        if let route = find(root, segments[...], method, &allowed) {
            for (index, segment) in route.segments.enumerated() {
                switch segment {
                case .literal: break
                case .parameter(let name): request.parameters[name] = decoded[index]
                case .rest(let name): request.parameters[name] = decoded[index...].joined(separator: "/")
                }
            }
            return route
        }
        guard !allowed.isEmpty else {
            throw HTTPProblem(
                404, "there is no \(request.rawPath.prefix(100)) here",
                suggestion: "See /openapi.json for what there is.")
        }
        if allowed.contains("GET") { allowed.insert("HEAD") }
        let list = allowed.sorted().joined(separator: ", ")
        throw HTTPProblem(
            405, "\(request.rawPath.prefix(100)) does not take \(method.prefix(20))", suggestion: "Use \(list).",
            headers: ["Allow": list])
    }

    private func find(
        _ branch: Branch, _ segments: ArraySlice<Substring>, _ method: String, _ allowed: inout Set<String>
    ) -> Route? {
        if let first = segments.first {
            if let next = branch.literals[String(first)],
                let found = find(next, segments.dropFirst(), method, &allowed)
            {
                return found
            }
            if !first.isEmpty, let next = branch.parameter,
                let found = find(next, segments.dropFirst(), method, &allowed)
            {
                return found
            }
        } else if let found = pick(branch.routes, method, &allowed) {
            return found
        }
        return pick(branch.rest, method, &allowed)
    }

    private func pick(_ routes: [String: Route], _ method: String, _ allowed: inout Set<String>) -> Route? {
        if let route = routes[method] ?? (method == "HEAD" ? routes["GET"] : nil) { return route }
        allowed.formUnion(routes.keys)
        return nil
    }

    /// Routes and handles a request whose body is all there, without a port: what tests call.
    public func respond(to request: Request) async -> Response {
        var request = request
        var response: Response
        do {
            let reply: Reply
            let route = try route(&request)
            switch route.handler {
            case .whole(let limit, let handle):
                if request.body.count > limit { throw HTTPProblem.tooLarge(limit, route) }
                reply = try handle(request)
            case .streamed(let limit, let makeSink):
                if request.body.count > limit { throw HTTPProblem.tooLarge(limit, route) }
                let sink = try makeSink(request)
                do { try sink.write(request.body[...]) } catch {
                    sink.abandon()
                    throw error
                }
                reply = try sink.finish()
            }
            switch reply {
            case .now(let now): response = now
            case .later(let work): response = await work()
            case .webSocket:
                response = problemResponse(
                    HTTPProblem(426, "this needs a WebSocket", headers: ["Upgrade": "websocket"]))
            }
        } catch {
            response = self.response(to: error)
        }
        finish(request, &response)
        // As far as a caller without a connection goes.
        response.onWritten?()
        response.onWritten = nil
        return response
    }

    /// An error as an answer. What is no `HTTPProblem` is a bug of ours: 500, and nothing of it is shown.
    public func response(to error: any Error) -> Response {
        problemResponse(
            error as? HTTPProblem
                ?? HTTPProblem(500, "the server failed to answer this", suggestion: "Look into the server's log."))
    }
}

extension HTTPProblem {
    static let busyReceiving = HTTPProblem(
        503, "the server is receiving too much at once", suggestion: "Try again in a moment.",
        headers: ["Retry-After": "5"])
    static let busyAnswering = HTTPProblem(
        503, "the server is sending too much at once", suggestion: "Try again in a moment, or ask for less.",
        headers: ["Retry-After": "5"])

    static func tooLarge(_ limit: Int, _ route: Route) -> HTTPProblem {
        HTTPProblem(
            413, "the body is larger than the limit of \(limit) bytes", suggestion: route.sizeAdvice)
    }
}
