internal import GraphCore
internal import Synchronization

/// What a node costs at the least: a loop that locks, calls an async node through its protocol, keeps its value and two
/// facts about it. The engine's figures are read against this one, since the machine's speed varies by the hour.
enum BareLoop {
    private protocol BareNode: Sendable {
        func run(_ inputs: [Value]) async throws -> [Value]
    }

    private struct Invert: BareNode {
        func run(_ inputs: [Value]) async throws -> [Value] {
            guard case .literal(.double(let value))? = inputs.first else { return [] }
            return [.literal(.double(1 - value))]
        }
    }

    private enum Fact { case started(Int, Duration), finished(Int, Duration) }

    private struct State {
        var results: [[Value]]
        var facts: [Fact] = []
    }

    static func measure() async {
        let count = 100_000
        let node: any BareNode = Invert()
        var best = Double.infinity
        for _ in 0..<7 {
            let state = Mutex(State(results: Array(repeating: [], count: count + 1)))
            state.withLock { $0.results[0] = [.literal(.double(0.3))] }
            let clock = SuspendingClock()
            let start = clock.now
            for index in 1...count {
                let inputs = state.withLock { state in
                    state.facts.append(.started(index, start.duration(to: clock.now)))
                    return state.results[index - 1]
                }
                guard let outputs = try? await node.run(inputs) else { return }
                state.withLock { state in
                    state.results[index] = outputs
                    state.facts.append(.finished(index, start.duration(to: clock.now)))
                }
            }
            best = min(best, start.duration(to: clock.now).seconds)
        }
        print(
            "a bare loop of async calls with a lock, values and two facts a node: \(EngineBench.rounded(best * 1e6 / Double(count))) us"
        )
    }
}
