/// ComfyUI's API format: `{"3": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "width": 64}}}`.
public enum APIFormat {
    static func read(_ root: JSONObject) throws(UnreadableWorkflow) -> Workflow {
        var problems = root.duplicateKeys.map { id in
            Diagnostic(
                .repeatedID, node: NodeID(id), "the node id '\(id)' is used more than once",
                suggestion: "Give each node an id of its own.")
        }
        if !root.members.isEmpty && !root.members.contains(where: { $0.value["class_type"] != nil }) {
            throw UnreadableWorkflow(
                .unknownFormat, "this JSON is no workflow: none of its entries has a \"class_type\"",
                suggestion: "Export the workflow with 'Workflow > Export (API)' in ComfyUI.")
        }
        var nodes: [Workflow.Node] = []
        nodes.reserveCapacity(root.members.count)
        for member in root.members {
            guard case .object(let object) = member.value else {
                problems.append(
                    Diagnostic(
                        .malformedWorkflow, node: NodeID(member.key),
                        "the entry '\(member.key)' is \(member.value.kindName), not a node",
                        suggestion: "Write {\"class_type\": ..., \"inputs\": {...}}, or remove it."))
                continue
            }
            nodes.append(node(NodeID(member.key), object, &problems))
        }
        if !problems.isEmpty { throw UnreadableWorkflow(problems) }
        return Workflow(nodes: nodes)
    }

    private static func node(_ id: NodeID, _ object: JSONObject, _ problems: inout [Diagnostic]) -> Workflow.Node {
        var inputs: [Workflow.Input] = []
        switch object["inputs"] {
        case .object(let given)?:
            for name in given.duplicateKeys {
                problems.append(
                    Diagnostic(
                        .repeatedInput, node: id, input: name, "the input '\(name)' is given more than once",
                        suggestion: "Keep one of them."))
            }
            inputs.reserveCapacity(given.members.count)
            for input in given.members { inputs.append(Workflow.Input(input.key, source(input.value))) }
        case nil:
            let near = object.members.first {
                $0.value.object != nil && NearestName.editDistance($0.key.lowercased(), "inputs", limit: 2) != nil
            }
            if let near {
                problems.append(
                    Diagnostic(
                        .malformedWorkflow, node: id, "it has no \"inputs\", but \"\(near.key)\"",
                        suggestion: "Write \"inputs\" where it says \"\(near.key)\"."))
            }
        case let other?:
            problems.append(
                Diagnostic(
                    .malformedWorkflow, node: id, "its \"inputs\" must be an object, but they are \(other.kindName)",
                    suggestion: "Write \"inputs\": {\"NAME\": VALUE}."))
        }
        return Workflow.Node(
            id: id, type: object["class_type"]?.string, meta: object["_meta"]?.object ?? JSONObject(), inputs: inputs)
    }

    /// A list of a string and a number is a link (ComfyUI's is_link); what only looks like one is told apart.
    public static func source(_ value: JSON) -> Workflow.Source {
        guard case .array(let parts) = value, parts.count == 2 else {
            if case .array(let parts) = value, parts.count == 1, parts[0].string != nil { return .malformedLink(value) }
            return .literal(value)
        }
        switch (parts[0], parts[1]) {
        case (.string(let id), .number(let slot)):
            guard let slot = slot.int, slot >= 0, let slot = Int(exactly: slot), slot < Int(Int32.max) else {
                return .malformedLink(value)
            }
            return .link(Link(NodeID(id), slot))
        // Two whole numbers may be a value, such as a size; nodes that take one are asked by their type.
        case (.number(let id), .number(let slot)) where id.isInteger && slot.isInteger: return .malformedLink(value)
        default: return .literal(value)
        }
    }

    /// The workflow as ComfyUI exports it; what it reads back is the same graph.
    public static func json(of workflow: Workflow) -> JSON {
        .object(
            JSONObject(
                workflow.nodes.map { node in
                    var members: [JSONObject.Member] = [
                        .init(
                            "inputs", .object(JSONObject(node.inputs.map { .init($0.name, json(of: $0.source)) })))
                    ]
                    if let type = node.type { members.append(.init("class_type", .string(type))) }
                    if !node.meta.members.isEmpty { members.append(.init("_meta", .object(node.meta))) }
                    return .init(node.id.text, .object(JSONObject(members)))
                }))
    }

    private static func json(of source: Workflow.Source) -> JSON {
        switch source {
        case .literal(let json), .malformedLink(let json): json
        case .link(let link): link.json
        }
    }
}
