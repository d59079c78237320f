/// Decides what runs next: the state of one run as a value, without locks, threads or clocks.
///
/// Pull, not push: a node is touched only when a target, or a needed node's strong or asked-for link, reaches it.
/// Everything is an index into flat arrays; nothing recurses on the graph. What changes the graph while it runs is in
/// SchedulerGrowth.swift and Expansion.swift, what happens when it cannot go on in SchedulerStuck.swift.
struct Scheduler {
    enum Status: UInt8 {
        /// Nothing has asked for the node.
        case unneeded
        /// Needed; `pending` links have no value yet.
        case waiting
        /// Needed; takes the result of an equal node.
        case following
        /// In a ready queue.
        case ready
        case running
        /// Answered with a graph; `pending` of the links it answered with have no value yet.
        case expanding
        case done
        case failed
        /// Something before it failed (only when the run keeps going).
        case skipped

        var isSettled: Bool { self == .done || self == .failed || self == .skipped }
    }

    struct Options {
        /// Independent branches finish although a node has failed.
        var keepsGoing = false
        /// Lets results go after their last consumer. Not when links may appear later.
        var releasesResults = false
    }

    let plan: Plan
    let cache: OutputCache
    let registry: NodeRegistry
    let options: Options
    /// Kind of permit by type number.
    private let resourceByType: [Int]

    // One entry a node, the plan's first, then those that expansions added.
    var status: [Status]
    var pending: [Int32]
    var results: [NodeResult?]
    var signatures: [Int32]
    /// Links from needed, unsettled consumers; empty when results are kept.
    var uses: [Int32]
    var added: [PlanNode] = []

    let cached: [NodeResult?]
    private let hasEarlier: Bool
    private let uncacheable: Set<Int>
    /// What `OutputCache.finish` asks back.
    let useStart: UInt64
    /// Equal nodes have the same group, the index of the first of them; empty while no two are equal.
    var groups: [Int32]
    /// The node of each group that runs for the others, the first that was needed; -1 while none is.
    var leaders: [Int32]
    /// Nodes that take the result of an equal one, by its index.
    var followers: [Int: [Int]] = [:]
    /// Links the plan does not know: asked-for lazy ones and those of expansions.
    var extraConsumers: [Int: [Int]] = [:]
    /// Lazy inputs that nodes have asked for: others stay unknown even when their value happens to be there.
    var asked: [Int: Set<String>] = [:]
    var expansions: [Int: PendingExpansion] = [:]
    /// Made when an expansion first needs it.
    var indexByID: [NodeID: Int]?
    var leaderBySignature: [Int32: Int]?
    var expansionIDByteCount = 0

    private var ready: [ReadyQueue]
    var unsettled: [Int] = []  // settled nodes whose consumers have not been told

    private(set) var readyCount = 0
    private(set) var runningCount = 0
    /// Needed nodes without a result.
    private(set) var openCount = 0
    private(set) var settledCount = 0
    private(set) var neededCount = 0
    /// Open nodes by type number, for estimates.
    private(set) var openByType: [Int]
    private(set) var failure: Diagnostic?
    /// Nothing new starts.
    private(set) var isHalted = false
    /// A node was running when the run ended early.
    private(set) var wasInterrupted = false

    /// Facts in order, for the log.
    var events: [RunEvent.Kind] = []
    /// Bytes of text that nodes have shown.
    private var shownByteCount = 0

    init(
        plan: Plan, lookup: OutputCache.Lookup, cache: OutputCache, registry: NodeRegistry, resourceByType: [Int],
        resourceCount: Int, options: Options
    ) {
        (self.plan, self.cache, self.registry, self.resourceByType) = (plan, cache, registry, resourceByType)
        self.options = Options(
            keepsGoing: options.keepsGoing, releasesResults: options.releasesResults && !plan.isDynamic)
        let count = plan.nodes.count
        status = Array(repeating: .unneeded, count: count)
        pending = Array(repeating: 0, count: count)
        results = Array(repeating: nil, count: count)
        uses = Array(repeating: 0, count: self.options.releasesResults ? count : 0)
        (signatures, cached, useStart) = (lookup.signatures, lookup.cached, lookup.start)
        (hasEarlier, uncacheable) = (lookup.hasEarlier, lookup.uncacheable)
        groups = lookup.hasTwins ? lookup.leaders : []
        leaders = Array(repeating: -1, count: groups.count)
        ready = Array(repeating: ReadyQueue(), count: resourceCount)
        openByType = Array(repeating: 0, count: registry.types.count)
    }

