internal import GraphCore

/// Everything the options can say.
struct Options: Sendable {
    enum Events: String, CaseIterable, Sendable { case jsonl, pretty, none }

    /// `NODE.INPUT=VALUE`; the last dot before `=` separates.
    struct Assignment: Sendable {
        let node: String
        let input: String
        let value: String
    }

    var baseDirectory = "."
    var directories: [FolderName: String] = [:]
    var assignments: [Assignment] = []
    var forEach: Assignment?
    var only: [String] = []
    var events = Events.pretty
    var tracePath: String?
    var timeoutSeconds: Double?
    var cache: CachePolicy?
    var resources: [(name: ResourceName, permits: Int)] = []
    var keepsGoing = false
    var isQuiet = false
    var isDot = false
    var isJSON = false
}

/// One option: its spelling, what it takes, and what it does, for parsing and for `--help` alike.
struct OptionSpec: Sendable {
    let name: String
    /// What stands behind it, such as `SECONDS`; nil for a switch.
    let argument: String?
    let help: String
    let apply: @Sendable (inout Options, String) throws -> Void

    static func directory(_ folder: FolderName) -> OptionSpec {
        OptionSpec(
            name: "--\(folder.rawValue)-directory", argument: "DIR",
            help: "the \(folder.rawValue) folder (default: \(folder.rawValue)/ under the base)"
        ) { $0.directories[folder] = $1 }
    }

    /// Where things lie; every command takes these.
    static let places: [OptionSpec] = [
        OptionSpec(
            name: "--base-directory", argument: "DIR",
            help: "holds input/ output/ temp/ models/ user/ (default: the current folder)"
        ) { $0.baseDirectory = $1 },
        directory(.input), directory(.output), directory(.temp), directory(.user),
    ]

    static let set = OptionSpec(
        name: "--set", argument: "NODE.INPUT=VALUE",
        help: "set an input, node by id or title; VALUE is JSON unless the input takes text; repeatable"
    ) { $0.assignments.append(try assignment($1, "--set")) }

    static let only = OptionSpec(
        name: "--only", argument: "NODE", help: "run only this output node and what it needs; repeatable"
    ) { $0.only.append($1) }

    static let run: [OptionSpec] =
        places + [
            set,
            OptionSpec(
                name: "--for-each", argument: "NODE.INPUT=GLOB",
                help: "run once for every file of the input folder that matches, such as load.image='*.jpg'"
            ) { $0.forEach = try assignment($1, "--for-each") },
            only,
            OptionSpec(
                name: "--events", argument: "KIND", help: "what standard output shows: pretty (default), jsonl or none"
            ) { options, value in
                guard let events = Options.Events(rawValue: value) else {
                    throw UsageError(message: "--events takes jsonl, pretty or none, not '\(value)'")
                }
                options.events = events
            },
            OptionSpec(
                name: "--trace", argument: "FILE", help: "write a trace for ui.perfetto.dev or chrome://tracing"
            ) { $0.tracePath = $1 },
            OptionSpec(
                name: "--timeout", argument: "SECONDS", help: "cancel the run after so many seconds"
            ) { options, value in
                guard let seconds = Double(value), seconds > 0, seconds < 1e9 else {
                    throw UsageError(message: "--timeout takes a number of seconds above 0, not '\(value)'")
                }
                options.timeoutSeconds = seconds
            },
            OptionSpec(
                name: "--cache", argument: "POLICY",
                help: "results kept between runs: none, classic (the last run's), lru:COUNT or ram:SIZE such as "
                    + "ram:2GB (default: classic with --for-each, else none)"
            ) { $0.cache = try cachePolicy($1) },
            OptionSpec(
                name: "--resource", argument: "NAME=N",
                help: "nodes that may hold a resource at once: cpu (default: cores), gpu 1, model 1, network 16"
            ) { $0.resources.append(try resource($1)) },
            OptionSpec(
                name: "--keep-going", argument: nil,
                help: "run what can be run of a partly valid workflow, and go on after a node has failed"
            ) { options, _ in options.keepsGoing = true },
            OptionSpec(
                name: "--quiet", argument: nil, help: "show only the outputs, warnings and errors"
            ) { options, _ in options.isQuiet = true },
        ]

    static let dot = OptionSpec(name: "--dot", argument: nil, help: "draw the graph in Graphviz's language") {
        options, _ in options.isDot = true
    }
    static let json = OptionSpec(name: "--json", argument: nil, help: "as ComfyUI's /object_info describes them") {
        options, _ in options.isJSON = true
    }

    // MARK: Values

    private static func assignment(_ text: String, _ option: String) throws -> Options.Assignment {
        guard let equals = text.firstIndex(of: "="), let dot = text[..<equals].lastIndex(of: "."),
            dot > text.startIndex,
            text.index(after: dot) < equals
        else {
            throw UsageError(message: "\(option) takes NODE.INPUT=VALUE, not '\(text)'")
        }
        return Options.Assignment(
            node: String(text[..<dot]), input: String(text[text.index(after: dot)..<equals]),
            value: String(text[text.index(after: equals)...]))
    }

    private static func cachePolicy(_ text: String) throws -> CachePolicy {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.dropFirst().first) {
        case ("none", nil): return .none
        case ("classic", nil): return .classic
        case ("lru", let count?):
            if let count = Int(count), count > 0 { return .lru(count: count) }
        case ("ram", let size?):
            if let byteCount = byteCount(size) { return .ram(byteCount: byteCount) }
        default: break
        }
        throw UsageError(message: "--cache takes none, classic, lru:COUNT or ram:SIZE such as ram:2GB, not '\(text)'")
    }

    /// `500MB`, `2GB`, `1.5G` or a plain number of bytes.
    private static func byteCount(_ text: String) -> Int? {
        let units: [(String, Double)] = [
            ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("G", 1e9), ("M", 1e6), ("K", 1e3), ("B", 1),
        ]
        let upper = text.uppercased()
        let (unit, scale) = units.first { upper.hasSuffix($0.0) } ?? ("", 1)
        guard let number = Double(upper.dropLast(unit.count)), number > 0, number * scale < 1e15 else { return nil }
        return Int(number * scale)
    }

    private static func resource(_ text: String) throws -> (name: ResourceName, permits: Int) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, let permits = Int(parts[1]), (1...1024).contains(permits) else {
            throw UsageError(message: "--resource takes NAME=N with N from 1 to 1024, not '\(text)'")
        }
        return (ResourceName(parts[0]), permits)
    }
}
