/// Requests and their answers, in order (RFC 9112). A request waits until the answer before it is sent.
struct HTTPConversation: Conversation {
    /// What all connections of a server share.
    struct Setting: Sendable {
        let router: Router
        let limits: ServerLimits
        let log: @Sendable (String) -> Void
        let largeBodies: BodyQueues
        /// For what comes, and for answers that lie in memory.
        let received: MemoryBudget
        let answers: MemoryBudget
    }

    private enum Stage {
        case head
        case collecting(Route, maxByteCount: Int, handle: @Sendable (Request) throws -> Reply)
        case streaming(Route, maxByteCount: Int, any BodySink)
        /// A handler works off the loop.
        case working(Task<Void, Never>?)
        case sending([UInt8], start: Int)
        case pulling(any ByteSource, isChunked: Bool)
        /// The last answer is out.
        case finished
    }

    private let setting: Setting
    private let connection: Connection
    private let isSecure: Bool
    private let remoteAddress: String

    private var parser: RequestParser
    private var stage = Stage.head
    private var request: Request?
    /// What came of the current body; kept by sinks instead when they take it.
    private var body: [UInt8] = []
    private var bodyByteCount = 0
    private var isBodyComplete = true
    /// Announced by Content-Length.
    private var promisedBodyByteCount: Int?
    /// Counts `body`, or what the sink holds.
    private var share: MemoryShare?
    /// Counts an answer that is being sent.
    private var answerShare: MemoryShare?
    private var keepsAlive = true
    /// Left of a source whose length was promised.
    private var promisedByteCount: Int?
    private var arrived: Result<Reply, any Error>?
    /// Of the answer that is being made, and of those that were made and that the system has not taken whole.
    private var onWritten: (@Sendable () -> Void)?
    private var unwritten: [@Sendable () -> Void] = []
    /// When the current head began, or the wait for one, or the body.
    private var since: Duration
    private var isFirst = true
    private var isPeerFinished = false
    private var isDraining = false

    init(_ setting: Setting, _ connection: Connection, isSecure: Bool, remoteAddress: String) {
        (self.setting, self.connection) = (setting, connection)
        (self.isSecure, self.remoteAddress) = (isSecure, remoteAddress)
        parser = RequestParser(limits: setting.limits.requestHead)
        since = Clock.now
    }

    // MARK: Conversation

    var wantsBytes: Bool {
        switch stage {
        case .head, .collecting, .streaming: true
        // Reading on is how a peer that goes away is noticed.
        case .working, .sending, .pulling: parser.bufferedByteCount < setting.limits.waitingByteCount
        case .finished: false
        }
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>, _ now: Duration) {
        if case .head = stage, parser.isIdle, !isFirst { since = now }
        parser.append(bytes)
    }

    mutating func receiveEnd() { isPeerFinished = true }
    mutating func drain() { isDraining = true }

    mutating func deliver(_ letter: Letter) {
        guard case .working = stage, case .reply(let reply) = letter else { return }
        arrived = reply
    }

    mutating func flushed() {
        guard !unwritten.isEmpty else { return }
        for written in unwritten { written() }
        unwritten = []
    }

    mutating func advance(_ turn: inout Turn) -> Next {
        while turn.output.count < pieceByteCount {
            switch stage {
            case .head, .collecting, .streaming:
                switch read(&turn) {
                case .wait: return waitForBytes()
                case .again: continue
                case let next: return next
                }
            case .working:
                guard let reply = arrived else { return isPeerFinished ? .cut : .wait }
                arrived = nil
                if let next = answer(reply, &turn) { return next }
            case .sending(let bytes, let start):
                let end = min(bytes.count, start + pieceByteCount)
                turn.output += bytes[start..<end]
                if end < bytes.count { stage = .sending(bytes, start: end) } else { endAnswer(turn.now) }
            case .pulling(let source, let isChunked):
                if let next = pull(source, isChunked, &turn) { return next }
            case .finished: return .close
            }
        }
        return .again
    }

    mutating func tick(_ turn: inout Turn) -> Next {
        let (limits, elapsed) = (setting.limits, turn.now - since)
        switch stage {
        case .head where parser.isIdle:
            return elapsed >= (isFirst ? limits.headTimeout : limits.idleTimeout) ? .cut : .wait
        case .head where elapsed >= limits.headTimeout:
            refuse(
                HTTPProblem(408, "the request's head did not come within \(limits.headTimeout)"), &turn)
            return .close
        case .collecting where isTooSlow(elapsed), .streaming where isTooSlow(elapsed):
            refuse(
                HTTPProblem(
                    408, "the request's body came with less than \(limits.minBytesPerSecond) bytes per second"), &turn)
            return .close
        default: return .wait
        }
    }

    private func isTooSlow(_ elapsed: Duration) -> Bool {
        elapsed >= setting.limits.bodyGrace
            && Double(bodyByteCount) < Double(setting.limits.minBytesPerSecond) * (elapsed / .seconds(1))
    }

