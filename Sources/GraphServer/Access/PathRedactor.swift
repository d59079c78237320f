internal import Files
internal import Foundation
internal import GraphCore
internal import HTTP

/// Where the folders lie on the disk concerns nobody outside: in what clients are told they go by their names.
struct PathRedactor: Sendable {
    private let names: [(path: String, name: String)]

    /// Over no path.
    init() { names = [] }

    /// - Parameter base: the base directory as configured.
    init(_ folders: Folders, base: String) {
        let process = ProcessInfo.processInfo
        let own = FolderName.allCases.map { (folders.path($0), $0.rawValue) }
        // What files are called when the system itself names them: links are resolved, and relative paths are not.
        let others = [
            (base, "base"), (process.environment["XDG_CACHE_HOME"] ?? "", "~/.cache"), (NSHomeDirectory(), "~"),
            (FileManager.default.currentDirectoryPath, "."),
        ]
        let real = (own + others).filter { !$0.0.isEmpty }.map { path, name in
            (URL(fileURLWithPath: path).resolvingSymlinksInPath().path, name)
        }
        names = (own + folders.modelPathNames.map { ($0.path, $0.name) } + others + real)
            .map { (path: $0.0.count > 1 && $0.0.hasSuffix("/") ? String($0.0.dropLast()) : $0.0, name: $0.1) }
            .filter { $0.path.hasPrefix("/") && $0.path != "/" }
            // A folder inside another goes first, and of one path the name given first.
            .enumerated().sorted { left, right in
                (-left.element.path.utf8.count, left.offset) < (-right.element.path.utf8.count, right.offset)
            }
            .map(\.element)
    }

    func redact(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "/")) else { return text }
        return names.reduce(text) { text, folder in Self.replacing(folder.path, with: folder.name, in: text) }
    }

    /// Whole paths only: `/data` is none in `/database` and in `x/data`.
    private static func replacing(_ path: String, with name: String, in text: String) -> String {
        guard text.contains(path) else { return text }
        var out = ""
        var rest = text[...]
        while let found = rest.firstRange(of: path) {
            let before = text[..<found.lowerBound].utf8.last, after = rest[found.upperBound...].utf8.first
            let isWhole = before.map(isInName) != true && after.map(isInName) != true
            out += rest[..<found.lowerBound] + (isWhole ? name : path)
            rest = rest[found.upperBound...]
        }
        return out + rest
    }

    /// Letters, digits, all beyond ASCII, and what file names often hold.
    private static func isInName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF, UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    func redact(_ diagnostic: Diagnostic) -> Diagnostic {
        Diagnostic(
            diagnostic.code, severity: diagnostic.severity, node: diagnostic.node, input: diagnostic.input,
            redact(diagnostic.message), suggestion: diagnostic.suggestion.map { redact($0) })
    }

    func redact(_ problem: HTTPProblem) -> HTTPProblem {
        HTTPProblem(
            problem.status, redact(problem.message), suggestion: problem.suggestion.map { redact($0) },
            headers: problem.headers)
    }

    /// Of a command line: of a path that is of none of the folders the last part is left.
    func redactArgument(_ argument: String) -> String {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = parts.last, value.hasPrefix("/") else { return redact(argument) }
        let redacted = redact(String(value))
        let shown = redacted.hasPrefix("/") ? String(redacted.split(separator: "/").last ?? "") : redacted
        return parts.count == 2 ? "\(parts[0])=\(shown)" : shown
    }
}
