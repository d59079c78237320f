/// What the declaration of an input asks of a value: its type, its range, its fixed choices.
///
/// The validator holds literals to it. The engine holds every value to it right before a node is called, wherever the
/// value comes from, so that a node may rely on its schema. Pictures and other objects are told apart by typed reading.
enum InputConstraint: Sendable {
    /// Typed reading refuses what does not fit.
    case none
    case int(ClosedRange<Int128>)
    /// A finite number; an INT fits, too.
    case float(ClosedRange<Double>)
    case string
    case boolean
    case choice([String])

    /// What an INT holds: ComfyUI's seeds reach 2^64 - 1 (nodes.py, KSampler); nothing needs more.
    static let intRange = Int128(Int64.min)...Int128(UInt64.max)
    static let floatRange = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

    /// - Parameter bounds: what the Swift type that the node reads can hold; nil for any INT.
    init(
        _ type: SocketType, minimum: JSONNumber?, maximum: JSONNumber?, choices: Choices?,
        bounds: ClosedRange<Int128>? = nil
    ) {
        switch type {
        case .int:
            let bounds = bounds ?? Self.intRange
            let low = max(minimum?.int ?? bounds.lowerBound, bounds.lowerBound)
            self = .int(low...max(low, min(maximum?.int ?? bounds.upperBound, bounds.upperBound)))
        case .float:
            let low = minimum?.double ?? Self.floatRange.lowerBound
            self = .float(low...max(low, maximum?.double ?? Self.floatRange.upperBound))
        case .string: self = .string
        case .boolean: self = .boolean
        case .combo: if case .fixed(let choices)? = choices { self = .choice(choices) } else { self = .string }
        default: self = .none
        }
    }

    /// Why a value is not allowed.
    enum Violation: Error, Equatable {
        /// A value of a type that the input does not take.
        case type
        /// Said of the value: `99 is above 31`.
        case range(String, suggestion: String)
        case choice(String, suggestion: String)
    }

    func check(_ literal: Literal) throws(Violation) {
        switch (self, literal) {
        case (.none, _), (.string, .string), (.boolean, .bool): return
        case (.int(let range), .int(let int)):
            if range.contains(int) { return }
            let isBelow = int < range.lowerBound
            throw Self.outside(literal, isBelow, JSONNumber(range.lowerBound), JSONNumber(range.upperBound))
        case (.float(let range), .int(let int)): try checkFloat(Double(int), range, literal)
        case (.float(let range), .double(let double)): try checkFloat(double, range, literal)
        case (.choice(let choices), .string(let word)):
            if choices.contains(word) { return }
            throw .choice(
                "'\(word.prefix(60))' is none of its choices",
                suggestion: NearestName.sentence(word, among: choices)
                    ?? "Choose one of: \(NearestName.list(choices, atMost: 20)).")
        default: throw .type
        }
    }

    private func checkFloat(_ value: Double, _ range: ClosedRange<Double>, _ literal: Literal) throws(Violation) {
        if range.contains(value) { return }
        let (low, high) = (JSONNumber(range.lowerBound), JSONNumber(range.upperBound))
        guard value.isFinite else {
            throw .range("\(value) is not a finite number", suggestion: Self.suggestion(low, high))
        }
        throw Self.outside(literal, value < range.lowerBound, low, high)
    }

    private static func outside(_ literal: Literal, _ isBelow: Bool, _ low: JSONNumber, _ high: JSONNumber) -> Violation
    {
        .range(
            "\(literal.plainText) is \(isBelow ? "below" : "above") \(isBelow ? low.text : high.text)",
            suggestion: suggestion(low, high))
    }

    private static func suggestion(_ low: JSONNumber, _ high: JSONNumber) -> String {
        "Use a value from \(low.text) to \(high.text)."
    }
}

extension InputSpec {
    /// Holds the value that a node is about to get to what is declared.
    /// - Parameter element: position in the list of several that the value is an element of.
    /// - Throws: `.badInput`, `.outOfRange` or `.notInList`, with the input, the value and what may stand there.
    @inline(__always)
    func check(_ value: Value, element: Int? = nil) throws {
        do throws(InputConstraint.Violation) {
            switch value {
            case .literal(.null) where presence != .required: return
            case .literal(let literal): try callConstraint.check(literal)
            case .object, .link: throw .type
            case .block: return
            }
        } catch {
            throw refusal(error, of: value, element: element)
        }
    }

    private func refusal(_ violation: InputConstraint.Violation, of value: Value, element: Int?) -> Diagnostic {
        let subject = "input '\(name)'" + (element.map { ", element \($0 + 1)" } ?? "")
        return switch violation {
        case .type: wrongType(value, subject: subject, needed: type)
        case .range(let message, let suggestion):
            Diagnostic(.outOfRange, node: nil, input: name, "\(subject): \(message)", suggestion: suggestion)
        case .choice(let message, let suggestion):
            Diagnostic(.notInList, node: nil, input: name, "\(subject): \(message)", suggestion: suggestion)
        }
    }

    /// A value that is of another type than the input.
    func wrongType(_ value: Value, subject: String? = nil, needed: SocketType) -> Diagnostic {
        Diagnostic(
            .badInput, node: nil, input: name,
            "\(subject ?? "input '\(name)'") is \(value.kindName), but \(needed) is needed",
            suggestion: "Link '\(name)' to an output of type \(needed).")
    }
}

extension Inputs {
    /// Holds every value of a call to its declaration.
    /// - Parameter positions: of the inputs that have a constraint (`NodeType.constrainedInputs`).
    /// - Throws: as `InputSpec.check`.
    func check(_ positions: [Int]) throws {
        for position in positions {
            switch cells[position] {
            case .absent: continue
            case .one(let value): try specs[position].check(value)
            case .list(let values):
                for (element, value) in values.enumerated() {
                    try specs[position].check(value, element: values.count > 1 ? element : nil)
                }
            }
        }
    }
}
