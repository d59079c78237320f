internal import ComfyProtocol
internal import GraphCore
internal import Synchronization

/// How streams read the log.
extension FrameLog {
    /// How a reader comes in.
    enum StartPosition: Sendable, Equatable {
        /// From now on.
        case now
        /// After this number of this epoch.
        case after(epoch: String, seq: UInt64)
    }

    enum ResumeResult: Sendable, Equatable {
        case fresh
        /// Everything after the number asked for follows; how many facts that are, where it is known.
        case resumed(seq: UInt64, factCount: Int?)
        /// The frames of the facts after `seq`, up to `through`, are gone; those behind them follow.
        case evicted(seq: UInt64, through: UInt64)
        /// It has posted and had no stream: all of that follows.
        case caughtUp
        /// That number is of another life, of the future, or too old: start over from /queue and /history.
        case resync(seq: UInt64)
    }

    /// Joins: `wake` is called, on any thread, whenever there may be something to read.
    /// - Returns: also what a client that comes back in the middle of a run is given first.
    func subscribe(
        _ scope: Reader.Scope, _ entry: StartPosition, wake: @escaping @Sendable () -> Void
    ) -> (reader: Reader, subscription: Int, result: ResumeResult, latest: [EncodedMessage]) {
        state.withLock { state in
            state.nextSubscriber += 1
            let subscription = state.nextSubscriber
            var lostSeq = state.lostSeq
            var unheard: UInt64?
            switch scope {
            case .client(let id):
                lostSeq = state.channels[id]?.lostSeq ?? state.lostSeq
                let subscriber = Subscriber(wake: wake)
                let now = SuspendingClock.now
                unheard = state.channels[id]?.unheard.first { now - $0.time <= limits.connectDelay }?.position
                state.channels[id]?.unheard = []
                state.channels[id, default: Channel(lostSeq: state.lostSeq)].subscribers[subscription] = subscriber
                state.listeners[subscription] = subscriber
            case .run: state.watchers[subscription] = Subscriber(wake: wake)
            }
            var reader = Reader(
                scope: scope, factPosition: state.position, transientPosition: state.position,
                sharedPosition: state.position, factSeq: state.seq)
            var result = ResumeResult.fresh
            if case .after(let epoch, let seq) = entry {
                if epoch != self.epoch || seq > state.seq {
                    result = .resync(seq: state.seq)
                } else if seq < lostSeq {
                    reader.factSeq = seq
                    skipEvicted(&reader, state)
                    result = .evicted(seq: seq, through: lostSeq)
                } else {
                    reader.factSeq = seq
                    let first = state.facts.firstNumber { $0.message.seq > seq }
                    let next = state.transients.firstNumber { $0.message.seq > seq }
                    reader.factPosition = state.facts[first].map { $0.position - 1 } ?? state.position
                    reader.transientPosition = state.transients[next].map { $0.position - 1 } ?? state.position
                    result = .resumed(seq: seq, factCount: count(reader, state))
                }
            }
            if case .client(let id) = scope, entry == .now, let unheard {
                let position = max(unheard, state.channels[id]?.lostPosition ?? 0)
                if (state.channels[id].map { !$0.facts.isEmpty }) == true, position < state.position {
                    (reader.factPosition, reader.transientPosition) = (position, position)
                    result = .caughtUp
                }
            }
            var latest: [EncodedMessage] = []
            if case .client(let id) = scope {
                latest = state.channels[id]?.latest.values.flatMap(\.messages) ?? []
            }
            return (reader, subscription, result, latest)
        }
    }

    func unsubscribe(_ scope: Reader.Scope, _ subscription: Int) {
        state.withLock { state in
            switch scope {
            case .client(let id):
                state.channels[id]?.subscribers[subscription] = nil
                state.listeners[subscription] = nil
                forgetIfEmpty(id, &state)
            case .run: state.watchers[subscription] = nil
            }
        }
    }

    /// Of the newest message.
    var seq: UInt64 { state.withLock { $0.seq } }

    /// Gives the reader what it has not read, oldest first, until about `limit` bytes have been appended to `out`.
    func read(
        _ reader: inout Reader, limit: Int, into out: inout [UInt8], append: (Frame, inout [UInt8]) -> Void
    ) -> ReadResult {
        state.withLock { state in
            let start = out.count
            skipIfBehind(&reader, state)
            var cursor = MergeCursor(reader, state)
            if reader.isLost || reader.factPosition < cursor.lostPosition { return .lost }
            while let frame = cursor.next(state) {
                if out.count - start >= limit { return .part }
                if let run = frame.message.run, let time = cursor.held[run] {
                    let left = time - SuspendingClock.now
                    if left > .zero { return .held(left) }
                }
                cursor.take()
                switch cursor.last {
                case .fact: (reader.factPosition, reader.factSeq) = (frame.position, frame.message.seq)
                case .transient: reader.transientPosition = frame.position
                case .shared: reader.sharedPosition = frame.position
                }
                if reader.understands(frame.message) { append(frame, &out) }
            }
            // What concerns others need not be looked at again.
            (reader.factPosition, reader.transientPosition) = (state.position, state.position)
            (reader.sharedPosition, reader.factSeq) = (state.position, state.seq)
            return .all
        }
    }

    // MARK: Facts that are gone

    /// The numbers between which the facts are that the reader has not read and whose frames are gone. Nil when they are
    /// gone for good.
    func evicted(of reader: Reader) -> (after: UInt64, through: UInt64)? {
        state.withLock { state in reader.isLost ? nil : (reader.factSeq, lost(reader.scope, state).seq) }
    }

