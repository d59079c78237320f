/// A file of ComfyUI's editor (LiteGraph), versions 0.4 and 1: graphs of boxes with slots, and links in a table.
struct LiteGraphFile {
    struct Node {
        var id: String
        let type: String
        let mode: Mode
        let title: String?
        var inputs: [Slot]
        var outputs: [Slot]
        /// By position, or an object.
        var values: JSON?
        var properties: JSONObject
    }

    /// Modes 1 and 3 mean nothing to a run.
    enum Mode { case active, muted, bypassed }

    struct Slot {
        let name: String
        let type: String
        /// The id of a link, which the table of links may contradict.
        var link: String?
        /// The name of the widget that the slot stands for.
        let widget: String?
    }

    struct Link {
        let id: String
        var from: String
        let fromSlot: Int
        var to: String
        let toSlot: Int
    }

    /// A subgraph's definition. Its links come from `inputID` and go to `outputID` where they cross its border.
    struct Definition {
        let id: String
        let name: String
        let inputs: [Slot]
        let outputs: [Slot]
        var nodes: [Node]
        var links: [Link]

        static let inputID = "-10"
        static let outputID = "-20"
    }

    var nodes: [Node] = []
    var links: [Link] = []
    /// In file order, a definition before those inside it.
    var definitions: [Definition] = []
    /// The highest node id so far.
    var lastID = 0
    /// Old group nodes, by name.
    let groupNodes: JSONObject

    /// Bounds on what one file may hold.
    static let maxLinkCount = 500_000
    static let maxNodeCount = 250_000

    private var linkCount = 0
    private var nodeCount = 0
    private(set) var problems: [Diagnostic] = []

    init(_ root: JSONObject) throws(UnreadableWorkflow) {
        groupNodes = root["extra"]?["groupNodes"]?.object ?? JSONObject()
        nodes = try readNodes(root["nodes"], in: nil)
        links = try readLinks(root["links"], in: nil)
        try readDefinitions(root["definitions"])
        let counters = [root["last_node_id"], root["state"]?["lastNodeId"]].compactMap { $0?.number?.int }
        lastID = (counters.compactMap { Int(exactly: $0) } + nodes.compactMap { Int($0.id) }).max() ?? 0
        // The next ids are counted from there.
        if lastID > 1 << 53 || lastID < 0 { lastID = 1 << 53 }
        if !problems.isEmpty { throw UnreadableWorkflow(problems) }
    }

    private mutating func readDefinitions(_ json: JSON?) throws(UnreadableWorkflow) {
        // Definitions may hold definitions; the parser's depth bounds how deep.
        var waiting = (json?["subgraphs"]?.array ?? []).reversed() as [JSON]
        var ids: Set<String> = []
        while let json = waiting.popLast() {
            guard let id = Self.id(json["id"]) else {
                tell(
                    nil, .malformedWorkflow, "a subgraph definition has no \"id\"",
                    "Save the workflow again in ComfyUI.")
                continue
            }
            nodeCount += 1
            let name = json["name"]?.string ?? id
            if !ids.insert(id).inserted {
                tell(
                    nil, .repeatedID, "the subgraph id '\(id)' is defined more than once",
                    "Keep one of the definitions of '\(name)'.")
            }
            definitions.append(
                Definition(
                    id: id, name: name, inputs: Self.slots(json["inputs"]), outputs: Self.slots(json["outputs"]),
                    nodes: try readNodes(json["nodes"], in: name), links: try readLinks(json["links"], in: name)))
            waiting += (json["definitions"]?["subgraphs"]?.array ?? []).reversed()
        }
    }

    // MARK: Nodes

    private mutating func readNodes(_ json: JSON?, in graph: String?) throws(UnreadableWorkflow) -> [Node] {
        let list = json?.array ?? []
        nodeCount += list.count
        guard nodeCount <= Self.maxNodeCount else {
            throw UnreadableWorkflow(
                .tooLarge, "the file has more than \(Self.maxNodeCount) nodes",
                suggestion: "Split it into smaller ones.")
        }
        var nodes: [Node] = []
        nodes.reserveCapacity(list.count)
        var ids: Set<String> = []
        let place = graph.map { " of the subgraph '\($0)'" } ?? ""
        for (position, json) in list.enumerated() {
            guard let object = json.object, let id = Self.id(object["id"]) else {
                tell(
                    nil, .malformedWorkflow,
                    "node number \(position + 1)\(place.isEmpty ? " of the list" : place) has no \"id\"",
                    "Save the workflow again in ComfyUI.")
                continue
            }
            if !ids.insert(id).inserted {
                tell(
                    id, .repeatedID, "the node id '\(id)'\(place) is used more than once",
                    "Give each node an id of its own.")
            }
            nodes.append(Self.node(id, object))
        }
        return nodes
    }

