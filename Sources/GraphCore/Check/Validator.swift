/// What checking a workflow found.
public struct CheckedWorkflow: Sendable {
    /// Everything wrong and everything worth telling, in file order.
    public let diagnostics: [Diagnostic]
    /// Output nodes that nothing is wrong with, nor with anything they need.
    public let goodTargets: [NodeID]
    /// How to run the good targets; nil when there are none.
    public let plan: Plan?

    public var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
    public var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }
}

/// Finds everything wrong with a workflow at once. Total and iterative: it never throws and never recurses on the graph.
public struct Validator {
    private let workflow: Workflow
    private let registry: NodeRegistry
    private let environment: any NodeEnvironment

    private var indexByID: [NodeID: Int]
    private var types: [NodeType?]
    private var diagnostics: [(index: Int, Diagnostic)] = []
    private var isBad: [Bool]
    private var cycleCount = 0
    /// Looking for near names compares every pair; a file with 100,000 mistakes gets them for the first ones.
    private var nearestBudget = 100

    private var ignored: Set<IgnoredInput> = []

    private static let maxIgnoredTold = 20
    private static let maxCyclesTold = 20

    /// - Parameter targets: the output nodes to run, all of them when nil.
    public static func check(
        _ workflow: Workflow, registry: NodeRegistry, environment: any NodeEnvironment, targets: [NodeID]? = nil
    ) -> CheckedWorkflow {
        var validator = Validator(workflow, registry, environment)
        return validator.check(targets)
    }

    private init(_ workflow: Workflow, _ registry: NodeRegistry, _ environment: any NodeEnvironment) {
        (self.workflow, self.registry, self.environment) = (workflow, registry, environment)
        indexByID = Dictionary(minimumCapacity: workflow.nodes.count)
        types = []
        types.reserveCapacity(workflow.nodes.count)
        isBad = Array(repeating: false, count: workflow.nodes.count)
        for (index, node) in workflow.nodes.enumerated() {
            indexByID[node.id] = index
            types.append(node.type.flatMap { registry[$0] })
        }
    }

    private mutating func check(_ targets: [NodeID]?) -> CheckedWorkflow {
        checkTypes()
        let wanted = findTargets(targets)
        let walked = walk(from: wanted)
        let good = wanted.filter { !isBad[$0] }
        let found = diagnostics
        var plan: Plan?
        if !good.isEmpty { plan = makePlan(good.count == wanted.count ? walked : walk(from: good), targets: good) }
        diagnostics = found  // a second walk would tell everything twice
        // Stable: diagnostics of one node keep the order they were found in.
        let ordered = diagnostics.enumerated().sorted { ($0.element.index, $0.offset) < ($1.element.index, $1.offset) }
        return CheckedWorkflow(
            diagnostics: ordered.map(\.element.1), goodTargets: good.map { workflow.nodes[$0].id }, plan: plan)
    }

    // MARK: Types and targets

    private mutating func checkTypes() {
        for (index, node) in workflow.nodes.enumerated() where types[index] == nil {
            if let type = node.type, ComfyUINodes.names.contains(type) {
                tell(
                    index, .unknownNodeType, "'\(type)' is a node of ComfyUI that graphrun does not have",
                    suggestion: "Run the workflow on a ComfyUI: graphrun FILE --server URL.")
            } else if let type = node.type {
                tell(
                    index, .unknownNodeType, "unknown node type '\(type)'",
                    suggestion: nearest(type, among: registry.names)
                        ?? "'graphrun nodes' lists the types; --server URL runs it on a server that has this one.")
            } else {
                tell(
                    index, .nodeTypeMissing, "the node does not say its type",
                    suggestion: "Add \"class_type\": \"...\"; 'graphrun nodes' lists the types.")
            }
        }
    }

    private mutating func findTargets(_ targets: [NodeID]?) -> [Int] {
        let outputs = workflow.nodes.indices.filter { types[$0]?.schema.isOutput == true }
        guard let targets else {
            if outputs.isEmpty {
                tellAll(
                    .noOutputs, "the workflow has no output node, so there is nothing to do",
                    suggestion: "Add a node that shows or keeps a result, such as SaveImage or PreviewAny.")
            }
            return outputs
        }
        var wanted: [Int] = []
        var named: Set<NodeID> = []
        for id in targets where named.insert(id).inserted {
            guard let index = indexByID[id] else {
                tellAll(
                    .unknownTarget, "there is no node '\(id)' to run",
                    suggestion: nearest(id.text, among: workflow.nodes.lazy.map(\.id.text)))
                continue
            }
            if types[index]?.schema.isOutput == true {
                wanted.append(index)
            } else if types[index] != nil {
                tell(
                    index, .unknownTarget, "the node is no output node, so it cannot be run for its own sake",
                    suggestion: "Name an output node, or link this one to SaveImage or PreviewAny.")
            }
        }
        if targets.isEmpty { tellAll(.noOutputs, "no node was named to run", suggestion: "Name an output node.") }
        return wanted
    }

