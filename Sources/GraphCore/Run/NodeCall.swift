/// One node about to run: its inputs gathered, its permit held.
struct NodeCall: Sendable {
    let index: Int
    let id: NodeID
    let type: NodeType
    /// Elements are lists when `isMapped` or the schema `takesLists`.
    let inputs: Inputs
    /// The node is called once per element, in order; shorter lists repeat their last element.
    let isMapped: Bool
    /// Lazy inputs that are linked and have no value yet.
    let unknownLazyInputs: [String]
    /// Position of the kind of permit held.
    let resource: Int
    let started: Duration

    /// What became of it.
    enum Outcome: Sendable {
        case result(NodeResult)
        /// Lazy inputs must be computed first.
        case needs([String])
        case expanded([Answer])
        case failed(any Error)
    }

    /// What one call gave, in the order of the schema's outputs.
    struct Answer: Sendable {
        enum Slot: Sendable {
            case one(Value)
            case list([Value])
            case from(ExpansionGraph.Source)
        }
        var slots: [Slot]
        var shown: [JSONObject.Member]
        var expansion: ExpansionGraph?
    }

    // Stays where the worker is: only the node itself may go elsewhere.
    nonisolated(nonsending) func run(_ context: NodeContext) async -> Outcome {
        do {
            if !unknownLazyInputs.isEmpty {
                let needed = try neededInputs()
                if !needed.isEmpty { return .needs(needed) }
            }
            if !isMapped {
                try inputs.check(type.constrainedInputs)
                let bound = try await type.node.run(inputs, context)
                if let result = plainResult(bound) { return .result(result) }
                let answer = try answer(bound)
                return answer.needsGraph
                    ? .expanded([answer]) : .result(Self.merge([answer], type.schema, isMapped: false))
            }
            var answers: [Answer] = []
            var told: Set<String> = []
            for element in 0..<inputs.elementCount {
                try Task.checkCancellation()
                let call = inputs.element(element)
                if let block = call.block {
                    if let message = block.message, told.insert(message).inserted {
                        context.log(.warning, "blocked: \(message)")
                    }
                    answers.append(
                        Answer(slots: type.schema.outputs.map { _ in .one(.block(Block())) }, shown: [], expansion: nil)
                    )
                } else {
                    try check(call, element: element)
                    answers.append(try answer(try await type.node.run(call, context)))
                }
            }
            return answers.contains { $0.needsGraph }
                ? .expanded(answers) : .result(Self.merge(answers, type.schema, isMapped: true))
        } catch {
            return .failed(error)
        }
    }

    /// Holds the inputs of one of the calls to their declarations.
    private func check(_ call: Inputs, element: Int) throws {
        for position in type.constrainedInputs {
            guard case .one(let value) = call.cells[position] else { continue }
            var listed: Int?
            if isMapped, case .list(let values) = inputs.cells[position], values.count > 1 {
                listed = min(element, values.count - 1)
            }
            try call.specs[position].check(value, element: listed)
        }
    }

    private func neededInputs() throws -> [String] {
        var needed: [String] = []
        for element in 0..<(isMapped ? inputs.elementCount : 1) {
            let call = isMapped ? inputs.element(element) : inputs
            // A call that does not happen needs nothing.
            if isMapped && call.block != nil { continue }
            try check(call, element: element)
            for name in try type.node.neededInputs(call) where !needed.contains(name) { needed.append(name) }
        }
        return needed.filter { unknownLazyInputs.contains($0) }
    }

    /// The common case without detours: plain values, in the order of the outputs.
    private func plainResult(_ bound: [BoundOutput]) -> NodeResult? {
        let outputs = type.schema.outputs
        guard bound.count == outputs.count else { return nil }
        for index in bound.indices {
            guard case .value(let name, _) = bound[index], name == outputs[index].name, !outputs[index].isList else {
                return nil
            }
        }
        return NodeResult(plain: bound)
    }

