internal import Foundation
internal import Synchronization

/// Runs the tasks of nodes on threads of its own, so that a node that computes for seconds starves nobody else: Swift's
/// shared pool has one thread a core and adds none for blocked ones.
///
/// Threads start when there is work and no idle thread, up to a limit that grows while nodes say they block.
final class WorkerPool: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var nextJob = 0
        var threadCount = 0
        var idleCount = 0
        var maxThreadCount: Int
        var isStopped = false
    }

    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)

    /// 8 MiB, as a main thread has: C libraries are written for that, and untouched pages cost nothing.
    private static let stackByteCount = 8 << 20

    init(threadCount: Int) { state = Mutex(State(maxThreadCount: max(1, threadCount))) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        enum Next { case wake, start, nothing }
        let next: Next = state.withLock { state in
            state.jobs.append(job)
            if state.idleCount > 0 {
                state.idleCount -= 1
                return .wake
            }
            return Self.reserveThread(&state) ? .start : .nothing
        }
        switch next {
        case .wake: wake.signal()
        case .start: startThread()
        case .nothing: break
        }
    }

    /// Allows one more thread while a node blocks its own.
    func beginBlocking() {
        let starts = state.withLock { state in
            state.maxThreadCount += 1
            return state.nextJob < state.jobs.count && Self.reserveThread(&state)
        }
        if starts { startThread() }
    }

    func endBlocking() { state.withLock { $0.maxThreadCount -= 1 } }

    /// Threads alive, for tests and reports.
    var threadCount: Int { state.withLock { $0.threadCount } }

    /// Ends idle threads. Called by the engine when it goes; nothing may be enqueued afterwards.
    func stop() {
        let idleCount = state.withLock { state in
            state.isStopped = true
            defer { state.idleCount = 0 }
            return state.idleCount
        }
        for _ in 0..<idleCount { wake.signal() }
    }

    private static func reserveThread(_ state: inout State) -> Bool {
        guard state.threadCount < state.maxThreadCount else { return false }
        state.threadCount += 1
        return true
    }

    private func startThread() {
        let thread = Thread { [self] in work() }
        thread.stackSize = Self.stackByteCount
        thread.name = "graphrun worker"
        thread.start()
    }

    private func work() {
        while true {
            let (job, ends) = state.withLock { state -> (UnownedJob?, Bool) in
                if let job = Self.takeJob(&state) { return (job, false) }
                // A thread above the limit was only lent while a node blocked.
                if state.isStopped || state.threadCount > state.maxThreadCount {
                    state.threadCount -= 1
                    return (nil, true)
                }
                state.idleCount += 1
                return (nil, false)
            }
            if let job = job {
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            } else if ends {
                return
            } else {
                wake.wait()
            }
        }
    }

    private static func takeJob(_ state: inout State) -> UnownedJob? {
        guard state.nextJob < state.jobs.count else { return nil }
        let job = state.jobs[state.nextJob]
        state.nextJob += 1
        if state.nextJob == state.jobs.count {
            state.jobs.removeAll(keepingCapacity: true)
            state.nextJob = 0
        }
        return job
    }
}
