/// What a PrimitiveNode hands to the widgets it is linked to.
///
/// Its own field has the limits that the widgets have in common, and each widget rounds what it is given.
struct PrimitiveValue {
    private let type: String
    private var options: [String: JSON]
    private(set) var value: JSON

    /// - Parameter first: the widget linked first.
    init(_ value: JSON, first: NodeShape.Input) {
        (self.value, type) = (value, first.type)
        options = Self.options(first)
    }

    private static func options(_ shape: NodeShape.Input) -> [String: JSON] {
        Dictionary(shape.options.members.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// Options in which fields of one kind may differ.
    private static let differing: Set<String> = [
        "default", "forceInput", "defaultInput", "control_after_generate", "multiline", "tooltip", "dynamicPrompts",
        "min", "max", "step",
    ]

    /// Takes on the limits of a widget, if they go together.
    mutating func merge(_ shape: NodeShape.Input) {
        guard type == "INT" || type == "FLOAT", shape.type == type else { return }
        let other = Self.options(shape)
        func number(_ options: [String: JSON], _ key: String) -> Double? { options[key]?.number?.double }
        let least = max(number(options, "min") ?? -.infinity, number(other, "min") ?? -.infinity)
        let most = min(number(options, "max") ?? .infinity, number(other, "max") ?? .infinity)
        let keys = Set(options.keys).union(other.keys).subtracting(Self.differing)
        guard least <= most, keys.allSatisfy({ (options[$0] ?? .null) == (other[$0] ?? .null) }) else { return }
        let step = Self.commonMultiple(number(options, "step") ?? 1, number(other, "step") ?? 1)
        options.merge(other) { $1 }
        options["min"] = least.isFinite ? .number(JSONNumber(least)) : nil
        options["max"] = most.isFinite ? .number(JSONNumber(most)) : nil
        options["step"] = .number(JSONNumber(step))
        if let given = value.number?.double {
            if given < least { value = .number(JSONNumber(least)) }
            if given > most { value = .number(JSONNumber(most)) }
        }
        value = Self.entered(value, type, options, isBounded: false)
    }

    private static func commonMultiple(_ one: Double, _ other: Double) -> Double {
        var (a, b) = (one.magnitude, other.magnitude)
        for _ in 0..<64 where b > 1e-10 { (a, b) = (b, a.truncatingRemainder(dividingBy: b)) }
        let multiple = (one * other).magnitude / a
        return multiple.isFinite ? multiple : one
    }

    /// What a widget makes of a value that is put into it.
    static func entered(_ value: JSON, in shape: NodeShape.Input) -> JSON {
        entered(value, shape.type, options(shape), isBounded: true)
    }

    private static func entered(_ value: JSON, _ type: String, _ options: [String: JSON], isBounded: Bool) -> JSON {
        switch type {
        case "INT": number(value).map { whole($0, value, options) } ?? value
        case "FLOAT": number(value).map { fraction($0, value, options, isBounded: isBounded) } ?? value
        default: value
        }
    }

    private static func number(_ value: JSON) -> Double? {
        switch value {
        case .number(let number): number.double
        case .null: 0
        case .string(""): 0
        case .string(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }

    /// Rounded to steps from the least.
    private static func whole(_ given: Double, _ value: JSON, _ options: [String: JSON]) -> JSON {
        let step = options["step"]?.number?.double ?? 1
        if step == 1 || step == 0 {
            if case .number(let number) = value, number.isInteger { return value }
            return .number(JSONNumber((given + 0.5).rounded(.down)))
        }
        let offset = (options["min"]?.number?.double ?? 0).truncatingRemainder(dividingBy: step)
        let result = ((given - offset) / step + 0.5).rounded(.down) * step + offset
        return result == given && value.number != nil || !result.isFinite ? value : .number(JSONNumber(result))
    }

    /// Rounded to `round`, with as many digits as the step has.
    private static func fraction(
        _ given: Double, _ value: JSON, _ options: [String: JSON], isBounded: Bool
    ) -> JSON {
        let step = options["step"]?.number?.double ?? 0.5
        var scale = 1.0
        var digits = 0
        while digits < 20 && 1 / scale > step {
            scale *= 10
            digits += 1
        }
        var unit = options["round"]?.number?.double ?? 0
        if unit == 0 {
            if digits == 0 { return value }
            unit = 1 / scale
        }
        let rounded = (((given / unit + 0.5).rounded(.down) * unit) * scale).rounded() / scale
        let least = options["min"]?.number?.double ?? (isBounded ? 0 : -.infinity)
        let most = options["max"]?.number?.double ?? (isBounded ? 2048 : .infinity)
        let result = min(max(rounded, least), most)
        return result == given && value.number != nil || !result.isFinite ? value : .number(JSONNumber(result))
    }
}
