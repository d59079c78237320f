internal import GraphCore
internal import Foundation
internal import Synchronization

/// Work that blocks for long, on a thread made for it.
enum OwnThread {
    private enum Message<Step: Sendable, Result: Sendable> {
        case step(Step)
        case result(Result)
    }

    private final class Flag: Sendable {
        private let isSet = Mutex(false)
        func set() { isSet.withLock { $0 = true } }
        func check() throws { if isSet.withLock({ $0 }) { throw CancellationError() } }
    }

    /// Runs `work` and gives what it gives. A task that is cancelled goes on at once with a `CancellationError`; the
    /// work is told by `onCancel`, and by `tell` when it next calls it, and ends by itself.
    /// - Parameters:
    ///   - work: runs on the thread; what it gives to `tell` reaches `told`.
    ///   - told: called by the task that waits, so that nothing is heard of work that was given up.
    static func run<Step: Sendable, Result: Sendable>(
        _ work: @escaping @Sendable (_ tell: (Step) throws -> Void) throws -> Result,
        onCancel: @escaping @Sendable () -> Void = {}, told: (Step) throws -> Void
    ) async throws -> Result {
        let messages = AsyncThrowingStream<Message<Step, Result>, any Error> { continuation in
            let flag = Flag()
            continuation.onTermination = { reason in
                guard case .cancelled = reason else { return }
                flag.set()
                onCancel()
            }
            Thread.detachNewThread {
                do {
                    let result = try work { step in
                        try flag.check()
                        continuation.yield(.step(step))
                    }
                    continuation.yield(.result(result))
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }
        for try await message in messages {
            // What had come by then is not heard of either.
            try Task.checkCancellation()
            switch message {
            case .step(let step): try told(step)
            case .result(let result): return result
            }
        }
        throw CancellationError()
    }
}
