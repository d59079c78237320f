/// A node that answered with a graph and waits for what its outputs were linked to.
struct PendingExpansion {
    /// One a call, outputs in the schema's order; links resolved to nodes of the live graph.
    let answers: [[Slot]]
    let shown: [JSONObject.Member]
    let isMapped: Bool

    enum Slot {
        case one(Value)
        case list([Value])
        case node(Int, slot: Int)
    }

    /// The nodes whose results the outputs take.
    var awaited: [Int] {
        answers.joined().compactMap { if case .node(let index, _) = $0 { index } else { nil } }
    }
}

extension Scheduler {
    /// Ids grow with the depth of nested expansions (ComfyUI's naming), so a loop of n turns needs n^2 bytes of them.
    private static let maxExpansionIDByteCount = 256 << 20
    private static let maxNodeCount = 2_000_000

    /// Puts the graphs that a node answered with into the live graph: linear in what they add.
    mutating func expand(_ parent: Int, _ answers: [NodeCall.Answer], isMapped: Bool) throws(Diagnostic) {
        let parentNode = node(parent)
        var resolved: [[PendingExpansion.Slot]] = []
        var outputNodes: [Int] = []
        var addedCount = 0
        for (call, answer) in answers.enumerated() {
            var local: [String: Int] = [:]
            if let graph = answer.expansion {
                // "<parent>.<call>.<graph>.<id>", as ComfyUI's GraphBuilder names them.
                local = try place(graph, prefix: "\(parentNode.id.text).\(call).0.", parent: parentNode)
                addedCount += graph.nodes.count
                outputNodes += graph.nodes.compactMap { local[$0.id] }.filter { node($0).type.schema.isOutput }
            }
            var slots: [PendingExpansion.Slot] = []
            for slot in answer.slots {
                switch slot {
                case .one(let value): slots.append(.one(value))
                case .list(let values): slots.append(.list(values))
                case .from(let source): slots.append(try resolve(source, local, parentNode))
                }
            }
            resolved.append(slots)
        }
        let pending = PendingExpansion(
            answers: resolved, shown: NodeCall.mergeShown(answers), isMapped: isMapped)
        expansions[parent] = pending
        beginExpanding(parent)
        events.append(.nodeWaiting(parentNode.id, for: .expansion(nodeCount: addedCount)))
        need(outputNodes)
        wait(for: pending.awaited, by: parent)
    }

    /// Gives the parent its outputs, now that everything they were linked to has a result.
    mutating func assemble(_ parent: Int) {
        guard let pending = expansions.removeValue(forKey: parent) else { return }
        let answers = pending.answers.map { slots in
            NodeCall.Answer(
                slots: slots.map { slot in
                    switch slot {
                    case .one(let value): return .one(value)
                    case .list(let values): return .list(values)
                    case .node(let index, let slot):
                        switch results[index]?[slot] {
                        case .one(let value)?: return .one(value)
                        case .list(let values)?: return .list(values)
                        case nil: return .one(.literal(.null))
                        }
                    }
                }, shown: [], expansion: nil)
        }
        let schema = node(parent).type.schema
        var result = NodeCall.merge(answers, schema, isMapped: pending.isMapped)
        result.shown = pending.shown
        finish(parent, result)
    }

    private mutating func place(
        _ graph: ExpansionGraph, prefix: String, parent: PlanNode
    ) throws(Diagnostic) -> [String: Int] {
        if nodeCount + graph.nodes.count > Self.maxNodeCount {
            throw bad(parent, "the run would have more than \(Self.maxNodeCount) nodes", "Make the loop shorter.")
        }
        var ids = indexByID ?? Dictionary(uniqueKeysWithValues: plan.nodes.enumerated().map { ($1.id, $0) })
        var leaders = leaderBySignature ?? [:]
        if leaderBySignature == nil {
            for index in plan.nodes.indices.reversed() { leaders[signatures[index]] = index }
        }
        // The dictionaries are large: they must not be copied, so nobody else may hold them meanwhile.
        (indexByID, leaderBySignature) = (nil, nil)
        defer { (indexByID, leaderBySignature) = (ids, leaders) }

        var local: [String: Int] = [:]
        for position in try sourcesFirst(graph, parent) {
            let added = graph.nodes[position]
            guard let type = registry[added.type] else {
                throw bad(
                    parent, "the expansion has a node of unknown type '\(added.type)'",
                    NearestName.sentence(added.type, among: registry.names))
            }
            let id = NodeID(prefix + added.id)
            expansionIDByteCount += id.text.utf8.count
            if expansionIDByteCount > Self.maxExpansionIDByteCount {
                throw bad(parent, "expansions are nested too deeply", "Make the loop shorter.")
            }
            if ids[id] != nil { throw bad(parent, "the expansion names two nodes '\(added.id)'", nil) }
            let inputs = try planInputs(added, type, local, ids, parent)
            let index = append(
                PlanNode(
                    id: id, type: type, inputs: inputs, display: added.display ?? parent.display, parent: parent.id))
            (ids[id], local[added.id]) = (index, index)
            if let leader = leaders[signatures[index]] {
                makeTwin(index, of: leader)
            } else {
                leaders[signatures[index]] = index
            }
        }
        return local
    }