    mutating func end() {
        switch stage {
        case .streaming(_, _, let sink): sink.abandon()
        case .working(let task): task?.cancel()
        case .pulling(let source, _): source.detach()
        default: break
        }
        stage = .finished
        if case .success(.now(let response)) = arrived { response.onWritten?() }
        if let onWritten { unwritten.append(onWritten) }
        (arrived, onWritten) = (nil, nil)
        flushed()
    }

    // MARK: Requests

    /// All that has come is looked at.
    private func waitForBytes() -> Next {
        let isBetween = if case .head = stage { parser.isIdle } else { false }
        // Half a request has no answer.
        if isPeerFinished { return isBetween ? .close : .cut }
        return isDraining && isBetween ? .cut : .wait
    }

    /// Takes the next event of the parser. `.again`: there may be more.
    private mutating func read(_ turn: inout Turn) -> Next {
        do {
            guard let event = try parser.next() else { return .wait }
            switch event {
            case .head(let head, let body): try begin(head, body, &turn)
            case .body(let bytes): try take(bytes)
            case .end:
                isBodyComplete = true
                return try finishBody(&turn) ?? .again
            }
        } catch {
            refuse(error, &turn)
        }
        return .again
    }

    private mutating func begin(_ head: RequestHead, _ framing: RequestParser.Body, _ turn: inout Turn) throws {
        (request, isFirst) = (nil, false)
        (body, bodyByteCount, isBodyComplete) = ([], 0, framing == .none || framing == .length(0))
        (promisedBodyByteCount, share) = (framing.byteCount, isBodyComplete ? nil : MemoryShare(setting.received))
        keepsAlive = head.keepsAlive
        since = turn.now
        var request = try Request(head, isSecure: isSecure, remoteAddress: remoteAddress)
        self.request = request
        let route = try setting.router.route(&request)
        self.request = request
        switch route.handler {
        case .whole(let limit, let handle):
            try checkLength(framing, limit, route)
            // Before the peer sends it in vain.
            if let count = framing.byteCount, !setting.received.hasRoom(for: count) { throw HTTPProblem.busyReceiving }
            stage = .collecting(route, maxByteCount: limit, handle: handle)
        case .streamed(let limit, let makeSink):
            try checkLength(framing, limit, route)
            stage = .streaming(route, maxByteCount: limit, try makeSink(request))
        }
        if !isBodyComplete, head.expectsContinue { turn.output += ResponseWriter.continue100 }
    }

    private func checkLength(_ framing: RequestParser.Body, _ limit: Int, _ route: Route) throws {
        if case .length(let count) = framing, count > limit { throw HTTPProblem.tooLarge(limit, route) }
    }

    private mutating func take(_ bytes: [UInt8]) throws {
        bodyByteCount += bytes.count
        switch stage {
        case .collecting(let route, let limit, _):
            if bodyByteCount > limit { throw HTTPProblem.tooLarge(limit, route) }
            try collect(bytes, limit: limit)
        case .streaming(let route, let limit, let sink):
            if bodyByteCount > limit { throw HTTPProblem.tooLarge(limit, route) }
            try sink.write(bytes[...])
            guard share?.resize(to: sink.heldByteCount) != false else { throw HTTPProblem.busyReceiving }
        default: break
        }
    }

    /// What is counted is the memory that the body takes, which grows in steps.
    private mutating func collect(_ bytes: [UInt8], limit: Int) throws {
        let wanted =
            body.isEmpty
            ? bytes.capacity
            : bodyByteCount <= body.capacity
                ? body.capacity : max(bodyByteCount, min(2 * body.capacity, promisedBodyByteCount ?? limit))
        guard share?.resize(to: wanted) != false else { throw HTTPProblem.busyReceiving }
        if body.isEmpty {
            body = bytes
        } else {
            body.reserveCapacity(wanted)
            body += bytes
        }
    }

    /// The request is complete.
    private mutating func finishBody(_ turn: inout Turn) throws -> Next? {
        guard var request else { return nil }
        switch stage {
        case .collecting(_, _, let handle):
            swap(&request.body, &body)
            (request.share, share) = (share, nil)
            if request.body.count <= Router.inlineByteCount { return start(try handle(request), &turn) }
            stage = .working(nil)
            let (connection, complete) = (connection, request)
            setting.largeBodies.add(complete.body.count) {
                connection.post(.reply(Result { try handle(complete) }))
            }
            return nil
        case .streaming(_, _, let sink):
            // It is done with, whatever it says.
            (stage, share) = (.head, nil)
            return start(try sink.finish(), &turn)
        default: return nil
        }
    }

    // MARK: Answers

    private mutating func answer(_ reply: Result<Reply, any Error>, _ turn: inout Turn) -> Next? {
        switch reply {
        case .success(let reply): return start(reply, &turn)
        case .failure(let error):
            refuse(error, &turn)
            return nil
        }
    }

