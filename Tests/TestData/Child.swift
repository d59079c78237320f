public import Foundation
import Synchronization

/// A child process, started and waited for by the system's own calls. Foundation's `Process` crashes when many threads
/// start some at once, and learns of an end from a socket that other children inherit: it then waits for theirs, too.
public final class Child: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Where what it writes goes.
    public enum Output: Sendable {
        case nowhere
        /// A file, emptied first. Unlike a pipe it is never full.
        case file(URL)
        case handle(FileHandle)
    }

    private enum State {
        case running
        case ended(code: Int32)
    }

    private let id: pid_t
    private let state = Mutex(State.running)

    /// - Parameters:
    ///   - program: a path, or a name to be looked up in `PATH`.
    ///   - arguments: without the program's own name.
    ///   - folder: its working directory; nil for this process's own.
    ///   - environment: set besides what this process has.
    ///   - input: nil for nothing.
    ///   - errors: nil for where the output goes.
    public init(
        _ program: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        input: FileHandle? = nil, output: Output = .nowhere, errors: Output? = nil
    ) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        func redirect(_ descriptor: Int32, to output: Output) {
            let flags = O_WRONLY | O_CREAT | O_TRUNC
            switch output {
            case .nowhere: unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
            case .file(let file): unsafe posix_spawn_file_actions_addopen(&actions, descriptor, file.path, flags, 0o600)
            case .handle(let handle):
                unsafe posix_spawn_file_actions_adddup2(&actions, handle.fileDescriptor, descriptor)
            }
        }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input.fileDescriptor, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        redirect(1, to: output)
        if let errors { redirect(2, to: errors) } else { unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2) }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Dispatch's threads block signals, and children begin with what their parent's thread blocks.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // glibc's own way to another folder is not among its standard functions; `env` becomes the program.
        let command = (folder.map { ["env", "-C", $0.path] } ?? []) + [program] + arguments
        var words = unsafe command.map { unsafe strdup($0) } + [nil]
        var settings = unsafe all.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + settings).forEach { unsafe free($0) } }
        var id = pid_t()
        let status = unsafe posix_spawnp(&id, command[0], &actions, &attributes, &words, &settings)
        guard status == 0 else {
            throw Failure(description: "cannot start \(program): \(unsafe String(cString: strerror(status)))")
        }
        self.id = id
    }

    /// A pipe that no child inherits but the one it is given to, so that it ends when this process closes its end.
    public static func pipe() throws -> (reading: FileHandle, writing: FileHandle) {
        // Of a name, which goes at once: `open` can mark a descriptor in the moment it makes it, `pipe` cannot.
        let path = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)").path
        defer { unsafe unlink(path) }
        guard unsafe mkfifo(path, 0o600) == 0 else { throw Failure(description: "cannot make a pipe") }
        // Without waiting for a writer.
        let reading = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let writing = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard reading >= 0, writing >= 0, fcntl(reading, F_SETFL, 0) == 0 else {
            throw Failure(description: "cannot open a pipe")
        }
        return (
            FileHandle(fileDescriptor: reading, closeOnDealloc: true),
            FileHandle(fileDescriptor: writing, closeOnDealloc: true)
        )
    }

    /// Runs a program to its end; what it writes and complains of comes in one.
    /// - Parameter time: beyond, it is killed.
    public static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        within time: Duration = .seconds(60)
    ) throws -> (code: Int32, output: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let child = try Child(program, arguments, environment: environment, output: .file(file))
        guard child.hasEnded(within: time), let code = child.exitCode else {
            child.kill()
            throw Failure(description: "\(program) \(arguments) goes on for ever")
        }
        return (code, String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    deinit { kill() }

    public var processID: Int32 { id }

    private func look(_ state: inout State) {
        guard case .running = state else { return }
        var status: Int32 = 0
        guard unsafe waitpid(id, &status, WNOHANG) == id else { return }
        let signal = status & 0x7F
        state = .ended(code: signal == 0 ? status >> 8 & 0xFF : 128 + signal)
    }

    public var isRunning: Bool {
        state.withLock { state in
            look(&state)
            if case .running = state { return true }
            return false
        }
    }

    /// As a shell says it, 128 and the signal's number when a signal ended it; nil while it runs.
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

    /// Waits for its end; kills it when the task is cancelled, as a test's time limit does.
    public func end() async throws -> Int32 {
        while true {
            if let exitCode { return exitCode }
            do {
                try await Task.sleep(for: .milliseconds(2))
            } catch {
                kill()
                throw error
            }
        }
    }
}