    /// Puts what a node handed back into the order of its outputs.
    private func answer(_ bound: [BoundOutput]) throws -> Answer {
        let outputs = type.schema.outputs
        var slots = [Answer.Slot?](repeating: nil, count: outputs.count)
        var answer = Answer(slots: [], shown: [], expansion: nil)
        func place(_ name: String, _ slot: Answer.Slot) throws {
            // Outputs that share a name are bound in order.
            guard let index = outputs.indices.first(where: { outputs[$0].name == name && slots[$0] == nil }) else {
                throw Diagnostic(
                    .nodeFailed, node: id, "\(type.schema.type) gave an output '\(name)' it does not declare")
            }
            slots[index] = slot
        }
        func checkExpands() throws {
            guard type.schema.mayExpand else {
                throw Diagnostic(
                    .badExpansion, node: id, "\(type.schema.type) gave an expansion",
                    suggestion: "Declare mayExpand in its schema.")
            }
        }
        for output in bound {
            switch output {
            case .value(let name, let value): try place(name, .one(value))
            case .list(let name, let values): try place(name, .list(values))
            case .from(let name, let source):
                try checkExpands()
                try place(name, .from(source))
            case .shown(let key, let values): answer.shown.append(.init(key, .array(values)))
            case .expansion(let graph):
                try checkExpands()
                answer.expansion = graph
            }
        }
        for (slot, spec) in zip(slots, outputs) {
            guard let slot else {
                throw Diagnostic(
                    .nodeFailed, node: id, "\(type.schema.type) gave nothing for its output '\(spec.name)'")
            }
            answer.slots.append(slot)
        }
        return answer
    }

    /// Joins the answers of mapped calls: one element a call, or the lists end to end for outputs that are lists.
    static func merge(_ answers: [Answer], _ schema: NodeSchema, isMapped: Bool) -> NodeResult {
        let slots = schema.outputs.indices.map { slot -> NodeResult.Slot in
            if !isMapped && !schema.outputs[slot].isList, case .one(let value)? = answers.first?.slots[slot] {
                return .one(value)
            }
            return .list(
                answers.flatMap { answer -> [Value] in
                    switch answer.slots[slot] {
                    case .one(let value): [value]
                    case .list(let values): values
                    case .from: []
                    }
                })
        }
        return NodeResult(slots: slots, shown: mergeShown(answers))
    }

    static func mergeShown(_ answers: [Answer]) -> [JSONObject.Member] {
        if answers.count == 1, answers[0].shown.count <= 1 { return answers[0].shown }
        // The lists of many calls grow in place.
        var keys: [String] = []
        var valuesByKey: [String: [JSON]] = [:]
        for answer in answers {
            for member in answer.shown {
                if valuesByKey[member.key] == nil { keys.append(member.key) }
                valuesByKey[member.key, default: []] += member.value.array ?? [member.value]
            }
        }
        return keys.map { .init($0, .array(valuesByKey[$0] ?? [])) }
    }
}

extension NodeCall.Answer {
    var needsGraph: Bool {
        expansion != nil || slots.contains { if case .from = $0 { true } else { false } }
    }
}

extension Inputs {
    /// How many calls the lists among the inputs make.
    var elementCount: Int {
        var count: Int?
        for case .list(let values) in cells + undeclaredCells.map(\.cell) {
            if values.isEmpty { return 0 }
            count = max(count ?? 0, values.count)
        }
        return count ?? 1
    }

    /// The inputs of one call.
    func element(_ index: Int) -> Inputs {
        Inputs(
            specs: specs, cells: cells.map { $0.element(index) },
            undeclared: undeclaredCells.map { ($0.name, $0.cell.element(index)) })
    }

    /// What stops this call, if one of its values is blocked.
    var block: Block? {
        for cell in cells {
            if case .one(.block(let block)) = cell { return block }
        }
        for (_, cell) in undeclaredCells {
            if case .one(.block(let block)) = cell { return block }
        }
        return nil
    }

    var byteCount: Int {
        cells.reduce(0) { $0 + $1.byteCount } + undeclaredCells.reduce(0) { $0 + $1.cell.byteCount }
    }
}

extension Inputs.Cell {
    fileprivate var byteCount: Int {
        switch self {
        case .absent: 0
        case .one(let value): value.byteCount
        case .list(let values): values.reduce(0) { $0 + $1.byteCount }
        }
    }

    fileprivate func element(_ index: Int) -> Inputs.Cell {
        guard case .list(let values) = self else { return self }
        return values.isEmpty ? .absent : .one(values[min(index, values.count - 1)])
    }
}