    private mutating func start(_ reply: Reply, _ turn: inout Turn) -> Next? {
        switch reply {
        case .now(let response): send(response, &turn)
        case .later(let work):
            let connection = connection
            stage = .working(Task.detached { connection.post(.reply(.success(.now(await work())))) })
        case .webSocket(let session):
            guard let request else { return nil }
            do {
                let fields = try WebSocketHandshake.answer(request.head)
                var response = Response(101, headers: fields)
                setting.router.finish(request, &response)
                turn.output += ResponseWriter.head(
                    101, response.headers, framing: .none, keepsAlive: true, date: turn.date)
                stage = .finished
                flushed()
                return .become(
                    WebSocketConversation(
                        session, connection, setting.limits, share: MemoryShare(setting.received),
                        rest: parser.takeRemainder(), now: turn.now,
                        isPeerFinished: isPeerFinished, isDraining: isDraining))
            } catch { refuse(error, &turn) }
        }
        return nil
    }

    /// Answers with an error. What is left of a body half-way read cannot be told from a request: the connection closes.
    private mutating func refuse(_ error: any Error, _ turn: inout Turn) {
        if case .streaming(_, _, let sink) = stage { sink.abandon() }
        (body, share) = ([], nil)
        if !(error is HTTPProblem) {
            setting.log("\(request?.head.method ?? "") \(request?.rawPath ?? ""): \(error)")
        }
        send(setting.router.response(to: error), &turn)
    }

    private mutating func send(_ answer: Response, _ turn: inout Turn) {
        var response = answer
        onWritten = answer.onWritten
        if case .bytes(let bytes) = response.body, bytes.count > pieceByteCount, request?.head.method != "HEAD" {
            let share = MemoryShare(setting.answers)
            if share.resize(to: bytes.count, evenAlone: true) {
                answerShare = share
            } else {
                response = setting.router.problemResponse(.busyAnswering)
            }
        }
        // What is no request at all is answered like one for "/".
        if let request = request ?? (try? Request(RequestHead(method: "GET", target: "/"))) {
            setting.router.finish(request, &response)
        }
        keepsAlive = keepsAlive && request != nil && isBodyComplete && !isDraining
        let hasFraming = response.status != 204 && response.status != 304
        let hasBody = request?.head.method != "HEAD" && hasFraming
        let isOld = request?.head.minorVersion == 0
        let framing: ResponseWriter.Framing
        switch response.body {
        case _ where !hasFraming: framing = .none
        case .bytes(let bytes): framing = .length(bytes.count)
        case .source(_, let count?): framing = .length(count)
        case .source(_, nil):
            framing = isOld ? .untilClose : .chunked
            if isOld { keepsAlive = false }
        }
        turn.output += ResponseWriter.head(
            response.status, response.headers, framing: framing, keepsAlive: keepsAlive, date: turn.date,
            minorVersion: isOld ? 0 : 1)
        switch response.body {
        case _ where !hasBody: endAnswer(turn.now)
        case .bytes(let bytes) where bytes.count <= pieceByteCount:
            turn.output += bytes
            endAnswer(turn.now)
        case .bytes(let bytes): stage = .sending(bytes, start: 0)
        case .source(let source, let count):
            promisedByteCount = count
            stage = .pulling(source, isChunked: count == nil && !isOld)
            let connection = connection
            source.attach { connection.wake() }
        }
    }

    /// Asks the source for a piece. Nil: there may be more to do.
    private mutating func pull(_ source: any ByteSource, _ isChunked: Bool, _ turn: inout Turn) -> Next? {
        // Whoever listens to an endless stream and hangs up would otherwise be noticed only when something is sent.
        if isPeerFinished, promisedByteCount == nil { return .cut }
        var filled: Filled
        if isChunked {
            var piece: [UInt8] = []
            filled = source.fill(&piece, limit: pieceByteCount)
            if !piece.isEmpty { ResponseWriter.chunk(piece, into: &turn.output) }
        } else {
            let before = turn.output.count
            filled = source.fill(&turn.output, limit: min(pieceByteCount, promisedByteCount ?? pieceByteCount))
            if let left = promisedByteCount {
                let rest = left - (turn.output.count - before)
                promisedByteCount = rest
                // A body of another length than promised is worse than none.
                if rest < 0 || (rest > 0 && filled == .end) {
                    turn.output.removeLast(turn.output.count - before)
                    let difference = "\(abs(rest)) bytes \(rest < 0 ? "longer" : "shorter")"
                    filled = .fail(code: 1011, reason: "the body is \(difference) than promised")
                } else if rest == 0 {
                    filled = .end
                }
            }
        }
        switch filled {
        case .idle: return .wait
        case .more: return nil
        case .end:
            if isChunked { ResponseWriter.lastChunk(into: &turn.output) }
            source.detach()
            endAnswer(turn.now)
            return nil
        case .fail(_, let reason):
            setting.log("\(request?.head.method ?? "") \(request?.rawPath ?? ""): \(reason)")
            return .cut
        }
    }

    private mutating func endAnswer(_ now: Duration) {
        (request, body, since, promisedByteCount) = (nil, [], now, nil)
        (share, answerShare) = (nil, nil)
        if let onWritten { unwritten.append(onWritten) }
        onWritten = nil
        stage = keepsAlive ? .head : .finished
    }
}

extension RequestParser.Body {
    /// Where it is known beforehand.
    fileprivate var byteCount: Int? {
        if case .length(let count) = self { count } else { nil }
    }
}
