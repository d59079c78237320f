internal import Synchronization

/// Which results are kept for later runs.
public enum CachePolicy: Sendable, Equatable {
    case none
    /// Those of the last run, as ComfyUI does by default.
    case classic
    /// Those of the nodes used last, so many of them.
    case lru(count: Int)
    /// Those used last, while they fit into so many bytes.
    case ram(byteCount: Int)
}

/// What one node gave: a value or a list for each output, and what it showed.
struct NodeResult: Sendable {
    enum Slot: Sendable {
        case one(Value)
        case list([Value])

        var byteCount: Int {
            switch self {
            case .one(let value): value.byteCount
            case .list(let values): values.reduce(0) { $0 + $1.byteCount }
            }
        }
    }

    var slots: [Slot]
    var shown: [JSONObject.Member] = []

    var byteCount: Int { slots.reduce(0) { $0 + $1.byteCount } }
}

/// Results by signature, kept between the runs of one engine.
final class OutputCache: Sendable {
    private struct Entry {
        let result: NodeResult
        let byteCount: Int
        var lastUse: UInt64
    }

    private struct State {
        var signatures = SignatureTable()
        var entries: [Int32: Entry] = [:]
        var byteCount = 0
        var useCount: UInt64 = 0
        /// The nodes of the run before, to say what changed since.
        var earlier = Earlier()
    }

    /// What the last run's nodes were made of; holds references to ancestors.
    private struct Earlier {
        var plan: Plan?
        var signatures: [Int32] = []
        var index: [NodeID: Int]?
    }

    /// What the cache knows of a plan's nodes; one entry a node in each list.
    struct Lookup {
        var signatures: [Int32]
        /// Valid results of earlier runs.
        var cached: [NodeResult?]
        /// The first node of the plan with the same signature; the node itself when it is the first.
        var leaders: [Int32]
        var hasTwins: Bool
    }

    let policy: CachePolicy
    private let state: Mutex<State>

    init(policy: CachePolicy) {
        self.policy = policy
        state = Mutex(State())
    }

    /// - Parameter tokens: change tokens by position, for the nodes that have one.
    func look(up plan: Plan, tokens: [Int: ChangeToken]) -> Lookup {
        state.withLock { state in
            var lookup = Lookup(signatures: [], cached: [], leaders: [], hasTwins: false)
            lookup.signatures.reserveCapacity(plan.nodes.count)
            lookup.leaders.reserveCapacity(plan.nodes.count)
            lookup.cached = Array(repeating: nil, count: plan.nodes.count)
            state.signatures.reserve(plan.nodes.count)
            var firstBySignature: [Int32: Int32] = [:]
            for (index, node) in plan.nodes.enumerated() {
                let token = tokens.isEmpty ? nil : tokens[index]
                let (signature, isNew) = Self.sign(node, token, lookup.signatures, &state.signatures)
                lookup.signatures.append(signature)
                if isNew {
                    lookup.leaders.append(Int32(index))
                    if !firstBySignature.isEmpty { firstBySignature[signature] = Int32(index) }
                    continue
                }
                if firstBySignature.isEmpty {
                    // Twins are rare: nodes that were new need no entry until a signature comes a second time.
                    for (earlier, signature) in lookup.signatures.dropLast().enumerated().reversed() {
                        firstBySignature[signature] = Int32(earlier)
                    }
                }
                let leader = firstBySignature[signature] ?? Int32(index)
                firstBySignature[signature] = leader
                lookup.hasTwins = lookup.hasTwins || leader != index
                lookup.leaders.append(leader)
                if state.entries[signature] != nil {
                    state.useCount += 1
                    state.entries[signature]?.lastUse = state.useCount
                    lookup.cached[index] = state.entries[signature]?.result
                }
            }
            return lookup
        }
    }

    /// The signature of a node that an expansion added; its sources have theirs. A node with a change token is taken as
    /// changed: asking for the token would hold up the run.
    func look(up node: PlanNode, signatures: [Int32]) -> (signature: Int32, cached: NodeResult?) {
        state.withLock { state in
            let (signature, _) = Self.sign(node, node.type.hasChangeToken ? .always : nil, signatures, &state.signatures)
            guard let entry = state.entries[signature] else { return (signature, nil) }
            state.useCount += 1
            state.entries[signature]?.lastUse = state.useCount
            return (signature, entry.result)
        }
    }

