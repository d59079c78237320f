internal import GraphCore

/// Reads the syntax of Python's `re`. What Python refuses is refused here, in its words where it has them.
struct PatternParser {
    struct Failure: Error {
        let message: String
        /// Scalars before the place.
        let position: Int
    }

    struct Flags {
        var ignoresCase = false, isMultiline = false, dotMatchesAll = false, isVerbose = false, isASCII = false
    }

    private static let maxDepth = 100
    private static let maxGroupCount = 1000

    private let source: [UInt32]
    private var at = 0
    private var flags: Flags
    private var depth = 0
    private(set) var groupCount = 0
    private var names: [String: Int] = [:]
    private var openGroups: Set<Int> = []
    private var widths: [Int: Int] = [:]

    static func parse(_ text: String, _ flags: Flags) throws(Failure) -> (syntax: PatternSyntax, groupCount: Int) {
        var parser = PatternParser(source: text.unicodeScalars.map(\.value), flags: flags)
        let syntax = try parser.alternatives()
        if parser.at < parser.source.count { throw parser.failure("unbalanced parenthesis") }
        return (syntax, parser.groupCount)
    }

    private init(source: [UInt32], flags: Flags) { (self.source, self.flags) = (source, flags) }

    private func failure(_ message: String, at position: Int? = nil) -> Failure {
        Failure(message: message, position: position ?? at)
    }

    private var next: UInt32? { at < source.count ? source[at] : nil }

    private static func code(_ character: Unicode.Scalar) -> UInt32 { character.value }

    private mutating func take(_ text: String) -> Bool {
        let wanted = text.unicodeScalars.map(\.value)
        guard source[at...].starts(with: wanted) else { return false }
        at += wanted.count
        return true
    }

    /// Up to `end`, which is taken too.
    private mutating func text(until end: Unicode.Scalar, _ missing: String) throws(Failure) -> String {
        let start = at
        while let scalar = next, scalar != end.value { at += 1 }
        guard next != nil else { throw failure("missing \(missing), unterminated name", at: start) }
        var text = String.UnicodeScalarView()
        for value in source[start..<at] { if let scalar = Unicode.Scalar(value) { text.append(scalar) } }
        at += 1
        return String(text)
    }

    // MARK: Structure