    func node(_ index: Int) -> PlanNode {
        index < plan.nodes.count ? plan.nodes[index] : added[index - plan.nodes.count]
    }

    /// Without the copy of the node, which costs a reference count for each of its parts.
    private func typeNumber(_ index: Int) -> Int {
        index < plan.nodes.count ? plan.nodes[index].type.number : added[index - plan.nodes.count].type.number
    }

    private func id(_ index: Int) -> NodeID {
        index < plan.nodes.count ? plan.nodes[index].id : added[index - plan.nodes.count].id
    }

    var nodeCount: Int { status.count }

    /// Nodes of the plan with a result of an earlier run.
    var cachedNodes: [NodeID] { cached.indices.filter { cached[$0] != nil }.map { plan.nodes[$0].id } }

    // MARK: Start

    /// Finds what the targets need and no cached result covers.
    mutating func start() {
        var isWanted = [Bool](repeating: false, count: plan.nodes.count)
        for target in plan.targets { isWanted[target] = true }
        // Consumers before sources.
        for index in plan.nodes.indices.reversed() where isWanted[index] {
            if let result = cached[index] {
                (status[index], results[index]) = (.done, result)
                continue
            }
            status[index] = .waiting
            for input in plan.nodes[index].inputs {
                if let source = input.strongLink { isWanted[Int(source)] = true }
            }
        }
        for index in plan.nodes.indices {
            if let result = cached[index] { tellCached(index, result) }
            guard status[index] == .waiting else { continue }
            open(index)
            if let leader = leader(for: index) {
                status[index] = .following
                followers[leader, default: []].append(index)
                continue
            }
            for input in plan.nodes[index].inputs {
                guard let source = input.strongLink else { continue }
                if status[Int(source)] != .done { pending[index] += 1 }
                if options.releasesResults { uses[Int(source)] += 1 }
            }
            if pending[index] == 0 { enqueue(index) }
        }
    }

    /// The equal node that runs for this one; nil when this one does.
    mutating func leader(for index: Int) -> Int? {
        guard !groups.isEmpty else { return nil }
        let group = Int(groups[index])
        if leaders[group] < 0 { leaders[group] = Int32(index) }
        return leaders[group] == index ? nil : Int(leaders[group])
    }

    mutating func tellCached(_ index: Int, _ result: NodeResult) {
        let node = node(index)
        events.append(.nodeCached(node.id))
        if !result.shown.isEmpty && status[index] == .done { _ = show(result.shown, of: node) }
    }

    mutating func open(_ index: Int) {
        openCount += 1
        neededCount += 1
        openByType[typeNumber(index)] += 1
    }

    mutating func enqueue(_ index: Int) {
        status[index] = .ready
        readyCount += 1
        ready[resourceByType[typeNumber(index)]].append(index)
    }

    // MARK: Taking work

    func hasReady(_ resource: Int) -> Bool { !ready[resource].isEmpty && !isHalted }

    /// The next node that wants this kind of permit, its inputs gathered; nil when none does.
    mutating func take(_ resource: Int, now: Duration) -> NodeCall? {
        while !isHalted, let index = ready[resource].popFirst() {
            readyCount -= 1
            if let call = prepare(index, resource, now) { return call }
            tellConsumers()
        }
        return nil
    }

    private mutating func prepare(_ index: Int, _ resource: Int, _ now: Duration) -> NodeCall? {
        let node = node(index)
        let specs = node.type.schema.inputs
        var cells: [Inputs.Cell] = []
        cells.reserveCapacity(specs.count)
        var undeclared: [(name: String, cell: Inputs.Cell)] = []
        var (isMapped, isBlocked, unknown) = (false, false, [String]())
        let takesLists = node.type.schema.takesLists
        for input in node.inputs {
            let cell = input.isLazy ? lazyCell(of: input, index) : cell(of: input)
            switch cell {
            case .absent: if input.isLazy { unknown.append(input.name) }
            case .one(.block): isBlocked = true
            case .one: break
            case .list(let values):
                if takesLists {
                    isBlocked = isBlocked || values.contains { if case .block = $0 { true } else { false } }
                } else {
                    isMapped = true
                }
            }
            if input.position < 0 {
                undeclared.append((input.name, cell))
            } else {
                // Inputs stand in the schema's order; those not given are absent.
                while cells.count < input.position { cells.append(.absent) }
                cells.append(cell)
            }
        }
        while cells.count < specs.count { cells.append(.absent) }
        let inputs = Inputs(specs: specs, cells: cells, undeclared: undeclared)
        if isBlocked && (!isMapped || takesLists) {
            block(index, inputs)
            return nil
        }
        status[index] = .running
        runningCount += 1
        events.append(
            .nodeStarted(
                node.id, type: node.type.schema.type, display: node.display, parent: node.parent,
                because: reason(index, node)))
        return NodeCall(
            index: index, id: node.id, type: node.type, inputs: inputs, isMapped: isMapped, unknownLazyInputs: unknown,
            resource: resource, started: now)
    }