    /// Goes on behind what is gone.
    func skipEvicted(_ reader: inout Reader) { state.withLock { skipEvicted(&reader, $0) } }

    private func skipEvicted(_ reader: inout Reader, _ state: State) {
        let (seq, position) = lost(reader.scope, state)
        (reader.factPosition, reader.factSeq) = (position, max(reader.factSeq, seq))
        reader.transientPosition = max(reader.transientPosition, position)
    }

    func skipToEnd(_ reader: inout Reader) {
        state.withLock { state in
            (reader.factPosition, reader.transientPosition) = (state.position, state.position)
            (reader.sharedPosition, reader.factSeq) = (state.position, state.seq)
        }
    }

    private func lost(_ scope: Reader.Scope, _ state: State) -> (seq: UInt64, position: UInt64) {
        switch scope {
        case .client(let id):
            let channel = state.channels[id]
            return (channel?.lostSeq ?? state.lostSeq, channel?.lostPosition ?? state.lostPosition)
        case .run: return (state.lostSeq, state.lostPosition)
        }
    }

    private func count(_ reader: Reader, _ state: State) -> Int {
        switch reader.scope {
        case .client(let id):
            guard let channel = state.channels[id] else { return 0 }
            let first = channel.facts.firstNumber { (state.facts[$0]?.position ?? 0) > reader.factPosition }
            return channel.facts.end - first
        case .run(let run):
            let first = state.facts.firstNumber { $0.position > reader.factPosition }
            return (first..<state.facts.end).count { run == nil || state.facts[$0]?.message.run == run }
        }
    }

    /// Progress that is worth less than its way: of much of it only the newest is given.
    private func skipIfBehind(_ reader: inout Reader, _ state: State) {
        guard case .client(let id) = reader.scope else { return }
        if let own = state.channels[id]?.transients { skip(in: own, &reader.transientPosition, state) }
        skip(in: state.shared, &reader.sharedPosition, state)
    }

    private func skip(in ring: Ring<Int>, _ position: inout UInt64, _ state: State) {
        let from = position
        let first = ring.firstNumber { (state.transients[$0]?.position ?? 0) > from }
        // The count is looked at before the sum: nearly no stream is behind.
        guard ring.end - first > 16 else { return }
        var byteCount = 0
        for number in stride(from: ring.end - 1, through: first, by: -1) {
            guard let frame = ring[number].flatMap({ state.transients[$0] }) else { continue }
            byteCount += frame.message.payload.count
            if byteCount > limits.lagByteCount {
                position = frame.position
                return
            }
        }
    }

    /// Merges up to three lists by position.
    private struct MergeCursor {
        let run: RunID?
        let isOfClient: Bool
        let lostPosition: UInt64
        /// Only of a client's own streams.
        let held: [RunID: Instant]
        let facts: Ring<Int>?
        let transients: Ring<Int>?
        var factNumber: Int
        var transientNumber: Int
        var sharedNumber = 0
        private(set) var last = Source.fact
        enum Source { case fact, transient, shared }

        init(_ reader: Reader, _ state: State) {
            switch reader.scope {
            case .client(let id):
                let channel = state.channels[id]
                (run, isOfClient, lostPosition) = (nil, true, channel?.lostPosition ?? 0)
                (facts, transients, held) = (channel?.facts, channel?.transients, channel?.held ?? [:])
                factNumber = facts?.firstNumber { (state.facts[$0]?.position ?? 0) > reader.factPosition } ?? 0
                transientNumber =
                    transients?.firstNumber { (state.transients[$0]?.position ?? 0) > reader.transientPosition } ?? 0
                sharedNumber = state.shared.firstNumber {
                    (state.transients[$0]?.position ?? 0) > reader.sharedPosition
                }
            case .run(let id):
                (run, isOfClient, lostPosition) = (id, false, state.lostPosition)
                (facts, transients, held) = (nil, nil, [:])
                factNumber = state.facts.firstNumber { $0.position > reader.factPosition }
                transientNumber = state.transients.firstNumber { $0.position > reader.transientPosition }
            }
        }

        mutating func next(_ state: State) -> Frame? {
            var fact: Frame?
            var transient: Frame?
            var shared: Frame?
            if isOfClient {
                fact = facts?[factNumber].flatMap { state.facts[$0] }
                transient = transients?[transientNumber].flatMap { state.transients[$0] }
                shared = state.shared[sharedNumber].flatMap { state.transients[$0] }
            } else {
                while let frame = state.facts[factNumber], run != nil, frame.message.run != run { factNumber += 1 }
                while let frame = state.transients[transientNumber],
                    frame.message.run == nil || (run != nil && frame.message.run != run)
                {
                    transientNumber += 1
                }
                (fact, transient) = (state.facts[factNumber], state.transients[transientNumber])
            }
            var best = fact
            last = .fact
            if let transient, transient.position < best?.position ?? .max { (best, last) = (transient, .transient) }
            if let shared, shared.position < best?.position ?? .max { (best, last) = (shared, .shared) }
            return best
        }

        mutating func take() {
            switch last {
            case .fact: factNumber += 1
            case .transient: transientNumber += 1
            case .shared: sharedNumber += 1
            }
        }
    }
}

extension FrameLog.Reader {
    func understands(_ message: EncodedMessage) -> Bool {
        switch message.variant {
        case .all: true
        case .plainPreview: !takesDescribedPreviews
        case .describedPreview: takesDescribedPreviews
        case .progressText: takesProgressText
        case .earlyProgress: takesEarlyProgress
        }
    }
}
