internal import Dispatch
internal import Media
internal import Synchronization

/// Gives memory back to the system once the queue has been empty for a moment, and at `/free`.
///
/// Giving back costs milliseconds, and taking again costs page faults, so it never happens between two prompts of a
/// client that posts one after the other, and not for less than `worthwhileByteCount`.
final class IdleTrim: Sendable {
    private struct State {
        var isScheduled = false
        /// When the queue last became empty.
        var idleSince = DispatchTime.distantFuture
        /// What was resident when memory was last given back.
        var residentByteCount = 0
    }

    /// 1 s: a client that works its way through a list posts again within that time.
    private static let delay = DispatchTimeInterval.seconds(1)
    private static let worthwhileByteCount = 8 << 20

    private let isIdle: @Sendable () -> Bool
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "graphrun idle trim", qos: .utility)

    /// - Parameter isIdle: whether nothing runs and nothing waits.
    init(isIdle: @escaping @Sendable () -> Bool) { self.isIdle = isIdle }

    /// Notes that the queue is empty. Costs a lock and a look at the clock.
    func queueBecameEmpty() {
        let now = DispatchTime.now()
        let isFirst = state.withLock { state in
            state.idleSince = now
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { schedule(at: now + Self.delay) }
    }

    /// Gives back whatever can be, at once. Blocks its thread for milliseconds.
    func trimNow() {
        ProcessMemory.trim()
        let resident = ProcessMemory.residentByteCount ?? 0
        state.withLock { $0.residentByteCount = resident }
    }

    private func schedule(at time: DispatchTime) {
        queue.asyncAfter(deadline: time) { [weak self] in self?.timeHasCome() }
    }

    private func timeHasCome() {
        let isBusy = !isIdle()
        let now = DispatchTime.now()
        // Nil: the next `queueBecameEmpty` schedules again.
        let (later, resident) = state.withLock { state -> (DispatchTime?, Int) in
            let end = state.idleSince + Self.delay
            let later = !isBusy && now < end ? end : nil
            state.isScheduled = later != nil
            return (later, state.residentByteCount)
        }
        if let later { return schedule(at: later) }
        if isBusy { return }
        // Less than before is a sign, too: large results went, and small ones came into the room between them.
        if let now = ProcessMemory.residentByteCount, abs(now - resident) < Self.worthwhileByteCount { return }
        trimNow()
    }
}
