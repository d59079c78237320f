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

    private enum Storage {
        /// Plain values, in the order of the schema's outputs: what the node handed back, as it is.
        case plain([BoundOutput])
        case slots([Slot])
    }

    private var storage: Storage
    var shown: [JSONObject.Member] = []

    /// - Parameter plain: a value for each output, in order.
    init(plain: [BoundOutput]) { storage = .plain(plain) }

    init(slots: [Slot], shown: [JSONObject.Member] = []) { (storage, self.shown) = (.slots(slots), shown) }

    /// Nil beyond the outputs, and once the values have been let go.
    subscript(slot: Int) -> Slot? {
        switch storage {
        case .plain(let outputs):
            guard slot < outputs.count, case .value(_, let value) = outputs[slot] else { return nil }
            return .one(value)
        case .slots(let slots): return slot < slots.count ? slots[slot] : nil
        }
    }

    /// Frees the values; what was shown stays.
    mutating func letGo() { storage = .slots([]) }

    var byteCount: Int {
        switch storage {
        case .plain(let outputs):
            outputs.reduce(0) { sum, output in
                if case .value(_, let value) = output { sum + value.byteCount } else { sum }
            }
        case .slots(let slots): slots.reduce(0) { $0 + $1.byteCount }
        }
    }
}

/// Results by signature, kept between the runs of one engine.
final class OutputCache: Sendable {
    private struct State {
        var signatures = SignatureTable()
        /// Signatures that have a result.
        var kept: [Int32] = []
        var byteCount = 0
        var useCount: UInt64 = 0
        /// The nodes of the run before, to say what changed since.
        var earlier = Earlier()
    }

    /// What the last run's nodes were made of; holds references to their signatures.
    private struct Earlier {
        var plan: Plan?
        var signatures: [Int32] = []
        var index: [NodeID: Int]?
    }

    /// What the cache knows of a plan's nodes; one entry a node in each list.
    struct Lookup {
        var signatures: [Int32] = []
        /// Valid results of earlier runs.
        var cached: [NodeResult?]
        /// The first node of the plan with the same signature; the node itself when it is the first.
        var leaders: [Int32] = []
        var hasTwins = false
        /// Whether there is an earlier run to compare with.
        var hasEarlier = false
        /// Nodes whose result never holds.
        var uncacheable: Set<Int> = []
        /// Results used from here on belong to this run or a later one.
        var start: UInt64 = 0
    }

    let policy: CachePolicy
    private let environment: any NodeEnvironment
    private let state: Mutex<State>

    init(policy: CachePolicy, environment: any NodeEnvironment) {
        (self.policy, self.environment) = (policy, environment)
        state = Mutex(State())
    }

    // MARK: Before a run

    /// - Parameter tokens: change tokens by position, for the nodes that have one.
    func look(up plan: Plan, tokens: [Int: ChangeToken]) -> Lookup {
        var lookup = state.withLock { state in
            let count = plan.nodes.count
            var lookup = Lookup(cached: Array(repeating: nil, count: count))
            lookup.signatures.reserveCapacity(count)
            lookup.leaders.reserveCapacity(count)
            lookup.hasEarlier = state.earlier.plan != nil
            lookup.start = state.useCount
            state.signatures.reserve(count)
            var firstBySignature: [Int32: Int32] = [:]
            for index in plan.nodes.indices {
                let token = tokens.isEmpty ? nil : tokens[index]
                let (signature, isNew) = Self.sign(plan.nodes[index], token, lookup.signatures, &state.signatures)
                lookup.signatures.append(signature)
                if token == .always { lookup.uncacheable.insert(index) }
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
                lookup.cached[index] = Self.use(signature, &state)
            }
            return lookup
        }
        for index in lookup.cached.indices where isStale(lookup.cached[index]) {
            lookup.cached[index] = nil
            letGoStale(lookup.signatures[index])
        }
        return lookup
    }

    /// Whether files are gone that the result shows: told again, it would name what is not there.
    private func isStale(_ result: NodeResult?) -> Bool {
        guard let result, !result.shown.isEmpty else { return false }
        return result.shown.contains { member in
            (member.value.array ?? []).contains { SavedFile($0).map { !environment.isThere($0) } ?? false }
        }
    }

    private func letGoStale(_ signature: Int32) {
        state.withLock { state in
            // Another run may have been quicker.
            guard let index = state.kept.firstIndex(of: signature) else { return }
            state.kept.remove(at: index)
            letGo(signature, &state)
        }
    }

    /// The signature of a node that an expansion added; its sources have theirs. A node with a change token is taken as
    /// changed: asking for the token would hold up the run.
    func look(up node: PlanNode, signatures: [Int32]) -> (signature: Int32, cached: NodeResult?) {
        let (signature, result) = state.withLock { state in
            let token: ChangeToken? = node.type.hasChangeToken ? .always : nil
            let (signature, isNew) = Self.sign(node, token, signatures, &state.signatures)
            return (signature, isNew ? nil : Self.use(signature, &state))
        }
        guard isStale(result) else { return (signature, result) }
        letGoStale(signature)
        return (signature, nil)
    }

