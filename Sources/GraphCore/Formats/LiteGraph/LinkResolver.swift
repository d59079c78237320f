/// Follows links back to what really feeds an input: through reroutes, bypassed nodes and the borders of subgraphs.
struct LinkResolver {
    enum Source {
        case nothing
        /// Slot `slot` of a node that runs.
        case output(instance: Int, box: Int, slot: Int)
        /// What a host of the subgraph has filled in.
        case hostValue(JSON)
    }

    private let unfolding: Unfolding
    /// A way that is longer goes in a circle.
    private let maxSteps: Int
    /// What all ways together may still take: each of many may go through many.
    private var budget = 20_000_000

    init(_ unfolding: Unfolding) {
        self.unfolding = unfolding
        maxSteps = unfolding.instances.reduce(64) { $0 + 2 * unfolding.graphs[$1.graph].boxes.count }
    }

    private struct Input {
        var instance: Int, box: Int, index: Int
    }

    /// What feeds an input; nothing where it is not linked, or the link comes to nothing.
    mutating func source(instance: Int, box: Int, input: Int) throws(UnreadableWorkflow) -> Source {
        var steps = 0
        let source = try follow(Input(instance: instance, box: box, index: input), &steps)
        budget -= steps
        guard budget > 0 else {
            throw UnreadableWorkflow(
                .tooLarge, "its links pass through too many reroutes, bypassed nodes and subgraphs",
                suggestion: "Link the nodes directly, or split the workflow.")
        }
        return source
    }

    private func follow(_ start: Input, _ steps: inout Int) throws(UnreadableWorkflow) -> Source {
        var at = start
        /// What the outermost host met so far has filled in for this input.
        var hostValue: JSON?
        while true {
            guard let link = link(at) else { return hostValue.map { .hostValue($0) } ?? .nothing }
            guard case .border = link.from else {
                // Whatever a host fills in, a link that comes to nothing leaves the inner value.
                guard let next = try origin(link, at.instance, type: type(at), &steps) else { return .nothing }
                switch next {
                case .output(let instance, let box, let slot): return .output(instance: instance, box: box, slot: slot)
                case .input(let input):
                    hostValue = nil
                    at = input
                case .host(let instance, let slot):
                    hostValue = nil
                    guard let up = above(instance, slot, &hostValue) else { return .nothing }
                    at = up
                }
                continue
            }
            steps += 1
            guard let up = above(at.instance, link.slot, &hostValue) else { return .nothing }
            at = up
        }
    }

    /// The host's input of that slot. Its value comes before what hosts inside it have.
    private func above(_ instance: Int, _ slot: Int, _ hostValue: inout JSON?) -> Input? {
        let inside = unfolding.instances[instance]
        guard let host = inside.host else { return nil }
        if let value = inside.inputValues[slot] { hostValue = value }
        return Input(instance: host.instance, box: host.box, index: slot)
    }

    private func boxes(_ instance: Int) -> [Box] { unfolding.graphs[unfolding.instances[instance].graph].boxes }

    private func link(_ at: Input) -> BoxGraph.Link? {
        let graph = unfolding.graphs[unfolding.instances[at.instance].graph]
        let inputs = graph.boxes[at.box].inputs
        guard inputs.indices.contains(at.index), let link = inputs[at.index].link else { return nil }
        return graph.links[link]
    }

    private func type(_ at: Input) -> String {
        let inputs = boxes(at.instance)[at.box].inputs
        return inputs.indices.contains(at.index) ? inputs[at.index].type : "*"
    }

    private enum Origin {
        case output(instance: Int, box: Int, slot: Int)
        case input(Input)
        /// An input of the subgraph that the instance is.
        case host(instance: Int, slot: Int)
    }

    /// Where a link starts, past everything that only passes on.
    private func origin(
        _ first: BoxGraph.Link, _ instance: Int, type: String, _ steps: inout Int
    ) throws(UnreadableWorkflow) -> Origin? {
        var (link, instance) = (first, instance)
        while true {
            let graph = unfolding.graphs[unfolding.instances[instance].graph]
            let index: Int
            switch link.from {
            case .border: return .host(instance: instance, slot: link.slot)
            case .missing(let id): throw missing(id, link, graph)
            case .box(let box): index = box
            }
            steps += 1
            let box = graph.boxes[index]
            guard steps <= maxSteps else { throw circle(box.node.id) }
            if link.slot < 0 || box.node.mode == .muted { return nil }
            if box.node.mode == .bypassed {
                return Self.bypass(box, slot: link.slot, type: type).map {
                    .input(Input(instance: instance, box: index, index: $0))
                }
            }
            var next: Int?
            switch box.kind {
            case .plain: return .output(instance: instance, box: index, slot: link.slot)
            case .note, .primitive: return nil
            case .reroute: next = box.inputs.first?.link
            case .host:
                guard let child = unfolding.instances[instance].children[index] else { return nil }
                instance = child
                next = unfolding.graphs[unfolding.instances[child].graph].outputs[link.slot]
            }
            guard let next else { return nil }
            link = unfolding.graphs[unfolding.instances[instance].graph].links[next]
        }
    }

    // MARK: Bypassed nodes

    /// The input that takes the place of output `slot` of a bypassed node, for a target of type `type`.
    private static func bypass(_ box: Box, slot: Int, type: String) -> Int? {
        let inputs = box.inputs
        if type == "*" || type.isEmpty { return inputs.isEmpty ? nil : inputs.count > slot ? slot : 0 }
        let output = box.outputs.indices.contains(slot) ? box.outputs[slot] : "*"
        if inputs.indices.contains(slot), accepts(inputs[slot].type, output), accepts(inputs[slot].type, type) {
            return slot
        }
        return inputs.firstIndex { $0.type == type }
            ?? inputs.firstIndex { accepts($0.type, output) && accepts($0.type, type) }
    }

    /// Equal, any, or with a member in common: `IMAGE,MASK`.
    static func accepts(_ one: String, _ other: String) -> Bool {
        if one == other || one == "*" || other == "*" || one.isEmpty || other.isEmpty { return true }
        let (one, other) = (one.lowercased().split(separator: ","), other.lowercased().split(separator: ","))
        return one.contains { other.contains($0) }
    }

    // MARK: Errors

    private func missing(_ id: String, _ link: BoxGraph.Link, _ graph: BoxGraph) -> UnreadableWorkflow {
        let place = graph.name.map { " in the subgraph '\($0)'" } ?? ""
        return UnreadableWorkflow(
            .badLink, "link \(link.id)\(place) comes from node '\(id)', which does not exist",
            suggestion: "Remove the link in ComfyUI and save the workflow again.")
    }

    private func circle(_ id: String) -> UnreadableWorkflow {
        UnreadableWorkflow([
            Diagnostic(
                .cycle, node: NodeID(id), "links go in a circle through it, and nothing in the circle makes a value",
                suggestion: "Cut the circle of reroutes and bypassed nodes in ComfyUI.")
        ])
    }
}