    /// Positions of the graph's nodes, each after those it links to.
    private func sourcesFirst(_ graph: ExpansionGraph, _ parent: PlanNode) throws(Diagnostic) -> [Int] {
        var position: [String: Int] = [:]
        for (index, node) in graph.nodes.enumerated() {
            if position.updateValue(index, forKey: node.id) != nil {
                throw bad(parent, "the expansion names two nodes '\(node.id)'", nil)
            }
        }
        var missing = [Int](repeating: 0, count: graph.nodes.count)
        var consumers = [[Int]](repeating: [], count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for case .local(let id, _) in node.inputs.map(\.source) {
                guard let source = position[id] else {
                    throw bad(parent, "the expansion links to '\(id)', which it does not have", nil)
                }
                missing[index] += 1
                consumers[source].append(index)
            }
        }
        var order = graph.nodes.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < order.count {
            for consumer in consumers[order[next]] {
                missing[consumer] -= 1
                if missing[consumer] == 0 { order.append(consumer) }
            }
            next += 1
        }
        if order.count < graph.nodes.count {
            let stuck = graph.nodes.indices.filter { missing[$0] > 0 }.map { graph.nodes[$0].id }
            throw Diagnostic(
                .cycle, node: parent.id,
                "the graph this node expanded into has a circle among its nodes \(stuck.joined(separator: ", "))")
        }
        return order
    }

    private func planInputs(
        _ added: ExpansionGraph.Node, _ type: NodeType, _ local: [String: Int], _ ids: [NodeID: Int],
        _ parent: PlanNode
    ) throws(Diagnostic) -> [PlanInput] {
        var declared: [PlanInput] = []
        var undeclared: [PlanInput] = []
        for input in added.inputs {
            let position = type.inputIndex(input.name)
            let spec = position.map { type.schema.inputs[$0] }
            let source: PlanInput.Source
            switch input.source {
            case .value(.literal(let literal)):
                if literal == .null && spec?.presence != .required { continue }
                source = .literal(literal)
            case .value(.link(let link)):
                source = try planLink(index: ids[link.node], link.slot, link.node.text, parent)
            case .value(let value): source = .value(value)
            case .local(let id, let slot): source = try planLink(index: local[id], slot, id, parent)
            case .outer(let link): source = try planLink(index: ids[link.node], link.slot, link.node.text, parent)
            }
            let plan = PlanInput(name: input.name, spec: spec, position: position ?? -1, source: source)
            if position == nil { undeclared.append(plan) } else { declared.append(plan) }
        }
        for spec in type.schema.inputs
        where spec.presence == .required && !declared.contains(where: { $0.name == spec.name }) {
            throw bad(
                parent, "in the expansion, node '\(added.id)' (\(added.type)) lacks its input '\(spec.name)'", nil)
        }
        let inputs = declared.sorted { $0.position < $1.position } + undeclared.sorted { $0.name < $1.name }
        for (input, next) in zip(inputs, inputs.dropFirst()) where input.name == next.name {
            throw bad(
                parent, "in the expansion, node '\(added.id)' (\(added.type)) names its input '\(next.name)' twice",
                nil)
        }
        return inputs
    }

    private func planLink(
        index: Int?, _ slot: Int, _ name: String, _ parent: PlanNode
    ) throws(Diagnostic) -> PlanInput.Source {
        guard let index else { throw bad(parent, "the expansion links to node '\(name)', which does not exist", nil) }
        let outputs = node(index).type.schema.outputs
        guard outputs.indices.contains(slot) else {
            throw bad(
                parent, "the expansion links to output \(slot) of node '\(name)', which has \(outputs.count)", nil)
        }
        return .link(node: Int32(index), slot: Int32(slot))
    }

    private mutating func resolve(
        _ source: ExpansionGraph.Source, _ local: [String: Int], _ parent: PlanNode
    ) throws(Diagnostic) -> PendingExpansion.Slot {
        let link: PlanInput.Source
        switch source {
        case .value(let value): return .one(value)
        case .local(let id, let slot): link = try planLink(index: local[id], slot, id, parent)
        case .outer(let outer):
            link = try planLink(index: index(of: outer.node), outer.slot, outer.node.text, parent)
        }
        guard case .link(let index, let slot) = link else { return .one(.literal(.null)) }
        return .node(Int(index), slot: Int(slot))
    }

    private func bad(_ parent: PlanNode, _ message: String, _ suggestion: String?) -> Diagnostic {
        Diagnostic(.badExpansion, node: parent.id, message, suggestion: suggestion)
    }
}
