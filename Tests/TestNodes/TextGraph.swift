public import GraphCore

/// A graph written as text, a node a line: `pick = Switch flag: flag yes: left no: right.1`.
///
/// The word after a name is the id of a node, perhaps with a slot, or else a JSON literal without spaces. Ids that are
/// numbers are written `#3` and `#3.1`.
public struct TextGraph {
    public let workflow: Workflow
    /// The node of the last line.
    public let last: NodeID

    public init(_ text: String) throws {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let ids = Set(lines.compactMap(\.first))
        var nodes: [Workflow.Node] = []
        for words in lines {
            var inputs: [Workflow.Input] = []
            for position in stride(from: 3, to: words.count - 1, by: 2) {
                inputs.append(
                    Workflow.Input(String(words[position].dropLast()), try Self.source(words[position + 1], ids)))
            }
            nodes.append(Workflow.Node(id: NodeID(words[0]), type: words[2], inputs: inputs))
        }
        workflow = Workflow(nodes: nodes)
        last = nodes.last?.id ?? ""
    }

    private static func source(_ word: String, _ ids: Set<String>) throws -> Workflow.Source {
        let isNumber = word.hasPrefix("#")
        let name = isNumber ? String(word.dropFirst()) : word
        if isNumber || Double(name) == nil {
            if ids.contains(name) { return .link(Link(NodeID(name), 0)) }
            if let dot = name.lastIndex(of: "."), ids.contains(String(name[..<dot])),
                let slot = Int(name[name.index(after: dot)...])
            {
                return .link(Link(NodeID(String(name[..<dot])), slot))
            }
        }
        return .literal(try JSONParser.parse(word))
    }
}

/// Runs text graphs and tells what happened as text: the trace that tests compare.
public struct TestRunner: Sendable {
    public let engine: Engine

    /// - Parameters:
    ///   - cores: with one, independent nodes run in file order, so that a trace has one spelling.
    public init(
        _ extra: [any Node] = [], cores: Int = 1, cache: CachePolicy = .classic,
        configure: (inout Engine.Options) -> Void = { _ in }
    ) {
        var options = Engine.Options(coreCount: cores)
        options.cache = cache
        configure(&options)
        engine = Engine(
            registry: NodeRegistry(TestNodeTable.comfyUI() + TestNodeTable.small() + extra),
            environment: EmptyEnvironment(), options: options)
    }

    /// Validates and runs `text` for the sake of `targets` (the last line when nil).
    public func trace(_ text: String, run targets: [NodeID]? = nil, keepsGoing: Bool = false) async throws -> String {
        try await events(text, run: targets, keepsGoing: keepsGoing).compactMap { Self.line($0.kind) }
            .joined(separator: "\n")
    }

    public func events(
        _ text: String, run targets: [NodeID]? = nil, keepsGoing: Bool = false
    ) async throws -> [RunEvent] {
        let graph = try TextGraph(text)
        let plan = try plan(graph.workflow, run: targets ?? [graph.last])
        let start = engine.log.end
        await engine.run(plan, of: graph.workflow, id: "run", keepsGoing: keepsGoing)
        return engine.log.read(after: start, limit: .max).events
    }

    public func plan(_ workflow: Workflow, run targets: [NodeID]? = nil) throws -> Plan {
        let checked = Validator.check(
            workflow, registry: engine.registry, environment: engine.environment, targets: targets)
        if let error = checked.errors.first { throw error }
        guard let plan = checked.plan else { throw Diagnostic(.noOutputs, node: nil, "nothing to run") }
        return plan
    }

    /// The facts that matter to semantics; how far and how long are others' business.
    public static func line(_ kind: RunEvent.Kind) -> String? {
        switch kind {
        case .nodeCached(let node): "\(node) cached"
        case .nodeFinished(let node): "\(node) ran"
        case .nodeWaiting(let node, .inputs(let names)): "\(node) asks for \(names.joined(separator: ", "))"
        case .nodeWaiting(let node, .expansion(let count)): "\(node) expands to \(count)"
        case .nodeOutput(let node, _, let shown):
            "\(node) shows \(JSONWriter.text(shown.members.first?.value ?? .null))"
        case .nodeFailed(let node, let diagnostic): "\(node) failed: \(diagnostic.message)"
        case .nodeInterrupted(let node): "\(node) interrupted"
        case .nodeBlocked(let node, _, let message): "\(node) blocked" + (message.map { ": \($0)" } ?? "")
        case .nodeLog(let node, let level, let message): "\(node) [\(level.rawValue)] \(message)"
        case .runFinished(let outcome): outcome == .succeeded ? nil : "run \(outcome.rawValue)"
        case .runQueued, .runStarted, .runProgress, .nodeStarted, .nodePhase, .nodeProgress, .nodePreview,
            .nodePreviewFile, .nodePicture:
            nil
        }
    }
}