    private func reason(_ index: Int, _ node: PlanNode) -> RunEvent.Reason {
        if hasEarlier || !uncacheable.isEmpty || index >= plan.nodes.count {
            return cache.reason(for: node, signature: signatures[index])
        }
        return .neverRan
    }

    private func cell(of input: PlanInput) -> Inputs.Cell {
        switch input.source {
        case .literal(let literal): return .one(.literal(literal))
        case .value(let value): return .one(value)
        case .link(let source, let slot):
            if input.isRawLink { return .one(.link(Link(node(Int(source)).id, Int(slot)))) }
            switch results[Int(source)]?[Int(slot)] {
            case .one(let value)?: return .one(value)
            case .list(let values)?: return .list(values)
            case nil: return .absent
            }
        }
    }

    /// What was not asked for must not matter, whether or not it has been computed for someone else meanwhile.
    private func lazyCell(of input: PlanInput, _ index: Int) -> Inputs.Cell {
        if case .link = input.source, asked[index]?.contains(input.name) != true { return .absent }
        return cell(of: input)
    }

    /// A blocked node gives blocks; whoever blocked it is told once.
    private mutating func block(_ index: Int, _ inputs: Inputs) {
        let node = node(index)
        let blocks = (inputs.cells + inputs.undeclaredCells.map(\.cell)).flatMap { cell -> [Block] in
            switch cell {
            case .one(.block(let block)): [block]
            case .list(let values): values.compactMap { if case .block(let block) = $0 { block } else { nil } }
            default: []
            }
        }
        let message = blocks.lazy.compactMap(\.message).first.map { TextBounds.cut($0) }
        events.append(.nodeBlocked(node.id, type: node.type.schema.type, message: message))
        settle(index, NodeResult(slots: node.type.schema.outputs.map { _ in .one(.block(Block())) }))
    }

    // MARK: Settling

    /// What a call came to.
    mutating func complete(_ call: NodeCall, _ outcome: NodeCall.Outcome, isCancelled: Bool) {
        runningCount -= 1
        switch outcome {
        case .result(let result):
            finish(call.index, result)
        // Nothing new starts: what asks for more, or fails now, is cut short.
        case _ where isHalted || isCancelled:
            wasInterrupted = true
            status[call.index] = .failed
            events.append(.nodeInterrupted(call.id))
            close(call.index)
        case .needs(let names):
            demand(call.index, names)
        case .expanded(let answers):
            do throws(Diagnostic) { try expand(call.index, answers, isMapped: call.isMapped) } catch {
                fail(call.index, error)
            }
        case .failed(let error):
            fail(call.index, error)
        }
        tellConsumers()
    }

    /// Ends a needed node's waiting with its result.
    mutating func finish(_ index: Int, _ result: NodeResult) {
        var result = result
        if !result.shown.isEmpty { result.shown = show(result.shown, of: node(index)) }
        events.append(.nodeFinished(id(index)))
        settle(index, result)
    }

    /// Tells what a node shows, within the bounds.
    /// - Returns: what was told.
    private mutating func show(_ shown: [JSONObject.Member], of node: PlanNode) -> [JSONObject.Member] {
        let left = max(TextBounds.leastByteCount, TextBounds.runByteCount - shownByteCount)
        let (bounded, byteCount) = TextBounds.cut(shown, to: min(TextBounds.nodeByteCount, left))
        shownByteCount += byteCount
        events.append(.nodeOutput(node.id, display: node.display, JSONObject(bounded)))
        return bounded
    }

