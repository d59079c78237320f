internal import Arguments
internal import GraphCore

/// A verb with what stands behind it.
struct Command: Sendable {
    enum Verb: String, CaseIterable, Sendable { case run, check, plan, convert, nodes, models, doctor, help, version }

    let verb: Verb
    let arguments: [String]
    var options: Options
}

enum CommandLineParser {
    static func parse(_ words: [String]) throws -> Command {
        var words = words
        guard let first = words.first else {
            throw UsageError(
                message: "no workflow was named", suggestion: "Run 'graphrun WORKFLOW.json', or 'graphrun --help'.")
        }
        if words.contains("--help") || words.contains("-h") {
            return Command(verb: .help, arguments: [], options: Options())
        }
        if first == "--version" { return Command(verb: .version, arguments: [], options: Options()) }
        var verb = Command.Verb.run
        if let named = Command.Verb(rawValue: first) {
            verb = named
            words.removeFirst()
        }
        var options = Options()
        let arguments = try OptionParser.read(
            words, specs(of: verb), into: &options, place: verb == .run ? "" : " for '\(verb.rawValue)'")
        try check(verb, arguments)
        if options.token != nil && options.server == nil {
            throw UsageError(message: "--token is of no use without --server", suggestion: "Name the server, too.")
        }
        return Command(verb: verb, arguments: arguments, options: options)
    }

    /// What other programs call them.
    private static let otherVerbs = ["validate": "check", "lint": "check", "verify": "check", "export": "convert"]

    /// The command that a word may mean which is none.
    static func sentence(nearestVerb word: String) -> String? {
        if let verb = otherVerbs[word.lowercased()] { return "Did you mean '\(verb)'?" }
        return NearestName.sentence(word, among: Command.Verb.allCases.map(\.rawValue))
    }

    static func specs(of verb: Command.Verb) -> [RunOption] {
        switch verb {
        case .run: OptionTable.run
        case .check: OptionTable.places + [OptionTable.set, OptionTable.only]
        case .plan: OptionTable.places + [OptionTable.set, OptionTable.only, OptionTable.dot]
        case .convert: [OptionTable.to, OptionTable.objectInfo, OptionTable.set]
        case .nodes: OptionTable.places + [OptionTable.json]
        case .models: OptionTable.places + [OptionTable.jsonList]
        case .doctor: OptionTable.places
        case .help, .version: []
        }
    }

    private static func check(_ verb: Command.Verb, _ arguments: [String]) throws {
        switch verb {
        case .run, .check, .plan, .convert:
            if arguments.first?.isEmpty != false {
                throw UsageError(
                    message: "no workflow was named", suggestion: "Name a file, or '-' for standard input.")
            }
            if arguments.count > 1 {
                if verb == .run, let sentence = sentence(nearestVerb: arguments[0]) {
                    throw UsageError(message: "'\(arguments[0])' is no command", suggestion: sentence)
                }
                throw UsageError(
                    message: "one workflow at a time: '\(arguments[1])' is one too many",
                    suggestion: "To run one workflow over many files, use --for-each.")
            }
        case .nodes:
            if arguments.count > 1 { throw UsageError(message: "'\(arguments[1])' is one name too many") }
        case .models where arguments.first == "pull":
            if arguments.count < 2 {
                throw UsageError(
                    message: "no model was named",
                    suggestion: "Name one, such as 'graphrun models pull ddcolor_paper_tiny'.")
            }
            if arguments.count > 2 { throw UsageError(message: "'\(arguments[2])' is one name too many") }
        case .models, .doctor, .help, .version:
            if let extra = arguments.first { throw UsageError(message: "'\(extra)' is not expected here") }
        }
    }
}
