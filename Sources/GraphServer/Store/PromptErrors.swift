internal import ComfyProtocol
internal import GraphCore

/// What the validator found, in the words and shapes of ComfyUI's `node_errors`, with our explanation beside them.
struct PromptErrors {
    private let workflow: Workflow
    private let checked: CheckedWorkflow
    private let registry: NodeRegistry
    private let environment: any NodeEnvironment
    private let targets: [NodeID]?
    private let indexByID: [NodeID: Int]
    private let described = Described()

    /// What has been looked up of the wrong inputs: many nodes may be wrong in the same way, and a folder is read once.
    private final class Described {
        var configs: [String: (config: JSON, byteCount: Int)] = [:]
        var choices: [String: [String]] = [:]
        /// The inputs of the node looked at last: one node may have 500,000 that are wrong.
        var inputs: (node: NodeID, sources: [String: Workflow.Source])?
        /// What `input_config` may still take in all. Beyond it there is none; `/object_info` has it.
        var configByteCount = 8 << 20
    }

    init(
        _ workflow: Workflow, _ checked: CheckedWorkflow, _ registry: NodeRegistry, _ environment: any NodeEnvironment,
        targets: [NodeID]?
    ) {
        (self.workflow, self.checked, self.registry, self.environment) = (workflow, checked, registry, environment)
        self.targets = targets
        // Only who is wrong pays for the table.
        indexByID =
            checked.errors.isEmpty
            ? [:]
            : Dictionary(workflow.nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    static let noOutputs = PromptReader.Refusal(
        type: "prompt_no_outputs", message: "Prompt has no outputs",
        suggestion: "Add a node that shows or keeps a result, such as SaveImage or PreviewAny.")

    static func typeMissing(_ id: String) -> PromptReader.Refusal {
        PromptReader.Refusal(
            type: "invalid_prompt", message: "Cannot execute because a node is missing the class_type property.",
            details: "Node ID '#\(id)'", suggestion: "Add \"class_type\": \"...\"; /object_info lists the types.")
    }

    /// What refuses the whole prompt, wherever it stands in it.
    var refusal: PromptReader.Refusal? {
        for diagnostic in checked.errors {
            guard let id = diagnostic.node else { continue }
            switch diagnostic.code {
            case .unknownNodeType:
                let type = indexByID[id].flatMap { workflow.nodes[$0].type } ?? "?"
                return PromptReader.Refusal(
                    type: "invalid_prompt", message: "Cannot execute because node \(type) does not exist.",
                    details: "Node ID '#\(id)'", suggestion: diagnostic.suggestion)
            case .nodeTypeMissing: return Self.typeMissing(id.text)
            default: continue
            }
        }
        return nil
    }

    /// Why not even one output can run.
    var nothingToRun: PromptReader.Refusal {
        let wrong = checked.errors.filter { $0.code != .unknownTarget && $0.code != .noOutputs }
        guard !wrong.isEmpty else { return Self.noOutputs }
        let outputs = Set(wantedOutputs)
        let lines = wrong.compactMap { diagnostic -> String? in
            guard let id = diagnostic.node, outputs.contains(id) else { return nil }
            let error = error(diagnostic)
            return "\(error.message): \(error.details)"
        }
        return PromptReader.Refusal(
            type: "prompt_outputs_failed_validation", message: "Prompt outputs failed validation",
            details: lines.joined(separator: "\n"), suggestion: wrong.first?.suggestion, nodeErrors: nodeErrors)
    }

    private var wantedOutputs: [NodeID] {
        let outputs = workflow.nodes.filter { node in
            node.type.flatMap { registry[$0]?.schema.isOutput } == true
        }.map(\.id)
        guard let targets = targets.map(Set.init) else { return outputs }
        return outputs.filter(targets.contains)
    }

    // MARK: node_errors

    /// `{"4": {"errors": [...], "dependent_outputs": ["3"], "class_type": "ImageInvert"}}`.
    var nodeErrors: JSON {
        var order: [NodeID] = []
        var errors: [NodeID: [JSON]] = [:]
        for diagnostic in checked.errors {
            guard let id = diagnostic.node, diagnostic.code != .unknownTarget else { continue }
            if errors[id] == nil { order.append(id) }
            errors[id, default: []].append(error(diagnostic).json)
        }
        guard !order.isEmpty else { return .object(JSONObject()) }
        let dependents = dependentOutputs(of: order)
        return .object(
            JSONObject(
                order.map { id in
                    .init(
                        id.text,
                        [
                            "errors": .array(errors[id] ?? []),
                            "dependent_outputs": .array((dependents[id] ?? []).map { .string($0.text) }),
                            "class_type": .string(indexByID[id].flatMap { workflow.nodes[$0].type } ?? ""),
                        ])
                }))
    }

    /// For each node the wanted outputs that need it. Walks up from each output; the sum is bounded, and beyond it a
    /// node is said to concern no output rather than have everyone wait.
    private func dependentOutputs(of nodes: [NodeID]) -> [NodeID: [NodeID]] {
        let wanted = Set(nodes)
        var found: [NodeID: [NodeID]] = [:]
        var budget = 1_000_000
        for output in wantedOutputs {
            var seen: Set<NodeID> = [output]
            var open = [output]
            while let id = open.popLast(), budget > 0 {
                budget -= 1
                if wanted.contains(id) { found[id, default: []].append(output) }
                guard let index = indexByID[id] else { continue }
                for input in workflow.nodes[index].inputs {
                    guard case .link(let link) = input.source, seen.insert(link.node).inserted else { continue }
                    open.append(link.node)
                }
            }
        }
        return found
    }

    private func error(_ diagnostic: Diagnostic) -> ComfyErrors.NodeError {
        let input = diagnostic.input ?? ""
        let node = diagnostic.node.flatMap { indexByID[$0] }.map { workflow.nodes[$0] }
        let type = node?.type.flatMap { registry[$0] }
        let spec = type?.schema.inputs.first { $0.name == input }
        let received = node.flatMap { source(of: input, $0) }.map(Self.json) ?? .null
        let name = JSONObject.Member("input_name", .string(input))
        let config = JSONObject.Member("input_config", type.map { boundedConfig(input, $0.schema) } ?? .null)
        let value = JSONObject.Member("received_value", received)
        func make(_ type: String, _ message: String, _ details: String, _ extra: [JSONObject.Member])
            -> ComfyErrors.NodeError
        {
            ComfyErrors.NodeError(type: type, message: message, details: details, extra: extra, diagnostic: diagnostic)
        }
        let badLink = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
        switch diagnostic.code {
        case .requiredInputMissing:
            return make("required_input_missing", "Required input is missing", input, [name])
        case .returnTypeMismatch:
            let receivedType = linkedType(received) ?? "?"
            return make(
                "return_type_mismatch", "Return type mismatch between linked nodes",
                "\(input), received_type(\(receivedType)) mismatch input_type(\(spec?.type.name ?? "?"))",
                [
                    name, config, .init("received_type", .string(receivedType)), .init("linked_node", received),
                ])
        case .badLink, .badSlot:
            return make("bad_linked_input", badLink, "\(input): \(diagnostic.message)", [name, config, value])
        case .badInput where received.array != nil && spec?.type.isWidget != true:
            return make("bad_linked_input", badLink, input, [name, config, value])
        case .badInput:
            let kind = spec?.type.name ?? "?"
            return make(
                "invalid_input_type", "Failed to convert an input value to a \(kind) value",
                "\(input), \(Self.plain(received)), \(diagnostic.message)",
                [name, config, value, .init("exception_message", .string(diagnostic.message))])
        case .outOfRange: return outOfRange(input, received, spec, [name, config, value], make)
        case .notInList:
            if case .named(.files)? = spec?.choices {
                return make(
                    "custom_validation_failed", "Custom validation failed for node",
                    "\(input) - Invalid \(input) file: \(Self.plain(received))", [name])
            }
            let choices = spec.map { self.choices($0, of: type?.schema.type ?? "") } ?? []
            // Long lists would drown the message.
            let isLong = choices.count > 20
            let list =
                isLong
                ? "(list of length \(choices.count))" : "[\(choices.map { "'\($0)'" }.joined(separator: ", "))]"
            return make(
                "value_not_in_list", "Value not in list", "\(input): '\(Self.plain(received))' not in \(list)",
                [name, isLong ? .init("input_config", .null) : config, value])
        case .modelMissing:
            // Not value_not_in_list: the list has it.
            let prefix = "input '\(input)': "
            let reason = diagnostic.message.hasPrefix(prefix) ? diagnostic.message.dropFirst(prefix.count) : ""
            return make(
                "custom_validation_failed", "Custom validation failed for node", "\(input) - \(reason)", [name])
        case .cycle: return make("dependency_cycle", "Nodes wait for each other", diagnostic.message, [])
        default: return make("invalid_prompt", diagnostic.message, input, input.isEmpty ? [] : [name])
        }
    }

    private func source(of input: String, _ node: Workflow.Node) -> Workflow.Source? {
        if described.inputs?.node != node.id {
            let sources = Dictionary(node.inputs.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
            described.inputs = (node.id, sources)
        }
        return described.inputs?.sources[input]
    }

    private func outOfRange(
        _ input: String, _ received: JSON, _ spec: InputSpec?, _ extra: [JSONObject.Member],
        _ make: (String, String, String, [JSONObject.Member]) -> ComfyErrors.NodeError
    ) -> ComfyErrors.NodeError {
        let plain = Self.plain(received)
        if let value = Double(plain) {
            if let minimum = spec?.minimum, let bound = minimum.double, value < bound {
                return make(
                    "value_smaller_than_min", "Value \(plain) smaller than min of \(minimum.text)", input, extra)
            }
            if let maximum = spec?.maximum, let bound = maximum.double, value > bound {
                return make(
                    "value_bigger_than_max", "Value \(plain) bigger than max of \(maximum.text)", input, extra)
            }
        }
        return make(
            "invalid_input_type", "Failed to convert an input value to a \(spec?.type.name ?? "?") value",
            "\(input), \(plain)", extra)
    }

    private func choices(_ spec: InputSpec, of type: String) -> [String] {
        switch spec.choices {
        case .fixed(let choices)?: return choices
        case .named(let source)?:
            let key = Self.key(spec.name, type)
            if let known = described.choices[key] { return known }
            let choices = environment.choices(source)
            described.choices[key] = choices
            return choices
        case nil: return []
        }
    }

    private func boundedConfig(_ input: String, _ schema: NodeSchema) -> JSON {
        let key = Self.key(input, schema.type)
        let (config, byteCount) = described.configs[key] ?? measuredConfig(input, schema)
        described.configs[key] = (config, byteCount)
        described.configByteCount -= byteCount
        return described.configByteCount >= 0 ? config : .null
    }

    private func measuredConfig(_ input: String, _ schema: NodeSchema) -> (config: JSON, byteCount: Int) {
        let config = config(input, schema)
        return (config, JSONWriter.bytes(config).count)
    }

    private static func key(_ input: String, _ type: String) -> String { "\(type)\n\(input)" }

    /// As /object_info shows it, but always with its options.
    private func config(_ input: String, _ schema: NodeSchema) -> JSON {
        let info = ObjectInfo.json(of: schema, in: environment)["input"]
        guard let config = info?["required"]?[input] ?? info?["optional"]?[input], let parts = config.array else {
            return .null
        }
        return parts.count == 1 ? .array(parts + [.object(JSONObject())]) : config
    }

    private func linkedType(_ link: JSON) -> String? {
        guard let id = link.array?.first?.string,
            let slot = link.array?.last?.number?.int.flatMap({ Int(exactly: $0) }),
            let index = indexByID[NodeID(id)],
            let outputs = workflow.nodes[index].type.flatMap({ registry[$0]?.schema.outputs }),
            outputs.indices.contains(slot)
        else { return nil }
        return outputs[slot].type.name
    }

    private static func json(_ source: Workflow.Source) -> JSON {
        switch source {
        case .literal(let json), .malformedLink(let json): json
        case .link(let link): link.json
        }
    }

    /// As Python's str() shows it, nearly; bounded.
    private static func plain(_ json: JSON) -> String {
        String((json.string ?? JSONWriter.text(json)).prefix(200))
    }
}
