/// A workflow as a file of ComfyUI's editor: boxes in layers, each right of all it reads from.
public struct EditorDrawing {
    private let workflow: Workflow
    private let shapes: [NodeShape?]
    /// The editor's ids are whole numbers.
    private let numbers: [NodeID: Int]
    private let indices: [NodeID: Int]
    private var links: [JSON] = []
    /// Of each node, by slot, the links that start there.
    private var starts: [NodeID: [Int: [JSON]]] = [:]
    private var notes: [Diagnostic] = []

    /// The editor's file, version 0.4, and what of the workflow an editor cannot show. Ids stay if all are numbers, else
    /// they are counted anew.
    public static func json(of workflow: Workflow, shapes: NodeShapes) -> (file: JSON, notes: [Diagnostic]) {
        var drawing = EditorDrawing(workflow, shapes)
        let file = drawing.json()
        return (file, drawing.notes)
    }

    private init(_ workflow: Workflow, _ shapes: NodeShapes) {
        self.workflow = workflow
        var known: [String: NodeShape?] = [:]
        for type in workflow.nodes.compactMap(\.type) where known[type] == nil {
            known[type] = .some(shapes.shape(of: type))
        }
        self.shapes = workflow.nodes.map { node in node.type.flatMap { known[$0] ?? nil } }
        let given = workflow.nodes.map { node in Int(node.id.text).flatMap { String($0) == node.id.text ? $0 : nil } }
        let isNumbered = given.allSatisfy { ($0 ?? 0) > 0 }
        numbers = Dictionary(
            zip(workflow.nodes, given).enumerated().map { index, pair in
                (pair.0.id, isNumbered ? pair.1 ?? 0 : index + 1)
            }, uniquingKeysWith: { first, _ in first })
        indices = Dictionary(
            workflow.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func json() -> JSON {
        // First all links, since the boxes name those that start there.
        var parts: [Part] = []
        for index in workflow.nodes.indices { parts.append(part(index)) }
        let sources = workflow.nodes.map { node in
            node.inputs.compactMap { input -> Int? in
                if case .link(let link) = input.source { indices[link.node] } else { nil }
            }
        }
        let layout = LayeredLayout(sources: sources, heights: parts.map(\.height))
        let boxes = workflow.nodes.indices.map { box($0, parts[$0], layout.places[$0]) }
        return [
            "last_node_id": Self.number(numbers.values.max() ?? 0), "last_link_id": Self.number(links.count),
            "nodes": .array(boxes), "links": .array(links), "groups": [], "config": .object(JSONObject()),
            "extra": .object(JSONObject()), "version": 0.4,
        ]
    }

    private static func number(_ value: Int) -> JSON { .number(JSONNumber(value)) }

    // MARK: Nodes

    /// A box without its place.
    private struct Part {
        var slots: [JSON] = []
        var values: [JSON] = []
        /// In the editor's units.
        var height: Int
    }

    private static let slotHeight = 24
    private static let textHeight = 100

    private mutating func part(_ index: Int) -> Part {
        let node = workflow.nodes[index]
        var part = Part(height: 0)
        var shown: Set<String> = []
        if let shape = shapes[index] {
            draw(shape.inputs, prefix: "", node, &part, &shown)
        } else {
            // The file has to tell itself what its widgets are called.
            for input in node.inputs {
                part.slots.append(
                    slot(node, input.name, "*", at: part.slots.count, isWidget: Self.literal(input.source) != nil))
                if let value = Self.literal(input.source) { part.values.append(value) }
                shown.insert(input.name)
            }
        }
        if let viewer = node.type.flatMap({ NodeShape.viewers[$0] }), node[viewer] == .literal("") {
            shown.insert(viewer)
        }
        for input in node.inputs where !shown.contains(input.name) { noteLost(input.name, node, shapes[index]) }
        let isText = shapes[index]?.inputs.contains { $0.isMultiline } == true
        let outputCount = shapes[index]?.outputs.count ?? starts[node.id]?.count ?? 0
        part.height += 60 + Self.slotHeight * (max(part.slots.count, outputCount) + part.values.count)
        if isText { part.height += Self.textHeight }
        return part
    }

    private mutating func noteLost(_ input: String, _ node: Workflow.Node, _ shape: NodeShape?) {
        let names = shape?.inputs.map(\.name) ?? []
        let type = node.type ?? "?"
        let isKnown = names.contains(input)
        notes.append(
            Diagnostic(
                .badInput, severity: .warning, node: node.id, input: input,
                isKnown
                    ? "'\(input)' of \(type) has a value, and in an editor it can only be linked: it is left out"
                    : "an editor shows no input '\(input)' of \(type): it is left out",
                suggestion: isKnown ? nil : NearestName.sentence(input, among: names)))
    }

    /// The sockets in the order of the type, and the widgets that are linked; a value for each widget, linked or not.
    private mutating func draw(
        _ inputs: [NodeShape.Input], prefix: String, _ node: Workflow.Node, _ part: inout Part,
        _ shown: inout Set<String>
    ) {
        for input in inputs {
            let name = prefix + input.name
            if input.type == NodeShape.Input.autogrow {
                for given in node.inputs where given.name.hasPrefix(name + ".") {
                    part.slots.append(slot(node, given.name, "*", at: part.slots.count, isWidget: false))
                    if Self.literal(given.source) == nil { shown.insert(given.name) }
                }
                continue
            }
            let given = node[name]
            guard input.isWidget else {
                part.slots.append(slot(node, name, input.type, at: part.slots.count, isWidget: false))
                if Self.literal(given ?? .literal(.null)) == nil { shown.insert(name) }
                continue
            }
            shown.insert(name)
            let literal = given.flatMap(Self.literal)
            if given != nil && literal == nil {
                part.slots.append(slot(node, name, input.type, at: part.slots.count, isWidget: true))
            }
            let value = literal ?? input.initialValue ?? .null
            part.values.append(input.hasDynamicPrompts ? Self.escaped(value) : value)
            part.values += ["fixed", ""].prefix(input.controlCount)
            if let branch = input.branches.first(where: { $0.key == value }) {
                draw(branch.inputs, prefix: name + ".", node, &part, &shown)
            }
            for _ in 0..<input.buttonCount { part.values.append("image") }
        }
    }

    /// What is filled in; lists stand wrapped in prompts, and as they are in an editor's files.
    private static func literal(_ source: Workflow.Source) -> JSON? {
        guard case .literal(let value) = source else { return nil }
        return value["__value__"] ?? value
    }

    /// In a text with choices these signs would be taken for them.
    private static func escaped(_ value: JSON) -> JSON {
        guard case .string(let text) = value else { return value }
        return .string(String(text.flatMap { "{}|".contains($0) ? ["\\", $0] : [$0] }))
    }

    private mutating func slot(
        _ node: Workflow.Node, _ name: String, _ type: String, at slot: Int, isWidget: Bool
    ) -> JSON {
        let link = self.link(to: node, name, slot: slot, type)
        var members: [JSONObject.Member] = [.init("name", .string(name)), .init("type", .string(type))]
        if isWidget { members.append(.init("widget", ["name": .string(name)])) }
        members.append(.init("link", link))
        return .object(JSONObject(members))
    }

    /// Its number; null when nothing is linked there.
    private mutating func link(to node: Workflow.Node, _ name: String, slot: Int, _ type: String) -> JSON {
        guard case .link(let link) = node[name], let from = numbers[link.node], let to = numbers[node.id] else {
            return .null
        }
        let number = Self.number(links.count + 1)
        links.append([
            number, Self.number(from), Self.number(link.slot), Self.number(to), Self.number(slot), .string(type),
        ])
        starts[link.node, default: [:]][link.slot, default: []].append(number)
        return number
    }

    private func box(_ index: Int, _ part: Part, _ place: LayeredLayout.Place) -> JSON {
        let node = workflow.nodes[index]
        let type = node.type ?? ""
        var properties = node.meta.members.filter { ["cnr_id", "aux_id", "ver"].contains($0.key) }
        properties.append(.init("Node name for S&R", .string(type)))
        var members: [JSONObject.Member] = [
            .init("id", Self.number(numbers[node.id] ?? 0)), .init("type", .string(type)),
            .init("pos", [Self.number(place.x), Self.number(place.y)]),
            .init("size", [Self.number(LayeredLayout.boxWidth), Self.number(part.height)]),
            .init("flags", .object(JSONObject())), .init("order", Self.number(place.order)), .init("mode", 0),
            .init("inputs", .array(part.slots)), .init("outputs", .array(outputs(index, node))),
            .init("properties", .object(JSONObject(properties))), .init("widgets_values", .array(part.values)),
        ]
        if let title = node.title, title != shapes[index]?.displayName {
            members.insert(.init("title", .string(title)), at: 2)
        }
        return .object(JSONObject(members))
    }

    /// Of a type that is not known, those that are linked.
    private func outputs(_ index: Int, _ node: Workflow.Node) -> [JSON] {
        let starts = self.starts[node.id] ?? [:]
        // A slot number may be anything.
        let types = shapes[index]?.outputs ?? Array(repeating: "*", count: min(63, starts.keys.max() ?? -1) + 1)
        return types.enumerated().map { slot, type in
            ["name": .string(type), "type": .string(type), "links": starts[slot].map { .array($0) } ?? .null]
        }
    }
}

/// Places for boxes: each in the first layer right of all it reads from, and within its layer near them, so that few
/// lines cross (K. Sugiyama, S. Tagawa, M. Toda, 1981).
struct LayeredLayout {
    struct Place {
        let x: Int, y: Int
        /// Position in the order of layers.
        let order: Int
    }

    static let boxWidth = 320
    private static let columnWidth = 400
    private static let gap = 60
    private static let origin = (x: 100, y: 130)

    private(set) var places: [Place] = []

    /// - Parameters:
    ///   - sources: of each box, those that it reads from. A circle ends somewhere.
    ///   - heights: of each box, in the editor's units.
    init(sources: [[Int]], heights: [Int]) {
        let layers = Self.layers(sources)
        var columns = [[Int]](repeating: [], count: (layers.max() ?? -1) + 1)
        for box in sources.indices { columns[layers[box]].append(box) }
        var targets = [[Int]](repeating: [], count: sources.count)
        for (box, from) in sources.enumerated() { for source in from { targets[source].append(box) } }
        var rank = [Double](repeating: 0, count: sources.count)
        func number(_ column: [Int]) { for (position, box) in column.enumerated() { rank[box] = Double(position) } }
        func sorted(_ column: [Int], by neighbours: [[Int]]) -> [Int] {
            let means = column.map { box in
                neighbours[box].isEmpty
                    ? rank[box] : neighbours[box].reduce(0) { $0 + rank[$1] } / Double(neighbours[box].count)
            }
            return column.indices.sorted { (means[$0], $0) < (means[$1], $1) }.map { column[$0] }
        }
        columns.forEach(number)
        // There, back and there again; more changes little.
        for neighbours in [sources, targets, sources] {
            let order = neighbours == targets ? Array(columns.indices.reversed()) : Array(columns.indices)
            for column in order {
                columns[column] = sorted(columns[column], by: neighbours)
                number(columns[column])
            }
        }
        places = Array(repeating: Place(x: 0, y: 0, order: 0), count: sources.count)
        var order = 0
        for (column, boxes) in columns.enumerated() {
            var y = Self.origin.y
            for box in boxes {
                places[box] = Place(x: Self.origin.x + column * Self.columnWidth, y: y, order: order)
                y += heights[box] + Self.gap
                order += 1
            }
        }
    }

    /// Of each box, how many others stand left of it, one reading from the other.
    private static func layers(_ sources: [[Int]]) -> [Int] {
        var layers = [Int](repeating: 0, count: sources.count)
        // Each pass sets at least one more right; files list nodes mostly in order, and then two are enough.
        for _ in 0..<min(sources.count, 100) {
            var isDone = true
            for box in sources.indices {
                let layer = sources[box].map { layers[$0] + 1 }.max() ?? 0
                if layer > layers[box], layer < sources.count { (layers[box], isDone) = (layer, false) }
            }
            if isDone { break }
        }
        return layers
    }
}
