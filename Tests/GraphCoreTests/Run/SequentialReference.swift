import TestNodes

@testable import GraphCore

/// What a graph of small nodes means, worked out the plain way: one node after the other, by recursion, without cache,
/// threads or queues. It shares nothing with the engine but the graph.
struct SequentialReference {
    enum Element: Equatable {
        case int(Int)
        case bool(Bool)
        case text(String)
        case blocked
    }

    enum Result: Equatable {
        /// One list of elements an output; `isList` tells a list from a single value.
        case value([Element], isList: Bool)
        case failed
        /// Something it needs failed.
        case lost
    }

    private let nodes: [NodeID: Workflow.Node]
    private(set) var results: [NodeID: Result] = [:]

    init(_ workflow: Workflow, targets: [NodeID]) {
        nodes = Dictionary(uniqueKeysWithValues: workflow.nodes.map { ($0.id, $0) })
        for target in targets { _ = result(of: target) }
    }

    /// Nodes that were needed; the others have no result.
    private mutating func result(of id: NodeID) -> Result {
        if let known = results[id] { return known }
        let computed = compute(id)
        results[id] = computed
        return computed
    }

    private mutating func compute(_ id: NodeID) -> Result {
        guard let node = nodes[id] else { return .failed }
        let isLazy = node.type == "Switch" || node.type == "FirstNonZero"
        var inputs: [(name: String, value: Result)] = []
        var isLost = false
        for input in node.inputs where !isLazy || input.name == "flag" {
            let value = value(of: input.source)
            if case .value = value {} else { isLost = true }
            inputs.append((input.name, value))
        }
        if isLost { return .lost }
        if node.type == "FirstNonZero" { return firstNonZero(node) }
        if isLazy { return pick(node, inputs) }
        if node.type == "Total" { return total(inputs) }
        return mapped(inputs) { Self.call(node.type ?? "", $0) }
    }

    private mutating func value(of source: Workflow.Source) -> Result {
        switch source {
        case .link(let link): return result(of: link.node)
        case .literal(.bool(let bool)), .malformedLink(.bool(let bool)): return .value([.bool(bool)], isList: false)
        case .literal(let json), .malformedLink(let json):
            return .value([.int(Int(json.number?.int ?? 0))], isList: false)
        }
    }

    /// A lazy node asks for a branch if any of its calls does, and then is called as any other.
    private mutating func pick(_ node: Workflow.Node, _ flags: [(name: String, value: Result)]) -> Result {
        guard case .value(let flag, _)? = flags.first?.value else { return .lost }
        // A single blocked value stops the node before it asks.
        if case .value([.blocked], false)? = flags.first?.value { return .value([.blocked], isList: false) }
        var inputs = flags
        for (name, wanted) in [("yes", true), ("no", false)] where flag.contains(.bool(wanted)) {
            let value = node[name].map { self.value(of: $0) } ?? .lost
            guard case .value = value else { return .lost }
            inputs.append((name, value))
        }
        return mapped(inputs) { call in
            let wanted = call["flag"] == .bool(true) ? "yes" : "no"
            return call[wanted].map { .value([$0], isList: false) } ?? .failed
        }
    }

    /// Asks for one after the other, as long as any call has seen nothing but zeros.
    private mutating func firstNonZero(_ node: Workflow.Node) -> Result {
        var known: [(name: String, value: Result)] = []
        for name in ["a", "b", "c"] {
            var isAsked = known.isEmpty
            _ = mapped(known) { call in
                if !call.values.contains(where: { $0 != .int(0) }) { isAsked = true }
                return .value([.int(0)], isList: false)
            }
            guard isAsked else { break }
            let value = node[name].map { self.value(of: $0) } ?? .lost
            guard case .value = value else { return .lost }
            known.append((name, value))
        }
        return mapped(known) { call in
            .value([["a", "b", "c"].compactMap { call[$0] }.first { $0 != .int(0) } ?? .int(0)], isList: false)
        }
    }

    private func total(_ inputs: [(name: String, value: Result)]) -> Result {
        guard case .value(let elements, _)? = inputs.first?.value else { return .lost }
        if elements.contains(.blocked) { return .value([.blocked], isList: false) }
        return .value(
            [.int(elements.reduce(0) { if case .int(let int) = $1 { $0 &+ int } else { $0 } })], isList: false)
    }

    /// Calls once per element; shorter lists repeat their last.
    private func mapped(
        _ inputs: [(name: String, value: Result)], _ call: ([String: Element]) -> Result
    ) -> Result {
        var count = 1
        var isMapped = false
        var isEmpty = false
        for case .value(let elements, true) in inputs.map(\.value) {
            count = isMapped ? max(count, elements.count) : elements.count
            isMapped = true
            isEmpty = isEmpty || elements.isEmpty
        }
        if isEmpty { return .value([], isList: true) }
        // A single blocked value stops an unmapped node; of a mapped one it stops every call.
        var collected: [Element] = []
        var isList = isMapped
        for index in 0..<count {
            var arguments: [String: Element] = [:]
            for (name, value) in inputs {
                guard case .value(let elements, _) = value else { return .lost }
                arguments[name] = elements[min(index, elements.count - 1)]
            }
            if arguments.values.contains(.blocked) {
                collected.append(.blocked)
                continue
            }
            switch call(arguments) {
            case .value(let elements, let gaveList):
                collected += elements
                isList = isList || gaveList
            case let failure: return failure
            }
        }
        return .value(collected, isList: isList)
    }

