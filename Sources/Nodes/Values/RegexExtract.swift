public import GraphCore

/// What a pattern in the syntax of Python's `re` finds in a text: the first match, all of them on lines of their own, or
/// a group of the first or of each. Nothing found is an empty text.
///
/// ComfyUI gives an empty text for a pattern that cannot be read, too; here it is an error that says what is wrong.
public struct RegexExtract: Node {
    enum Mode: String, CaseIterable {
        case firstMatch = "First Match"
        case allMatches = "All Matches"
        case firstGroup = "First Group"
        case allGroups = "All Groups"
    }

    static let text = Input<String>("string", options: [.init("multiline", true)])
    static let pattern = Input<String>("regex_pattern", options: [.init("multiline", true)])
    static let mode = Input<String>("mode", choices: .fixed(Mode.allCases.map(\.rawValue)))
    static let ignoresCase = Input<Bool>("case_insensitive", default: true)
    static let isMultiline = Input<Bool>("multiline", default: false)
    static let dotMatchesAll = Input<Bool>("dotall", default: false)
    static let group = Input<Int>("group_index", default: 1, in: 0...100)
    static let output = Output<String>("STRING")

    public let schema = NodeSchema(
        type: "RegexExtract", displayName: "Regex Extract", category: "utils/string",
        inputs: [text, pattern, mode, ignoresCase, isMultiline, dotMatchesAll, group], outputs: [output],
        module: "comfy_extras.nodes_string", generation: .modern)

    /// In scalars; four bytes each.
    private static let maxTextCount = 16 << 20
    private static let maxPatternCount = 65_536

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let mode = Mode(rawValue: try inputs[Self.mode]) ?? .firstMatch
        let program = try Self.program(
            try inputs[Self.pattern],
            PatternParser.Flags(
                ignoresCase: try inputs[Self.ignoresCase], isMultiline: try inputs[Self.isMultiline],
                dotMatchesAll: try inputs[Self.dotMatchesAll]))
        let text = Array(try inputs[Self.text].unicodeScalars)
        guard text.count <= Self.maxTextCount else {
            throw Diagnostic(
                .tooLarge, node: nil, input: "string",
                "the text has more than \(Self.maxTextCount >> 20) Mi characters", suggestion: "Search shorter texts.")
        }
        let isFirstOnly = mode == .firstMatch || mode == .firstGroup
        let matches = try Self.matches(program, text.map(\.value), maxCount: isFirstOnly ? 1 : .max, context)
        let group = try inputs[Self.group]
        let wanted: Int? =
            switch mode {
            case .firstMatch: 0
            // Python's findall gives the first group when there are any.
            case .allMatches: min(1, program.groupCount)
            case .firstGroup: group >= 0 && group <= program.groupCount ? group : nil
            case .allGroups: group >= 0 && group <= program.groupCount && program.groupCount > 0 ? group : nil
            }
        guard let wanted else { return [Self.output("")] }
        let found = matches.map { match in
            var part = String.UnicodeScalarView()
            if let range = match[wanted] { part.append(contentsOf: text[range]) }
            return String(part)
        }
        try TextSize.check(found.reduce(0) { $0 + $1.utf8.count + 1 })
        return [Self.output(found.joined(separator: "\n"))]
    }

    private static func program(_ pattern: String, _ flags: PatternParser.Flags) throws -> PatternProgram {
        guard pattern.unicodeScalars.count <= maxPatternCount else {
            throw Diagnostic(
                .tooLarge, node: nil, input: "regex_pattern",
                "the pattern has more than \(maxPatternCount) characters", suggestion: "Use a shorter pattern.")
        }
        do throws(PatternParser.Failure) {
            let (syntax, groupCount) = try PatternParser.parse(pattern, flags)
            return try PatternProgram(syntax, groupCount: groupCount)
        } catch {
            throw Diagnostic(
                .badInput, node: nil, input: "regex_pattern",
                "the pattern '\(pattern.prefix(200))' cannot be read: \(error.message) at position \(error.position)",
                suggestion: "Correct it, or put a backslash before a character that is meant as itself.")
        }
    }

    private static func matches(
        _ program: PatternProgram, _ text: [UInt32], maxCount: Int, _ context: NodeContext
    ) throws -> [PatternMatcher.Match] {
        var matcher = PatternMatcher(program, text) { try Task.checkCancellation() }
        do throws(PatternMatcher.Failure) {
            return try matcher.matches(maxCount: maxCount)
        } catch {
            switch error {
            case .stopped(let reason): throw reason
            case .tooManySteps:
                throw Diagnostic(
                    .nodeFailed, node: nil, input: "regex_pattern",
                    "the pattern can match in so many ways that the search was given up",
                    suggestion: "Replace repetitions inside repetitions, such as (a+)+, by simpler ones.")
            }
        }
    }
}
