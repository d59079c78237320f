internal import ComfyProtocol
internal import GraphCore
internal import Synchronization

/// Reads the events of a store as they are committed, and publishes them to all streams as ComfyUI's messages.
final class EventPublisher: Sendable {
    private struct LiveRun {
        var encoder: ComfyEncoder
        let audience: EncodedMessage.Audience
    }

    private struct State {
        var position: EventLog.Position = 0
        var runs: [RunID: LiveRun] = [:]
        /// The run of the last event, out of `runs`: neighbouring events mostly are of one run.
        var current: LiveRun?
        /// Those of `runs` with a state that no event has published. Most of `runs` wait, and are not visited.
        var dirty: Set<RunID> = []
        var large: Set<RunID> = []
        /// How many prompts wait or run by the events read so far.
        var queueLength = 0
        /// Of the newest message.
        var seq: UInt64 = 0
        var messages: [EncodedMessage] = []
        var lastFlush = SuspendingClock.now
    }

    private let store: any RunStore
    private let log: FrameLog
    private let encoding: RunEncoding
    private let livePreviews: LivePreviews
    private let state = Mutex(State())

    init(_ store: any RunStore, to log: FrameLog, encoding: RunEncoding, livePreviews: LivePreviews) {
        (self.store, self.log, self.encoding, self.livePreviews) = (store, log, encoding, livePreviews)
    }

    /// Goes on until its task is cancelled and everything that had happened by then is published.
    func run() async {
        while true {
            let (position, isDirty, isLarge) = publish()
            if Task.isCancelled { return }
            if isDirty { wakeLater() }
            // A large run has an event every few microseconds. A wake for each costs its nodes more than they take
            // themselves; half a millisecond is below what a screen shows.
            if isLarge { try? await Task.sleep(for: .microseconds(500)) }
            await store.log.wait(after: position)
        }
    }

    /// Publishes what has happened and has not been published, on the calling thread.
    @discardableResult
    func publish() -> (position: EventLog.Position, isDirty: Bool, isLarge: Bool) {
        state.withLock { state in
            var emissions: [ComfyEncoder.Emission] = []
            while true {
                let page = store.log.read(after: state.position, limit: 1024)
                // Facts were dropped before they were read here: every stream starts over.
                if page.isResync { log.dropAll() }
                for event in page.events { encode(event, &emissions, &state) }
                park(&state)
                state.position = page.next
                let now = SuspendingClock.now
                if state.lastFlush.duration(to: now) >= ComfyEncoder.stateInterval {
                    tellPendingState(&state)
                    state.lastFlush = now
                }
                log.publish(state.messages)
                state.messages.removeAll(keepingCapacity: state.messages.count < 4096)
                if page.events.isEmpty { return (state.position, !state.dirty.isEmpty, !state.large.isEmpty) }
            }
        }
    }

    /// Has the last state of a large run published that has no further event for now.
    private func wakeLater() {
        Task.detached { [log = store.log] in
            try? await Task.sleep(for: ComfyEncoder.stateInterval)
            log.wakeReaders()
        }
    }

    private func encode(_ event: RunEvent, _ emissions: inout [ComfyEncoder.Emission], _ state: inout State) {
        if state.current?.encoder.run != event.run {
            park(&state)
            state.current = state.runs.removeValue(forKey: event.run) ?? newRun(event.run)
        }
        let isEnd: Bool
        switch event.kind {
        case .runQueued: (isEnd, state.queueLength) = (false, state.queueLength + 1)
        case .runFinished: (isEnd, state.queueLength) = (true, state.queueLength - 1)
        default: isEnd = false
        }
        guard let audience = state.current?.audience else { return }
        emissions.removeAll(keepingCapacity: true)
        state.current?.encoder.encode(event, into: &emissions)
        for emission in emissions { add(emission, event.order, of: event.run, to: audience, &state) }
        guard isEnd else { return }
        (state.current, _, _) = (nil, state.dirty.remove(event.run), state.large.remove(event.run))
    }

    private func park(_ state: inout State) {
        guard let run = state.current else { return }
        state.current = nil
        let id = run.encoder.run
        if run.encoder.isLarge {
            state.large.insert(id)
            if run.encoder.isDirty { state.dirty.insert(id) } else { state.dirty.remove(id) }
        }
        state.runs[id] = run
    }

    private func newRun(_ id: RunID) -> LiveRun? {
        guard let prompt = store.run(id)?.prompt else { return nil }
        return LiveRun(
            encoder: ComfyEncoder(id, encoding.origin(of: prompt)),
            audience: prompt.clientID.map { .client($0) } ?? .nobody)
    }

    private func add(
        _ emission: ComfyEncoder.Emission, _ order: UInt64, of run: RunID, to audience: EncodedMessage.Audience,
        _ state: inout State
    ) {
        switch (emission.role, emission.message) {
        case (.start, _), (.end, _), (_, .runQueued): addStatus(&state)
        default: break
        }
        state.seq = MessageNumbers.seq(order: order, part: emission.part)
        let message = EncodedMessage(
            emission, seq: state.seq, of: run, to: audience, epoch: store.epoch, livePreviews)
        if let message { state.messages.append(message) }
    }

    private func addStatus(_ state: inout State) {
        // A prompt that was accepted since counts: a client that waits for an empty queue waits for it, too.
        let remaining = max(state.queueLength, store.counts.remaining)
        state.messages.append(
            EncodedMessage(
                audience: .everyone, role: .transient, run: nil, seq: state.seq,
                payload: ComfyMessage.status(remaining)))
    }

    /// One state for each event at most, so that no number comes twice; others follow with the next event.
    private func tellPendingState(_ state: inout State) {
        let seq = MessageNumbers.seq(order: state.position, part: MessageNumbers.partCount - 1)
        guard state.seq < seq, let id = state.dirty.first, var run = state.runs.removeValue(forKey: id) else { return }
        state.dirty.remove(id)
        if let emission = run.encoder.pendingState() { add(emission, state.position, of: id, to: run.audience, &state) }
        state.runs[id] = run
    }
}

extension EncodedMessage {
    /// - Returns: nil for a message that no stream takes.
    init?(
        _ emission: ComfyEncoder.Emission, seq: UInt64, of run: RunID, to audience: Audience, epoch: String,
        _ livePreviews: LivePreviews
    ) {
        let isBinary = emission.message.kind == nil
        if isBinary {
            // Streams that read by run take no binary messages.
            guard audience != .nobody else { return nil }
            let isLive = !emission.role.isFact && emission.variant != .progressText
            guard !isLive || livePreviews.reach(emission.variant) else { return nil }
        }
        // Of a prompt without a client id all sockets get the state, as in ComfyUI. Its `progress`, which ComfyUI sends,
        // too, would reach scripts that wait for runs of their own.
        let isShared = audience == .nobody && emission.role == .state
        self.init(
            audience: isShared ? .everyone : audience, variant: emission.variant, role: emission.role, run: run,
            seq: seq,
            isBinary: isBinary,
            payload: emission.message.payload(
                of: run, MessageNumbers(seq: seq, runSeq: emission.runSeq, epoch: epoch)))
    }
}
