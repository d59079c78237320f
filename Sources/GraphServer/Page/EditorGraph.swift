internal import GraphCore

/// A workflow as ComfyUI's editor saves it, for templates: of those the newer frontends open nothing else.
///
/// Boxes are put in columns, each right of all it reads from.
struct EditorGraph {
    private static let columnWidth = 370
    private static let rowHeight = 400
    private static let boxWidth = 300

    private let workflow: Workflow
    private let registry: NodeRegistry
    /// The editor's ids are whole numbers.
    private let numbers: [NodeID: Int]
    private var links: [JSON] = []
    /// Of each node, by slot, the links that start there.
    private var starts: [NodeID: [Int: [JSON]]] = [:]

    static func json(of workflow: Workflow, registry: NodeRegistry) -> JSON {
        var graph = EditorGraph(workflow, registry)
        return graph.json()
    }

    private init(_ workflow: Workflow, _ registry: NodeRegistry) {
        (self.workflow, self.registry) = (workflow, registry)
        let given = workflow.nodes.map { node in Int(node.id.text).flatMap { String($0) == node.id.text ? $0 : nil } }
        let isNumbered = given.allSatisfy { ($0 ?? 0) > 0 }
        numbers = Dictionary(
            zip(workflow.nodes, given).enumerated().map { index, pair in
                (pair.0.id, isNumbered ? pair.1 ?? 0 : index + 1)
            }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func json() -> JSON {
        // First all links, since the boxes name those that start there.
        var allInputs: [[JSON]] = []
        for node in workflow.nodes { allInputs.append(inputs(node)) }
        let columns = self.columns()
        var rows: [Int: Int] = [:]
        var boxes: [JSON] = []
        for (index, node) in workflow.nodes.enumerated() {
            let (column, row) = (columns[index], rows[columns[index], default: 0])
            rows[column] = row + 1
            boxes.append(
                box(
                    node, allInputs[index], order: index, x: 100 + column * Self.columnWidth,
                    y: 130 + row * Self.rowHeight))
        }
        return [
            "last_node_id": Self.number(numbers.values.max() ?? 0), "last_link_id": Self.number(links.count),
            "nodes": .array(boxes), "links": .array(links), "groups": [], "config": .object(JSONObject()),
            "extra": .object(JSONObject()), "version": 0.4,
        ]
    }

    private static func number(_ value: Int) -> JSON { .number(JSONNumber(value)) }

    // MARK: Nodes

    private func box(_ node: Workflow.Node, _ inputs: [JSON], order: Int, x: Int, y: Int) -> JSON {
        let type = node.type ?? ""
        let schema = registry[type]?.schema
        let values = schema.map { self.values(node, $0) } ?? node.inputs.compactMap(\.source.literal)
        let height = 60 + 24 * (inputs.count + values.count)
        var members: [JSONObject.Member] = [
            .init("id", Self.number(numbers[node.id] ?? 0)), .init("type", .string(type)),
            .init("pos", [Self.number(x), Self.number(y)]),
            .init("size", [Self.number(Self.boxWidth), Self.number(height)]),
            .init("flags", .object(JSONObject())), .init("order", Self.number(order)), .init("mode", 0),
            .init("inputs", .array(inputs)), .init("outputs", .array(outputs(node, schema))),
            .init("properties", ["Node name for S&R": .string(type)]), .init("widgets_values", .array(values)),
        ]
        if let title = node.title { members.insert(.init("title", .string(title)), at: 2) }
        return .object(JSONObject(members))
    }

    /// One for each widget, in the order that the editor counts them.
    private func values(_ node: Workflow.Node, _ schema: NodeSchema) -> [JSON] {
        schema.widgets.flatMap { spec -> [JSON] in
            // A linked one has a place all the same.
            let value = node[spec.name]?.literal ?? spec.defaultValue ?? .null
            if spec.options.contains(.init("image_upload", true)) { return [value, "image"] }
            return spec.hasControlAfterGenerate ? [value, "fixed"] : [value]
        }
    }

    /// The sockets, then the widgets that are linked. Makes the links.
    private mutating func inputs(_ node: Workflow.Node) -> [JSON] {
        let schema = node.type.flatMap { registry[$0]?.schema }
        let sockets = schema?.sockets ?? []
        var inputs: [JSON] = []
        for spec in sockets {
            let link = self.link(to: node, spec.name, slot: inputs.count, spec.type)
            inputs.append(["name": .string(spec.name), "type": .string(spec.type.name), "link": link])
        }
        for input in node.inputs where !sockets.contains(where: { $0.name == input.name }) {
            let spec = schema?.widgets.first { $0.name == input.name }
            let type = spec?.type ?? .any
            let link = self.link(to: node, input.name, slot: inputs.count, type)
            guard link != .null else { continue }
            let name = JSON.string(input.name)
            inputs.append(
                spec == nil
                    ? ["name": name, "type": .string(type.name), "link": link]
                    : ["name": name, "type": .string(type.name), "widget": ["name": name], "link": link])
        }
        return inputs
    }

    /// Its number; null when nothing is linked there.
    private mutating func link(to node: Workflow.Node, _ name: String, slot: Int, _ type: SocketType) -> JSON {
        guard case .link(let link) = node[name], let from = numbers[link.node], let to = numbers[node.id] else {
            return .null
        }
        let number = Self.number(links.count + 1)
        links.append([
            number, Self.number(from), Self.number(link.slot), Self.number(to), Self.number(slot), .string(type.name),
        ])
        starts[link.node, default: [:]][link.slot, default: []].append(number)
        return number
    }

    /// Of a type that is not known, those that are linked.
    private func outputs(_ node: Workflow.Node, _ schema: NodeSchema?) -> [JSON] {
        let starts = self.starts[node.id] ?? [:]
        let specs =
            schema?.outputs.map { ($0.name, $0.type) }
            // A slot number may be anything.
            ?? (0...min(63, starts.keys.max() ?? 0)).map { ("\($0)", SocketType.any) }
        return specs.enumerated().map { slot, spec in
            [
                "name": .string(spec.0), "type": .string(spec.1.name),
                "links": starts[slot].map { .array($0) } ?? .null,
            ]
        }
    }

    // MARK: Places

    /// Of each node, how many others stand left of it, one reading from the other. A circle ends somewhere.
    private func columns() -> [Int] {
        let indices = Dictionary(
            workflow.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        let sources = workflow.nodes.map { node in
            node.inputs.compactMap { input -> Int? in
                if case .link(let link) = input.source { indices[link.node] } else { nil }
            }
        }
        var columns = [Int](repeating: 0, count: sources.count)
        // Each pass sets at least one more right; files list nodes mostly in order, and then two are enough.
        for _ in 0..<min(sources.count, 100) {
            var isDone = true
            for index in sources.indices {
                let column = sources[index].map { columns[$0] + 1 }.max() ?? 0
                if column > columns[index], column < sources.count { (columns[index], isDone) = (column, false) }
            }
            if isDone { break }
        }
        return columns
    }
}

extension Workflow.Source {
    fileprivate var literal: JSON? {
        if case .literal(let value) = self { value } else { nil }
    }
}