    // MARK: The walk

    /// Checks every node the targets need, sources before consumers.
    /// - Returns: positions in the workflow, in topological order.
    private mutating func walk(from targets: [Int]) -> [Int] {
        enum Mark: UInt8 { case unseen, open, closed }
        var marks = [Mark](repeating: .unseen, count: workflow.nodes.count)
        var order: [Int] = []
        order.reserveCapacity(workflow.nodes.count)
        // The path from a target down to the node in hand; `next` is the input to follow.
        var path: [(node: Int, next: Int)] = []
        for target in targets where marks[target] == .unseen {
            marks[target] = .open
            path.append((target, 0))
            while let (node, next) = path.last {
                let inputs = workflow.nodes[node].inputs
                if next == inputs.count {
                    path.removeLast()
                    marks[node] = .closed
                    checkInputs(node)
                    order.append(node)
                    continue
                }
                path[path.count - 1].next += 1
                guard case .link(let link) = inputs[next].source, let source = indexByID[link.node] else { continue }
                switch marks[source] {
                case .unseen:
                    marks[source] = .open
                    path.append((source, 0))
                case .open: tellCycle(through: source, from: node, path)
                case .closed: break
                }
            }
        }
        return order
    }

    private mutating func tellCycle(through source: Int, from node: Int, _ path: [(node: Int, next: Int)]) {
        // The rest of the circle learns of it as the walk goes back up.
        (isBad[source], isBad[node]) = (true, true)
        guard cycleCount < Self.maxCyclesTold, let start = path.firstIndex(where: { $0.node == source }) else { return }
        cycleCount += 1
        // The path runs from consumers to sources; people read along the flow.
        let circle = [source] + path[(start + 1)...].reversed().map(\.node) + [source]
        var names = circle.map { workflow.nodes[$0].id.text }
        if names.count > 12 { names.replaceSubrange(6..<(names.count - 5), with: ["..."]) }
        tell(
            source, .cycle, "these nodes wait for each other: \(names.joined(separator: " -> "))",
            suggestion: "Remove one of the links of the circle.")
    }

    // MARK: Inputs

    /// Tells what is wrong with the inputs of a node whose sources have been checked.
    private mutating func checkInputs(_ index: Int) {
        let node = workflow.nodes[index]
        guard let type = types[index] else { return }
        let missing = type.schema.inputs.filter { $0.presence == .required && node[$0.name] == nil }
        let free = type.schema.inputs.filter { $0.presence == .optional && node[$0.name] == nil }.map(\.name)
        let undeclared = missing.isEmpty ? [] : node.inputs.map(\.name).filter { type.inputIndex($0) == nil }
        for spec in missing { tellMissing(spec, among: missing.map(\.name), undeclared, index) }
        for input in node.inputs {
            let spec = type.inputIndex(input.name).map { type.schema.inputs[$0] }
            switch input.source {
            case .link(let link): checkLink(link, input.name, spec, index)
            case .malformedLink(let json):
                if !isValue(json, for: spec) { tellMalformedLink(json, input.name, index) }
            case .literal(let json):
                if let spec {
                    checkLiteral(json, spec, index)
                } else {
                    let isTold = NearestName.of(input.name, among: missing.lazy.map(\.name)) != nil
                    if !isTold { warnIgnored(input.name, among: free, index, type) }
                }
            }
        }
    }

    private mutating func tellMissing(
        _ spec: InputSpec, among missing: [String], _ undeclared: [String], _ index: Int
    ) {
        let suggestion: String
        if let near = NearestName.of(spec.name, among: undeclared),
            NearestName.of(near, among: missing) == spec.name
        {
            suggestion = "Did you mean '\(spec.name)' where it says '\(near)'?"
        } else if !spec.type.isWidget {
            suggestion = "Link '\(spec.name)' to an output of type \(spec.type)."
        } else if let value = spec.defaultValue {
            suggestion = "Add \"\(spec.name)\": \(JSONWriter.text(value)) (its default)."
        } else if case .fixed(let choices) = spec.choices, let first = choices.first {
            suggestion = "Add \"\(spec.name)\": \"\(first)\", or another of its choices."
        } else {
            suggestion = "Add \"\(spec.name)\": ... (\(spec.type))."
        }
        tell(
            index, .requiredInputMissing, "required input '\(spec.name)' is missing", input: spec.name,
            suggestion: suggestion)
    }

