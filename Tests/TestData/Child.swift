public import Foundation
import Synchronization

/// A child process, started and waited for by the system's own calls: Foundation's `Process` misses ends, and crashes,
/// when many threads start some at once.
public final class Child: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private enum State {
        case running
        /// nil when a signal ended it.
        case ended(code: Int32?)
    }

    private let id: pid_t
    private let state = Mutex(State.running)

    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - environment: set besides what this process has.
    ///   - output: a file that is emptied and takes standard output; nil for nowhere.
    ///   - errors: the same for standard error; it may be the same file.
    public init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], output: URL?, errors: URL
    ) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors.path, flags, 0o600)
        if output == errors {
            unsafe posix_spawn_file_actions_adddup2(&actions, 2, 1)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 1, output?.path ?? "/dev/null", flags, 0o600)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Dispatch's threads block signals, and children begin with what their parent's thread blocks.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        var settings = unsafe all.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + settings).forEach { unsafe free($0) } }
        var id = pid_t()
        let status = unsafe posix_spawnp(&id, program, &actions, &attributes, &words, &settings)
        guard status == 0 else { throw Failure(description: "cannot start \(program): error \(status)") }
        self.id = id
    }

    deinit { kill() }

    public var processID: Int32 { id }

    private func look(_ state: inout State) {
        guard case .running = state else { return }
        var status: Int32 = 0
        guard unsafe waitpid(id, &status, WNOHANG) == id else { return }
        state = .ended(code: status & 0x7F == 0 ? status >> 8 & 0xFF : nil)
    }

    public var isRunning: Bool {
        state.withLock { state in
            look(&state)
            if case .running = state { return true }
            return false
        }
    }

    /// - Returns: nil while it runs, and when a signal ended it.
    public var exitCode: Int32? {
        state.withLock { state in
            look(&state)
            if case .ended(let code) = state { return code }
            return nil
        }
    }

    /// Never reaches another process: until it has been waited for, its id is its own.
    public func send(_ signal: Int32) {
        state.withLock { state in
            look(&state)
            if case .running = state { _ = Glibc.kill(id, signal) }
        }
    }

    /// Ends it at once, and waits for that.
    public func kill() {
        send(SIGKILL)
        _ = hasEnded(within: .seconds(30))
    }

    /// Waits for its end.
    public func hasEnded(within time: Duration) -> Bool {
        let start = ContinuousClock.now
        while start.duration(to: .now) < time {
            if !isRunning { return true }
            usleep(2000)
        }
        return false
    }
}
