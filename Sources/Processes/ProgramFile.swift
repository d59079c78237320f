internal import Foundation
public import GraphCore

/// A program that was found on this machine.
public struct ProgramFile: Hashable, Sendable {
    public let path: String
    private let byteCount: UInt64
    private let modified: Date
    private let number: UInt64

    /// Nil when there is nothing at `path` that may be run. What is equal is the same file, unchanged.
    public init?(path: String) {
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let files = FileManager.default
        guard files.isExecutableFile(atPath: resolved), let facts = try? files.attributesOfItem(atPath: resolved),
            facts[.type] as? FileAttributeType == .typeRegular, let date = facts[.modificationDate] as? Date
        else { return nil }
        (self.path, modified) = (path, date)
        byteCount = (facts[.size] as? NSNumber)?.uint64Value ?? 0
        number = (facts[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
    }

    /// Where a shell would find it.
    /// - Parameters:
    ///   - searchPath: folders with colons between them, as `$PATH` has; nil is `$PATH`. Folders that are not absolute
    ///     are passed over: what lies where someone happens to stand is not what they mean.
    ///   - package: what to install when it is missing.
    /// - Throws: `.fileNotFound` with the command that installs it.
    public static func find(_ name: String, in searchPath: String? = nil, package: String) throws(Diagnostic) -> Self {
        let folders = (searchPath ?? ChildEnvironment.searchPath).split(separator: ":").filter { $0.hasPrefix("/") }
        for folder in folders {
            if let file = ProgramFile(path: "\(folder)/\(name)") { return file }
        }
        #if os(macOS)
        let command = "brew install \(package)"
        #else
        let command = "sudo apt-get install -y \(package)"
        #endif
        throw Diagnostic(
            .fileNotFound, node: nil, "the program '\(name)' is not installed",
            suggestion: "Install it with: \(command)")
    }
}

/// What a child learns of its surroundings: no more than programs need to find each other and to read and write UTF-8.
enum ChildEnvironment {
    static var searchPath: String {
        ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    }

    /// - Parameter kept: further variables that are handed on when they are set.
    static func variables(keeping kept: [String]) -> [String: String] {
        let own = ProcessInfo.processInfo.environment
        var variables = ["PATH": searchPath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"]
        for name in ["HOME", "TMPDIR"] + kept { variables[name] = own[name] }
        return variables
    }
}
