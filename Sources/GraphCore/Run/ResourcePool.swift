internal import Synchronization

/// How many permits of each kind there are. A kind that is not named here has one.
public struct ResourceLimits: Sendable {
    public private(set) var permits: [ResourceName: Int]

    /// - Parameter coreCount: permits of `cpu`.
    public init(coreCount: Int) {
        permits = [.cpu: max(1, coreCount), .gpu: 1, .model: 1, .network: 16]
    }

    /// At least 1, at most 1024.
    public subscript(name: ResourceName) -> Int {
        get { permits[name] ?? 1 }
        set { permits[name] = min(max(1, newValue), 1024) }
    }
}

/// The permits of an engine, shared by its runs. A run that wants one while none is free stands in line; each permit
/// given back goes to the front of the line, and who wants another stands at its end: fair by turns.
final class ResourcePool: Sendable {
    /// One kind. `waitingCount` can be read without the lock, for the worker that only wants to know if it may go on.
    final class Resource: Sendable {
        struct State {
            var free: Int
            var line: [Run] = []
        }

        let name: ResourceName
        let total: Int
        let waitingCount = Atomic<Int>(0)
        fileprivate let state: Mutex<State>

        init(_ name: ResourceName, total: Int) {
            (self.name, self.total) = (name, total)
            state = Mutex(State(free: total))
        }

        /// Takes a permit if one is free and nobody stands in line; otherwise `run` stands in line.
        func acquire(for run: Run) -> Bool {
            state.withLock { state in
                if state.free > 0 && state.line.isEmpty {
                    state.free -= 1
                    return true
                }
                state.line.append(run)
                waitingCount.add(1, ordering: .relaxed)
                return false
            }
        }

        /// Takes a permit if one is free and nobody stands in line, for work that goes on without it too.
        func borrow() -> Bool {
            state.withLock { state in
                guard state.free > 0 && state.line.isEmpty else { return false }
                state.free -= 1
                return true
            }
        }

        /// Gives a permit back. The run returned, if any, now has it: call its `granted`, holding no lock.
        func release() -> Run? {
            state.withLock { state in
                if state.line.isEmpty {
                    state.free += 1
                    return nil
                }
                waitingCount.subtract(1, ordering: .relaxed)
                return state.line.removeFirst()
            }
        }

        /// For tests and reports.
        var freeCount: Int { state.withLock { $0.free } }

        func leaveLine(_ run: Run) {
            state.withLock { state in
                let before = state.line.count
                state.line.removeAll { $0 === run }
                waitingCount.subtract(before - state.line.count, ordering: .relaxed)
            }
        }
    }

    let resources: [Resource]
    private let indexByName: [ResourceName: Int]

    /// - Parameter names: every kind that some node type asks for.
    init(limits: ResourceLimits, names: Set<ResourceName>) {
        let all = names.union(limits.permits.keys).sorted { $0.text < $1.text }
        resources = all.map { Resource($0, total: limits[$0]) }
        indexByName = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
    }

    /// Kinds asked for after the pool was made share the permits of `cpu`.
    func index(of name: ResourceName) -> Int { indexByName[name] ?? indexByName[.cpu] ?? 0 }

    /// Threads for permits whose holders compute; waiting for the network needs none.
    var computingPermitCount: Int {
        resources.reduce(0) { $0 + ($1.name == .network ? 0 : $1.total) }
    }
}
