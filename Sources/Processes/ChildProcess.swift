internal import Glibc
internal import GraphCore
internal import Synchronization

/// One child process and the thread that tends it: it starts the child, moves bytes through the pipes in both
/// directions, and waits for the end. Nothing here blocks one of Swift's own threads.
///
/// The lock guards what the thread shares with the task that takes the output. The child's id is its own until it has
/// been waited for, which happens under the lock, so that `kill` never reaches another process.
final class ChildProcess: Sendable {
    enum Kill { case cancelled, abandoned, tooSlow, tooMuch }

    private struct State {
        /// Until it has been waited for.
        var id: pid_t?
        var kill: Kill?
        /// Read and not yet taken.
        var output: [UInt8]?
        var waiter: CheckedContinuation<[UInt8]?, Never>?
        var ending: Result<ChildEnding, any Error>?
        /// The end that wakes the thread; -1 when there is none to wake.
        var wake: Int32 = -1
    }

    private enum Channel: Int, CaseIterable { case wake, input, output, errors }

    /// 64 KiB is what a pipe holds.
    private static let pieceByteCount = 65_536
    /// How often a child is looked at that neither reads nor writes: it may have left its pipes to a child of its own.
    private static let lookInterval: Duration = .milliseconds(200)
    /// A year; the clock would overflow with the longest duration there is.
    private static let longestTimeLimit: Duration = .seconds(365 * 86_400)

    private let command: ChildCommand
    private let input: [UInt8]
    private let state = Mutex(State())

    /// - Throws: `.nodeFailed` when there is no thread to be had; whatever else goes wrong is told by `ending`.
    init(_ command: ChildCommand, input: [UInt8]) throws(Diagnostic) {
        (self.command, self.input) = (command, input)
        var thread = pthread_t()
        let own = unsafe Unmanaged.passRetained(self)
        let status = unsafe pthread_create(
            &thread, nil,
            { pointer in
                if let pointer = unsafe pointer {
                    unsafe Unmanaged<ChildProcess>.fromOpaque(pointer).takeRetainedValue().work()
                }
                return nil
            }, own.toOpaque())
        guard status == 0 else {
            unsafe own.release()
            throw failure(status)
        }
        pthread_detach(thread)
    }

    // MARK: For the task that takes the output

