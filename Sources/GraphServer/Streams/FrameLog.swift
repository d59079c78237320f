internal import ComfyProtocol
internal import GraphCore
internal import Synchronization

/// The encoded messages of all runs in one order, held once and shared by all streams: a cache of what the store can
/// have encoded again.
///
/// A stream is a position in it: it reads on when its socket can take more, and waits for no other stream. Facts are kept
/// up to a number of bytes; progress and previews are kept for a moment, and skipped for a stream that falls behind.
final class FrameLog: Sendable {
    struct Limits: Sendable {
        var factByteCount = 8 << 20
        /// What is left of them by `dropOldFacts`.
        var leastFactByteCount = 1 << 20
        var transientByteCount = 16 << 20
        /// A stream with more progress than this before it is given the newest part only.
        var lagByteCount = 256 << 10
        /// How long a client's messages wait for the answer to its POST at most.
        var answerDelay = Duration.seconds(1)
        /// How long a client that has posted may take to connect and miss nothing.
        var connectDelay = Duration.seconds(30)
    }

    /// Reads for one client, or by run.
    struct Reader: Sendable {
        enum Scope: Sendable, Hashable {
            case client(String)
            /// One run of any client; all of them without an id.
            case run(RunID?)
        }

        let scope: Scope
        /// Everything up to this position has been read.
        var factPosition: UInt64
        var transientPosition: UInt64
        /// Of messages for all streams, which are never given twice.
        var sharedPosition: UInt64
        /// The number of the last fact that was read, or after which it began.
        var factSeq: UInt64
        /// Facts that it has not read are gone from the store, too.
        private(set) var isLost = false
        /// Binary messages this reader understands.
        var takesDescribedPreviews = false
        var takesProgressText = false
        var takesEarlyProgress = false

        /// Has every further read say that facts are lost.
        mutating func markLost() { isLost = true }
    }

    /// What was given to a reader.
    enum ReadResult: Sendable, Equatable {
        /// Everything there is.
        case all
        /// As much as was asked for; there is more.
        case part
        /// What comes next waits for the answer to a POST, at most so long.
        case held(Duration)
        /// Facts it has not read are gone.
        case lost
    }

    struct Frame: Sendable {
        /// Over all frames.
        let position: UInt64
        let message: EncodedMessage

        /// What it costs in memory, about.
        var weight: Int { message.payload.count + 300 }
    }

    /// What there is for a client id.
    struct Channel {
        /// Numbers in `State.facts` and `State.transients`.
        var facts = Ring<Int>()
        var transients = Ring<Int>()
        /// The `seq` of the last fact that was let go; for a client id unknown till then, of the last one of all.
        var lostSeq: UInt64
        var lostPosition: UInt64 = 0
        /// Of each run under way.
        var latest: [RunID: Latest] = [:]
        var subscribers: [Int: Subscriber] = [:]
        /// Runs whose POST has not been answered, with when that is waited for no longer.
        var held: [RunID: Instant] = [:]
        /// Where the log stood when a prompt came of this client, which had no stream then; oldest first.
        var unheard: [(position: UInt64, time: Instant)] = []
    }

    typealias Instant = SuspendingClock.Instant

    /// What a client that comes back in the middle of a run is given first, in this order.
    struct Latest {
        var start: EncodedMessage?
        var state: EncodedMessage?
        var executing: EncodedMessage?

        var messages: [EncodedMessage] { [start, state, executing].compactMap { $0 } }
    }

    struct Subscriber {
        let wake: @Sendable () -> Void
    }

    struct State {
        var position: UInt64 = 0
        /// Of the newest message.
        var seq: UInt64 = 0
        var facts = Ring<Frame>()
        var transients = Ring<Frame>()
        var factByteCount = 0
        var transientByteCount = 0
        var lostSeq: UInt64 = 0
        var lostPosition: UInt64 = 0
        /// Transients for all streams.
        var shared = Ring<Int>()
        var channels: [String: Channel] = [:]
        /// Readers by run.
        var watchers: [Int: Subscriber] = [:]
        /// Readers by client id. Most channels have none, and are not visited.
        var listeners: [Int: Subscriber] = [:]
        var nextSubscriber = 0
        /// With so many channels they are looked through for empty ones.
        var sweptChannelCount = 1024
    }

    let epoch: String
    let limits: Limits
    let state = Mutex(State())

    init(epoch: String, limits: Limits = Limits()) { (self.epoch, self.limits) = (epoch, limits) }

    // MARK: Writing

    func publish(_ messages: [EncodedMessage]) {
        guard !messages.isEmpty else { return }
        let wakes = state.withLock { state in
            var touched: Set<String> = []
            var isShared = false
            for message in messages {
                add(message, &state)
                switch message.audience {
                case .everyone: isShared = true
                case .client(let id): touched.insert(id)
                case .nobody: break
                }
            }
            trim(&state)
            var wakes: [@Sendable () -> Void] = state.watchers.values.map(\.wake)
            if isShared {
                wakes += state.listeners.values.lazy.map(\.wake)
            } else {
                for id in touched { wakes += state.channels[id]?.subscribers.values.map(\.wake) ?? [] }
            }
            return wakes
        }
        for wake in wakes { wake() }
    }

