/// Converts what a file says to what an input asks for, as ComfyUI's `int()`, `float()`, `str()` and `bool()` do.
struct LiteralConversion {
    /// Why a value cannot be converted, or must be told of.
    enum Problem: Error {
        case wrongType(String, suggestion: String)
        case outOfRange(String, suggestion: String)
        case notInList(String, suggestion: String)
        /// The environment refuses a named choice.
        case refused(Diagnostic, word: String, ChoiceSource)
    }

    let literal: Literal
    /// Said when the conversion lost something.
    var warning: String?

    /// - Parameter json: a literal from a file; `{"__value__": x}` stands for x, as frontends wrap lists.
    static func convert(
        _ json: JSON, for spec: InputSpec, in environment: any NodeEnvironment
    ) throws(Problem) -> LiteralConversion {
        let json = json["__value__"] ?? json
        switch spec.type {
        case .int: return try held(int(json, spec), spec)
        case .float: return try held(float(json, spec), spec)
        case .string: return LiteralConversion(literal: .string(try string(json, spec)))
        case .boolean: return LiteralConversion(literal: .bool(try bool(json, spec)))
        case .combo: return try held(LiteralConversion(literal: .string(choice(json, spec, environment))), spec)
        default: return LiteralConversion(literal: Literal(json))
        }
    }

    private static func int(_ json: JSON, _ spec: InputSpec) throws(Problem) -> LiteralConversion {
        let text: String
        var warning: String?
        var value: Int128?
        switch json {
        case .bool(let bool):
            return LiteralConversion(literal: .int(bool ? 1 : 0), warning: isUsed(bool))
        case .number(let number) where number.isInteger:
            text = number.text
            value = number.int
        case .number(let number):
            text = number.text
            guard let double = number.double, let cut = Int128(exactly: double.rounded(.towardZero)) else { break }
            value = cut
            if double != double.rounded(.towardZero) { warning = "\(text) is not a whole number; \(cut) is used" }
        case .string(let string):
            text = trimmed(string)
            guard isWhole(text) else { throw unfit(json, spec, "a whole number") }
            value = Int128(text)
        default: throw unfit(json, spec, "a whole number")
        }
        // No value: more than 128 bits.
        guard let value, InputConstraint.intRange.contains(value) else {
            throw .outOfRange("\(text.prefix(60)) is beyond what an INT holds", suggestion: "Use -2^63 to 2^64 - 1.")
        }
        return LiteralConversion(literal: .int(value), warning: warning)
    }

    private static func isWhole(_ text: String) -> Bool {
        let digits =
            text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
            ? text.utf8.dropFirst() : text.utf8[...]
        return !digits.isEmpty && digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    private static func isUsed(_ bool: Bool) -> String { "\(bool) is not a number; \(bool ? 1 : 0) is used" }

    private static func float(_ json: JSON, _ spec: InputSpec) throws(Problem) -> LiteralConversion {
        let value: Double?
        switch json {
        case .bool(let bool): return LiteralConversion(literal: .double(bool ? 1 : 0), warning: isUsed(bool))
        case .number(let number):
            guard let double = number.double else {
                throw .outOfRange(
                    "\(number.text) is beyond what a FLOAT holds", suggestion: "Use a number below 1.8e308.")
            }
            value = double
        // Swift also reads hexadecimal, which Python's float() does not.
        case .string(let string): value = string.contains("x") || string.contains("X") ? nil : Double(trimmed(string))
        default: value = nil
        }
        guard let value, value.isFinite else { throw unfit(json, spec, "a number") }
        return LiteralConversion(literal: .double(value))
    }

    private static func string(_ json: JSON, _ spec: InputSpec) throws(Problem) -> String {
        switch json {
        case .string(let string): return string
        case .number(let number): return number.text
        case .bool(let bool): return bool ? "True" : "False"
        case .null, .array, .object: throw unfit(json, spec, "a text")
        }
    }

    /// ComfyUI takes `bool("false")` for true, as Python does; here the words mean what they say.
    private static func bool(_ json: JSON, _ spec: InputSpec) throws(Problem) -> Bool {
        switch json {
        case .bool(let bool): return bool
        case .number(let number): return number.double != 0
        case .string(let string) where string.lowercased() == "true": return true
        case .string(let string) where string.lowercased() == "false": return false
        default: throw unfit(json, spec, "true or false")
        }
    }

    private static func choice(
        _ json: JSON, _ spec: InputSpec, _ environment: any NodeEnvironment
    ) throws(Problem) -> String {
        let word: String
        switch json {
        case .string(let string): word = string
        case .number(let number): word = number.text
        default: throw unfit(json, spec, "one of its choices")
        }
        guard case .named(let source)? = spec.choices else { return word }
        guard let refusal = environment.refusal(of: word, from: source) else { return word }
        throw .refused(refusal, word: word, source)
    }

    private static func held(
        _ converted: LiteralConversion, _ spec: InputSpec
    ) throws(Problem) -> LiteralConversion {
        do throws(InputConstraint.Violation) {
            try spec.constraint.check(converted.literal)
        } catch {
            switch error {
            case .range(let message, let suggestion): throw .outOfRange(message, suggestion: suggestion)
            case .choice(let message, let suggestion): throw .notInList(message, suggestion: suggestion)
            // Converted to the input's type just now.
            case .type: break
            }
        }
        return converted
    }

    private static func unfit(_ json: JSON, _ spec: InputSpec, _ wanted: String) -> Problem {
        let shown = String(JSONWriter.text(json).prefix(60))
        return .wrongType("\(shown) is not \(wanted)", suggestion: "Give '\(spec.name)' \(wanted).")
    }

    private static func trimmed(_ text: String) -> String {
        var rest = Substring(text)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

extension Literal {
    /// As a person would write it, strings without quotes.
    public var plainText: String {
        switch self {
        case .string(let string): string
        default: JSONWriter.text(json)
        }
    }
}

extension ChoiceSource {
    /// Where people look for it.
    var place: String {
        switch self {
        case .files(let folder, _): "\(folder.rawValue)/"
        case .models(let name, _): "models/\(name)/"
        }
    }

    func hint(_ word: String, _ environment: any NodeEnvironment) -> String {
        let known = environment.choices(self)
        if let whole = known.first(where: { $0.hasPrefix(word + ".") }) { return "Did you mean '\(whole)'?" }
        if let near = NearestName.sentence(word, among: known) { return near }
        if known.isEmpty { return "Put the file into \(place) (it holds none yet)." }
        let there = known.prefix(100).filter { environment.refusal(of: $0, from: self) == nil }
        if word.isEmpty, !there.isEmpty { return "Choose one of: \(NearestName.list(there, atMost: 5))." }
        if there.isEmpty {
            let models = NearestName.list(known.map(Self.pullName), atMost: 5)
            return "Put it into \(place), or get one of these with 'graphrun models pull NAME': \(models)."
        }
        return "Put it into \(place), or choose one of: \(NearestName.list(there, atMost: 5))."
    }
}