    private static func sign(
        _ node: PlanNode, _ token: ChangeToken?, _ signatures: [Int32], _ table: inout SignatureTable
    ) -> (number: Int32, isNew: Bool) {
        if token == .always { return (table.unique(), true) }
        var parts: [SignatureKey.Part] = []
        parts.reserveCapacity(node.inputs.count)
        for input in node.inputs {
            switch input.source {
            case .literal(let literal): parts.append(.literal(input: input.name, literal))
            case .link(let source, let slot):
                parts.append(.link(input: input.name, ancestor: signatures[Int(source)], slot: slot))
            case .value(.literal(let literal)): parts.append(.literal(input: input.name, literal))
            // A picture handed into an expansion has no value to compare by.
            case .value: return (table.unique(), true)
            }
        }
        var text: String?
        if case .token(let token)? = token { text = token }
        let key = SignatureKey(
            type: node.type.number, identity: node.type.schema.isIdempotent ? nil : node.id, token: text, parts: parts)
        return table.intern(key)
    }

    /// Why the node runs, given what the run before knew of a node with its id.
    func reason(for node: PlanNode, signature: Int32) -> RunEvent.Reason {
        guard policy != .none else { return .neverRan }
        return state.withLock { state in
            guard let key = state.signatures[signature] else { return .notCacheable }
            guard let plan = state.earlier.plan else { return .neverRan }
            if state.earlier.index == nil {
                state.earlier.index = Dictionary(
                    plan.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
            }
            guard let index = state.earlier.index?[node.id] else { return .neverRan }
            guard let earlier = state.signatures[state.earlier.signatures[index]] else { return .contentChanged }
            return key.difference(from: earlier)
        }
    }

    /// Takes in what a run computed and lets go of what the policy does not keep.
    /// - Parameters:
    ///   - signatures: of the plan's nodes and those that expansions added; the run's references end here.
    ///   - results: by position; nil for nodes without one.
    func finish(plan: Plan, signatures: [Int32], results: [NodeResult?]) {
        state.withLock { state in
            if policy != .none {
                keep(signatures, results, &state)
                remember(plan, signatures, &state)
            }
            for signature in signatures { state.signatures.release(signature) }
        }
    }

    /// Ends the references of a lookup that no run came of.
    func forget(_ signatures: [Int32]) {
        state.withLock { state in
            for signature in signatures { state.signatures.release(signature) }
        }
    }

    private func keep(_ signatures: [Int32], _ results: [NodeResult?], _ state: inout State) {
        var used: Set<Int32> = []
        for (signature, result) in zip(signatures, results) {
            guard state.signatures[signature] != nil else { continue }  // not cacheable
            state.useCount += 1
            if policy == .classic { used.insert(signature) }
            if state.entries[signature] != nil {
                state.entries[signature]?.lastUse = state.useCount
            } else if let result {
                let byteCount = result.byteCount
                state.signatures.retain(signature)
                state.entries[signature] = Entry(result: result, byteCount: byteCount, lastUse: state.useCount)
                state.byteCount += byteCount
            }
        }
        switch policy {
        case .none: break
        case .classic:
            if state.entries.count > used.count {
                for signature in state.entries.keys where !used.contains(signature) { drop(signature, &state) }
            }
        case .lru(let count): evict(&state) { $0.entries.count > count }
        case .ram(let byteCount): evict(&state) { $0.byteCount > byteCount }
        }
    }

    private func evict(_ state: inout State, while isFull: (State) -> Bool) {
        guard isFull(state) else { return }
        for (signature, _) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard isFull(state) else { return }
            drop(signature, &state)
        }
    }

    private func drop(_ signature: Int32, _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: signature) else { return }
        state.byteCount -= entry.byteCount
        state.signatures.release(signature)
    }

    private func remember(_ plan: Plan, _ signatures: [Int32], _ state: inout State) {
        let own = Array(signatures.prefix(plan.nodes.count))
        for signature in own { state.signatures.retain(signature) }
        for signature in state.earlier.signatures { state.signatures.release(signature) }
        state.earlier = Earlier(plan: plan, signatures: own)
    }

    /// Entries, their bytes, and living signatures, for tests and reports.
    var statistics: (entryCount: Int, byteCount: Int, signatureCount: Int) {
        state.withLock { ($0.entries.count, $0.byteCount, $0.signatures.count) }
    }

    func clear() {
        state.withLock { state in
            for signature in Array(state.entries.keys) { drop(signature, &state) }
        }
    }
}
