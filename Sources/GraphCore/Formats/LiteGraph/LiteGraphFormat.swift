/// Files of ComfyUI's editor, converted as its own frontend converts them when it sends a prompt.
enum LiteGraphFormat {
    /// - Parameters:
    ///   - now: fills in `%date:...%` in file names; nil leaves it to whoever saves the file.
    ///   - choose: which of so many choices of a dynamic prompt to take.
    /// - Returns: the graph, and what is odd about the file, as warnings.
    static func read(
        _ root: JSONObject, shapes: NodeShapes, now: LocalTime? = nil,
        choose: @escaping (_ count: Int) -> Int = { Int.random(in: 0..<$0) }
    ) throws(UnreadableWorkflow) -> (workflow: Workflow, notes: [Diagnostic]) {
        var file = try LiteGraphFile(root)
        let subgraphs = try Subgraphs(of: file)
        file.renumber(subgraphs)
        let limit = UnfoldingLimit(of: file)
        let unpacked = try GroupNodes.unpack(&file, shapes, limit)
        var maker = BoxMaker(file, shapes: shapes, indexByID: subgraphs.indexByID.merging(unpacked) { $1 })
        var graphs = [BoxGraph(name: nil, boxes: file.nodes.map { maker.box($0) }, links: file.links)]
        for definition in file.definitions {
            graphs.append(
                BoxGraph(
                    name: definition.name, boxes: definition.nodes.map { maker.box($0) }, links: definition.links))
        }
        let unfolding = try Unfolding(graphs, file.definitions, limit)
        var writer = PromptWriter(unfolding, now: now, choose: choose)
        let nodes = try writer.nodes()
        let workflow = Workflow(nodes: nodes, extraPNGInfo: JSONObject([.init("workflow", .object(root))]))
        return (workflow, graphs.flatMap(\.notes) + writer.notes)
    }
}

/// Knows what each node of a file is.
private struct BoxMaker {
    private let shapes: NodeShapes
    private let definitions: [LiteGraphFile.Definition]
    private let indexByID: [String: Int]
    private var known: [String: NodeShape?] = [:]
    /// Looking for near names compares many; a file with 100,000 unknown nodes gets them for the first ones.
    private var nearestBudget = 100

    init(_ file: LiteGraphFile, shapes: NodeShapes, indexByID: [String: Int]) {
        (definitions, self.shapes, self.indexByID) = (file.definitions, shapes, indexByID)
    }

    mutating func box(_ node: LiteGraphFile.Node) -> Box {
        switch node.type {
        case "Note", "MarkdownNote": return Box(node, kind: .note)
        case "Reroute": return Box(node, kind: .reroute)
        case "PrimitiveNode": return Box(node, kind: .primitive)
        default: break
        }
        if let index = indexByID[node.type] { return Box(node, kind: .host(index), definition: definitions[index]) }
        if known[node.type] == nil { known[node.type] = .some(shapes.shape(of: node.type)) }
        return Box(node, shape: known[node.type] ?? nil) { node in
            nearestBudget -= 1
            return shapes.advice(node, looksForNames: nearestBudget >= 0)
        }
    }
}

/// Writes the nodes that run, with their inputs.
private struct PromptWriter {
    private let unfolding: Unfolding
    private var resolver: LinkResolver
    private let names: WidgetNames
    private let now: LocalTime?
    private let choose: (_ count: Int) -> Int
    private(set) var notes: [Diagnostic] = []

    init(_ unfolding: Unfolding, now: LocalTime?, choose: @escaping (_ count: Int) -> Int) {
        (self.unfolding, self.now, self.choose) = (unfolding, now, choose)
        resolver = LinkResolver(unfolding)
        names = WidgetNames(unfolding, savers: Self.savers)
    }

    mutating func nodes() throws(UnreadableWorkflow) -> [Workflow.Node] {
        var nodes: [Workflow.Node] = []
        var refusals: [Diagnostic] = []
        for (instance, index) in order() {
            let box = graph(instance).boxes[index]
            if let refusal = box.refusal {
                refusals.append(refusal)
                continue
            }
            notes += box.notes
            nodes.append(
                Workflow.Node(
                    id: NodeID(id(instance, box)), type: box.node.type, meta: meta(box),
                    inputs: try inputs(instance, index, box)))
        }
        if !refusals.isEmpty { throw UnreadableWorkflow(refusals) }
        // As JavaScript orders an object's keys: numbers in their order, then the rest as they came.
        let numbered = nodes.filter { Self.isIndex($0.id.text) }
            .sorted { (Int($0.id.text) ?? 0) < (Int($1.id.text) ?? 0) }
        return numbered + nodes.filter { !Self.isIndex($0.id.text) }
    }

