/// A node of an editor's file with what the file leaves out: the inputs of its type, in order, and their values.
struct Box {
    enum Kind {
        /// Has no part in a run.
        case note
        /// Passes on what comes in.
        case reroute
        /// Fills in the widgets that it is linked to.
        case primitive
        /// A subgraph, by the position of its definition.
        case host(Int)
        case plain
    }

    struct Input {
        let name: String
        let type: String
        /// Nil for what only the file tells.
        let shape: NodeShape.Input?
        let isWidget: Bool
        /// What is filled in; nil for sockets, and for a widget with nothing to choose.
        var value: JSON?
        /// Position in the graph's links.
        var link: Int?
    }

    let node: LiteGraphFile.Node
    let kind: Kind
    var inputs: [Input] = []
    /// Types.
    var outputs: [String]
    let displayName: String?
    /// Where inputs begin that the file has and the type does not.
    private(set) var firstExtra = Int.max
    /// Why the node cannot be converted.
    var refusal: Diagnostic?
    /// What is odd about it.
    var notes: [Diagnostic] = []

    /// A node that is not run itself.
    /// - Parameter definition: of the subgraph that the node is a host of.
    init(_ node: LiteGraphFile.Node, kind: Kind, definition: LiteGraphFile.Definition? = nil) {
        (self.node, self.kind, displayName) = (node, kind, nil)
        outputs = (definition?.outputs ?? node.outputs).map(\.type)
        inputs = (definition?.inputs ?? node.inputs).map {
            Input(name: $0.name, type: $0.type, shape: nil, isWidget: false, value: nil, link: nil)
        }
    }

    /// - Parameter advice: what to do about a type that is unknown.
    init(_ node: LiteGraphFile.Node, shape: NodeShape?, advice: (LiteGraphFile.Node) -> String) {
        (self.node, kind, displayName) = (node, .plain, shape?.displayName)
        outputs = node.outputs.map(\.type)
        if let shape {
            outputs = shape.outputs
            fillIn(shape)
        } else {
            fillInFromFile(advice)
        }
    }