    /// The next bytes of standard output; nil once the child has ended. For one caller at a time.
    func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let output: [UInt8]?? = state.withLock { state in
                if let output = state.output {
                    state.output = nil
                    Self.wake(state)
                    return output
                }
                if state.ending != nil { return .some(nil) }
                state.waiter = continuation
                return nil
            }
            if let output { continuation.resume(returning: output) }
        }
    }

    /// Waits until the child has ended; its output goes nowhere.
    func end() async {
        while await next() != nil {}
    }

    /// How it ended, once `next` has given nil.
    func ending() throws -> ChildEnding {
        guard let ending = state.withLock({ $0.ending }) else { throw CancellationError() }
        return try ending.get()
    }

    /// Kills it and whatever it started, at once; the thread does the rest.
    func kill(_ reason: Kill) {
        state.withLock { state in
            guard state.kill == nil, state.ending == nil else { return }
            state.kill = reason
            Self.killGroup(state)
            Self.wake(state)
        }
    }

    private static func killGroup(_ state: borrowing State) {
        guard let id = state.id else { return }
        _ = Glibc.kill(-id, SIGKILL)
        _ = Glibc.kill(id, SIGKILL)
    }

    private static func wake(_ state: borrowing State) {
        guard state.wake >= 0 else { return }
        var byte: UInt8 = 0
        _ = unsafe write(state.wake, &byte, 1)
    }

    // MARK: On the thread

    private func work() {
        // Writing to a child that no longer reads raises SIGPIPE; blocked, it dies with this thread.
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
        var pipes = Pipes()
        let ending = Result<ChildEnding, any Error> {
            let id = try start(&pipes)
            let deadline = ContinuousClock.now + min(command.timeLimit, Self.longestTimeLimit)
            let complaint = carry(id, &pipes, until: deadline)
            return try end(id, complaint, until: deadline)
        }
        let waiter = state.withLock { state in
            state.ending = ending
            state.wake = -1
            defer { state.waiter = nil }
            return state.waiter
        }
        pipes.closeAll()
        waiter?.resume(returning: nil)
    }

    private func start(_ pipes: inout Pipes) throws(Diagnostic) -> pid_t {
        // No other child may start while descriptors are open that are not yet closed on exec: it would hold this one's.
        let started: (id: pid_t, status: Int32) = Spawn.lock.withLock { _ in
            if let number = pipes.open() { return (0, number) }
            var id = pid_t()
            let status = Spawn.start(command, pipes, &id)
            return (id, status)
        }
        pipes.closeChildEnds()
        guard started.status == 0 else { throw failure(started.status) }
        let id = started.id
        state.withLock { state in
            state.id = id
            state.wake = pipes.wakeWriting
            // It was cancelled before it began.
            if state.kill != nil { Self.killGroup(state) }
        }
        return id
    }

    /// Moves bytes until the child has closed its ends or is to be killed.
    private func carry(_ id: pid_t, _ pipes: inout Pipes, until deadline: ContinuousClock.Instant) -> Excerpt {
        var complaint = Excerpt()
        var (written, outputCount) = (0, 0)
        var buffer = [UInt8](repeating: 0, count: Self.pieceByteCount)
        while pipes.input >= 0 || pipes.output >= 0 || pipes.errors >= 0 {
            let (isTaken, isKilled) = state.withLock { ($0.output == nil, $0.kill != nil) }
            if isKilled { break }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else {
                kill(.tooSlow)
                break
            }
            // Output that nobody has taken yet is not followed by more: the child waits.
            var ready = [pipes.wakeReading, pipes.input, isTaken ? pipes.output : -1, pipes.errors].map {
                pollfd(fd: $0, events: Int16(POLLIN | POLLOUT), revents: 0)
            }
            for channel in Channel.allCases where channel != .input {
                ready[channel.rawValue].events = Int16(POLLIN)
            }
            ready[Channel.input.rawValue].events = Int16(POLLOUT)
            let count = unsafe poll(&ready, nfds_t(ready.count), Self.milliseconds(min(left, Self.lookInterval)))
            if count == 0 {
                // A child of the child may hold the pipes for ever.
                guard isTaken && Self.hasExited(id) else { continue }
                break
            }
            guard count > 0 else { continue }
            func isReady(_ channel: Channel) -> Bool { ready[channel.rawValue].revents != 0 }
            if isReady(.wake) { _ = Self.read(pipes.wakeReading, &buffer) }
            if isReady(.input) {
                let done = written
                let count = unsafe input.withUnsafeBytes { bytes in
                    unsafe write(pipes.input, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                }
                written += max(0, count)
                // A child that closes its input early has read enough.
                let isOver = count < 0 && errno != EAGAIN && errno != EINTR
                if isOver || written == input.count { pipes.closeInput() }
            }
            if isReady(.errors), let bytes = Self.read(pipes.errors, &buffer) {
                if bytes.isEmpty { pipes.closeErrors() }
                complaint.append(bytes)
            }
            if isReady(.output), let bytes = Self.read(pipes.output, &buffer) {
                if bytes.isEmpty { pipes.closeOutput() }
                outputCount += bytes.count
                guard outputCount <= command.maxOutputByteCount else {
                    kill(.tooMuch)
                    break
                }
                if !bytes.isEmpty { give(Array(bytes)) }
            }
        }
        return complaint
    }

    private func give(_ bytes: [UInt8]) {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.output = bytes }
            return state.waiter
        }
        waiter?.resume(returning: bytes)
    }

    /// Waits for the child, which has closed its pipes, and most likely has ended.
    private func end(
        _ id: pid_t, _ complaint: Excerpt, until deadline: ContinuousClock.Instant
    ) throws -> ChildEnding {
        // Soon at first, then rarely: there is no descriptor to poll for an end.
        var pause: useconds_t = 200
        while !Self.hasExited(id) {
            if ContinuousClock.now > deadline { kill(.tooSlow) }
            usleep(pause)
            pause = min(2 * pause, 20_000)
        }
        var status: Int32 = 0
        let reason = state.withLock { state in
            // Its own children go with it: nobody waits for them.
            Self.killGroup(state)
            unsafe waitpid(id, &status, 0)
            state.id = nil
            return state.kill
        }
        switch reason {
        case .cancelled, .abandoned: throw CancellationError()
        case .tooSlow:
            throw Diagnostic(
                .nodeFailed, node: nil,
                "\(command.name) did not end within \(command.timeLimit.components.seconds) seconds",
                suggestion: "Give it less to do at once.")
        case .tooMuch:
            throw Diagnostic(
                .tooLarge, node: nil, "\(command.name) wrote more than \(command.maxOutputByteCount) bytes",
                suggestion: "Give it less to do at once.")
        case nil: break
        }
        let signal = status & 0x7F
        return ChildEnding(
            reason: signal == 0 ? .exited(code: status >> 8 & 0xFF) : .killed(signal: signal),
            complaint: complaint.text)
    }

    /// Without waiting for it: its id stays its own.
    private static func hasExited(_ id: pid_t) -> Bool {
        var facts = unsafe siginfo_t()
        let status = unsafe waitid(P_PID, id_t(id), &facts, WEXITED | WNOHANG | WNOWAIT)
        return unsafe status == 0 ? facts.si_signo == SIGCHLD : errno != EINTR
    }

    /// Nil when there is nothing to read now; empty at the end.
    private static func read(_ descriptor: Int32, _ buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0 { return errno == EAGAIN || errno == EINTR ? nil : [] }
        return buffer[..<count]
    }

    private static func milliseconds(_ time: Duration) -> Int32 {
        Int32(clamping: Int(clamping: time / .milliseconds(1)).addingClamped(1))
    }

    private func failure(_ number: Int32) -> Diagnostic {
        let reason = unsafe String(cString: strerror(number))
        let isFull = [EMFILE, ENFILE, EAGAIN, ENOMEM].contains(number)
        return Diagnostic(
            .nodeFailed, node: nil, "cannot start \(command.name): \(reason)",
            suggestion: isFull
                ? "Run less at once, or raise the limits on processes and open files." : "Install it again.")
    }
}

