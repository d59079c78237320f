internal import GraphCore
internal import Synchronization

/// Keeps loaded models for whoever asks next, up to a number of bytes; those unused for longest go first.
///
/// A model that is asked for while it is being loaded is loaded once, and whoever waits holds no thread and hears at once
/// when its task is cancelled. What goes here is not torn from anyone: callers hold references of their own, and the model
/// ends with the last.
public final class LoadedModels<Key: Hashable & Sendable, Model: Sendable>: Sendable {
    /// What is kept now, for reports.
    public struct Report: Sendable {
        public let byteBudget: Int
        /// The one used last comes first.
        public let models: [(key: Key, byteCount: Int)]
    }

    private struct Kept {
        let model: Model
        let byteCount: Int
        var lastUse: UInt64
    }

    private struct Loading {
        let byteCount: Int
        /// Nothing is kept that was asked for before a release.
        let epoch: UInt64
        var waiters: [Waiter<Model>] = []
    }

    private struct State {
        var kept: [Key: Kept] = [:]
        var loading: [Key: Loading] = [:]
        var useCount: UInt64 = 0
        var epoch: UInt64 = 0

        var byteCount: Int {
            kept.values.reduce(0) { $0 + $1.byteCount } + loading.values.reduce(0) { $0 + $1.byteCount }
        }
    }

    private enum Next {
        case have(Model)
        /// Those that had to go end once the lock is open.
        case load(dropped: [Model])
        case wait(Waiter<Model>)
    }

    public let byteBudget: Int
    private let state = Mutex(State())

    /// - Parameter byteBudget: how much is kept; a model larger than all of it is kept alone.
    public init(byteBudget: Int) { self.byteBudget = max(0, byteBudget) }

    /// The model of `key`: kept, or loaded now.
    /// - Parameters:
    ///   - byteCount: what it takes in memory. Room is made before it is loaded, so that old and new are not there at once.
    ///   - load: not called when there is the model, or when another caller loads it.
    /// - Throws: `CancellationError`, and what `load` throws: to all who waited for it, too, unless it was cancelled; then
    ///   the next of them loads.
    public func model(
        for key: Key, byteCount: Int, load: () async throws -> Model
    ) async throws -> Model {
        while true {
            try Task.checkCancellation()
            switch next(key, byteCount) {
            case .have(let model): return model
            case .load: return try await perform(key, load)
            case .wait(let waiter):
                switch await waiter.outcome() {
                case .loaded(let model): return model
                case .failed(let error): throw error
                case .cancelled: throw CancellationError()
                case .again: continue
                }
            }
        }
    }

    /// Lets go of all of them, those being loaded as soon as they are handed out.
    public func release() {
        let dropped = state.withLock { state in
            state.epoch += 1
            defer { state.kept = [:] }
            return state.kept
        }
        withExtendedLifetime(dropped) {}
    }

    public var report: Report {
        let kept = state.withLock { $0.kept.sorted { $0.value.lastUse > $1.value.lastUse } }
        return Report(byteBudget: byteBudget, models: kept.map { ($0.key, $0.value.byteCount) })
    }

    /// How many wait for others to load, for tests.
    var waitingCount: Int { state.withLock { $0.loading.values.reduce(0) { $0 + $1.waiters.count } } }

    // MARK: Details

    private func next(_ key: Key, _ byteCount: Int) -> Next {
        state.withLock { state in
            state.useCount += 1
            if let model = state.kept[key]?.model {
                state.kept[key]?.lastUse = state.useCount
                return .have(model)
            }
            if state.loading[key] != nil {
                let waiter = Waiter<Model>()
                state.loading[key]?.waiters.append(waiter)
                return .wait(waiter)
            }
            var dropped: [Model] = []
            while state.byteCount > byteBudget - byteCount,
                let oldest = state.kept.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                dropped.append(oldest.value.model)
                state.kept[oldest.key] = nil
            }
            state.loading[key] = Loading(byteCount: byteCount, epoch: state.epoch)
            return .load(dropped: dropped)
        }
    }

    private func perform(_ key: Key, _ load: () async throws -> Model) async throws -> Model {
        do {
            let model = try await load()
            end(key, .loaded(model))
            return model
        } catch {
            end(key, error is CancellationError ? .again : .failed(error))
            throw error
        }
    }

    private func end(_ key: Key, _ outcome: Waiter<Model>.Outcome) {
        let waiters = state.withLock { state in
            let loading = state.loading.removeValue(forKey: key)
            if case .loaded(let model) = outcome, let loading, loading.epoch == state.epoch {
                state.useCount += 1
                state.kept[key] = Kept(model: model, byteCount: loading.byteCount, lastUse: state.useCount)
            }
            return loading?.waiters ?? []
        }
        for waiter in waiters { waiter.end(outcome) }
    }
}

/// One who waits for another's work, and is told once: how it ended, or that its own task was cancelled.
private final class Waiter<Model: Sendable>: Sendable {
    enum Outcome: Sendable {
        case loaded(Model)
        case failed(any Error)
        case cancelled
        /// Nobody works on it any more.
        case again
    }

    private enum State {
        case begun
        case waiting(CheckedContinuation<Outcome, Never>)
        case ended(Outcome)
    }

    private let state = Mutex(State.begun)

    func outcome() async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome: Outcome? = state.withLock { state in
                    if case .ended(let outcome) = state { return outcome }
                    state = .waiting(continuation)
                    return nil
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            end(.cancelled)
        }
    }

    /// The first end counts.
    func end(_ outcome: Outcome) {
        let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            switch state {
            case .ended: return nil
            case .begun:
                state = .ended(outcome)
                return nil
            case .waiting(let continuation):
                state = .ended(outcome)
                return continuation
            }
        }
        continuation?.resume(returning: outcome)
    }
}
