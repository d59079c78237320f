/// Links and nodes that appear while the run goes on: lazy inputs that were asked for, and expansions.
extension Scheduler {
    mutating func demand(_ index: Int, _ names: [String]) {
        events.append(.nodeWaiting(node(index).id, for: .inputs(names)))
        status[index] = .waiting
        asked[index, default: []].formUnion(names)
        let sources = node(index).inputs.compactMap { input -> Int? in
            guard names.contains(input.name), case .link(let source, _) = input.source else { return nil }
            return Int(source)
        }
        wait(for: sources, by: index)
    }

    /// Makes `index` wait for these nodes, starting them when nothing has asked for them yet.
    mutating func wait(for sources: [Int], by index: Int) {
        need(sources)
        for source in sources {
            switch status[source] {
            case .done: continue
            case .failed, .skipped:
                skip(index, because: source)
                return
            default:
                pending[index] += 1
                extraConsumers[source, default: []].append(index)
            }
        }
        guard pending[index] == 0 else { return }
        if status[index] == .expanding { assemble(index) } else { enqueue(index) }
    }

    /// Makes nodes and everything they strongly need part of the run.
    mutating func need(_ first: [Int]) {
        var stack = Array(first.reversed())
        // They get their results last: a node that counts what it waits for must not find one done whose consumers are
        // yet to be told, or it would be told of it all the same.
        var lateTwins: [Int] = []
        while let index = stack.popLast() {
            guard status[index] == .unneeded, !useCached(index) else { continue }
            status[index] = .waiting
            open(index)
            let leader = leader(for: index)
            if let leader {
                status[index] = .following
                if status[leader].isSettled {
                    lateTwins.append(index)
                } else {
                    followers[leader, default: []].append(index)
                }
            }
            for source in node(index).inputs.compactMap({ $0.strongLink.map(Int.init) }) {
                if status[source] == .unneeded && !useCached(source) { stack.append(source) }
                guard leader == nil else { continue }
                switch status[source] {
                case .done: continue
                case .failed, .skipped:
                    if status[index] == .waiting { skip(index, because: source) }
                default:
                    pending[index] += 1
                    // The plan's own links are known; the others are not.
                    if index >= plan.nodes.count { extraConsumers[source, default: []].append(index) }
                }
            }
            if status[index] == .waiting && pending[index] == 0 { enqueue(index) }
        }
        for twin in lateTwins { follow(twin, Int(leaders[Int(groups[twin])])) }
        tellConsumers()
    }

    /// Takes the result of an earlier run, if there is one, for a node that nothing had asked for.
    private mutating func useCached(_ index: Int) -> Bool {
        guard index < cached.count, let result = cached[index] else { return false }
        (status[index], results[index]) = (.done, result)
        return true
    }

    /// Adds a node of an expansion; nothing needs it yet.
    mutating func append(_ node: PlanNode) -> Int {
        let (signature, result) = cache.look(up: node, signatures: signatures)
        let index = status.count
        added.append(node)
        pending.append(0)
        signatures.append(signature)
        results.append(result)
        status.append(result == nil ? .unneeded : .done)
        if !groups.isEmpty {
            groups.append(Int32(index))
            leaders.append(-1)
        }
        if let result { tellCached(index, result) }
        return index
    }

    /// Makes a node of an expansion equal to `other`: of the two, only the first that is needed runs.
    mutating func makeTwin(_ index: Int, of other: Int) {
        if groups.isEmpty {
            groups = Array(0..<Int32(status.count))
            leaders = (0..<Int32(status.count)).map { status[Int($0)] == .unneeded ? -1 : $0 }
        }
        groups[index] = groups[other]
    }

    mutating func beginExpanding(_ index: Int) { status[index] = .expanding }
}

extension Scheduler {
    /// The position of a node of the live graph.
    mutating func index(of id: NodeID) -> Int? {
        if indexByID == nil {
            indexByID = Dictionary(uniqueKeysWithValues: plan.nodes.enumerated().map { ($1.id, $0) })
        }
        return indexByID?[id]
    }

    /// A node of the live graph by its id.
    mutating func graphNode(_ id: NodeID) -> GraphNode? {
        guard let node = index(of: id).map({ node($0) }) else { return nil }
        let inputs = node.inputs.map { input -> (name: String, source: ExpansionGraph.Source) in
            switch input.source {
            case .literal(let literal): (input.name, .value(.literal(literal)))
            case .value(let value): (input.name, .value(value))
            case .link(let source, let slot): (input.name, .outer(Link(self.node(Int(source)).id, Int(slot))))
            }
        }
        return GraphNode(id: node.id, type: node.type.schema.type, display: node.display, inputs: inputs)
    }
}