    private mutating func checkLink(_ link: Link, _ name: String, _ spec: InputSpec?, _ index: Int) {
        guard let source = indexByID[link.node] else {
            tell(
                index, .badLink, "input '\(name)' links to node '\(link.node)', which does not exist", input: name,
                suggestion: nearest(link.node.text, among: workflow.nodes.lazy.map(\.id.text))
                    ?? "Link it to one of the nodes of the workflow.")
            return
        }
        if isBad[source] { isBad[index] = true }
        guard let outputs = types[source]?.schema.outputs else { return }
        guard outputs.indices.contains(link.slot) else {
            let sourceName = describe(source)
            tell(
                index, .badSlot,
                "input '\(name)' links to output \(link.slot) of \(sourceName), which has \(outputs.count)",
                input: name,
                suggestion: outputs.isEmpty
                    ? "Link it to another node: \(sourceName) has no outputs."
                    : "Use one of: \(outputs.enumerated().map { "\($0) (\($1.name))" }.joined(separator: ", ")).")
            return
        }
        let output = outputs[link.slot]
        if let spec, !spec.type.accepts(output.type) {
            let fitting = outputs.firstIndex { spec.type.accepts($0.type) }
            tell(
                index, .returnTypeMismatch,
                "input '\(name)' needs \(spec.type), but output \(link.slot) of \(describe(source)) is \(output.type)",
                input: name,
                suggestion: fitting.map { "Did you mean its output \($0) (\(outputs[$0].name))?" }
                    ?? "Link it to an output of type \(spec.type).")
        }
    }

    private mutating func checkLiteral(_ json: JSON, _ spec: InputSpec, _ index: Int) {
        if json == .null && spec.presence != .required { return }
        if !acceptsLiterals(spec.type) {
            let shown = String(JSONWriter.text(json).prefix(60))
            tell(
                index, .badInput, "input '\(spec.name)' needs a link to \(spec.type), but has the value \(shown)",
                input: spec.name, suggestion: "Write \"\(spec.name)\": [\"NODE\", SLOT].")
            return
        }
        do {
            let converted = try LiteralConversion.convert(json, for: spec, in: environment)
            if let folder = spec.savingFolder, case .string(let prefix) = converted.literal,
                let refusal = environment.refusal(ofPrefix: prefix, in: folder)
            {
                tell(
                    index, refusal.code, "input '\(spec.name)': \(refusal.message)", input: spec.name,
                    suggestion: refusal.suggestion)
            }
            if let warning = converted.warning {
                tell(index, .converted, severity: .warning, "input '\(spec.name)': \(warning)", input: spec.name)
            }
        } catch {
            let (code, message, suggestion): (Diagnostic.Code, String, String?) =
                switch error {
                case .wrongType(let message, let suggestion): (.badInput, message, suggestion)
                case .outOfRange(let message, let suggestion): (.outOfRange, message, suggestion)
                case .notInList(let message, let suggestion): (.notInList, message, suggestion)
                case .refused(let refusal, let word, let source):
                    (
                        refusal.code == .modelMissing ? .modelMissing : .notInList, refusal.message,
                        hint(refusal, word, source)
                    )
                }
            tell(index, code, "input '\(spec.name)': \(message)", input: spec.name, suggestion: suggestion)
        }
    }

    private func acceptsLiterals(_ type: SocketType) -> Bool {
        type.isWidget || [SocketType.int, .float, .string, .boolean, .combo].contains { type.accepts($0) }
    }

    /// Two whole numbers are a value, such as a size, for an input that takes anything; but `[1, 0]` is a link with a
    /// forgotten quote where there is a node 1.
    private func isValue(_ json: JSON, for spec: InputSpec?) -> Bool {
        guard let spec, spec.type == .any, case .array(let parts) = json, let id = parts[0].number else {
            return false
        }
        return indexByID[NodeID(id.text)] == nil
    }

    private mutating func tellMalformedLink(_ json: JSON, _ name: String, _ index: Int) {
        let shown = String(JSONWriter.text(json).prefix(60))
        var suggestion = "Write [\"NODE\", SLOT], such as [\"1\", 0]."
        if case .array(let parts) = json, parts.count == 2, case .number(let id) = parts[0] {
            suggestion = "Put the node's id in quotes: [\"\(id.text)\", \(JSONWriter.text(parts[1]))]."
        }
        tell(
            index, .badLink,
            "input '\(name)' has \(shown), which is no link: node ids are strings, slots whole numbers from 0",
            input: name, suggestion: suggestion)
    }

