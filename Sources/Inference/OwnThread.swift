internal import Foundation
internal import Synchronization

/// Work that blocks for long, on a thread made for it.
enum OwnThread {
    /// What a caller waits for: the result, or its own cancellation, whichever comes first.
    private final class Waiting<Result: Sendable>: Sendable {
        private let continuation: Mutex<CheckedContinuation<Result, any Error>?>

        init(_ continuation: CheckedContinuation<Result, any Error>) { self.continuation = Mutex(continuation) }

        func end(_ result: Swift.Result<Result, any Error>) {
            let waiting = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            waiting?.resume(with: result)
        }
    }

    private final class Slot<Result: Sendable>: Sendable {
        private struct State {
            var isCancelled = false
            var waiting: Waiting<Result>?
        }

        private let state = Mutex(State())

        /// - Returns: false when the task was cancelled before.
        func wait(_ waiting: Waiting<Result>) -> Bool {
            state.withLock { state in
                state.waiting = waiting
                return !state.isCancelled
            }
        }

        func cancel() {
            let waiting = state.withLock { state in
                state.isCancelled = true
                return state.waiting
            }
            waiting?.end(.failure(CancellationError()))
        }
    }

    /// Runs `work` and gives what it gives. When the task is cancelled, this throws `CancellationError` at once;
    /// `onCancel` tells the work to end, which it may do later.
    static func run<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result, onCancel: @escaping @Sendable () -> Void
    ) async throws -> Result {
        let slot = Slot<Result>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waiting = Waiting(continuation)
                guard slot.wait(waiting) else { return waiting.end(.failure(CancellationError())) }
                Thread.detachNewThread { waiting.end(Swift.Result(catching: work)) }
            }
        } onCancel: {
            onCancel()
            slot.cancel()
        }
    }
}