    /// Positions of inputs by name; the first of a name counts.
    var inputNames: [String: Int] {
        Dictionary(inputs.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func inputIndex(_ name: String) -> Int? { inputs.firstIndex { $0.name == name } }

    /// The input that a link to slot `slot` means. The order of saved slots is only the order they were saved in; their
    /// names count.
    /// - Parameter names: positions of inputs by name.
    func inputIndex(slot: Int, names: [String: Int]) -> Int? {
        let named = node.inputs.indices.contains(slot) ? names[node.inputs[slot].name] : nil
        switch kind {
        case .plain: return named
        case .host: return named ?? (inputs.indices.contains(slot) ? slot : nil)
        case .note, .reroute, .primitive: return slot < 0 ? nil : slot
        }
    }

    // MARK: Known types

    private mutating func fillIn(_ shape: NodeShape) {
        var filler = WidgetFiller(node, shape)
        inputs = filler.inputs(shape.inputs)
        if let surplus = filler.mismatch {
            let remedy =
                takeNamedValues()
                ?? (surplus.given > surplus.expected
                    ? "the last are left out" : "the others are filled in with defaults")
            notes.append(
                Diagnostic(
                    .malformedWorkflow, severity: .warning, node: NodeID(node.id),
                    "it has \(surplus.given) widgets_values, and \(node.type) has \(surplus.expected): \(remedy)",
                    suggestion: "Check its values."))
        }
        addExtraSlots()
    }

    /// Fills in widgets by the names that newer editors save, where values by position would go to wrong widgets.
    /// - Returns: what was done, in words; nil when the file does not name its values.
    private mutating func takeNamedValues() -> String? {
        guard let named = slotValues() else { return nil }
        for index in inputs.indices where inputs[index].isWidget {
            guard let shape = inputs[index].shape else { continue }
            inputs[index].value =
                if let value = named[inputs[index].name] { WidgetFiller.read(value, shape) } else { shape.initialValue }
        }
        let known = Set(inputs.map(\.name))
        let lost = node.inputs.compactMap { $0.widget == nil || known.contains($0.name) ? nil : "'\($0.name)'" }
        return "they are matched by name" + (lost.isEmpty ? "" : ", and \(lost.joined(separator: ", ")) left out")
    }

    /// The entries of `widgets_values` by the slots that the file has for its widgets; nil when these do not account for
    /// all of them.
    private func slotValues() -> [String: JSON]? {
        let widgets = node.inputs.filter { $0.widget != nil }
        guard let values = node.values?.array, !values.isEmpty, !widgets.isEmpty else { return nil }
        var surplus = values.count - widgets.count
        var rest = values[...]
        var named: [String: JSON] = [:]
        for widget in widgets {
            named[widget.name] = rest.popFirst()
            if surplus > 0, widget.type == "INT", let next = rest.first?.string, Self.controls.contains(next) {
                rest = rest.dropFirst()
                surplus -= 1
            }
        }
        // Anything but buttons is a widget without a name.
        return surplus >= 0 && Self.areButtons(rest) ? named : nil
    }

    /// Entries of buttons stand at the end.
    private static func areButtons(_ values: some Sequence<JSON>) -> Bool {
        values.allSatisfy { $0 == .null || $0 == "" || $0 == "image" }
    }

    /// Saved slots that the type does not have stay, as sockets. One for a widget that is gone goes, and as the editor
    /// takes it out of the list that it walks over, the slot behind it stays whatever it is.
    private mutating func addExtraSlots() {
        var names = Set(inputs.map(\.name))
        let widgets = Set(inputs.filter(\.isWidget).map(\.name))
        let dynamic = inputs.filter { $0.shape?.type == NodeShape.Input.dynamicCombo }.map { $0.name + "." }
        var isSkipped = false
        firstExtra = inputs.count
        for slot in node.inputs where !slot.name.isEmpty && names.insert(slot.name).inserted {
            // Those of a choice not made.
            if dynamic.contains(where: slot.name.hasPrefix) { continue }
            if let widget = slot.widget, !widgets.contains(widget), !isSkipped {
                isSkipped = true
                continue
            }
            isSkipped = false
            inputs.append(
                Input(name: slot.name, type: slot.type, shape: nil, isWidget: false, value: nil, link: nil))
        }
    }

    /// Puts a value into a widget, as somebody who types it in.
    mutating func enter(_ value: JSON, in index: Int) {
        guard let shape = inputs[index].shape else {
            inputs[index].value = value
            return
        }
        let entered = PrimitiveValue.entered(value, in: shape)
        inputs[index].value = WidgetFiller.read(entered, shape)
    }

    // MARK: Types that only the file knows

    private static let controls: Set<String> = ["fixed", "increment", "decrement", "randomize", "increment-wrap"]

    /// Newer editors save a slot for each widget, with its name, and some node packs their values by name.
    private mutating func fillInFromFile(_ advice: (LiteGraphFile.Node) -> String) {
        inputs = node.inputs.map {
            Input(name: $0.name, type: $0.type, shape: nil, isWidget: $0.widget != nil, value: nil, link: nil)
        }
        let widgets = inputs.indices.filter { inputs[$0].isWidget }
        switch node.values {
        case .object(let named)?:
            for index in widgets { inputs[index].value = named[inputs[index].name] }
            let known = Set(inputs.map(\.name))
            // Buttons have no value, and how a seed goes on is the editor's own.
            for member in named.members
            where !known.contains(member.key) && member.value != .null && member.key != "control_after_generate" {
                inputs.append(
                    Input(name: member.key, type: "*", shape: nil, isWidget: true, value: member.value, link: nil))
            }
        case .array(let values)? where !values.isEmpty:
            if let named = slotValues() {
                for index in widgets { inputs[index].value = named[inputs[index].name] }
            } else if !widgets.isEmpty || !Self.areButtons(values) {
                refusal = unknown(advice)
            }
        default:
            if node.inputs.isEmpty && node.outputs.isEmpty { refusal = unknown(advice) }
        }
    }

    private func unknown(_ advice: (LiteGraphFile.Node) -> String) -> Diagnostic {
        let id = NodeID(node.id)
        let looksLikeSubgraph = node.type.utf8.count == 36 && node.type.split(separator: "-").count == 5
        if looksLikeSubgraph {
            return Diagnostic(
                .unknownNodeType, node: id,
                "it is a subgraph, and the file does not hold its definition (\(node.type))",
                suggestion: "Save the workflow again in the ComfyUI that shows it.")
        }
        if node.type.isEmpty {
            return Diagnostic(
                .nodeTypeMissing, node: id, "it has no \"type\"", suggestion: "Save the workflow again in ComfyUI.")
        }
        if node.type == "SetNode" || node.type == "GetNode" {
            return Diagnostic(
                .unknownNodeType, node: id, "it is a \(node.type), which exists only in the editor",
                suggestion: "Link the nodes directly, or export the workflow with 'Workflow > Export (API)'.")
        }
        return Diagnostic(
            .unknownNodeType, node: id,
            "its type '\(node.type)' is unknown, and the file does not name its widgets",
            suggestion: advice(node))
    }
}

/// Takes the entries of `widgets_values` one by one, in the order of a type's widgets.
struct WidgetFiller {
    private let node: LiteGraphFile.Node
    private let values: [JSON]
    private var position = 0
    /// Old files have an entry for widgets that are now mere sockets.
    private let hasDummies: Bool
    /// Entries given and expected, where they differ.
    private(set) var mismatch: (given: Int, expected: Int)?

    init(_ node: LiteGraphFile.Node, _ shape: NodeShape) {
        self.node = node
        var given = node.values?.array ?? []
        let dummies = shape.inputs.count { $0.isForced }
        let widgets = shape.inputs.filter(\.isWidget)
        hasDummies = dummies > 0 && given.count == widgets.count + dummies + widgets.count { $0.saysControl }
        if case .object(let named)? = node.values {
            // Not by name: that is how the editor has it.
            let entryCount = widgets.reduce(0) { $0 + 1 + $1.controlCount + $1.namedButtonCount }
            given = named.members.count == entryCount ? named.members.map(\.value) : []
        }
        values = given
    }

    mutating func inputs(_ shapes: [NodeShape.Input]) -> [Box.Input] {
        let inputs = filled(shapes, prefix: "")
        let buttons = shapes.reduce(0) { $0 + $1.buttonCount }
        let given = values.count
        let hasDynamic = shapes.contains { $0.type == NodeShape.Input.dynamicCombo }
        // Without widgets nothing can be in the wrong one.
        let allowed = position...(position + max(buttons, 2))
        if !hasDummies, !hasDynamic, given > 0, position > 0, !allowed.contains(given) {
            mismatch = (given, position)
        }
        return inputs
    }

    private mutating func filled(_ shapes: [NodeShape.Input], prefix: String) -> [Box.Input] {
        var inputs: [Box.Input] = []
        inputs.reserveCapacity(shapes.count)
        for shape in shapes {
            let name = prefix + shape.name
            if shape.type == NodeShape.Input.autogrow {
                inputs += grown(name, shape)
                continue
            }
            guard shape.isWidget else {
                if shape.isForced && hasDummies { position += 1 }
                inputs.append(
                    Box.Input(name: name, type: shape.type, shape: shape, isWidget: false, value: nil, link: nil))
                continue
            }
            let value = position < values.count ? Self.read(values[position], shape) : shape.initialValue
            // Inside a choice a seed has an entry for how it goes on only where its type says so.
            position += 1 + (prefix.isEmpty || shape.saysControl ? shape.controlCount : 0)
            inputs.append(
                Box.Input(name: name, type: shape.type, shape: shape, isWidget: true, value: value, link: nil))
            // What the choice made adds; an unknown one adds nothing.
            if let branch = shape.branches.first(where: { $0.key == value }) {
                inputs += filled(branch.inputs, prefix: name + ".")
            }
        }
        return inputs
    }

    /// A group of inputs that grows, `group.name0` and so on: those it has at least and one more, then those the file has
    /// slots for, in the order of their numbers.
    private mutating func grown(_ group: String, _ shape: NodeShape.Input) -> [Box.Input] {
        let least = shape.grownNames.map { "\(group).\($0.name)" }
        let saved = node.inputs.filter { $0.name.hasPrefix(group + ".") && !least.contains($0.name) }
        let numbered = saved.filter { Self.ordinal($0.name) != nil }
            .sorted { (Self.ordinal($0.name) ?? 0) < (Self.ordinal($1.name) ?? 0) }
        let others = saved.filter { Self.ordinal($0.name) == nil }
        let slots = least.compactMap { name in node.inputs.first { $0.name == name } } + numbered + others
        var inputs = slots.map { slot in
            var value: JSON?
            if slot.widget != nil {
                value = position < values.count ? values[position] : nil
                position += 1
            }
            return Box.Input(
                name: slot.name, type: slot.type, shape: nil, isWidget: slot.widget != nil, value: value, link: nil)
        }
        for (position, name) in least.enumerated() where !inputs.contains(where: { $0.name == name }) {
            let type = shape.grownNames[position].type
            inputs.insert(
                Box.Input(name: name, type: type, shape: nil, isWidget: false, value: nil, link: nil),
                at: min(position, inputs.count))
        }
        return inputs
    }

    /// The number that a name ends with.
    private static func ordinal(_ name: String) -> Int? {
        Int(String(name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()))
    }

    /// Values are taken as they are, but for what the editor's own fields do to them.
    static func read(_ value: JSON, _ shape: NodeShape.Input) -> JSON? {
        if value == .null {
            if shape.isMultiSelect || shape.isMultiline { return "" }
            switch shape.type {
            case "COMBO": return shape.choices.first ?? value
            case NodeShape.Input.dynamicCombo: return shape.branches.first?.key ?? value
            default: return value
            }
        }
        return shape.isMultiline ? .string(JavaScript.string(value)) : value
    }
}
