internal import Dispatch
internal import Foundation
internal import Synchronization

/// Ctrl-C and SIGTERM: the first cancels cleanly, the second quits at once.
struct Interrupts {
    private final class Listener: Sendable {
        struct State {
            var isInterrupted = false
            var action: (@Sendable () -> Void)?
        }

        let state = Mutex(State())

        func interrupt() {
            let (isSecond, action) = state.withLock { state in
                defer { state.isInterrupted = true }
                return (state.isInterrupted, state.action)
            }
            if isSecond { exit(ExitCode.interrupted.rawValue) }
            action?()
        }
    }

    private let listener = Listener()
    private let sources: [any DispatchSourceSignal]

    init() {
        sources = [SIGINT, SIGTERM].map { [listener] number in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { listener.interrupt() }
            source.resume()
            return source
        }
    }

    var isInterrupted: Bool { listener.state.withLock { $0.isInterrupted } }

    /// Sets what an interrupt does; does it at once when there has been one.
    func onInterrupt(_ action: @escaping @Sendable () -> Void) {
        let isInterrupted = listener.state.withLock { state in
            state.action = action
            return state.isInterrupted
        }
        if isInterrupted { action() }
    }
}