    private func graph(_ instance: Int) -> BoxGraph { unfolding.graphs[unfolding.instances[instance].graph] }

    private func id(_ instance: Int, _ box: Box) -> String { unfolding.instances[instance].prefix + box.node.id }

    /// ECMA-262 section 6.1.7: an array index.
    private static func isIndex(_ text: String) -> Bool {
        guard let number = UInt32(text), number < .max else { return false }
        return String(number) == text
    }

    /// The nodes that run: the root in order of execution, behind each subgraph what is in it, in order of definition.
    private func order() -> [(instance: Int, box: Int)] {
        var order: [(instance: Int, box: Int)] = []
        var path = [(instance: 0, boxes: graph(0).executionOrder()[...])]
        while let (instance, boxes) = path.last {
            guard let index = boxes.first else {
                path.removeLast()
                continue
            }
            path[path.count - 1].boxes = boxes.dropFirst()
            let box = graph(instance).boxes[index]
            switch box.kind {
            case .plain: if box.node.mode == .active { order.append((instance, index)) }
            case .host:
                if let child = unfolding.instances[instance].children[index] {
                    path.append((child, Array(graph(child).boxes.indices)[...]))
                }
            case .note, .reroute, .primitive: break
            }
        }
        return order
    }

    private func meta(_ box: Box) -> JSONObject {
        var members = [JSONObject.Member("title", .string(box.node.title ?? box.displayName ?? box.node.type))]
        for key in ["cnr_id", "aux_id", "ver"] {
            if let value = box.node.properties[key], value != .null { members.append(.init(key, value)) }
        }
        return JSONObject(members)
    }

    // MARK: Inputs

    /// All widgets in their order, then what is linked.
    private mutating func inputs(
        _ instance: Int, _ index: Int, _ box: Box
    ) throws(UnreadableWorkflow) -> [Workflow.Input] {
        var widgets: [Workflow.Input] = []
        var sockets: [Workflow.Input] = []
        for (position, input) in box.inputs.enumerated() {
            guard let source = try source(instance, index, position, input, box) else { continue }
            if input.isWidget {
                widgets.append(Workflow.Input(input.name, source))
            } else {
                sockets.append(Workflow.Input(input.name, source))
            }
        }
        if let name = NodeShape.viewers[box.node.type], !widgets.contains(where: { $0.name == name }) {
            widgets.append(Workflow.Input(name, .literal("")))
        }
        return widgets + sockets
    }

    /// What a host fills in comes first, then what is linked, then the widget's own value.
    private mutating func source(
        _ instance: Int, _ index: Int, _ position: Int, _ input: Box.Input, _ box: Box
    ) throws(UnreadableWorkflow) -> Workflow.Source? {
        let given = unfolding.instances[instance].widgetValues[Unfolding.Widget(box: index, input: position)]
        if let given { return input.isWidget ? .literal(Self.wrapped(given)) : nil }
        if input.link != nil {
            switch try resolver.source(instance: instance, box: index, input: position) {
            case .output(let from, let fromBox, let slot):
                return .link(Link(NodeID(id(from, graph(from).boxes[fromBox])), slot))
            case .hostValue(let value): return .literal(Self.wrapped(value))
            case .nothing: break
            }
        }
        guard input.isWidget, let value = input.value else { return nil }
        if let objection = input.shape?.objection(to: value) {
            notes.append(
                Diagnostic(
                    .malformedWorkflow, severity: .warning, node: NodeID(id(instance, box)), input: input.name,
                    "the value of '\(input.name)' is \(JSONWriter.text(value).prefix(60)), which is not \(objection)",
                    suggestion: "Check its values: the file may be of another version of \(box.node.type)."))
        }
        return .literal(Self.wrapped(filledIn(value, input, box)))
    }

    /// Lists stand for links, so a list that is a value is wrapped. Numbers are as JavaScript prints them.
    private static func wrapped(_ value: JSON) -> JSON {
        switch value {
        case .array: ["__value__": value]
        case .number(let number): .number(JavaScript.number(number))
        default: value
        }
    }

