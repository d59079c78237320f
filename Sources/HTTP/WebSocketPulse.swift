/// When to ping, and when a peer that answers nothing is given up: after two pings in a row.
struct WebSocketPulse: Sendable {
    enum Beat: Equatable { case nothing, ping, giveUp }

    private let interval: Duration
    private(set) var nextBeat: ContinuousClock.Instant
    private var missedCount = 0
    /// Something came since the last ping, or nothing could come because nobody took what was there.
    private var isExcused = true

    init(interval: Duration, now: ContinuousClock.Instant) {
        (self.interval, nextBeat) = (interval, now + interval)
    }

    /// Octets of any kind are a sign of life; so is our own refusal to read.
    mutating func excuse() { isExcused = true }

    mutating func beat(_ now: ContinuousClock.Instant) -> Beat {
        guard now >= nextBeat else { return .nothing }
        missedCount = isExcused ? 0 : missedCount + 1
        guard missedCount < 2 else { return .giveUp }
        nextBeat = now + interval
        isExcused = false
        return .ping
    }
}
