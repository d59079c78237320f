internal import Synchronization

/// Listens, and gives the requests that come to a router. Runs until `stop`.
public final class Server: Sendable {
    private let setting: HTTPConversation.Setting
    private let tls: TLSContext?
    private let loops: [EventLoop]
    private let count = Counter()

    /// Starts the loops' threads.
    /// - Parameters:
    ///   - loopCount: 1 or more; by default two, if there are as many cores.
    ///   - log: what happened that no peer is told, such as an error of a handler. Called from any thread.
    /// - Throws: when the system has no thread or descriptor left.
    public init(
        router: Router, limits: ServerLimits = ServerLimits(), tls: TLSContext? = nil, loopCount: Int? = nil,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        setting = HTTPConversation.Setting(
            router: router, limits: limits, log: log, largeBodies: BodyQueues(),
            received: MemoryBudget(byteCount: limits.receivedByteCount, freeByteCount: limits.freeByteCount),
            answers: MemoryBudget(byteCount: limits.answerByteCount))
        self.tls = tls
        loops = try (0..<max(1, loopCount ?? min(2, System.coreCount))).map { _ in
            try EventLoop(tickInterval: limits.tickInterval)
        }
    }

    /// Takes connections on one more address, IPv4 or IPv6, from now on.
    /// - Parameter port: 0 for any free one.
    /// - Returns: the port.
    /// - Throws: `ListenError`.
    @discardableResult public func listen(_ address: String, port: Int) throws(ListenError) -> Int {
        let socket = try Socket.listening(on: address, port: port)
        loops[0].wake(Acceptor(socket, setting, tls, loops: loops, count: count))
        return socket.port ?? port
    }

    /// Open connections now.
    public var connectionCount: Int { count.value }

    /// What is counted of bodies and messages now, and of answers.
    var receivedByteCount: Int { setting.received.usedByteCount }
    var answerByteCount: Int { setting.answers.usedByteCount }

    /// Takes no new connection, lets running answers end, closes WebSockets with 1001, and cuts what is left after
    /// `grace`. Returns when all is closed; the server is of no use then.
    public func stop(grace: Duration = .seconds(5)) async {
        for loop in loops { loop.beginDraining(grace: grace) }
        for loop in loops { await loop.awaitEnd() }
    }

    /// Raises the number of sockets this process may have open to what the system allows it.
    /// - Returns: the new limit.
    @discardableResult public static func raiseDescriptorLimit() -> Int { Socket.raiseDescriptorLimit() }
}

/// How many connections are open.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    /// The count afterwards.
    @discardableResult func add(_ change: Int) -> Int {
        count.wrappingAdd(change, ordering: .relaxed).newValue
    }
}

/// A listening socket: hands its connections to the loops in turn.
private final class Acceptor: EventHandler {
    private struct State {
        var isRegistered = false
        var isClosed = false
        /// The system had no descriptors left; the next tick tries again.
        var isPaused = false
        var nextLoop = 0
    }

    /// Refusals under way at most; who comes above that is closed without a word.
    private static let maxRefusalCount = 64
    /// Accepted in a row before others get their turn.
    private static let batchCount = 64

    private let socket: Socket
    private let setting: HTTPConversation.Setting
    private let tls: TLSContext?
    private let loops: [EventLoop]
    private let count: Counter
    private let refusals = Counter()
    private let state = Mutex(State())

    init(_ socket: Socket, _ setting: HTTPConversation.Setting, _ tls: TLSContext?, loops: [EventLoop], count: Counter)
    {
        (self.socket, self.setting, self.tls, self.loops, self.count) = (socket, setting, tls, loops, count)
    }

    func woken(_ turn: inout Turn) {
        state.withLock { state in
            guard !state.isRegistered else { return }
            state.isRegistered = true
            guard !turn.isDraining, turn.watch(socket, self, for: .readable) else {
                state.isClosed = true
                return socket.close()
            }
        }
    }

    func ready(_ readiness: Readiness, _ turn: inout Turn) {
        state.withLock { state in
            for _ in 0..<Self.batchCount where !state.isClosed {
                switch socket.accept() {
                case .nothing: return
                case .exhausted(let reason):
                    setting.log("cannot accept a connection: \(reason)")
                    state.isPaused = true
                    return turn.change(socket, to: [])
                case .connection(let accepted, let address):
                    state.nextLoop = (state.nextLoop + 1) % loops.count
                    take(accepted, address, loops[state.nextLoop])
                }
            }
        }
    }

    func tick(_ turn: inout Turn) {
        state.withLock { state in
            guard state.isPaused, !state.isClosed else { return }
            state.isPaused = false
            turn.change(socket, to: .readable)
        }
    }

    func drain(_ turn: inout Turn) { cut(&turn) }

    func cut(_ turn: inout Turn) {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            turn.forget(socket)
            socket.close()
        }
    }

    private func take(_ accepted: Socket, _ address: String, _ loop: EventLoop) {
        let isRefused = count.value >= setting.limits.maxConnectionCount
        let counter = isRefused ? refusals : count
        // Over TLS a refusal would cost more than an answer.
        if isRefused, tls != nil || refusals.value >= Self.maxRefusalCount { return accepted.close() }
        guard let filter = tls.map({ $0.makeFilter() }) ?? .some(nil) else { return accepted.close() }
        counter.add(1)
        let connection = Connection(accepted, loop: loop, limits: setting.limits, tls: filter) { counter.add(-1) }
        connection.begin(
            isRefused
                ? Refusal(setting)
                : HTTPConversation(setting, connection, isSecure: tls != nil, remoteAddress: address))
        if !connection.start() {
            counter.add(-1)
            accepted.close()
        }
    }
}

/// Says at once that there is no place, and closes.
private struct Refusal: Conversation {
    private let setting: HTTPConversation.Setting
    init(_ setting: HTTPConversation.Setting) { self.setting = setting }

    var wantsBytes: Bool { false }
    mutating func receive(_ bytes: ArraySlice<UInt8>, _ now: Duration) {}
    mutating func receiveEnd() {}
    mutating func deliver(_ letter: Letter) {}
    mutating func tick(_ turn: inout Turn) -> Next { .close }
    mutating func drain() {}
    mutating func end() {}

    mutating func advance(_ turn: inout Turn) -> Next {
        let response = setting.router.problemResponse(
            HTTPProblem(503, "too many connections", suggestion: "Try again later.", headers: ["Retry-After": "5"]))
        guard case .bytes(let body) = response.body else { return .close }
        turn.output += ResponseWriter.head(
            503, response.headers, framing: .length(body.count), keepsAlive: false, date: turn.date)
        turn.output += body
        return .close
    }
}
