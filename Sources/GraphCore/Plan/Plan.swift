/// A checked graph, ready to run: only what the targets may need, sources before consumers.
public struct Plan: Sendable {
    /// In topological order; links inside name positions in this list.
    let nodes: [PlanNode]
    /// Positions of the nodes the run is for.
    let targets: [Int]
    /// Strong links by source: the consumers of node `i` are `consumers[consumerStart[i]..<consumerStart[i + 1]]`, one
    /// entry a link.
    let consumers: [Int32]
    let consumerStart: [Int32]
    /// Whether links may appear while the plan runs (lazy inputs, expansions, raw links).
    let isDynamic: Bool
    /// Positions of the nodes that have a change token.
    let changing: [Int]

    init(nodes: [PlanNode], targets: [Int]) {
        (self.nodes, self.targets) = (nodes, targets)
        var start = [Int32](repeating: 0, count: nodes.count + 1)
        var isDynamic = false
        var changing: [Int] = []
        for (index, node) in nodes.enumerated() {
            if node.type.hasChangeToken { changing.append(index) }
            if node.type.schema.mayExpand || node.type.hasLazyInputs { isDynamic = true }
            for input in node.inputs {
                if let link = input.strongLink { start[Int(link) + 1] += 1 }
                if input.isRawLink { isDynamic = true }
            }
        }
        for index in nodes.indices { start[index + 1] += start[index] }
        var next = start
        var consumers = [Int32](repeating: 0, count: Int(start[nodes.count]))
        for (index, node) in nodes.enumerated() {
            for input in node.inputs {
                guard let link = input.strongLink else { continue }
                consumers[Int(next[Int(link)])] = Int32(index)
                next[Int(link)] += 1
            }
        }
        (self.consumers, consumerStart, self.isDynamic, self.changing) = (consumers, start, isDynamic, changing)
    }

    public var nodeCount: Int { nodes.count }

    /// The nodes by level: everything in a level can run at once, when all before it has.
    public var levels: [[NodeID]] {
        var level = [Int](repeating: 0, count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for input in node.inputs {
                if case .link(let source, _) = input.source { level[index] = max(level[index], level[Int(source)] + 1) }
            }
        }
        var levels = [[NodeID]](repeating: [], count: (level.max() ?? -1) + 1)
        for (index, node) in nodes.enumerated() { levels[level[index]].append(node.id) }
        return levels
    }

    /// Every link of the plan, for drawing.
    public var links: [(from: NodeID, slot: Int, to: NodeID, input: String)] {
        nodes.flatMap { node in
            node.inputs.compactMap { input in
                guard case .link(let source, let slot) = input.source else { return nil }
                return (nodes[Int(source)].id, Int(slot), node.id, input.name)
            }
        }
    }

    /// Ids and types, sources before consumers.
    public var nodeTypes: [(id: NodeID, type: String)] { nodes.map { ($0.id, $0.type.schema.type) } }
}

/// A node of a plan or of the live graph that grows out of it.
struct PlanNode: Sendable {
    let id: NodeID
    let type: NodeType
    /// Declared inputs in the schema's order, then undeclared ones by name: equal nodes have equal lists.
    let inputs: [PlanInput]
    /// The node of the visible workflow that this one reports as.
    let display: NodeID
    /// The node whose expansion brought this one, if one did.
    let parent: NodeID?

    init(id: NodeID, type: NodeType, inputs: [PlanInput], display: NodeID? = nil, parent: NodeID? = nil) {
        (self.id, self.type, self.inputs, self.display, self.parent) = (id, type, inputs, display ?? id, parent)
    }
}

struct PlanInput: Sendable {
    enum Source: Sendable {
        case literal(Literal)
        /// Something an expansion's parent had in hand.
        indirect case value(Value)
        case link(node: Int32, slot: Int32)
    }

    let name: String
    /// Position in the schema's inputs; -1 when it declares none of this name.
    let position: Int16
    let isLazy: Bool
    let isRawLink: Bool
    let source: Source

    init(name: String, spec: InputSpec?, position: Int, source: Source) {
        (self.name, self.position, self.source) = (name, Int16(position), source)
        (isLazy, isRawLink) = (spec?.isLazy ?? false, spec?.isRawLink ?? false)
    }

    /// The node this input must wait for, unless it is lazy.
    var strongLink: Int32? {
        if case .link(let node, _) = source, !isLazy { node } else { nil }
    }
}
