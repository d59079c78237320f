/// Old group nodes (`workflow>Name`), which the editor turns into subgraphs when it loads a file.
///
/// `extra.groupNodes.Name` holds the nodes, their links as [from index, from slot, to index, to slot, ...] and what the
/// group shows or hides. The group's own slots and values are those of its nodes, one node after the other, without what
/// is linked inside.
struct GroupNodes {
    /// Replaces each by the host of a definition made for it, with new ids: those inside first, then the host's.
    /// - Returns: positions of the new definitions by the type of their host.
    /// - Throws: when they unfold beyond the limit.
    static func unpack(
        _ file: inout LiteGraphFile, _ shapes: NodeShapes, _ limit: UnfoldingLimit
    ) throws(UnreadableWorkflow) -> [String: Int] {
        guard !file.groupNodes.members.isEmpty else { return [:] }
        var added: [String: Int] = [:]
        var renamed: [String: String] = [:]
        var limit = limit
        // A group is weighed once, however often it is used.
        var byteCounts: [String: Int] = [:]
        for position in file.nodes.indices {
            let node = file.nodes[position]
            guard let prefix = ["workflow>", "workflow/"].first(where: node.type.hasPrefix),
                let group = file.groupNodes[String(node.type.dropFirst(prefix.count))]
            else { continue }
            let name = String(node.type.dropFirst(prefix.count))
            var maker = GroupNodes(node, group, shapes)
            let byteCount = byteCounts[name] ?? JSONWriter.bytes(group).count
            byteCounts[name] = byteCount
            try limit.add(nodes: maker.inner.count, bytes: byteCount, of: "group nodes")
            let type = "group:\(node.id)"
            let definition = maker.definition(id: type, name: name, lastID: &file.lastID)
            added[type] = file.definitions.count
            file.definitions.append(definition)
            file.lastID += 1
            let new = String(file.lastID)
            renamed[node.id] = new
            file.nodes[position] = LiteGraphFile.Node(
                id: new, type: type, mode: node.mode, title: node.title, inputs: node.inputs, outputs: node.outputs,
                values: nil, properties: JSONObject())
        }
        for index in file.links.indices {
            if let new = renamed[file.links[index].from] { file.links[index].from = new }
            if let new = renamed[file.links[index].to] { file.links[index].to = new }
        }
        return added
    }

    private let host: LiteGraphFile.Node
    private let group: JSON
    private let inner: [JSONObject]
    private let shapes: NodeShapes
    /// Inputs of inner nodes that are linked inside.
    private var linked: Set<Input> = []
    private var starts: Set<Slot> = []
    /// Outputs that also lead outside.
    private var external: Set<Slot> = []

    private struct Slot: Hashable {
        let node: Int, slot: Int
    }

    private struct Input: Hashable {
        let node: Int, name: String
    }

    private init(_ host: LiteGraphFile.Node, _ group: JSON, _ shapes: NodeShapes) {
        (self.host, self.group, self.shapes) = (host, group, shapes)
        inner = (group["nodes"]?.array ?? []).prefix(1000).map { $0.object ?? JSONObject() }
        for row in links {
            starts.insert(Slot(node: row[0], slot: row[1]))
            if let name = slotName(row[2], row[3]) { linked.insert(Input(node: row[2], name: name)) }
        }
        for entry in group["external"]?.array ?? [] {
            guard let node = Self.int(entry.array?.first), let slot = Self.int(entry.array?.dropFirst().first) else {
                continue
            }
            external.insert(Slot(node: node, slot: slot))
        }
    }

    /// Rows of from node, from slot, to node, to slot.
    private var links: [[Int]] {
        (group["links"]?.array ?? []).compactMap { row in
            let numbers = (row.array ?? []).prefix(4).compactMap { Self.int($0) }
            guard numbers.count == 4, inner.indices.contains(numbers[0]), inner.indices.contains(numbers[2]) else {
                return nil
            }
            return numbers
        }
    }

    private static func int(_ json: JSON?) -> Int? { json?.number?.int.flatMap { Int(exactly: $0) } }

