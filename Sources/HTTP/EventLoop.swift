internal import Glibc
internal import Synchronization

/// What the loop calls, always on its own thread.
protocol EventHandler: AnyObject, Sendable {
    /// Its socket can be read or written, or has failed.
    func ready(_ readiness: Readiness, _ turn: inout Turn)
    /// `EventLoop.wake` was called.
    func woken(_ turn: inout Turn)
    /// About once in the loop's tick interval.
    func tick(_ turn: inout Turn)
    /// Finish what is under way, begin nothing new.
    func drain(_ turn: inout Turn)
    /// Close at once.
    func cut(_ turn: inout Turn)
}

/// A thread that waits for its sockets and for calls from other threads.
final class EventLoop: Sendable {
    private struct Mailbox {
        var woken: [any EventHandler] = []
        /// Only then a wake has to write to the eventfd: once a round at most.
        var isSleeping = false
        /// On the clock of `Turn.now`.
        var drainDeadline: Duration?
        var hasEnded = false
        var ending: [CheckedContinuation<Void, Never>] = []
    }

    private let mailbox = Mutex(Mailbox())
    private let poller: Poller
    private let tickInterval: Duration

    /// Starts the thread.
    /// - Throws: `ListenError` when the system has no descriptor or thread left.
    init(tickInterval: Duration) throws {
        self.tickInterval = tickInterval
        poller = try Poller()
        let context = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            unsafe context.release()
            throw PollError(code: status)
        }
        pthread_detach(thread)
    }

    /// Has `handler.woken` called soon, from any thread. False when the loop is over: nothing will be called.
    @discardableResult func wake(_ handler: any EventHandler) -> Bool {
        let (mustSignal, isAlive) = mailbox.withLock { mailbox in
            guard !mailbox.hasEnded else { return (false, false) }
            mailbox.woken.append(handler)
            defer { mailbox.isSleeping = false }
            return (mailbox.isSleeping, true)
        }
        if mustSignal { poller.signal() }
        return isAlive
    }

    /// Drains all handlers; what is left after `grace` is cut. The thread ends then.
    func beginDraining(grace: Duration) {
        let mustSignal = mailbox.withLock { mailbox in
            let deadline = Clock.now + grace
            mailbox.drainDeadline = mailbox.drainDeadline.map { min($0, deadline) } ?? deadline
            defer { mailbox.isSleeping = false }
            return mailbox.isSleeping
        }
        if mustSignal { poller.signal() }
    }

    /// Returns when the thread has nothing more to do with any handler.
    func awaitEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = mailbox.withLock { mailbox in
                if !mailbox.hasEnded { mailbox.ending.append(continuation) }
                return mailbox.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func run() {
        var turn = Turn(loop: self, poller: poller)
        var ready: [Poller.Event] = []
        var woken: [any EventHandler] = []
        var nextTick = turn.now + tickInterval
        while true {
            let (mustNotWait, deadline) = mailbox.withLock { mailbox in
                mailbox.isSleeping = mailbox.woken.isEmpty && (mailbox.drainDeadline == nil || turn.isDraining)
                return (!mailbox.isSleeping, mailbox.drainDeadline)
            }
            if let deadline, turn.isDraining, turn.handlerCount == 0 || turn.now >= deadline { break }
            // Without handlers nothing needs a tick.
            poller.wait(
                mustNotWait ? .zero : turn.handlerCount > 0 ? max(.zero, nextTick - turn.now) : nil, into: &ready)
            turn.now = Clock.now
            let isDrainAsked = mailbox.withLock { mailbox in
                mailbox.isSleeping = false
                swap(&woken, &mailbox.woken)
                return mailbox.drainDeadline != nil
            }
            for event in ready { turn.handler(of: event.descriptor)?.ready(event.readiness, &turn) }
            for handler in woken { handler.woken(&turn) }
            woken.removeAll(keepingCapacity: woken.count < 4096)
            if isDrainAsked, !turn.isDraining {
                turn.isDraining = true
                for handler in turn.handlers { handler?.drain(&turn) }
            }
            if turn.now >= nextTick {
                for handler in turn.handlers { handler?.tick(&turn) }
                turn.now = Clock.now
                nextTick = turn.now + tickInterval
            }
        }
        let (ending, orphans) = mailbox.withLock { mailbox in
            mailbox.hasEnded = true
            defer { (mailbox.ending, mailbox.woken) = ([], []) }
            return (mailbox.ending, mailbox.woken)
        }
        for handler in turn.handlers { handler?.cut(&turn) }
        for handler in orphans { handler.cut(&turn) }
        for continuation in ending { continuation.resume() }
    }
}

/// What a handler works with while it is called: the loop's registry and its shared buffers.
struct Turn {
    let loop: EventLoop
    private let poller: Poller
    /// When this round began.
    var now = Clock.now
    fileprivate(set) var isDraining = false
    fileprivate(set) var handlers: [(any EventHandler)?] = []
    private(set) var handlerCount = 0

    /// What `Socket.receive` reads into: one for all connections of the loop.
    var input = [UInt8](repeating: 0, count: 64 << 10)
    /// What TLS decrypts into; made when first needed.
    var plain: [UInt8] = []
    /// Where what the peer gets is put together. Empty between calls.
    var output: [UInt8] = []

    private var dateSeconds = 0
    private var dateText = ""

    fileprivate init(loop: EventLoop, poller: Poller) { (self.loop, self.poller) = (loop, poller) }

    /// The `Date` field's text (RFC 9110 section 6.6.1), made once a second.
    var date: String {
        mutating get {
            let seconds = Clock.secondsSince1970
            if seconds != dateSeconds { (dateSeconds, dateText) = (seconds, HTTPDate.text(secondsSince1970: seconds)) }
            return dateText
        }
    }

    /// False when the system refuses.
    mutating func watch(_ socket: Socket, _ handler: any EventHandler, for interest: Readiness) -> Bool {
        guard poller.add(socket.descriptor, interest) else { return false }
        let index = Int(socket.descriptor)
        if index >= handlers.count { handlers += Array(repeating: nil, count: max(64, index + 1 - handlers.count)) }
        handlers[index] = handler
        handlerCount += 1
        return true
    }

    func change(_ socket: Socket, to interest: Readiness) { poller.change(socket.descriptor, interest) }

    /// Before the socket is closed.
    mutating func forget(_ socket: Socket) {
        guard handler(of: socket.descriptor) != nil else { return }
        poller.remove(socket.descriptor)
        handlers[Int(socket.descriptor)] = nil
        handlerCount -= 1
    }

    fileprivate func handler(of descriptor: Int32) -> (any EventHandler)? {
        handlers.indices.contains(Int(descriptor)) ? handlers[Int(descriptor)] : nil
    }
}

enum Clock {
    /// Monotonic, from some moment in the past.
    static var now: Duration {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    static var secondsSince1970: Int { time(nil) }
}
