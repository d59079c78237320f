import Foundation
import Synchronization

/// Runs what blocks on a thread of its own, as the same task: the shared pool's few threads stay free for a server in
/// this process, and what is expected there counts for the test. Child tasks get threads of their own, too.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
    try await withTaskExecutorPreference(ThreadExecutor()) { try await body() }
}

private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs `count` bodies at once, each on a thread of its own. Call it from a body of `onThread`.
/// - Returns: what they returned, in their order.
func atOnce<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        for index in 0..<count { group.addTask { (index, try body(index)) } }
        return try await group.reduce(into: [(Int, Result)]()) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

/// Counts threads that have come to a point, for others that wait there.
final class Meeting: Sendable {
    private let state = Mutex(0)

    func arrive() { state.withLock { $0 += 1 } }

    func wait(for count: Int) throws {
        guard eventually({ state.withLock { $0 } >= count }) else {
            throw Wire.Failure(description: "not all of \(count) came")
        }
    }
}
