internal import GraphCore
internal import Synchronization

/// Lets so many requests at a server at once and has the rest stand in line, first come, first served. Waiting blocks no
/// thread and ends when the task is cancelled.
final class ProviderGate: Sendable {
    private struct Visitor {
        let number: Int
        let continuation: CheckedContinuation<Bool, Never>
        let tell: @Sendable (Int) -> Void
    }

    private struct State {
        var free: Int
        var line: [Visitor] = []
        var nextNumber = 0
        /// Cancelled before they stood in line.
        var gone: Set<Int> = []

        /// Under the lock, so that nobody who has entered hears that it waits.
        func tellLine(from index: Int) {
            for (ahead, visitor) in line.enumerated().dropFirst(index) { visitor.tell(ahead) }
        }
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(free: max(1, limit))) }

    /// How many stand in line.
    var waitingCount: Int { state.withLock { $0.line.count } }

    /// Runs `work` as soon as there is room.
    /// - Parameter tell: told how many stand before this one, at first and whenever that changes; must be quick, and must
    ///   not come back to the gate.
    /// - Throws: what `work` throws, and `CancellationError`.
    func pass<Result: Sendable>(
        telling tell: @escaping @Sendable (_ ahead: Int) -> Void, _ work: () async throws -> Result
    ) async throws -> Result {
        try await enter(tell)
        defer { leave() }
        try Task.checkCancellation()
        return try await work()
    }

    private func enter(_ tell: @escaping @Sendable (Int) -> Void) async throws {
        let number: Int? = state.withLock { state in
            if state.free > 0 && state.line.isEmpty {
                state.free -= 1
                return nil
            }
            state.nextNumber += 1
            return state.nextNumber
        }
        guard let number else { return }
        let hasEntered = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.gone.contains(number) { return false }
                    if state.free > 0 && state.line.isEmpty {
                        state.free -= 1
                        return true
                    }
                    state.line.append(Visitor(number: number, continuation: continuation, tell: tell))
                    tell(state.line.count - 1)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            giveUp(number)
        }
        state.withLock { state in _ = state.gone.remove(number) }
        guard hasEntered else { throw CancellationError() }
    }

    private func giveUp(_ number: Int) {
        let visitor: Visitor? = state.withLock { state in
            guard let index = state.line.firstIndex(where: { $0.number == number }) else {
                state.gone.insert(number)
                return nil
            }
            let visitor = state.line.remove(at: index)
            state.tellLine(from: index)
            return visitor
        }
        visitor?.continuation.resume(returning: false)
    }

    private func leave() {
        let next: Visitor? = state.withLock { state in
            guard !state.line.isEmpty else {
                state.free += 1
                return nil
            }
            let next = state.line.removeFirst()
            state.tellLine(from: 0)
            return next
        }
        next?.continuation.resume(returning: true)
    }
}
