internal import GraphCore

/// A parsed pattern in the syntax of Python's `re` (docs.python.org, library/re), for text.
indirect enum PatternSyntax {
    case set(ScalarSet)
    case sequence([PatternSyntax])
    case alternatives([PatternSyntax])
    /// `maximum` nil is without end.
    case repeated(PatternSyntax, minimum: Int, maximum: Int?, Eagerness)
    case group(Int, PatternSyntax)
    case backreference(Int, ignoresCase: Bool)
    case assertion(Assertion)
    /// `behind` is how many scalars to go back first; nil looks ahead.
    case look(PatternSyntax, behind: Int?, isNegative: Bool)
    /// Once matched, never tried in another way.
    case atomic(PatternSyntax)
    /// Depends on whether a group took part in the match.
    case conditional(Int, yes: PatternSyntax, no: PatternSyntax)

    enum Eagerness { case greedy, lazy, possessive }

    enum Assertion {
        case textStart, textEnd
        case lineStart
        /// At the end, or before a newline that ends the text.
        case lastLineEnd
        case lineEnd
        case wordBoundary(isNegative: Bool, isASCII: Bool)
    }

    /// How many scalars it takes, when that is always the same. `groups` are the groups' own widths.
    func width(_ groups: [Int: Int]) -> Int? {
        switch self {
        case .set: return 1
        case .sequence(let parts):
            var sum = 0
            for part in parts {
                guard let width = part.width(groups) else { return nil }
                let (next, overflow) = sum.addingReportingOverflow(width)
                if overflow { return nil }
                sum = next
            }
            return sum
        case .alternatives(let parts):
            let widths = Set(parts.map { $0.width(groups) })
            return widths.count == 1 ? widths.first ?? nil : nil
        case .repeated(let part, let minimum, let maximum, _):
            guard minimum == maximum, let width = part.width(groups) else { return nil }
            let (product, overflow) = width.multipliedReportingOverflow(by: minimum)
            return overflow ? nil : product
        case .group(_, let part), .atomic(let part): return part.width(groups)
        case .backreference(let group, _): return groups[group]
        case .assertion, .look: return 0
        case .conditional(_, let yes, let no):
            let width = yes.width(groups)
            return width == no.width(groups) ? width : nil
        }
    }
}

/// What one scalar may be.
struct ScalarSet {
    enum Category { case digit, space, word }

    enum Member {
        case range(ClosedRange<UInt32>)
        case category(Category, isNegative: Bool)
    }

    var members: [Member] = []
    var isNegative = false
    var ignoresCase = false
    var isASCII = false
    /// The case-folded members, when there are not too many.
    private(set) var folded: Set<UInt32>?

    /// Every scalar but those of `members`.
    static func all(but members: [Member] = []) -> ScalarSet { ScalarSet(members: members, isNegative: true) }

    mutating func prepareFolding() {
        guard ignoresCase else { return }
        var all: Set<UInt32> = []
        var count = 0
        for case .range(let range) in members {
            count += range.count
            guard count <= 4096 else { return }
            for value in range { all.insert(ScalarClass.folded(value, isASCII: isASCII)) }
        }
        folded = all
    }

    func contains(_ scalar: UInt32) -> Bool {
        let hasMember: Bool
        if ignoresCase {
            let key = ScalarClass.folded(scalar, isASCII: isASCII)
            let lower = ScalarClass.lowercase(scalar, isASCII: isASCII)
            hasMember =
                folded?.contains(key) ?? members.contains { isIn($0, scalar) || isIn($0, lower) || isIn($0, key) }
                || members.contains { if case .category = $0 { isIn($0, lower) } else { false } }
        } else {
            hasMember = members.contains { isIn($0, scalar) }
        }
        return hasMember != isNegative
    }

    private func isIn(_ member: Member, _ scalar: UInt32) -> Bool {
        switch member {
        case .range(let range): range.contains(scalar)
        case .category(.digit, let isNegative): ScalarClass.isDigit(scalar, isASCII: isASCII) != isNegative
        case .category(.space, let isNegative): ScalarClass.isSpace(scalar, isASCII: isASCII) != isNegative
        case .category(.word, let isNegative): ScalarClass.isWord(scalar, isASCII: isASCII) != isNegative
        }
    }
}

/// What Python's `str` methods say of a character.
enum ScalarClass {
    static func isDigit(_ scalar: UInt32, isASCII: Bool) -> Bool {
        if scalar < 128 || isASCII { return (48...57).contains(scalar) }
        return Unicode.Scalar(scalar)?.properties.generalCategory == .decimalNumber
    }

    /// `str.isspace`.
    static func isSpace(_ scalar: UInt32, isASCII: Bool) -> Bool {
        switch scalar {
        case 9...13, 32: true
        case 28...31, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: !isASCII
        default: false
        }
    }

    /// `str.isalnum`, and the underscore.
    static func isWord(_ scalar: UInt32, isASCII: Bool) -> Bool {
        switch scalar {
        case 48...57, 65...90, 95, 97...122: return true
        case 0..<128: return false
        default:
            guard !isASCII, let properties = Unicode.Scalar(scalar)?.properties else { return false }
            switch properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
            default: return properties.numericType != nil
            }
        }
    }

    static func lowercase(_ scalar: UInt32, isASCII: Bool) -> UInt32 {
        if scalar < 128 || isASCII { return (65...90).contains(scalar) ? scalar + 32 : scalar }
        return Unicode.Scalar(scalar)?.properties.lowercaseMapping.unicodeScalars.first?.value ?? scalar
    }

    /// The same for all letters that differ only in case: those of one lower case, and those lower cases of one upper
    /// case (s and the long s; the two small sigmas).
    static func folded(_ scalar: UInt32, isASCII: Bool) -> UInt32 {
        let lower = lowercase(scalar, isASCII: isASCII)
        if isASCII { return lower }
        switch lower {
        // Of several letters in upper case, hence not comparable by it alone.
        case 0x1FD3: return 0x390
        case 0x1FE3: return 0x3B0
        case 0xFB05: return 0xFB06
        default: break
        }
        let upper = Unicode.Scalar(lower)?.properties.uppercaseMapping.unicodeScalars
        guard let upper, upper.count == 1, let only = upper.first else { return lower }
        return only.value
    }
}