    private mutating func alternatives() throws(Failure) -> PatternSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw failure("more than \(Self.maxDepth) groups inside each other") }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(Failure) -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let scalar = next, scalar != Self.code("|"), scalar != Self.code(")") {
            if flags.isVerbose, skipVerbose() { continue }
            if let bounds = try quantifier() {
                guard let part = parts.popLast() else { throw failure("nothing to repeat", at: bounds.start) }
                switch part {
                case .assertion: throw failure("nothing to repeat", at: bounds.start)
                case .repeated: throw failure("multiple repeat", at: bounds.start)
                default: break
                }
                let eagerness: PatternSyntax.Eagerness = take("?") ? .lazy : take("+") ? .possessive : .greedy
                parts.append(
                    .repeated(part, minimum: bounds.minimum, maximum: bounds.maximum, eagerness))
                continue
            }
            if let part = try element() { parts.append(part) }
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func skipVerbose() -> Bool {
        if let scalar = next, ScalarClass.isSpace(scalar, isASCII: true) {
            at += 1
            return true
        }
        guard take("#") else { return false }
        while let scalar = next, scalar != 10 { at += 1 }
        return true
    }

    private mutating func quantifier() throws(Failure) -> (start: Int, minimum: Int, maximum: Int?)? {
        let start = at
        if take("*") { return (start, 0, nil) }
        if take("+") { return (start, 1, nil) }
        if take("?") { return (start, 0, 1) }
        guard take("{") else { return nil }
        let low = digits()
        let high = take(",") ? digits() : low
        let isClosed = take("}")
        guard isClosed, at > start + 2 else {
            at = start
            return nil
        }
        let minimum = try count(low, start) ?? 0
        let maximum = try count(high, start)
        if let maximum, maximum < minimum {
            throw failure("min repeat greater than max repeat", at: start)
        }
        return (start, minimum, maximum)
    }

    private mutating func digits() -> String {
        var digits = ""
        while let scalar = next, (48...57).contains(scalar), let digit = Unicode.Scalar(scalar) {
            digits.unicodeScalars.append(digit)
            at += 1
        }
        return digits
    }

    private func count(_ digits: String, _ start: Int) throws(Failure) -> Int? {
        if digits.isEmpty { return nil }
        guard let count = Int(digits), count < 1 << 32 else {
            throw failure("the repetition number is too large", at: start)
        }
        return count
    }

    // MARK: Elements

    /// Nil for what matches nothing and stands for nothing, such as a comment.
    private mutating func element() throws(Failure) -> PatternSyntax? {
        let start = at
        guard let scalar = next else { return nil }
        at += 1
        switch scalar {
        case Self.code("."): return .set(flags.dotMatchesAll ? .all() : .all(but: [.range(10...10)]))
        case Self.code("^"): return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case Self.code("$"): return .assertion(flags.isMultiline ? .lineEnd : .lastLineEnd)
        case Self.code("("): return try parenthesis(start)
        case Self.code("["): return .set(try bracket(start))
        case Self.code("\\"): return try escape(start)
        default: return .set(literal(scalar))
        }
    }

    private func literal(_ scalar: UInt32) -> ScalarSet { set([.range(scalar...scalar)]) }

    private func set(_ members: [ScalarSet.Member], isNegative: Bool = false) -> ScalarSet {
        var set = ScalarSet(
            members: members, isNegative: isNegative, ignoresCase: flags.ignoresCase, isASCII: flags.isASCII)
        set.prepareFolding()
        return set
    }

    private mutating func parenthesis(_ start: Int) throws(Failure) -> PatternSyntax? {
        guard take("?") else { return try group(named: nil, start) }
        if take("P<") {
            let name = try text(until: ">", ">")
            try check(name)
            guard names[name] == nil else { throw failure("redefinition of group name '\(name)'", at: start) }
            return try group(named: name, start)
        }
        if take("P=") {
            let name = try text(until: ")", ")")
            guard let index = names[name] else { throw failure("unknown group name '\(name)'", at: start) }
            return try backreference(index, start)
        }
        if take("#") {
            while let scalar = next, scalar != Self.code(")") { at += 1 }
            guard take(")") else { throw failure("missing ), unterminated comment", at: start) }
            return nil
        }
        if take(":") { return try closed(start) }
        if take(">") { return .atomic(try closed(start)) }
        if take("=") { return .look(try closed(start), behind: nil, isNegative: false) }
        if take("!") { return .look(try closed(start), behind: nil, isNegative: true) }
        if take("<=") { return try lookBehind(start, isNegative: false) }
        if take("<!") { return try lookBehind(start, isNegative: true) }
        if take("(") { return try conditional(start) }
        return try inlineFlags(start)
    }

    /// The rest of a group whose parenthesis is at `start`.
    private mutating func closed(_ start: Int) throws(Failure) -> PatternSyntax {
        let outer = flags
        let inner = try alternatives()
        flags = outer
        guard take(")") else { throw failure("missing ), unterminated subpattern", at: start) }
        // As one part, so that a quantifier behind it means all of it.
        if case .repeated = inner { return .sequence([inner, .sequence([])]) }
        if case .assertion = inner { return .sequence([inner, .sequence([])]) }
        return inner
    }

    private mutating func group(named name: String?, _ start: Int) throws(Failure) -> PatternSyntax {
        guard groupCount < Self.maxGroupCount else { throw failure("more than \(Self.maxGroupCount) groups") }
        groupCount += 1
        let index = groupCount
        if let name { names[name] = index }
        openGroups.insert(index)
        let inner = try closed(start)
        openGroups.remove(index)
        widths[index] = inner.width(widths)
        return .group(index, inner)
    }

    private func check(_ name: String) throws(Failure) {
        let scalars = name.unicodeScalars.map(\.value)
        guard let first = scalars.first, !ScalarClass.isDigit(first, isASCII: false),
            scalars.allSatisfy({ ScalarClass.isWord($0, isASCII: false) })
        else { throw failure("bad character in group name '\(name)'") }
    }

    private func backreference(_ index: Int, _ start: Int) throws(Failure) -> PatternSyntax {
        guard index <= groupCount else { throw failure("invalid group reference \(index)", at: start) }
        guard !openGroups.contains(index) else { throw failure("cannot refer to an open group", at: start) }
        return .backreference(index, ignoresCase: flags.ignoresCase)
    }

    private mutating func lookBehind(_ start: Int, isNegative: Bool) throws(Failure) -> PatternSyntax {
        let inner = try closed(start)
        guard let width = inner.width(widths) else {
            throw failure("look-behind requires fixed-width pattern", at: start)
        }
        return .look(inner, behind: width, isNegative: isNegative)
    }

    private mutating func conditional(_ start: Int) throws(Failure) -> PatternSyntax {
        let name = try text(until: ")", ")")
        let index = names[name] ?? Int(name) ?? -1
        guard index > 0 else { throw failure("unknown group name '\(name)'", at: start) }
        guard index <= Self.maxGroupCount else { throw failure("invalid group reference \(index)", at: start) }
        let (outer, parts) = (flags, try closedParts(start))
        flags = outer
        guard parts.count <= 2 else { throw failure("conditional backref with more than two branches", at: start) }
        return .conditional(index, yes: parts[0], no: parts.count == 2 ? parts[1] : .sequence([]))
    }

    private mutating func closedParts(_ start: Int) throws(Failure) -> [PatternSyntax] {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        guard take(")") else { throw failure("missing ), unterminated subpattern", at: start) }
        return parts
    }

    /// `(?i)` at the start of the pattern, or `(?i-s:...)`.
    private mutating func inlineFlags(_ start: Int) throws(Failure) -> PatternSyntax? {
        let outer = flags
        var value = true
        while let scalar = next {
            at += 1
            switch scalar {
            case Self.code("i"): flags.ignoresCase = value
            case Self.code("m"): flags.isMultiline = value
            case Self.code("s"): flags.dotMatchesAll = value
            case Self.code("x"): flags.isVerbose = value
            case Self.code("a") where value: flags.isASCII = true
            case Self.code("u") where value: flags.isASCII = false
            case Self.code("-") where value: value = false
            case Self.code(")") where value && at > start + 3:
                guard start == 0 else {
                    throw failure("global flags not at the start of the expression", at: start)
                }
                return nil
            case Self.code(":") where at > start + 3:
                let inner = flags
                flags = inner
                let syntax = try closed(start)
                flags = outer
                return syntax
            default: throw failure("unknown extension", at: start)
            }
        }
        throw failure("unexpected end of pattern", at: start)
    }
}

