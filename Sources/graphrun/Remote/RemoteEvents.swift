internal import GraphCore
internal import Synchronization

/// Numbers what happens elsewhere as the engine numbers what happens here, and shows it.
final class RemoteEvents: Sendable {
    private struct State {
        var run: RunID = ""
        var start = ContinuousClock.now
        var sequence: UInt64 = 0
        var order: UInt64 = 0
    }

    private let display: Display
    private let state = Mutex(State())

    init(_ display: Display) { self.display = display }

    /// The next events are of this run, which has been queued now.
    func begin(_ run: RunID) {
        state.withLock { ($0.run, $0.start, $0.sequence) = (run, .now, 0) }
    }

    func tell(_ kinds: [RunEvent.Kind]) {
        guard !kinds.isEmpty else { return }
        // Held while they are shown, so that they are shown in order.
        state.withLock { state in
            let elapsed = state.start.duration(to: .now)
            display.show(
                kinds.map { kind in
                    state.sequence += 1
                    state.order += 1
                    return RunEvent(
                        run: state.run, sequence: state.sequence, order: state.order, elapsed: elapsed, kind: kind)
                })
        }
    }
}