    private static func use(_ signature: Int32, _ state: inout State) -> NodeResult? {
        guard let result = state.signatures.result(signature) else { return nil }
        state.useCount += 1
        state.signatures.touch(signature, use: state.useCount)
        return result
    }

    private static func sign(
        _ node: PlanNode, _ token: ChangeToken?, _ signatures: [Int32], _ table: inout SignatureTable
    ) -> (number: Int32, isNew: Bool) {
        if token == .always { return (table.unique(), true) }
        var parts: [SignatureKey.Part] = []
        parts.reserveCapacity(node.inputs.count + 2)
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
        if !node.type.isIdempotent { parts.append(.identity(node.id)) }
        if case .token(let token)? = token { parts.append(.token(token)) }
        return table.intern(SignatureKey(type: node.type.number, parts: parts))
    }

    /// Why the node runs, given what the run before knew of a node with its id.
    func reason(for node: PlanNode, signature: Int32) -> RunEvent.Reason {
        state.withLock { state in
            guard let key = state.signatures[signature] else { return .notCacheable }
            guard let plan = state.earlier.plan else { return .neverRan }
            if state.earlier.index == nil {
                state.earlier.index = Dictionary(
                    plan.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
            }
            guard let index = state.earlier.index?[node.id] else { return .neverRan }
            guard let earlier = state.signatures[state.earlier.signatures[index]] else { return .contentChanged }
            let reason = key.difference(from: earlier)
            // It was to run then too, but came to nothing.
            return reason == .evicted && !state.signatures.hasGivenResult(signature) ? .neverRan : reason
        }
    }

    // MARK: After a run

    /// Takes in what a run computed and lets go of what the policy does not keep.
    /// - Parameters:
    ///   - signatures: of the plan's nodes and those that expansions added; the run's references end here.
    ///   - results: by position; nil for nodes without one.
    ///   - start: as the lookup gave it.
    func finish(plan: Plan, signatures: [Int32], results: [NodeResult?], start: UInt64) {
        guard policy != .none else { return }
        state.withLock { state in
            for (signature, result) in zip(signatures, results) { keep(signature, result, &state) }
            switch policy {
            case .none: break
            case .classic: drop(&state) { $0.lastUse(of: $1) <= start }
            case .lru(let count): evict(&state) { $0.kept.count > count }
            case .ram(let byteCount): evict(&state) { $0.byteCount > byteCount }
            }
            remember(plan, signatures, &state)
            for signature in signatures { state.signatures.release(signature) }
        }
    }

    /// Ends the references of a lookup that no run came of.
    func forget(_ signatures: [Int32]) {
        state.withLock { state in
            for signature in signatures { state.signatures.release(signature) }
        }
    }

    /// Forgets all results, and what the last run was made of: a large plan takes more than its results may.
    func clear() {
        state.withLock { state in
            drop(&state) { _, _ in true }
            for signature in state.earlier.signatures { state.signatures.release(signature) }
            state.earlier = Earlier()
            state.signatures.shrink()
        }
    }

    private func keep(_ signature: Int32, _ result: NodeResult?, _ state: inout State) {
        guard state.signatures.isShared(signature) else { return }  // its result never holds
        state.useCount += 1
        if state.signatures.touch(signature, use: state.useCount) { return }
        guard let result else { return }
        state.byteCount += result.byteCount
        state.signatures.retain(signature)
        state.signatures.set(result, for: signature, use: state.useCount)
        state.kept.append(signature)
    }

    private func drop(_ state: inout State, where goes: (SignatureTable, Int32) -> Bool) {
        let (gone, kept) = (
            state.kept.filter { goes(state.signatures, $0) }, state.kept.filter { !goes(state.signatures, $0) }
        )
        guard !gone.isEmpty else { return }
        state.kept = kept
        for signature in gone { letGo(signature, &state) }
    }

    private func evict(_ state: inout State, while isFull: (borrowing State) -> Bool) {
        guard isFull(state) else { return }
        state.kept.sort { state.signatures.lastUse(of: $0) > state.signatures.lastUse(of: $1) }
        while isFull(state), let oldest = state.kept.popLast() { letGo(oldest, &state) }
    }

    private func letGo(_ signature: Int32, _ state: inout State) {
        state.byteCount -= state.signatures.result(signature)?.byteCount ?? 0
        state.signatures.set(nil, for: signature, use: 0)
        state.signatures.release(signature)
    }

    private func remember(_ plan: Plan, _ signatures: [Int32], _ state: inout State) {
        let own = Array(signatures.prefix(plan.nodes.count))
        for signature in own { state.signatures.retain(signature) }
        for signature in state.earlier.signatures { state.signatures.release(signature) }
        state.earlier = Earlier(plan: plan, signatures: own)
    }

    /// Results, their bytes, and living signatures, for tests and reports.
    var statistics: (entryCount: Int, byteCount: Int, signatureCount: Int) {
        state.withLock { ($0.kept.count, $0.byteCount, $0.signatures.count) }
    }
}