    private func add(_ message: EncodedMessage, _ state: inout State) {
        state.position += 1
        state.seq = max(state.seq, message.seq)
        let frame = Frame(position: state.position, message: message)
        let isFact = message.role.isFact
        let number: Int
        if isFact {
            number = state.facts.end
            state.facts.append(frame)
            state.factByteCount += frame.weight
        } else {
            number = state.transients.end
            state.transients.append(frame)
            state.transientByteCount += frame.weight
        }
        switch message.audience {
        case .everyone: state.shared.append(number)
        case .nobody: break
        case .client(let id):
            if isFact {
                state.channels[id, default: Channel(lostSeq: state.lostSeq)].facts.append(number)
            } else {
                state.channels[id, default: Channel(lostSeq: state.lostSeq)].transients.append(number)
            }
            remember(message, id, &state)
        }
    }

    /// Keeps what a client that comes back is given first.
    private func remember(_ message: EncodedMessage, _ id: String, _ state: inout State) {
        guard let run = message.run else { return }
        let part: WritableKeyPath<Latest, EncodedMessage?>
        switch message.role {
        case .start: part = \.start
        case .state: part = \.state
        case .executing: part = \.executing
        case .end:
            state.channels[id]?.latest[run] = nil
            return
        case .fact, .transient: return
        }
        state.channels[id, default: Channel(lostSeq: state.lostSeq)].latest[run, default: Latest()][keyPath: part] =
            message
    }

    private func trim(_ state: inout State) {
        while state.transientByteCount > limits.transientByteCount, let frame = state.transients.removeFirst() {
            state.transientByteCount -= frame.weight
            switch frame.message.audience {
            case .everyone:
                while let first = state.shared.first, first < state.transients.start { state.shared.removeFirst() }
            case .client(let id): dropOld(of: id, &state)
            case .nobody: break
            }
        }
        dropFacts(above: limits.factByteCount, &state)
    }

    /// Drops everything: facts are missing that were never published.
    func dropAll() {
        state.withLock { state in
            dropFacts(above: 0, &state)
            // A reader that waits for the next fact has missed some, and so has a client that resumes at the last one.
            state.position += 1
            (state.lostPosition, state.lostSeq) = (state.position, state.seq + 1)
            for id in Array(state.channels.keys) {
                state.channels[id]?.lostPosition = state.position
                state.channels[id]?.lostSeq = state.seq + 1
            }
        }
    }

    /// Drops all but the newest facts to free memory. Those of a client that resumes before them are encoded again.
    func dropOldFacts() {
        state.withLock { state in
            dropFacts(above: limits.leastFactByteCount, &state)
            state.facts.compact()
            for id in Array(state.channels.keys) { state.channels[id]?.facts.compact() }
        }
    }

    private func dropFacts(above byteCount: Int, _ state: inout State) {
        while state.factByteCount > byteCount, let frame = state.facts.removeFirst() {
            state.factByteCount -= frame.weight
            (state.lostSeq, state.lostPosition) = (max(state.lostSeq, frame.message.seq), frame.position)
            guard case .client(let id) = frame.message.audience else { continue }
            state.channels[id]?.lostSeq = frame.message.seq
            state.channels[id]?.lostPosition = frame.position
            dropOld(of: id, &state)
        }
    }

    private func dropOld(of id: String, _ state: inout State) {
        guard state.channels[id] != nil else { return }
        let (facts, transients) = (state.facts.start, state.transients.start)
        while let first = state.channels[id]?.facts.first, first < facts { state.channels[id]?.facts.removeFirst() }
        while let first = state.channels[id]?.transients.first, first < transients {
            state.channels[id]?.transients.removeFirst()
        }
        forgetIfEmpty(id, &state)
    }

    func forgetIfEmpty(_ id: String, _ state: inout State) {
        guard let channel = state.channels[id], channel.facts.isEmpty, channel.transients.isEmpty,
            channel.subscribers.isEmpty, channel.latest.isEmpty, channel.held.isEmpty,
            channel.unheard.allSatisfy({ SuspendingClock.now - $0.time > limits.connectDelay })
        else { return }
        state.channels[id] = nil
    }

    // MARK: Posts

    /// A prompt of a client comes in: its messages go to the client's own streams after `answered`, and wait for a stream
    /// where there is none. Call before the run can have any message.
    func posting(_ client: String, _ run: RunID) {
        state.withLock { state in
            let now = SuspendingClock.now
            var channel = state.channels[client] ?? Channel(lostSeq: state.lostSeq)
            channel.held[run] = now + limits.answerDelay
            if channel.subscribers.isEmpty {
                channel.unheard.removeAll { now - $0.time > limits.connectDelay }
                // One for each second: a script may post a thousand prompts before it connects.
                if channel.unheard.last.map({ now - $0.time > .seconds(1) }) != false {
                    channel.unheard.append((state.position, now))
                }
            }
            state.channels[client] = channel
            sweep(&state)
        }
    }

    /// Forgets the channels of clients that posted in vain and never came, once they may be the most.
    private func sweep(_ state: inout State) {
        guard state.channels.count > state.sweptChannelCount else { return }
        for id in Array(state.channels.keys) { forgetIfEmpty(id, &state) }
        state.sweptChannelCount = 2 * state.channels.count + 1024
    }

    func hasStreams(_ client: String) -> Bool {
        state.withLock { state in state.channels[client].map { !$0.subscribers.isEmpty } ?? false }
    }

    /// The POST of a run has its answer, or never will have one.
    func answered(_ client: String, _ run: RunID) {
        let wakes: [@Sendable () -> Void] = state.withLock { state in
            guard state.channels[client]?.held.removeValue(forKey: run) != nil else { return [] }
            let wakes = state.channels[client]?.subscribers.values.map(\.wake) ?? []
            forgetIfEmpty(client, &state)
            return wakes
        }
        for wake in wakes { wake() }
    }
}