    static func node(_ id: String, _ object: JSONObject) -> Node {
        var type = "", title: String?, mode = Mode.active, inputs: [Slot] = [], outputs: [Slot] = []
        var values: JSON?, properties = JSONObject()
        for member in object.members {
            switch member.key {
            case "type": type = member.value.string ?? ""
            case "title": title = member.value.string.flatMap { $0.isEmpty ? nil : $0 }
            case "mode":
                switch member.value.number?.int {
                case 2?: mode = .muted
                case 4?: mode = .bypassed
                default: break
                }
            case "inputs": inputs = slots(member.value)
            case "outputs": outputs = slots(member.value)
            case "widgets_values": values = member.value == .null ? nil : member.value
            case "properties": properties = member.value.object ?? JSONObject()
            default: break
            }
        }
        return Node(
            id: id, type: type, mode: mode, title: title, inputs: inputs, outputs: outputs, values: values,
            properties: properties)
    }

    private static func slots(_ json: JSON?) -> [Slot] {
        (json?.array ?? []).map { slot in
            var name = "", type = "*", link: String?, widget: String?
            for member in slot.object?.members ?? [] {
                switch member.key {
                case "name": name = member.value.string ?? ""
                case "type": type = NodeShape.typeName(member.value)
                case "link": link = id(member.value)
                case "widget": widget = member.value["name"]?.string
                default: break
                }
            }
            return Slot(name: name, type: type, link: link, widget: widget)
        }
    }

    /// Ids are strings or whole numbers.
    static func id(_ json: JSON?) -> String? {
        switch json {
        case .string(let id)?: id
        case .number(let number)?:
            number.isInteger ? number.text : number.double.flatMap { Int(exactly: $0) }.map { String($0) }
        default: nil
        }
    }

    // MARK: Links

    private mutating func readLinks(_ json: JSON?, in graph: String?) throws(UnreadableWorkflow) -> [Link] {
        let list = json?.array ?? []
        linkCount += list.count
        guard linkCount <= Self.maxLinkCount else {
            throw UnreadableWorkflow(
                .tooLarge, "the file has more than \(Self.maxLinkCount) links",
                suggestion: "Split it into smaller workflows.")
        }
        var links: [Link] = []
        links.reserveCapacity(list.count)
        for json in list where json != .null {
            guard let link = Self.link(json) else {
                let shown = String(JSONWriter.text(json).prefix(60))
                let place = graph.map { " of the subgraph '\($0)'" } ?? ""
                tell(
                    nil, .badLink, "the link \(shown)\(place) is malformed",
                    "Write [ID, FROM NODE, FROM SLOT, TO NODE, TO SLOT, \"TYPE\"], or save it again in ComfyUI.")
                continue
            }
            links.append(link)
        }
        return links
    }

    /// A row of the table, or an object with names. A slot of -1 is one that is gone.
    private static func link(_ json: JSON) -> Link? {
        func slot(_ json: JSON?) -> Int? {
            json?.number?.int.flatMap { Int(exactly: $0) }.flatMap { (-1..<Int(Int32.max)).contains($0) ? $0 : nil }
        }
        let (id, from, fromSlot, to, toSlot): (JSON?, JSON?, JSON?, JSON?, JSON?)
        switch json {
        case .array(let row) where row.count >= 5:
            (id, from, fromSlot, to, toSlot) = (row[0], row[1], row[2], row[3], row[4])
        case .object(let link):
            (id, from, fromSlot) = (link["id"], link["origin_id"], link["origin_slot"])
            (to, toSlot) = (link["target_id"], link["target_slot"])
        default: return nil
        }
        guard let id = self.id(id), let from = self.id(from), let fromSlot = slot(fromSlot), let to = self.id(to),
            let toSlot = slot(toSlot)
        else { return nil }
        return Link(id: id, from: from, fromSlot: fromSlot, to: to, toSlot: toSlot)
    }

    private mutating func tell(_ id: String?, _ code: Diagnostic.Code, _ message: String, _ suggestion: String?) {
        problems.append(Diagnostic(code, node: id.map { NodeID($0) }, message, suggestion: suggestion))
    }
}