    private mutating func settle(_ index: Int, _ result: NodeResult) {
        status[index] = .done
        results[index] = result
        close(index)
        unsettled.append(index)
        if options.releasesResults { releaseSources(of: index) }
    }

    mutating func close(_ index: Int) {
        openCount -= 1
        settledCount += 1
        openByType[typeNumber(index)] -= 1
    }

    private mutating func releaseSources(of index: Int) {
        for input in node(index).inputs {
            guard let source = input.strongLink else { continue }
            uses[Int(source)] -= 1
            // A result that others still want to copy stays; one that is shown keeps what it shows.
            if uses[Int(source)] == 0 && followers[Int(source)] == nil { results[Int(source)]?.letGo() }
        }
    }

    mutating func fail(_ index: Int, _ error: any Error) {
        let node = node(index)
        let diagnostic = (error as? Diagnostic ?? Diagnostic(unexpected: error, type: node.type.schema.type)).bounded
            .at(node.id)
        status[index] = .failed
        if failure == nil { failure = diagnostic }
        events.append(.nodeFailed(node.id, diagnostic))
        close(index)
        if options.keepsGoing { unsettled.append(index) } else { halt() }
    }

    mutating func halt() { isHalted = true }

    /// Gives nodes that had started, and wait for what will never come, their last event. For the end of a run that was
    /// halted.
    mutating func interruptWaiting() {
        for index in status.indices
        where status[index] == .expanding || status[index] == .waiting && asked[index] != nil {
            events.append(.nodeInterrupted(node(index).id))
        }
    }

    /// Tells the consumers of every node that has settled, and theirs in turn where that settles them.
    mutating func tellConsumers() {
        while let index = unsettled.popLast() {
            let succeeded = status[index] == .done
            if index < plan.nodes.count {
                for position in plan.consumerStart[index]..<plan.consumerStart[index + 1] {
                    let consumer = Int(plan.consumers[Int(position)])
                    if status[consumer] == .waiting {
                        succeeded ? arrive(consumer) : skip(consumer, because: index)
                    }
                }
            }
            if !extraConsumers.isEmpty, let consumers = extraConsumers.removeValue(forKey: index) {
                for consumer in consumers where status[consumer] == .waiting || status[consumer] == .expanding {
                    succeeded ? arrive(consumer) : skip(consumer, because: index)
                }
            }
            if !followers.isEmpty, let twins = followers.removeValue(forKey: index) {
                for twin in twins where status[twin] == .following { follow(twin, index) }
            }
        }
    }

    /// Gives a twin what its leader, which has settled, came to.
    mutating func follow(_ twin: Int, _ leader: Int) {
        guard status[leader] == .done, let result = results[leader] else {
            skip(twin, because: leader)
            return
        }
        status[twin] = .done
        results[twin] = result
        close(twin)
        tellCached(twin, result)
        unsettled.append(twin)
        if options.releasesResults && uses[twin] == 0 { results[twin]?.letGo() }
    }

    private mutating func arrive(_ index: Int) {
        pending[index] -= 1
        guard pending[index] == 0 else { return }
        if status[index] == .expanding { assemble(index) } else { enqueue(index) }
    }

    mutating func skip(_ index: Int, because failed: Int) {
        status[index] = .skipped
        expansions[index] = nil
        let node = node(index)
        events.append(
            .nodeBlocked(
                node.id, type: node.type.schema.type, message: "node \(id(failed)) did not give its result"))
        close(index)
        unsettled.append(index)
    }

    // MARK: The end

    /// Whether every needed node came to an end of its own.
    var isComplete: Bool { openCount == 0 && !wasInterrupted }

    /// Whether nothing runs and nothing will.
    var isOver: Bool { runningCount == 0 && (isHalted || openCount == 0) }

    /// Bytes a node takes in, for estimates by size.
    func inputByteCount(_ index: Int) -> Int {
        node(index).inputs.reduce(0) { sum, input in
            guard case .link(let source, let slot) = input.source else { return sum }
            return sum + (results[Int(source)]?[Int(slot)]?.byteCount ?? 0)
        }
    }
}

extension Diagnostic {
    /// What a node threw that is no diagnostic.
    init(unexpected error: any Error, type: String) {
        let text = error is CancellationError ? "the node stopped itself" : String(describing: error)
        self.init(.nodeFailed, node: nil, "\(type) failed: \(text)")
    }
}
