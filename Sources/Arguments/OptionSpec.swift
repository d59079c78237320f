internal import GraphCore

/// One option of a command line: its spelling, what it takes, and what it does, for parsing and for `--help` alike.
public struct OptionSpec<Values>: Sendable {
    public let name: String
    /// What stands behind it, such as `SECONDS`; nil for a switch.
    public let argument: String?
    /// Whether the argument may be left out; it must then be given as `--name=ARGUMENT` or be no option itself.
    public let isArgumentOptional: Bool
    public let help: String
    public let apply: @Sendable (inout Values, String) throws -> Void

    /// - Parameter apply: throws `UsageError` for a value it cannot take; gets "" when there is none.
    public init(
        name: String, argument: String?, isArgumentOptional: Bool = false, help: String,
        apply: @escaping @Sendable (inout Values, String) throws -> Void
    ) {
        (self.name, self.argument, self.help, self.apply) = (name, argument, help, apply)
        self.isArgumentOptional = isArgumentOptional
    }

    /// The option on the left, its help in a column of its own.
    public var helpText: String {
        let indent = 30, width = 100
        var lines: [String] = []
        var line = "  " + name
        if let argument { line += isArgumentOptional ? " [\(argument)]" : " \(argument)" }
        line += String(repeating: " ", count: max(2, indent - line.count))
        for word in help.split(separator: " ") {
            if line.count + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent)
            }
            line += word + " "
        }
        return (lines + [line]).map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n")
    }
}

/// The command line is wrong.
public struct UsageError: Error, Sendable {
    public let message: String
    public let suggestion: String?

    public init(message: String, suggestion: String? = nil) { (self.message, self.suggestion) = (message, suggestion) }
}

public enum OptionParser {
    /// Reads `--name value`, `--name=value` and switches in any order; what stands behind `--` is no option.
    /// - Parameter place: said of an unknown option, such as " for 'check'".
    /// - Returns: what is no option, in order.
    public static func read<Values>(
        _ words: [String], _ specs: [OptionSpec<Values>], into values: inout Values, place: String = ""
    ) throws -> [String] {
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
            guard let spec = specs.first(where: { $0.name == parts[0] }) else {
                // Every verb takes the last two, before options are read.
                let names = specs.map(\.name) + ["--help", "--version"]
                let near =
                    names.first { $0.hasPrefix(parts[0]) || parts[0].hasPrefix($0) }
                    ?? NearestName.of(String(parts[0].dropFirst(2)), among: names.map { String($0.dropFirst(2)) })
                    .map { "--" + $0 }
                throw UsageError(
                    message: "unknown option '\(parts[0])'" + place, suggestion: near.map { "Did you mean '\($0)'?" })
            }
            guard let argument = spec.argument else {
                if parts.count > 1 { throw UsageError(message: "\(spec.name) takes no value") }
                try spec.apply(&values, "")
                continue
            }
            if spec.isArgumentOptional && parts.count == 1 && rest.first?.hasPrefix("-") != false {
                try spec.apply(&values, "")
                continue
            }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                throw UsageError(message: "\(spec.name) needs a value", suggestion: "Write \(spec.name) \(argument).")
            }
            try spec.apply(&values, value)
        }
        return arguments
    }
}

/// The version both programs say.
public enum Program { public static let version = "0.6.0" }
