/// The format of old tutorials: nodes in a list, links by name or in a table, widget values by position.
///
/// `{"nodes": [{"id": "grey", "type": "X", "inputs": {"image": "load.image"}, "widgets_values": [1]}],`
/// `"links": [[1, "load", 0, "grey", 0]]}`. A link row is id, from node, from slot, to node, to slot.
struct HybridFormat {
    private let registry: NodeRegistry
    private var nodes: [Workflow.Node] = []
    private var indexByID: [String: Int] = [:]
    private var problems: [Diagnostic] = []
    /// Looking for near names compares many; a file with 100,000 mistakes gets them for the first ones.
    private var nearestBudget = 100

    static func read(
        _ root: JSONObject, _ nodes: [JSON], registry: NodeRegistry
    ) throws(UnreadableWorkflow) -> Workflow {
        var format = HybridFormat(registry: registry)
        format.readNodes(nodes)
        for (index, node) in nodes.enumerated() where index < format.nodes.count {
            format.readInputs(index, node)
            format.readWidgets(index, node["widgets_values"])
        }
        switch root["links"] {
        case .array(let rows)?: for row in rows { format.readLink(row) }
        case nil: break
        case let other?:
            format.tell(nil, .malformedWorkflow, "\"links\" must be a list, but it is \(other.kindName)", nil)
        }
        if !format.problems.isEmpty { throw UnreadableWorkflow(format.problems) }
        format.fillInDefaults()
        return Workflow(nodes: format.nodes)
    }

    private init(registry: NodeRegistry) { self.registry = registry }

    // MARK: Nodes

    private mutating func readNodes(_ list: [JSON]) {
        for (position, node) in list.enumerated() {
            guard let object = node.object, let id = Self.id(object["id"]) else {
                tell(
                    nil, .malformedWorkflow, "node number \(position + 1) of the list has no \"id\"",
                    "Add \"id\": \"...\".")
                nodes.append(Workflow.Node(id: NodeID("#\(position + 1)"), type: nil, inputs: []))
                continue
            }
            if indexByID.updateValue(position, forKey: id) != nil {
                tell(id, .repeatedID, "the node id '\(id)' is used more than once", "Give each node an id of its own.")
            }
            let type = object["type"]?.string ?? object["class_type"]?.string
            nodes.append(Workflow.Node(id: NodeID(id), type: type, title: object["title"]?.string, inputs: []))
        }
    }

    /// Ids are strings or whole numbers.
    private static func id(_ json: JSON?) -> String? {
        switch json {
        case .string(let id)?: id
        case .number(let number)? where number.isInteger: number.text
        default: nil
        }
    }

    private func schema(_ index: Int) -> NodeSchema? { nodes[index].type.flatMap { registry[$0]?.schema } }

    // MARK: Inputs

    private mutating func readInputs(_ index: Int, _ node: JSON) {
        guard let given = node["inputs"] else { return }
        let id = nodes[index].id.text
        guard case .object(let inputs) = given else {
            tell(
                id, .malformedWorkflow, "its \"inputs\" must be an object, but they are \(given.kindName)",
                "Write \"inputs\": {\"NAME\": VALUE}.")
            return
        }
        for name in inputs.duplicateKeys {
            tell(id, .repeatedInput, "the input '\(name)' is given more than once", "Keep one of them.")
        }
        for input in inputs.members {
            let spec = schema(index)?.inputs.first { $0.name == input.key }
            nodes[index].inputs.append(Workflow.Input(input.key, source(input.value, spec, id)))
        }
    }

    /// `ID.OUTPUT` is a reference when the text before the last dot is a node's id and the input takes no text.
    private mutating func source(_ value: JSON, _ spec: InputSpec?, _ id: String) -> Workflow.Source {
        guard case .string(let text) = value, spec?.type != .string, spec?.type != .combo,
            let dot = text.lastIndex(of: ".")
        else { return APIFormat.source(value) }
        let name = String(text[..<dot])
        let output = String(text[text.index(after: dot)...])
        guard let source = indexByID[name] else {
            if let spec, !spec.type.isWidget {
                tell(
                    id, .badLink, "input '\(spec.name)' names node '\(name)', which does not exist",
                    nearestID(name))
            }
            return .literal(value)
        }
        if let slot = Int(output), slot >= 0 { return .link(Link(NodeID(name), slot)) }
        guard let outputs = schema(source)?.outputs else { return .link(Link(NodeID(name), 0)) }  // its type is unknown
        if let slot = schema(source)?.outputSlot(named: output) { return .link(Link(NodeID(name), slot)) }
        // Tutorials write ".output" for a node's only output.
        if outputs.count == 1 && output.lowercased() == "output" { return .link(Link(NodeID(name), 0)) }
        let names = outputs.map(\.name)
        tell(
            id, .badSlot, "'\(text)': node \(name) (\(nodes[source].type ?? "?")) has no output '\(output)'",
            NearestName.sentence(output, among: names)
                ?? (names.isEmpty ? "It has no outputs." : "Use one of: \(names.joined(separator: ", "))."))
        return .literal(value)
    }