extension PatternParser {
    // MARK: Escapes and brackets

    private mutating func escape(_ start: Int) throws(Failure) -> PatternSyntax {
        guard let scalar = next else { throw failure("bad escape (end of pattern)", at: start) }
        at += 1
        switch scalar {
        case Self.code("A"): return .assertion(.textStart)
        case Self.code("Z"): return .assertion(.textEnd)
        case Self.code("b"): return .assertion(.wordBoundary(isNegative: false, isASCII: flags.isASCII))
        case Self.code("B"): return .assertion(.wordBoundary(isNegative: true, isASCII: flags.isASCII))
        case Self.code("1")...Self.code("9"):
            at -= 1
            if let octal = octal(count: 3, exactly: true) {
                guard octal <= 0o377 else { throw failure("octal escape value outside of range 0-0o377", at: start) }
                return .set(literal(octal))
            }
            var index = 0
            while let digit = next, (48...57).contains(digit), index < 10 {
                index = index * 10 + Int(digit - 48)
                at += 1
            }
            return try backreference(index, start)
        default:
            at -= 1
            switch try setEscape(start) {
            case .range(let range): return .set(set([.range(range)]))
            case let category: return .set(set([category]))
            }
        }
    }

    /// What an escape means inside brackets, and nearly everywhere.
    private mutating func setEscape(_ start: Int) throws(Failure) -> ScalarSet.Member {
        guard let scalar = next, let character = Unicode.Scalar(scalar) else {
            throw failure("bad escape (end of pattern)", at: start)
        }
        at += 1
        func one(_ value: UInt32) -> ScalarSet.Member { .range(value...value) }
        switch character {
        case "d", "D": return .category(.digit, isNegative: character == "D")
        case "s", "S": return .category(.space, isNegative: character == "S")
        case "w", "W": return .category(.word, isNegative: character == "W")
        case "a": return one(7)
        case "b": return one(8)
        case "f": return one(12)
        case "n": return one(10)
        case "r": return one(13)
        case "t": return one(9)
        case "v": return one(11)
        case "x": return one(try hexadecimal(2, start))
        case "u": return one(try hexadecimal(4, start))
        case "U": return one(try hexadecimal(8, start))
        case "0"..."7":
            at -= 1
            let value = octal(count: 3, exactly: false) ?? 0
            guard value <= 0o377 else { throw failure("octal escape value outside of range 0-0o377", at: start) }
            return one(value)
        case "A"..."Z", "a"..."z", "8", "9": throw failure("bad escape \\\(character)", at: start)
        default: return one(scalar)
        }
    }

    private mutating func octal(count: Int, exactly: Bool) -> UInt32? {
        let digits = source[at...].prefix(count).prefix { (48...55).contains($0) }
        guard !digits.isEmpty, !exactly || digits.count == count else { return nil }
        at += digits.count
        return digits.reduce(0) { $0 * 8 + $1 - 48 }
    }

    private mutating func hexadecimal(_ count: Int, _ start: Int) throws(Failure) -> UInt32 {
        var text = ""
        for value in source[at...].prefix(count) {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        guard text.unicodeScalars.count == count, let value = UInt32(text, radix: 16), text.first != "+",
            Unicode.Scalar(value) != nil
        else { throw failure("incomplete escape", at: start) }
        at += count
        return value
    }

    private mutating func bracket(_ start: Int) throws(Failure) -> ScalarSet {
        var members: [ScalarSet.Member] = []
        let isNegative = take("^")
        var isFirst = true
        while isFirst || !take("]") {
            isFirst = false
            let from = at
            let low = try bracketMember(start)
            guard next == Self.code("-"), at + 1 < source.count, source[at + 1] != Self.code("]") else {
                members.append(low)
                continue
            }
            at += 1
            let high = try bracketMember(start)
            guard case .range(let first) = low, case .range(let last) = high, first.lowerBound <= last.lowerBound else {
                throw failure("bad character range", at: from)
            }
            members.append(.range(first.lowerBound...last.lowerBound))
        }
        return set(members, isNegative: isNegative)
    }

    private mutating func bracketMember(_ start: Int) throws(Failure) -> ScalarSet.Member {
        guard let scalar = next else { throw failure("unterminated character set", at: start) }
        let from = at
        at += 1
        return scalar == Self.code("\\") ? try setEscape(from) : .range(scalar...scalar)
    }
}