    private static func call(_ type: String, _ inputs: [String: Element]) -> Result {
        func int(_ name: String) -> Int { if case .int(let int)? = inputs[name] { int } else { 0 } }
        switch type {
        case "Constant": return .value([inputs["value"] ?? .int(0)], isList: false)
        case "Add": return .value([.int(int("a") &+ int("b"))], isList: false)
        case "CountUp": return .value([.int(int("from") &+ int("steps"))], isList: false)
        case "Odd": return .value([.bool(int("a") & 1 == 1)], isList: false)
        case "Small": return .value([.int(int("a") % 5)], isList: false)
        case "Nest":
            return .value([.int(int("a") &+ int("depth") * (int("depth") + 1) / 2)], isList: false)
        case "Outer": return .value([.int(int("a") &+ 1)], isList: false)
        case "TestExecutionBlocker":
            return .value([inputs["block"] == .bool(true) ? .blocked : inputs["input"] ?? .int(0)], isList: false)
        case "Gate":
            return .value([inputs["open"] == .bool(true) ? inputs["value"] ?? .int(0) : .blocked], isList: false)
        case "Range":
            return .value((0..<max(0, int("count"))).map { .int(int("start") &+ $0) }, isList: true)
        case "FailIfSeven": return int("a") == 7 ? .failed : .value([.int(int("a"))], isList: false)
        default: return .failed
        }
    }
}

/// A generator with a seed, so that a failing graph can be made again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// xorshift64*, Vigna 2016.
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// Fails for 7, so that failures depend on values.
struct FailIfSeven: Node {
    static let a = Input<Int>("a")
    static let output = Output<Int>("value")
    let schema = NodeSchema(
        type: "FailIfSeven", category: "Testing/Small", inputs: [a], outputs: [output], isOutput: true)

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let a = try inputs[Self.a]
        if a == 7 { throw Diagnostic(.nodeFailed, node: nil, "seven") }
        return [Self.output(a)]
    }
}

/// Small graphs with lazy inputs, expansions, blockers, lists and failures.
struct RandomGraph {
    let workflow: Workflow
    let targets: [NodeID]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Ids of the nodes made so far, by what they give.
        var ints: [String] = []
        var flags: [String] = []
        var nodes: [Workflow.Node] = []
        func source(_ ids: [String], _ literal: JSON, _ random: inout SeededGenerator) -> Workflow.Source {
            guard let id = ids.randomElement(using: &random), Int.random(in: 0..<5, using: &random) > 0 else {
                return .literal(literal)
            }
            return .link(Link(NodeID(id), 0))
        }
        for index in 0..<Int.random(in: 3...14, using: &random) {
            let id = "n\(index)"
            let small = JSON.number(JSONNumber(Int.random(in: 0...4, using: &random)))
            let flag = JSON.bool(Bool.random(using: &random))
            func int(_ random: inout SeededGenerator) -> Workflow.Source { source(ints, small, &random) }
            func bool(_ random: inout SeededGenerator) -> Workflow.Source { source(flags, flag, &random) }
            var inputs: [Workflow.Input] = []
            var type =
                ["Constant", "Add", "Add", "CountUp", "Gate", "Range", "Total", "Switch", "FailIfSeven", "Flag"]
                .randomElement(using: &random) ?? "Constant"
            switch type {
            case "Add": inputs = [.init("a", int(&random)), .init("b", int(&random))]
            case "CountUp": inputs = [.init("from", int(&random)), .init("steps", .literal(small))]
            case "Gate": inputs = [.init("value", int(&random)), .init("open", bool(&random))]
            case "Range": inputs = [.init("start", int(&random)), .init("count", .literal(small))]
            case "Total": inputs = [.init("values", int(&random))]
            case "Switch":
                inputs = [.init("flag", bool(&random)), .init("yes", int(&random)), .init("no", int(&random))]
            case "FailIfSeven": inputs = [.init("a", int(&random))]
            case "Flag":
                type = "Constant"
                inputs = [.init("value", .literal(flag))]
            default: inputs = [.init("value", .literal(small))]
            }
            nodes.append(Workflow.Node(id: NodeID(id), type: type, inputs: inputs))
            if type == "Constant", case .literal(.bool)? = inputs.first?.source {
                flags.append(id)
            } else {
                ints.append(id)
            }
        }
        workflow = Workflow(nodes: nodes)
        targets = Array(nodes.map(\.id).shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))).sorted()
    }

    var text: String { JSONWriter.text(APIFormat.json(of: workflow)) + " for \(targets)" }
}
