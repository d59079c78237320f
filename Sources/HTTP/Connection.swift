internal import Synchronization

/// One peer: its socket, its encryption if any, and what the system has not yet taken of what it gets.
///
/// The state is only touched on the connection's loop, so its lock never waits; other threads leave a letter and wake.
final class Connection: EventHandler {
    fileprivate struct State: ~Copyable {
        let socket: Socket
        let limits: ServerLimits
        let onClose: @Sendable () -> Void
        var conversation: any Conversation
        var tls: TLSFilter?

        /// What the system has not taken yet starts at `pendingStart`. No buffer is kept while there is nothing.
        var pending: [UInt8] = []
        var pendingStart = 0
        /// When the peer last took something, or when there last was nothing to take.
        var lastTaken = Duration.zero
        /// Bytes that came while the conversation could not look at them.
        var unseenByteCount = 0
        var peerFinished = false

        enum Phase: Equatable {
            case waiting, open
            /// The end is sent as soon as all else is.
            case finishing
            /// What the peer still sends is dropped, so that it can read the answer instead of a reset.
            case lingering(until: Duration, byteCount: Int)
            case closed
        }
        var phase = Phase.waiting
        var interest: Readiness = .readable
    }

    private let state: Mutex<State>
    private let mail = Mutex<[Letter]>([])
    private let isWoken = Atomic(false)
    private let loop: EventLoop

    /// Registers itself with the loop when first woken.
    init(
        _ socket: Socket, loop: EventLoop, limits: ServerLimits, tls: TLSFilter?,
        onClose: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        state = Mutex(State(socket: socket, limits: limits, onClose: onClose, conversation: Silence(), tls: tls))
    }

    /// Before the first wake.
    func begin(_ conversation: any Conversation) { state.withLock { $0.conversation = conversation } }

    /// Has the conversation asked for more, from any thread. Costs one atomic exchange when that is under way already.
    func wake() {
        // An exchange also when it is set already: what the caller has written before must be seen by who clears it.
        if !isWoken.exchange(true, ordering: .acquiringAndReleasing) { loop.wake(self) }
    }

    func post(_ letter: Letter) {
        mail.withLock { $0.append(letter) }
        wake()
    }

    /// False when the loop is over; the socket is closed then.
    func start() -> Bool {
        _ = isWoken.exchange(true, ordering: .acquiringAndReleasing)
        return loop.wake(self)
    }

    func woken(_ turn: inout Turn) {
        _ = isWoken.exchange(false, ordering: .acquiringAndReleasing)
        let letters = mail.withLock { letters in
            guard !letters.isEmpty else { return [Letter]() }
            defer { letters = [] }
            return letters
        }
        state.withLock { state in
            if state.phase == .waiting { state.register(self, &turn) }
            for letter in letters { state.conversation.deliver(letter) }
            state.serve(self, &turn)
        }
    }

    func ready(_ readiness: Readiness, _ turn: inout Turn) {
        state.withLock { state in
            if readiness.contains(.failed) { return state.close(&turn) }
            if readiness.contains(.readable) { state.receive(&turn) }
            if readiness.contains(.writable) { state.flush(&turn) }
            state.serve(self, &turn)
        }
    }

    func tick(_ turn: inout Turn) { state.withLock { $0.tick(self, &turn) } }

    func drain(_ turn: inout Turn) {
        state.withLock { state in
            state.conversation.drain()
            state.serve(self, &turn)
        }
    }

    func cut(_ turn: inout Turn) { state.withLock { $0.close(&turn) } }
}

extension Connection.State {
    /// Below this the conversation is asked for more, so that the peer never waits for it.
    private static var lowByteCount: Int { 16 << 10 }
    /// Pieces a connection may send in one round before the others get their turn.
    private static var maxPieceCount: Int { 16 }

    private var pendingByteCount: Int { pending.count - pendingStart }

    fileprivate mutating func register(_ connection: Connection, _ turn: inout Turn) {
        lastTaken = turn.now
        phase = .open
        guard turn.watch(socket, connection, for: interest) else { return close(&turn) }
        if turn.isDraining { conversation.drain() }
    }

    fileprivate mutating func receive(_ turn: inout Turn) {
        switch socket.receive(into: &turn.input) {
        case .nothing: break
        case .failed: close(&turn)
        case .end:
            peerFinished = true
            // An end that TLS has not announced may be an attacker's (RFC 8446 section 6.1).
            guard phase == .open, tls == nil else { return close(&turn) }
            conversation.receiveEnd()
        case .bytes(let count):
            if case .lingering(let deadline, let left) = phase {
                phase = .lingering(until: deadline, byteCount: left - count)
                if left < count { close(&turn) }
                return
            }
            guard phase == .open else { return }
            unseenByteCount += count
            if tls == nil {
                conversation.receive(turn.input[..<count], turn.now)
            } else {
                decrypt(count, &turn)
            }
        }
    }

