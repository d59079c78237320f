/// One graph of an editor's file, the root or a definition, with its links resolved to positions.
///
/// The table of links decides what is linked; what slots say of it only chooses between links to one slot.
struct BoxGraph {
    struct Link {
        enum Source {
            case box(Int)
            /// An input of the subgraph.
            case border
            /// A node that the graph does not have.
            case missing(String)
        }

        let id: String
        let from: Source
        let slot: Int
    }

    /// The subgraph's name; nil for the root.
    let name: String?
    var boxes: [Box]
    private(set) var links: [Link] = []
    /// What feeds each output of the subgraph, by slot.
    private(set) var outputs: [Int: Int] = [:]
    /// Where each input of the subgraph leads, by slot.
    private(set) var borderTargets: [Int: [(box: Int, input: Int)]] = [:]
    /// Where each box's outputs lead, in the order of the table.
    private var targets: [[(slot: Int, box: Int, input: Int)]]
    private(set) var notes: [Diagnostic] = []
    let indexByID: [String: Int]

    init(name: String?, boxes: [Box], links rows: [LiteGraphFile.Link]) {
        (self.name, self.boxes) = (name, boxes)
        indexByID = Dictionary(
            boxes.enumerated().map { ($1.node.id, $0) }, uniquingKeysWith: { first, _ in first })
        targets = Array(repeating: [], count: boxes.count)
        resolve(rows)
        cutMismatches()
        for box in self.boxes.indices { copyPrimitive(box) }
    }

    private struct Place: Hashable {
        let box: Int, slot: Int
    }

