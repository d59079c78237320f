internal import Dispatch
internal import Synchronization

/// Work that holds a thread for long, a few at a time: pictures that are made anew, files that are compared.
///
/// Swift's own threads are as few as the cores and carry everyone's messages; these are others: on Linux a concurrent
/// queue would share them, serial queues do not. What comes above the width waits its turn, so a burst takes no more
/// memory than `width` pieces of work do.
final class BlockingPool: Sendable {
    private struct State {
        var idle: [DispatchQueue]
        var waiting = Ring<@Sendable () -> Void>()
    }

    private final class Flag: Sendable {
        private let flag = Atomic(false)
        var isSet: Bool { flag.load(ordering: .relaxed) }
        func set() { flag.store(true, ordering: .relaxed) }
    }

    private let state: Mutex<State>

    init(width: Int) {
        state = Mutex(State(idle: (0..<width).map { _ in DispatchQueue(label: "graphrun lane") }))
    }

    /// Runs `body` on a thread of its own when its turn comes.
    /// - Throws: `CancellationError` when the task was cancelled before that.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let isCancelled = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                add {
                    continuation.resume(
                        with: Swift.Result {
                            if isCancelled.isSet { throw CancellationError() }
                            return try body()
                        })
                }
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    /// The same without an answer.
    func add(_ work: @escaping @Sendable () -> Void) {
        let queue = state.withLock { state in
            if state.idle.isEmpty { state.waiting.append(work) }
            return state.idle.popLast()
        }
        if let queue { start(work, on: queue) }
    }

    private func start(_ work: @escaping @Sendable () -> Void, on queue: DispatchQueue) {
        queue.async { [self] in
            work()
            let next = state.withLock { state in
                let next = state.waiting.removeFirst()
                if next == nil { state.idle.append(queue) }
                return next
            }
            if let next { start(next, on: queue) }
        }
    }
}