    private mutating func decrypt(_ byteCount: Int, _ turn: inout Turn) {
        guard let tls else { return }
        if turn.plain.isEmpty { turn.plain = [UInt8](repeating: 0, count: TLSFilter.recordByteCount) }
        for start in stride(from: 0, to: byteCount, by: TLSFilter.recordByteCount) {
            let end = min(byteCount, start + TLSFilter.recordByteCount)
            if let answer = tls.receive(turn.input[start..<end]) { return fail(answer, &turn) }
            reading: while true {
                switch tls.read(into: &turn.plain) {
                case .bytes(let count): conversation.receive(turn.plain[..<count], turn.now)
                case .needsMore: break reading
                case .ended:
                    peerFinished = true
                    return conversation.receiveEnd()
                case .failed(let answer): return fail(answer, &turn)
                }
            }
        }
    }

    /// Sends an alert, or the plain answer for who speaks plain HTTP here, and closes.
    private mutating func fail(_ answer: [UInt8], _ turn: inout Turn) {
        tls = nil
        turn.output += answer
        flush(&turn)
        if phase == .open { phase = .finishing }
    }

    /// Asks the conversation for what it can do, and sends it.
    fileprivate mutating func serve(_ connection: Connection, _ turn: inout Turn) {
        var count = 0
        while phase == .open, pendingByteCount <= Self.lowByteCount {
            unseenByteCount = 0
            let next = conversation.advance(&turn)
            flush(&turn)
            guard phase == .open, go(next, &turn) else { break }
            count += 1
            if count == Self.maxPieceCount {
                connection.wake()
                break
            }
        }
        settle(&turn)
    }

    /// Whether the conversation is to be asked again.
    private mutating func go(_ next: Next, _ turn: inout Turn) -> Bool {
        switch next {
        case .wait: return false
        case .again: return true
        case .become(let other):
            conversation = other
            return true
        case .close: phase = .finishing
        case .cut: close(&turn)
        }
        return false
    }

    /// Hands the system what it takes; the rest waits.
    fileprivate mutating func flush(_ turn: inout Turn) {
        if let tls, !turn.output.isEmpty || tls.hasOutput { tls.seal(&turn.output) }
        defer { turn.output.removeAll(keepingCapacity: turn.output.capacity <= 4 * pieceByteCount) }
        guard phase != .closed else { return }
        if pending.isEmpty {
            guard !turn.output.isEmpty else { return lastTaken = turn.now }
            guard let sent = socket.send(turn.output, from: 0) else { return close(&turn) }
            lastTaken = turn.now
            if sent < turn.output.count { pending = Array(turn.output[sent...]) } else { conversation.flushed() }
        } else {
            pending.removeFirst(pendingStart)
            pendingStart = 0
            pending += turn.output
            guard let sent = socket.send(pending, from: pendingStart) else { return close(&turn) }
            if sent > 0 { lastTaken = turn.now }
            pendingStart += sent
            if pendingStart == pending.count {
                (pending, pendingStart) = ([], 0)
                conversation.flushed()
            }
        }
    }

    /// After everything: closes what is to be closed, and waits for what can come next.
    private mutating func settle(_ turn: inout Turn) {
        if phase == .finishing, pending.isEmpty {
            if let tls {
                self.tls = nil
                tls.close(&turn.output)
                flush(&turn)
                guard phase == .finishing else { return }
            }
            if pending.isEmpty {
                conversation.end()
                conversation = Silence()
                guard !peerFinished else { return close(&turn) }
                socket.finishSending()
                phase = .lingering(until: turn.now + limits.lingerTimeout, byteCount: limits.lingerByteCount)
            }
        }
        guard phase != .closed else { return }
        var wanted: Readiness = pending.isEmpty ? [] : .writable
        switch phase {
        case .lingering: wanted.insert(.readable)
        case .open where !peerFinished && conversation.wantsBytes && unseenByteCount < limits.waitingByteCount:
            wanted.insert(.readable)
        default: break
        }
        if wanted != interest {
            interest = wanted
            turn.change(socket, to: wanted)
        }
    }

    fileprivate mutating func tick(_ connection: Connection, _ turn: inout Turn) {
        if case .lingering(let deadline, _) = phase {
            if turn.now >= deadline { close(&turn) }
            return
        }
        if !pending.isEmpty, turn.now - lastTaken >= limits.stallTimeout { return close(&turn) }
        guard phase == .open else { return }
        let next = conversation.tick(&turn)
        // This may be the flush that makes room, for which the conversation is waiting.
        let wasBlocked = !pending.isEmpty
        flush(&turn)
        if phase == .open, go(next, &turn) || wasBlocked { serve(connection, &turn) } else { settle(&turn) }
    }

    fileprivate mutating func close(_ turn: inout Turn) {
        guard phase != .closed else { return }
        phase = .closed
        conversation.end()
        conversation = Silence()
        (pending, pendingStart, tls) = ([], 0, nil)
        turn.output.removeAll(keepingCapacity: true)
        turn.forget(socket)
        socket.close()
        onClose()
    }
}
