/// A verb with what stands behind it.
struct Command: Sendable {
    enum Verb: String, CaseIterable, Sendable { case run, check, plan, convert, nodes, doctor, help, version }

    let verb: Verb
    let arguments: [String]
    let options: Options
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
        let (arguments, options) = try read(words, verb)
        try check(verb, arguments)
        return Command(verb: verb, arguments: arguments, options: options)
    }

    static func specs(of verb: Command.Verb) -> [OptionSpec] {
        switch verb {
        case .run: OptionSpec.run
        case .check: OptionSpec.places + [OptionSpec.set, OptionSpec.only]
        case .plan: OptionSpec.places + [OptionSpec.set, OptionSpec.only, OptionSpec.dot]
        case .convert: [OptionSpec.set]
        case .nodes: OptionSpec.places + [OptionSpec.json]
        case .doctor: OptionSpec.places
        case .help, .version: []
        }
    }

    private static func read(_ words: [String], _ verb: Command.Verb) throws -> ([String], Options) {
        let specs = specs(of: verb)
        var options = Options()
        var arguments: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                arguments += rest
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                arguments.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let spec = specs.first(where: { $0.name == parts[0] }) else { throw unknown(parts[0], verb, specs) }
            guard let argument = spec.argument else {
                if parts.count > 1 { throw UsageError(message: "\(spec.name) takes no value") }
                try spec.apply(&options, "")
                continue
            }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                throw UsageError(message: "\(spec.name) needs a value", suggestion: "Write \(spec.name) \(argument).")
            }
            try spec.apply(&options, value)
        }
        return (arguments, options)
    }

    private static func unknown(_ word: String, _ verb: Command.Verb, _ specs: [OptionSpec]) -> UsageError {
        let message = "unknown option '\(word)'" + (verb == .run ? "" : " for '\(verb.rawValue)'")
        let near = specs.map(\.name).first { $0.hasPrefix(word) || word.hasPrefix($0) }
        return UsageError(message: message, suggestion: near.map { "Did you mean '\($0)'?" })
    }

    private static func check(_ verb: Command.Verb, _ arguments: [String]) throws {
        switch verb {
        case .run, .check, .plan, .convert:
            if arguments.first?.isEmpty != false {
                throw UsageError(
                    message: "no workflow was named", suggestion: "Name a file, or '-' for standard input.")
            }
            if arguments.count > 1 {
                throw UsageError(
                    message: "one workflow at a time: '\(arguments[1])' is one too many",
                    suggestion: "To run one workflow over many files, use --for-each.")
            }
        case .nodes:
            if arguments.count > 1 { throw UsageError(message: "'\(arguments[1])' is one name too many") }
        case .doctor, .help, .version:
            if let extra = arguments.first { throw UsageError(message: "'\(extra)' is not expected here") }
        }
    }
}
