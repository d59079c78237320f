import Remote
import Synchronization

/// A clock that moves only when somebody waits for it, and dice that always fall the same way.
final class ManualPacing: Sendable {
    private struct State {
        var elapsed = Duration.zero
        var waits: [Duration] = []
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())
    private let random: Double
    /// Sun, 06 Nov 1994 08:49:37 GMT
    static let startSeconds = 784_111_777

    init(random: Double = 0.5) { self.random = random }

    /// What was waited for, in order.
    var waits: [Duration] { state.withLock { $0.waits } }

    var pacing: Pacing {
        Pacing(
            now: { self.start + self.state.withLock { $0.elapsed } },
            secondsSince1970: { Self.startSeconds + Int(self.state.withLock { $0.elapsed }.components.seconds) },
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.elapsed += duration
                    state.waits.append(duration)
                }
            }, random: { self.random })
    }
}