    private mutating func resolve(_ rows: [LiteGraphFile.Link]) {
        let isSubgraph = name != nil
        links.reserveCapacity(rows.count)
        var chosen: [Place: Int] = [:]
        chosen.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            let from: Link.Source =
                if isSubgraph && row.from == LiteGraphFile.Definition.inputID { .border } else {
                    indexByID[row.from].map { .box($0) } ?? .missing(row.from)
                }
            links.append(Link(id: row.id, from: from, slot: row.fromSlot))
            if isSubgraph && row.to == LiteGraphFile.Definition.outputID {
                outputs[row.toSlot] = index
                continue
            }
            guard let box = indexByID[row.to] else { continue }
            let place = Place(box: box, slot: row.toSlot)
            let slots = boxes[box].node.inputs
            let named = slots.indices.contains(row.toSlot) ? slots[row.toSlot].link : nil
            // Of two links to a slot the one it names counts, else the last.
            if let earlier = chosen[place], rows[earlier].id == named { continue }
            chosen[place] = index
        }
        var names: [Int: [String: Int]] = [:]
        for (index, row) in rows.enumerated() {
            guard let box = indexByID[row.to], chosen[Place(box: box, slot: row.toSlot)] == index else { continue }
            if names[box] == nil { names[box] = boxes[box].inputNames }
            guard let input = boxes[box].inputIndex(slot: row.toSlot, names: names[box] ?? [:]) else {
                noteLost(row, boxes[box], "the link is left out")
                continue
            }
            // Slots of reroutes need not be in the file.
            while boxes[box].inputs.count <= input && input < 8 {
                boxes[box].inputs.append(
                    Box.Input(name: "", type: "*", shape: nil, isWidget: false, value: nil, link: nil))
            }
            guard input < boxes[box].inputs.count else { continue }
            if input >= boxes[box].firstExtra { noteLost(row, boxes[box], "a server ignores it") }
            boxes[box].inputs[input].link = index
            switch links[index].from {
            case .box(let source): targets[source].append((row.fromSlot, box, input))
            case .border: borderTargets[row.fromSlot, default: []].append((box, input))
            case .missing: break
            }
        }
    }

    /// A reroute drops links to inputs that do not take what comes into it.
    private mutating func cutMismatches() {
        var known = [RootType](repeating: .unknown, count: boxes.count)
        for reroute in boxes.indices {
            guard case .reroute = boxes[reroute].kind, let type = rootType(of: reroute, &known) else { continue }
            targets[reroute].removeAll { target in
                if case .reroute = boxes[target.box].kind { return false }
                if LinkResolver.accepts(type, boxes[target.box].inputs[target.input].type) { return false }
                boxes[target.box].inputs[target.input].link = nil
                return true
            }
        }
    }

    private enum RootType {
        case unknown
        case known(String?)
    }

    /// What comes into a chain of reroutes; nil when nobody knows. Each chain is gone through once.
    private func rootType(of reroute: Int, _ known: inout [RootType]) -> String? {
        var chain = [reroute]
        var type: String?
        while let box = chain.last, chain.count <= boxes.count {
            if case .known(let found) = known[box] {
                type = found
                break
            }
            guard let link = boxes[box].inputs.first?.link, case .box(let source) = links[link].from else { break }
            if case .reroute = boxes[source].kind {
                chain.append(source)
                continue
            }
            let (slot, outputs) = (links[link].slot, boxes[source].outputs)
            switch boxes[source].kind {
            case .plain, .host: type = outputs.indices.contains(slot) ? outputs[slot] : nil
            case .note, .primitive, .reroute: break
            }
            break
        }
        for box in chain { known[box] = .known(type) }
        return type
    }

    private mutating func noteLost(_ row: LiteGraphFile.Link, _ box: Box, _ outcome: String) {
        // A slot of -1 is how editors write one that is gone.
        guard row.toSlot >= 0, case .plain = box.kind, box.node.mode == .active else { return }
        let slots = box.node.inputs
        let slot =
            slots.indices.contains(row.toSlot)
            ? "'\(slots[row.toSlot].name)', which \(box.node.type) does not have"
            : "\(row.toSlot), and it has \(slots.count)"
        notes.append(
            Diagnostic(
                .badSlot, severity: .warning, node: NodeID(box.node.id),
                "link \(row.id) goes to its input \(slot): \(outcome)",
                suggestion: "Link it anew in ComfyUI if it matters."))
    }

    // MARK: Primitives

    /// Before a conversion the first value of a PrimitiveNode is copied into the widgets linked to it directly.
    private mutating func copyPrimitive(_ box: Int) {
        guard case .primitive = boxes[box].kind, let first = firstShape(from: box) else { return }
        let widgets = primitiveTargets(of: box)
        // Without a value of its own it takes the first target's; a value of another type is not its own.
        let own = boxes[box].outputs.first == first.type ? boxes[box].node.values?.array?.first : nil
        let theirs = first.isWidget ? widgets.first.flatMap { boxes[$0.box].inputs[$0.input].value } : first.emptyValue
        guard let value = own ?? theirs else { return }
        var primitive = PrimitiveValue(value, first: first)
        for target in widgets {
            if let shape = boxes[target.box].inputs[target.input].shape { primitive.merge(shape) }
        }
        for target in widgets { boxes[target.box].enter(primitive.value, in: target.input) }
    }

    /// What the first input linked to a primitive says of its values; nil when it takes none.
    private func firstShape(from box: Int) -> NodeShape.Input? {
        for target in targets[box] {
            guard case .plain = boxes[target.box].kind else { continue }
            let input = boxes[target.box].inputs[target.input]
            guard let shape = input.shape else { return nil }
            return shape.takesValues && shape.name == input.name ? shape : nil
        }
        return nil
    }

    /// The widgets that are linked to a primitive directly.
    func primitiveTargets(of box: Int) -> [(box: Int, input: Int)] {
        targets[box].compactMap { target in
            guard case .plain = boxes[target.box].kind, boxes[target.box].inputs[target.input].isWidget else {
                return nil
            }
            return (target.box, target.input)
        }
    }

    // MARK: Order

    /// The editor's order of execution: A. B. Kahn's (1962), first in first out, in the order of the file. Boxes in
    /// circles come last.
    func executionOrder() -> [Int] {
        var missing = boxes.map { box in box.inputs.count { $0.link != nil } }
        var order = boxes.indices.filter { missing[$0] == 0 }
        order.reserveCapacity(boxes.count)
        var position = 0
        while position < order.count {
            let outputs = targets[order[position]]
            position += 1
            // Output by output, in the order of the table within each.
            let sorted = outputs.enumerated().sorted { ($0.element.slot, $0.offset) < ($1.element.slot, $1.offset) }
            for (_, target) in sorted {
                missing[target.box] -= 1
                if missing[target.box] == 0 { order.append(target.box) }
            }
        }
        if order.count < boxes.count {
            let done = Set(order)
            order += boxes.indices.filter { !done.contains($0) }
        }
        return order
    }
}