    /// Undeclared inputs are accepted, as by ComfyUI, and warned of: once for each type, but for each node where a declared
    /// name is near. Editors export the names of their own controls; those are meant to be ignored.
    private mutating func warnIgnored(_ name: String, among free: [String], _ index: Int, _ type: NodeType) {
        guard !Self.editorControls.contains(name), !name.hasPrefix("$$") else { return }
        let suggestion = NearestName.sentence(name, among: free)
        if suggestion == nil {
            guard ignored.count < Self.maxIgnoredTold,
                ignored.insert(IgnoredInput(type: type.schema.type, name: name)).inserted
            else { return }
        }
        tell(
            index, .badInput, severity: .warning, "input '\(name)' is not one of \(type.schema.type)'s and is ignored",
            input: name, suggestion: suggestion)
    }

    private struct IgnoredInput: Hashable { let type: String, name: String }

    /// Widgets that ComfyUI's frontend adds to nodes by itself: buttons, previews, what a seed does after a run.
    private static let editorControls: Set<String> = [
        "upload", "image_upload", "choose file to upload", "audioUI", "audio_upload", "control_after_generate",
        "control_filter_list",
    ]

    // MARK: The plan

    private func makePlan(_ order: [Int], targets: [Int]) -> Plan {
        var position = [Int32](repeating: -1, count: workflow.nodes.count)
        var nodes: [PlanNode] = []
        nodes.reserveCapacity(order.count)
        for index in order {
            guard let type = types[index] else { continue }
            position[index] = Int32(nodes.count)
            nodes.append(PlanNode(id: workflow.nodes[index].id, type: type, inputs: planInputs(index, type, position)))
        }
        return Plan(nodes: nodes, targets: targets.map { Int(position[$0]) })
    }

    private func planInputs(_ index: Int, _ type: NodeType, _ position: [Int32]) -> [PlanInput] {
        let given = workflow.nodes[index].inputs
        var inputs: [PlanInput] = []
        inputs.reserveCapacity(given.count)
        for (declared, spec) in type.schema.inputs.enumerated() {
            guard let input = given.first(where: { $0.name == spec.name }) else { continue }
            switch input.source {
            case .link(let link):
                guard let source = indexByID[link.node] else { continue }
                inputs.append(
                    PlanInput(
                        name: spec.name, spec: spec, position: declared,
                        source: .link(node: position[source], slot: Int32(link.slot))))
            case .literal(.null) where spec.presence != .required: continue
            case .literal(let json), .malformedLink(let json):
                let literal = try? LiteralConversion.convert(json, for: spec, in: environment).literal
                inputs.append(
                    PlanInput(
                        name: spec.name, spec: spec, position: declared, source: .literal(literal ?? Literal(json))))
            }
        }
        guard given.count > inputs.count else { return inputs }
        // Undeclared links are passed on, undeclared literals are not (ComfyUI's get_input_data).
        for input in given.sorted(by: { $0.name < $1.name }) where type.inputIndex(input.name) == nil {
            guard case .link(let link) = input.source, let source = indexByID[link.node] else { continue }
            inputs.append(
                PlanInput(
                    name: input.name, spec: nil, position: -1,
                    source: .link(node: position[source], slot: Int32(link.slot))))
        }
        return inputs
    }

    // MARK: Telling

    /// Listing a folder costs; a file with 20,000 wrong names gets the plain suggestion for most.
    private mutating func hint(_ refusal: Diagnostic, _ word: String, _ source: ChoiceSource) -> String? {
        nearestBudget -= 1
        guard refusal.code == .fileNotFound, !word.hasSuffix("]"), nearestBudget >= 0 else { return refusal.suggestion }
        return source.hint(word, environment)
    }

    private mutating func nearest(_ word: String, among names: some Sequence<String>) -> String? {
        nearestBudget -= 1
        return nearestBudget < 0 ? nil : NearestName.sentence(word, among: names)
    }

    private func describe(_ index: Int) -> String {
        let node = workflow.nodes[index]
        return "node \(node.id) (\(node.type ?? "?"))"
    }

    private mutating func tell(
        _ index: Int, _ code: Diagnostic.Code, severity: Diagnostic.Severity = .error, _ message: String,
        input: String? = nil, suggestion: String? = nil
    ) {
        let diagnostic = Diagnostic(
            code, severity: severity, node: workflow.nodes[index].id, input: input, message, suggestion: suggestion)
        if severity == .error { isBad[index] = true }
        diagnostics.append((index, diagnostic))
    }

    /// Tells what concerns no single node; comes last.
    private mutating func tellAll(_ code: Diagnostic.Code, _ message: String, suggestion: String? = nil) {
        diagnostics.append((workflow.nodes.count, Diagnostic(code, node: nil, message, suggestion: suggestion)))
    }
}
