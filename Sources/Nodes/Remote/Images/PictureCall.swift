internal import GraphCore
internal import Remote
internal import Synchronization

/// One order on its way: sent, watched while the server paints, and aborted there when the run is cancelled.
struct PictureCall: Sendable {
    let server: ModelServer
    let model: String
    let order: PictureOrder
    /// How much of the node's work this is: several calls of one node follow one another.
    let share: (index: Int, count: Int)
    /// When the node began.
    let started: ContinuousClock.Instant
    /// Between two looks at the server.
    let interval: Duration

    /// How long a cancelled node waits for the server to have taken the abort, so that a program that ends with it does not
    /// cut it off. Cancelling is to take 100 ms at most.
    private static let abortPatience = Duration.milliseconds(80)
    /// So often a server is asked for progress before the bar becomes an estimate.
    private static let patientLooks = 4

    /// The picture files.
    func files(_ context: NodeContext) async throws -> [[UInt8]] {
        let left = order.leftOut(for: server.provider.kind, model: model)
        if share.index == 0, !left.isEmpty {
            context.log(
                .warning, "\(model) takes no \(left.joined(separator: ", ")); what was set there is left out")
        }
        let requestID = Self.newID()
        let request = order.request(to: server.provider.kind, model: model, requestID: requestID)
        let state = CallState()
        let abort = { @Sendable in state.abort { await server.abort(requestID: requestID, model: model) } }
        return try await withTaskCancellationHandler {
            do {
                return try await withThrowingTaskGroup(of: [[UInt8]]?.self) { group in
                    group.addTask { try await answer(to: request, state, context) }
                    group.addTask {
                        try await watch(requestID, state, context)
                        return nil
                    }
                    defer { group.cancelAll() }
                    while let result = try await group.next() {
                        if let result { return result }
                    }
                    throw CancellationError()
                }
            } catch {
                // A picture that took too long is painted on when nobody says otherwise. libcurl may be a little early.
                if ContinuousClock.now - started >= server.provider.timeout - .milliseconds(50) { abort() }
                await state.aborted(within: Self.abortPatience)
                throw error
            }
        } onCancel: {
            abort()
        }
    }

    private func answer(
        to request: RemoteRequest, _ state: CallState, _ context: NodeContext
    ) async throws -> [[UInt8]] {
        let isWatched = server.provider.kind == .xinference || context.usualDuration != nil
        let report = CallReport { phase, message in
            state.phase = phase
            context.phase(phase.rawValue, phase == .processing ? painting(.zero, usual: nil) : message)
            // Time left is told by the time since the first report, which is when the work begins.
            if phase == .processing && isWatched { try? context.progress(Double(share.index), of: Double(share.count)) }
        }
        let answer = try await server.send(request, report)
        let files = try await server.pictures(in: answer, asked: order.count, maxByteCount: request.maxByteCount)
        try PictureBudget(order).check(files, of: server.provider.name)
        for difference in PictureDifferences.words(order, files) {
            context.log(.warning, "'\(server.provider.name)' \(difference)")
        }
        return files
    }

    // MARK: How far it is

    /// Tells how far the server is until it is cancelled: measured by the server, or else an estimate that says so.
    private func watch(_ requestID: String, _ state: CallState, _ context: NodeContext) async throws {
        let usual = context.usualDuration
        var isMeasured = false
        var blindCount = 0
        while true {
            try await Task.sleep(for: interval)
            guard state.phase == .processing else { continue }
            if server.provider.kind == .xinference {
                // A server that is busy answers late, and one that has gone is the request's matter.
                if let progress = try await server.progress(of: requestID) {
                    isMeasured = true
                    try context.progress(Double(share.index) + progress, of: Double(share.count))
                }
                if isMeasured { continue }
                blindCount += 1
            }
            guard state.phase == .processing else { continue }
            let elapsed = ContinuousClock.now - started
            // A server that has progress knows the request after a moment.
            if let usual, server.provider.kind != .xinference || blindCount > Self.patientLooks {
                // Never the end before it is there.
                try context.progress(min(elapsed / usual, 0.95), of: 1)
                context.phase(CallPhase.processing.rawValue, painting(elapsed, usual: usual))
            } else {
                context.phase(CallPhase.processing.rawValue, painting(elapsed, usual: nil))
            }
        }
    }

    /// What happens now, for people.
    func painting(_ elapsed: Duration, usual: Duration?) -> String {
        let name = "\(model) on '\(server.provider.name)'"
        let which = share.count > 1 ? ", picture \(share.index + 1) of \(share.count)" : ""
        let seconds = Int(clamping: elapsed.seconds)
        guard let usual else { return name + which + (seconds > 0 ? "; \(seconds) s so far" : "") }
        let expected = max(1, Int(clamping: usual.seconds.rounded()))
        if elapsed > usual {
            return "\(name)\(which); \(seconds) s so far, longer than the \(expected) s of earlier runs"
        }
        return "\(name)\(which); about \(expected) s, an estimate from earlier runs"
    }

    /// 128 random bits.
    private static func newID() -> String {
        let digits = String(UInt128.random(in: 0...UInt128.max), radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}

/// What the tasks of one call know of each other.
private final class CallState: Sendable {
    private struct State {
        var phase: CallPhase?
        var abort: Task<Void, Never>?
    }

    private let state = Mutex(State())

    var phase: CallPhase? {
        get { state.withLock { $0.phase } }
        set { state.withLock { $0.phase = newValue } }
    }

    /// Starts the abort, unless the server has not been asked yet.
    func abort(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            guard state.phase == .processing || state.phase == .downloading, state.abort == nil else { return }
            state.abort = Task.detached { await body() }
        }
    }

    /// Returns when the abort is over, or after a time.
    func aborted(within patience: Duration) async {
        guard let abort = state.withLock({ $0.abort }) else { return }
        await withCheckedContinuation { continuation in
            let once = Once(continuation)
            Task.detached {
                await abort.value
                once.resume()
            }
            Task.detached {
                try? await Task.sleep(for: patience)
                once.resume()
            }
        }
    }
}

/// A continuation that whoever is first resumes.
private final class Once: Sendable {
    private let continuation: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = Mutex(continuation) }

    func resume() {
        let first = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        first?.resume()
    }
}
