/// The subgraphs of a file unfolded: every use of a definition is an instance of its own, with the ids and the values
/// that its hosts give it.
struct Unfolding {
    struct Instance {
        /// 0 is the root, the others are definitions, counted from 1.
        let graph: Int
        /// What stands before the ids of its nodes: `2:31:`.
        let prefix: String
        /// The instance that the host stands in, and the host's box there.
        let host: (instance: Int, box: Int)?
        /// Instances of the hosts in it, by box.
        var children: [Int: Int] = [:]
        /// Values its host has for inputs of the subgraph, by slot.
        var inputValues: [Int: JSON] = [:]
        /// Values a host has for widgets inside, by box and input.
        var widgetValues: [Widget: JSON] = [:]
    }

    struct Widget: Hashable {
        let box: Int, input: Int
    }

    let graphs: [BoxGraph]
    private let definitions: [LiteGraphFile.Definition]
    private(set) var instances: [Instance] = []
    /// The first instance of each graph.
    private var firstInstance: [Int?]
    /// Ids of inner nodes repeat those of all their hosts; all together take no more.
    private static let maxIDByteCount = 64 << 20
    /// Inputs of each graph that stand for widgets inside it, by slot, in order.
    private let promoted: [[Int]]

    /// - Throws: when the subgraphs unfold beyond the limit.
    init(
        _ graphs: [BoxGraph], _ definitions: [LiteGraphFile.Definition], _ limit: UnfoldingLimit
    ) throws(UnreadableWorkflow) {
        (self.graphs, self.definitions) = (graphs, definitions)
        promoted = Self.promotedInputs(graphs, definitions)
        firstInstance = Array(repeating: nil, count: graphs.count)
        instances = [Instance(graph: 0, prefix: "", host: nil)]
        firstInstance[0] = 0
        var idByteCount = 0
        var limit = limit
        let byteCounts = graphs.map { $0.boxes.reduce(0) { $0 + $1.node.promptByteCount } }
        var next = 0
        while next < instances.count {
            let instance = next
            next += 1
            let graph = graphs[instances[instance].graph]
            for (index, box) in graph.boxes.enumerated() {
                guard case .host(let definition) = box.kind else { continue }
                // Of a host in the root nothing remains; inside a subgraph the editor keeps what is in it.
                if instance == 0 && box.node.mode != .active { continue }
                // A definition without nodes makes an instance all the same.
                try limit.add(
                    nodes: max(1, graphs[definition + 1].boxes.count), bytes: byteCounts[definition + 1],
                    of: "subgraphs")
                let child = Instance(
                    graph: definition + 1, prefix: "\(instances[instance].prefix)\(box.node.id):",
                    host: (instance, index))
                idByteCount += child.prefix.utf8.count * (graphs[definition + 1].boxes.count + 1)
                guard idByteCount <= Self.maxIDByteCount else {
                    throw UnreadableWorkflow(
                        .tooLarge,
                        "the ids of the nodes in its subgraphs take more than \(Self.maxIDByteCount >> 20) MiB",
                        suggestion: "Give the nodes shorter ids.")
                }
                if firstInstance[definition + 1] == nil { firstInstance[definition + 1] = instances.count }
                instances[instance].children[index] = instances.count
                instances.append(child)
                giveValues(of: box, in: instance, index, to: instances.count - 1)
            }
        }
    }

    // MARK: Promoted widgets

    /// A graph's inputs that lead to a widget inside, through nested hosts too.
    private static func promotedInputs(
        _ graphs: [BoxGraph], _ definitions: [LiteGraphFile.Definition]
    ) -> [[Int]] {
        var found = [[Int]?](repeating: nil, count: graphs.count)
        // Inner definitions first. They contain no circle, so a graph whose inner ones are done is always there.
        var waiting = Array(graphs.indices)
        while !waiting.isEmpty {
            let rest = waiting.filter { graph in
                var isReady = true
                for box in graphs[graph].boxes {
                    if case .host(let inner) = box.kind, found[inner + 1] == nil { isReady = false }
                }
                guard isReady else { return true }
                let slots = graphs[graph].borderTargets.filter { _, targets in
                    targets.contains { target in
                        let box = graphs[graph].boxes[target.box]
                        switch box.kind {
                        case .host(let inner): return found[inner + 1]?.contains(target.input) ?? false
                        case .plain: return box.inputs[target.input].isWidget
                        default: return false
                        }
                    }
                }
                found[graph] = slots.keys.sorted()
                return false
            }
            if rest.count == waiting.count { break }
            waiting = rest
        }
        return found.map { $0 ?? [] }
    }

    /// What a host fills in. Older files list the widgets it shows in `proxyWidgets`; else there is one value for each
    /// promoted input.
    private mutating func giveValues(of host: Box, in outer: Int, _ box: Int, to instance: Int) {
        let values = host.node.values?.array ?? []
        let graph = instances[instance].graph
        for (position, slot) in promoted[graph].enumerated() {
            let value = values.dropFirst(position).first
            // What a nested host has counts unless this one says otherwise.
            if value == nil, leadsToNestedHost(slot, graph) { continue }
            instances[instance].inputValues[slot] = filled(value, firstWidget(behind: slot, in: graph))
        }
        let proxies = host.node.properties["proxyWidgets"]?.array ?? []
        let doubled = doubledPrimitives(proxies, graph)
        for (position, entry) in proxies.enumerated() where !doubled.contains(entry.array?.first ?? .null) {
            give(values.dropFirst(position).first, to: entry, instance)
        }
        // What the host's own host has for it comes before.
        for (widget, value) in instances[outer].widgetValues where widget.box == box {
            giveNested(value, slotOrProxy: widget.input, host, instance)
        }
    }