/// The descriptors of one child; -1 for what is closed. All are closed on exec, and none is 0, 1 or 2, which the child's
/// own are to become.
private struct Pipes {
    private(set) var wakeReading: Int32 = -1
    private(set) var wakeWriting: Int32 = -1
    /// Our ends, which never block.
    private(set) var input: Int32 = -1
    private(set) var output: Int32 = -1
    private(set) var errors: Int32 = -1
    private(set) var childInput: Int32 = -1
    private(set) var childOutput: Int32 = -1
    private(set) var childErrors: Int32 = -1

    /// - Returns: the system's error; what was opened until then waits for `closeAll`.
    mutating func open() -> Int32? {
        guard Self.pipe(&wakeReading, &wakeWriting), Self.pipe(&childInput, &input),
            Self.pipe(&output, &childOutput), Self.pipe(&errors, &childErrors)
        else { return errno }
        for descriptor in [wakeReading, wakeWriting, input, output, errors]
        where fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0 {
            return errno
        }
        return nil
    }

    private static func pipe(_ reading: inout Int32, _ writing: inout Int32) -> Bool {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (lifted(ends[0]), lifted(ends[1]))
        return reading >= 0 && writing >= 0
    }

    /// The same pipe above the three numbers that the child's own ends take.
    private static func lifted(_ descriptor: Int32) -> Int32 {
        guard descriptor <= STDERR_FILENO else { return descriptor }
        let lifted = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
        let number = errno
        Glibc.close(descriptor)
        errno = number
        return lifted
    }

    private static func close(_ descriptor: inout Int32) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    mutating func closeInput() { Self.close(&input) }
    mutating func closeOutput() { Self.close(&output) }
    mutating func closeErrors() { Self.close(&errors) }

    mutating func closeChildEnds() {
        Self.close(&childInput)
        Self.close(&childOutput)
        Self.close(&childErrors)
    }

    mutating func closeAll() {
        closeChildEnds()
        closeInput()
        closeOutput()
        closeErrors()
        Self.close(&wakeReading)
        Self.close(&wakeWriting)
    }
}

/// Starting a program with nothing of this process left in it but its working directory.
private enum Spawn {
    static let lock = Mutex(())

    /// - Returns: 0, or the system's error.
    static func start(_ command: ChildCommand, _ pipes: Pipes, _ id: inout pid_t) -> Int32 {
        // A parent that ignores its children's ends may hand that on; their ids would be another's at once.
        keepEndedChildren()
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, pipes.childInput, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, pipes.childOutput, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, pipes.childErrors, STDERR_FILENO)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t(), all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own: a Ctrl-C in the terminal is this program's to answer, and what the child starts dies with it.
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        let variables = ChildEnvironment.variables(keeping: command.keptVariables).sorted { $0.key < $1.key }
        var words = unsafe ([command.program.path] + command.arguments).map { unsafe strdup($0) } + [nil]
        var settings = unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (words + settings).forEach { unsafe free($0) } }
        return unsafe posix_spawn(&id, command.program.path, &actions, &attributes, &words, &settings)
    }

    private static func keepEndedChildren() {
        var current = sigaction()
        unsafe sigaction(SIGCHLD, nil, &current)
        let isIgnored = unsafe unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == 1
        if isIgnored { _ = signal(SIGCHLD, SIG_DFL) }
    }
}