    private mutating func definition(id: String, name: String, lastID: inout Int) -> LiteGraphFile.Definition {
        var nodes: [LiteGraphFile.Node] = []
        var rows: [LiteGraphFile.Link] = []
        var inputs: [LiteGraphFile.Slot] = []
        var outputs: [LiteGraphFile.Slot] = []
        // Those of thousands of widgets: taken from a slice, none moves up.
        var values = (host.values?.array ?? [])[...]
        var seen: [String: Int] = [:]
        for (index, object) in inner.enumerated() {
            lastID += 1
            var node = LiteGraphFile.node(String(lastID), object)
            let config = group["config"]?[String(index)]
            let shape = shapes.shape(of: node.type)
            node.values = Self.take(from: &values, node, shape, config, isLinked: { isLinked(index, $0) })
            // Slots that are not linked inside are the group's.
            let slots = shape.map { Self.slots($0, node) } ?? node.inputs
            node.inputs = slots
            for (position, slot) in slots.enumerated() {
                guard !isLinked(index, slot.name), slot.widget == nil || isConverted(slot.name, object) else {
                    continue
                }
                let name = Self.unique(slot.name, node, config, &seen)
                guard config?["input"]?[slot.name]?["visible"] != false else { continue }
                rows.append(
                    LiteGraphFile.Link(
                        id: "in\(inputs.count)", from: LiteGraphFile.Definition.inputID, fromSlot: inputs.count,
                        to: node.id,
                        toSlot: position))
                inputs.append(LiteGraphFile.Slot(name: name, type: slot.type, link: nil, widget: slot.widget))
            }
            let types = shape?.outputs ?? node.outputs.map(\.type)
            for (position, type) in types.enumerated() {
                let place = Slot(node: index, slot: position)
                let isHidden = starts.contains(place) && !external.contains(place)
                let isVisible = config?["output"]?[String(position)]?["visible"]?.bool ?? !isHidden
                guard isVisible else { continue }
                rows.append(
                    LiteGraphFile.Link(
                        id: "out\(outputs.count)", from: node.id, fromSlot: position,
                        to: LiteGraphFile.Definition.outputID, toSlot: outputs.count))
                outputs.append(LiteGraphFile.Slot(name: type, type: type, link: nil, widget: nil))
            }
            nodes.append(node)
        }
        for (number, row) in links.enumerated() {
            guard let slot = slotName(row[2], row[3]),
                let to = nodes[row[2]].inputs.firstIndex(where: { $0.name == slot })
            else { continue }
            rows.append(
                LiteGraphFile.Link(
                    id: "\(number)", from: nodes[row[0]].id, fromSlot: row[1], to: nodes[row[2]].id, toSlot: to))
        }
        return LiteGraphFile.Definition(
            id: id, name: name, inputs: inputs, outputs: outputs, nodes: nodes, links: rows)
    }

    /// The saved name of a slot of an inner node.
    private func slotName(_ node: Int, _ slot: Int) -> String? {
        guard let slots = inner[node]["inputs"]?.array, slots.indices.contains(slot) else { return nil }
        return slots[slot]["name"]?.string
    }

    private func isLinked(_ index: Int, _ name: String) -> Bool { linked.contains(Input(node: index, name: name)) }

    /// Whether the file has a slot for the widget, so that it can be linked.
    private func isConverted(_ name: String, _ object: JSONObject) -> Bool {
        (object["inputs"]?.array ?? []).contains { $0["name"]?.string == name && $0["widget"] != nil }
    }

    private static func slots(_ shape: NodeShape, _ node: LiteGraphFile.Node) -> [LiteGraphFile.Slot] {
        shape.inputs.map {
            LiteGraphFile.Slot(name: $0.name, type: $0.type, link: nil, widget: $0.isWidget ? $0.name : nil)
        }
    }

    /// The group's values are those of its nodes' widgets, one after the other; a hidden one keeps its own.
    private static func take(
        from values: inout ArraySlice<JSON>, _ node: LiteGraphFile.Node, _ shape: NodeShape?, _ config: JSON?,
        isLinked: (String) -> Bool
    ) -> JSON? {
        guard let shape, !values.isEmpty else { return node.values }
        var own = node.values?.array ?? []
        var position = 0
        for input in shape.inputs where input.isWidget {
            let count = 1 + input.controlCount
            defer { position += count }
            if isLinked(input.name) || config?["input"]?[input.name]?["visible"] == false { continue }
            for entry in position..<position + count where !values.isEmpty {
                let value = values.removeFirst()
                while own.count <= entry { own.append(.null) }
                own[entry] = value
            }
        }
        return .array(own)
    }

    /// Slots of one name are told apart by the titles of their nodes.
    private static func unique(
        _ name: String, _ node: LiteGraphFile.Node, _ config: JSON?, _ seen: inout [String: Int]
    ) -> String {
        var result = config?["input"]?[name]?["name"]?.string ?? name
        if seen[result] != nil {
            let prefix = "\(node.title ?? node.type) "
            let key = prefix + name
            result = seen[key].map { "\(prefix)\($0) \(name)" } ?? key
            seen[key, default: 1] += 1
        } else {
            seen[result] = 2
        }
        return result
    }
}