    /// The first widget that an input of a subgraph leads to, through nested hosts too: without a value of its own the
    /// host shows that one's, and gives it to all that it leads to.
    private func firstWidget(behind slot: Int, in graph: Int) -> Box.Input? {
        var (graph, slot) = (graph, slot)
        for _ in graphs.indices {
            var next: (graph: Int, slot: Int)?
            for target in graphs[graph].borderTargets[slot] ?? [] {
                let box = graphs[graph].boxes[target.box]
                if case .host(let inner) = box.kind, promoted[inner + 1].contains(target.input) {
                    next = (inner + 1, target.input)
                    break
                }
                guard case .plain = box.kind, box.inputs[target.input].isWidget else { continue }
                return box.inputs[target.input]
            }
            guard let next else { return nil }
            (graph, slot) = next
        }
        return nil
    }

    /// PrimitiveNodes of which a list shows more than one widget: of those the editor takes none over.
    private func doubledPrimitives(_ proxies: [JSON], _ graph: Int) -> Set<JSON> {
        var names: [JSON: Set<JSON>] = [:]
        for entry in proxies {
            guard let parts = entry.array, parts.count >= 2, let id = LiteGraphFile.id(parts[0]),
                let box = graphs[graph].indexByID[id], case .primitive = graphs[graph].boxes[box].kind
            else { continue }
            names[parts[0], default: []].insert(parts[1])
        }
        return Set(names.filter { $0.value.count > 1 }.keys)
    }

    private func leadsToNestedHost(_ slot: Int, _ graph: Int) -> Bool {
        let first = graphs[graph].borderTargets[slot]?.first { target in
            let box = graphs[graph].boxes[target.box]
            if case .host(let inner) = box.kind { return promoted[inner + 1].contains(target.input) }
            guard case .plain = box.kind else { return false }
            return box.inputs[target.input].isWidget
        }
        guard let first, case .host = graphs[graph].boxes[first.box].kind else { return false }
        return true
    }

    /// What a host shows for one of its promoted inputs.
    func hostValue(_ graph: Int, _ box: Int, _ slot: Int) -> JSON? {
        guard case .host(let inner) = graphs[graph].boxes[box].kind, promoted[inner + 1].contains(slot) else {
            return nil
        }
        let child = firstInstance[graph].flatMap { instances[$0].children[box] }
        let given = child.flatMap { instances[$0].inputValues[slot] }
        return given ?? firstWidget(behind: slot, in: inner + 1)?.value ?? .null
    }

    /// A choice is never null.
    private func filled(_ value: JSON?, _ widget: Box.Input?) -> JSON? {
        guard let value else { return widget?.value }
        guard value == .null, let shape = widget?.shape else { return value }
        switch shape.type {
        case "COMBO" where !shape.isMultiSelect: return shape.choices.first ?? value
        case NodeShape.Input.dynamicCombo: return shape.branches.first?.key ?? value
        default: return value
        }
    }

    /// One entry of `proxyWidgets`: [inner node, widget name]; "-1" is the host itself.
    private mutating func give(_ value: JSON?, to entry: JSON, _ instance: Int) {
        guard let parts = entry.array, parts.count >= 2, let id = LiteGraphFile.id(parts[0]), let name = parts[1].string
        else { return }
        let graph = graphs[instances[instance].graph]
        if id == "-1" {
            let inputs = definitions[instances[instance].graph - 1].inputs
            if let value, let slot = inputs.firstIndex(where: { $0.name == name }) {
                instances[instance].inputValues[slot] = value
            }
            return
        }
        guard let box = graph.indexByID[id] else { return }
        switch graph.boxes[box].kind {
        case .plain:
            guard let input = graph.boxes[box].inputIndex(name), graph.boxes[box].inputs[input].isWidget else { return }
            let widget = graph.boxes[box].inputs[input]
            // One that is the subgraph's input is that already; of any other the link goes.
            if let link = widget.link, case .border = graph.links[link].from {
                if let value { instances[instance].inputValues[graph.links[link].slot] = filled(value, widget) }
            } else {
                instances[instance].widgetValues[Widget(box: box, input: input)] = filled(value, widget)
            }
        case .primitive:
            // Its first widget has the name "value"; the other says how the value goes on.
            guard name != "control_after_generate", let value else { return }
            for target in graph.primitiveTargets(of: box) {
                instances[instance].widgetValues[Widget(box: target.box, input: target.input)] = value
            }
        case .host(let inner):
            guard let value, let place = nestedPlace(of: name, graph.boxes[box], inner) else { return }
            instances[instance].widgetValues[Widget(box: box, input: place)] = value
        case .note, .reroute: break
        }
    }

    /// Entries of `proxyWidgets` are counted from here, behind all slots.
    private static let firstProxy = 1 << 20

    /// Where a nested host shows a widget of this name: a slot of its definition, or an entry of its own list.
    private func nestedPlace(of name: String, _ host: Box, _ definition: Int) -> Int? {
        let inputs = definitions[definition].inputs
        if let slot = inputs.firstIndex(where: { $0.name == name }), promoted[definition + 1].contains(slot) {
            return slot
        }
        let proxies = host.node.properties["proxyWidgets"]?.array ?? []
        let entry = proxies.firstIndex { $0.array?.dropFirst().first?.string == name }
        return entry.map { $0 + Self.firstProxy }
    }

    private mutating func giveNested(_ value: JSON, slotOrProxy place: Int, _ host: Box, _ instance: Int) {
        guard place >= Self.firstProxy else {
            instances[instance].inputValues[place] = value
            return
        }
        let proxies = host.node.properties["proxyWidgets"]?.array ?? []
        give(value, to: proxies[place - Self.firstProxy], instance)
    }
}