    /// Node types whose `filename_prefix` may name widgets of other nodes.
    private static let savers: Set<String> = [
        "SaveImage", "SaveSVGNode", "SaveAnimatedWEBP", "SaveAnimatedPNG", "SaveWEBM", "SaveAudio", "SaveAudioMP3",
        "SaveAudioOpus", "SaveGLB", "SaveVideo", "SaveLatent", "CLIPSave", "VAESave", "ModelSave", "LoraSave",
        "SaveImageAdvanced", "SaveAudioAdvanced", "Save3DAdvanced", "SaveGaussianSplat", "SavePointCloud",
    ]

    private func filledIn(_ value: JSON, _ input: Box.Input, _ box: Box) -> JSON {
        guard case .string(let text) = value else { return value }
        if input.shape?.hasDynamicPrompts == true {
            return .string(DynamicPrompt.text(text, choose: choose))
        }
        guard input.name == "filename_prefix", text.contains("%"), Self.savers.contains(box.node.type) else {
            return value
        }
        return .string(NodeReplacements(now: now, widgetText: names.text).text(text))
    }
}

/// What the widgets of all nodes hold, by the names that file names call them. The editor looks through the root, and in
/// front of each host through its subgraph; the first of a name counts.
private final class WidgetNames {
    private typealias Place = (graph: Int, box: Int)

    private let unfolding: Unfolding
    private let savers: Set<String>
    private lazy var places = allBoxes()
    private lazy var byProperty = index { searchName($0) }
    private lazy var byTitle = index { shownTitle($0) }

    init(_ unfolding: Unfolding, savers: Set<String>) { (self.unfolding, self.savers) = (unfolding, savers) }

    private func index(_ name: (Box) -> String?) -> [String: Place] {
        var found: [String: Place] = [:]
        for place in places {
            if let name = name(unfolding.graphs[place.graph].boxes[place.box]), found[name] == nil {
                found[name] = place
            }
        }
        return found
    }

    /// What a widget of a node holds; nil when there is none of the name.
    func text(_ node: String, _ widget: String) -> String? {
        guard let place = byProperty[node] ?? byTitle[node] else { return nil }
        let box = unfolding.graphs[place.graph].boxes[place.box]
        var value: JSON?
        switch box.kind {
        case .plain:
            guard let input = box.inputs.first(where: { $0.isWidget && $0.name == widget }) else { return nil }
            value = input.value
        case .primitive:
            guard widget == "value", let own = box.node.values?.array?.first else { return nil }
            value = own
        case .host:
            guard let slot = box.inputIndex(widget), let shown = unfolding.hostValue(place.graph, place.box, slot)
            else { return nil }
            value = shown
        case .note, .reroute: return nil
        }
        return value.map { $0 == .null ? "" : JavaScript.string($0) } ?? ""
    }

    private func allBoxes() -> [Place] {
        var places: [Place] = []
        var seen: Set<Int> = [0]
        var path = [(graph: 0, next: 0, host: Int?.none)]
        while let (graph, next, _) = path.last {
            guard next < unfolding.graphs[graph].boxes.count else {
                path.removeLast()
                if let outer = path.last, let host = outer.host { places.append((outer.graph, host)) }
                continue
            }
            path[path.count - 1].next += 1
            // Another use of a subgraph holds nothing new.
            if case .host(let inner) = unfolding.graphs[graph].boxes[next].kind, seen.insert(inner + 1).inserted {
                path[path.count - 1].host = next
                path.append((inner + 1, 0, nil))
            } else {
                places.append((graph, next))
            }
        }
        return places
    }

    /// The property of which the editor gives every node but the saving ones its type when the file does not say.
    private func searchName(_ box: Box) -> String? {
        if let name = box.node.properties["Node name for S&R"] { return name.string }
        guard case .plain = box.kind, !savers.contains(box.node.type) else { return nil }
        return box.node.type
    }

    private func shownTitle(_ box: Box) -> String {
        if let title = box.node.title { return title }
        switch box.kind {
        case .primitive: return "Primitive"
        case .host(let definition): return unfolding.graphs[definition + 1].name ?? ""
        default: return box.displayName ?? box.node.type
        }
    }
}
