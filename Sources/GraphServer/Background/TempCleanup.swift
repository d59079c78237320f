internal import Files
internal import GraphCore
internal import Synchronization

/// Empties the temp folder once the server listens: one that cannot start, because another runs on these folders, must
/// not take its files away.
///
/// That takes as long as there are files, and answers do not wait for it; what would write into the folder does.
final class TempCleanup: Sendable {
    private struct State {
        var isHeld = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let folders: Folders
    private let serverLog: ServerLog
    private let lane = BlockingPool(width: 1)
    private let state = Mutex(State())

    init(folders: Folders, serverLog: ServerLog) { (self.folders, self.serverLog) = (folders, serverLog) }

    /// Returns once it is over, or at once when nothing holds.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.isHeld { state.waiting.append(continuation) }
                return state.isHeld
            }
            if !isHeld { continuation.resume() }
        }
    }

    /// Lets nobody pass until `begin` is through or `release` is called.
    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let waiting = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Empties the temp folder, lets everyone pass, then looks for what killed programs left half-written.
    func begin() {
        Task.detached { [self] in
            _ = try? await lane.run { [folders, serverLog] in
                do throws(Diagnostic) {
                    try folders.emptyTemp()
                } catch {
                    serverLog.say("warning: \(error.text)")
                }
            }
            release()
            _ = try? await lane.run { [folders] in folders.removeDeadParts() }
        }
    }
}