    /// Values by position, for the inputs filled in by hand; editors put an extra word behind a seed.
    private mutating func readWidgets(_ index: Int, _ given: JSON?) {
        guard let given else { return }
        let id = nodes[index].id.text
        guard case .array(let values) = given else {
            tell(id, .malformedWorkflow, "its \"widgets_values\" must be a list, but they are \(given.kindName)", nil)
            return
        }
        guard let schema = schema(index) else { return }  // its type is unknown; the validator says so
        var position = 0
        for spec in schema.widgets where position < values.count {
            set(index, spec.name, .literal(values[position]))
            position += 1
            if position < values.count, Self.isEditorsOwn(values[position], behind: spec) { position += 1 }
        }
        if position < values.count {
            tell(
                id, .malformedWorkflow,
                "it has \(values.count) widgets_values, but \(schema.type) has only \(schema.widgets.count) widgets",
                schema.widgets.isEmpty
                    ? "Remove them." : "They are: \(schema.widgets.map(\.name).joined(separator: ", ")).")
        }
    }

    /// What an editor stores behind a widget for itself: how a seed goes on, the button that uploads a picture.
    private static func isEditorsOwn(_ value: JSON, behind spec: InputSpec) -> Bool {
        if spec.options.contains(.init("image_upload", true)) { return value == "image" }
        return spec.hasControlAfterGenerate && ["fixed", "increment", "decrement", "randomize"].contains(value)
    }

    /// A list of values by position may end early: widgets behind its end have what their type declares.
    private mutating func fillInDefaults() {
        for index in nodes.indices {
            for spec in schema(index)?.widgets ?? [] where spec.presence == .required && nodes[index][spec.name] == nil
            {
                guard let value = spec.defaultValue else { continue }
                nodes[index][spec.name] = .literal(value)
            }
        }
    }

    // MARK: Links

    private mutating func readLink(_ row: JSON) {
        guard case .array(let parts) = row, parts.count >= 5, let from = Self.id(parts[1]), let to = Self.id(parts[3]),
            let fromSlot = parts[2].number?.int.flatMap({ Int(exactly: $0) }), fromSlot >= 0,
            let toSlot = parts[4].number?.int.flatMap({ Int(exactly: $0) }), toSlot >= 0
        else {
            let shown = String(JSONWriter.text(row).prefix(60))
            tell(
                nil, .badLink, "the link \(shown) is malformed",
                "Write [ID, \"FROM NODE\", FROM SLOT, \"TO NODE\", TO SLOT].")
            return
        }
        for (name, role) in [(from, "from"), (to, "to")] where indexByID[name] == nil {
            tell(
                nil, .badLink,
                "the link \(JSONWriter.text(parts[0])) goes \(role) node '\(name)', which does not exist",
                nearestID(name))
        }
        guard indexByID[from] != nil, let target = indexByID[to], let schema = schema(target) else { return }
        guard schema.sockets.indices.contains(toSlot) else {
            tell(
                to, .badSlot,
                "a link goes to its input \(toSlot), but \(schema.type) has \(schema.sockets.count) to link to",
                schema.sockets.isEmpty
                    ? nil
                    : "They are: \(schema.sockets.enumerated().map { "\($0) (\($1.name))" }.joined(separator: ", ")).")
            return
        }
        set(target, schema.sockets[toSlot].name, .link(Link(NodeID(from), fromSlot)))
    }

    /// Says the same thing twice, or contradicts itself.
    private mutating func set(_ index: Int, _ name: String, _ source: Workflow.Source) {
        if let before = nodes[index][name], before != source {
            tell(
                nodes[index].id.text, .contradiction,
                "input '\(name)' is said to be \(Self.text(before)) and \(Self.text(source))", "Keep one of them.")
            return
        }
        nodes[index][name] = source
    }

    private mutating func nearestID(_ name: String) -> String? {
        nearestBudget -= 1
        return nearestBudget < 0 ? nil : NearestName.sentence(name, among: nodes.lazy.map(\.id.text))
    }

    private static func text(_ source: Workflow.Source) -> String {
        switch source {
        case .literal(let json), .malformedLink(let json): String(JSONWriter.text(json).prefix(60))
        case .link(let link): "output \(link.slot) of node \(link.node)"
        }
    }

    private mutating func tell(_ id: String?, _ code: Diagnostic.Code, _ message: String, _ suggestion: String?) {
        problems.append(Diagnostic(code, node: id.map { NodeID($0) }, message, suggestion: suggestion))
    }
}
