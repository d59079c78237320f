internal import Arguments
internal import Files
internal import GraphCore
internal import Remote

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
    /// Folders for models besides `models/`.
    var models = ModelPaths()
    /// The file that names model servers; nil for the one that is found.
    var configurationFile: String?
    /// What it says, for commands that call servers.
    var configuration = Configuration()
    var assignments: [Assignment] = []
    var forEach: Assignment?
    var only: [String] = []
    var events = Events.pretty
    var tracePath: String?
    var timeoutSeconds: Double?
    var device = "auto"
    /// What loaded models may take; nil for half of the memory.
    var modelByteCount: Int?
    var cache: CachePolicy?
    var resources: [(name: ResourceName, permits: Int)] = []
    /// Whether what nodes save is on the disk before they go on.
    var syncsOutputs = false
    var keepsGoing = false
    var isQuiet = false
    /// Where it runs; nil for here.
    var server: String?
    /// Sent to the server; never shown.
    var token: String?
    /// A file or the address of a server that describes nodes.
    var objectInfo: String?
    var isForEditor = false
    var isDot = false
    var isJSON = false
}

typealias RunOption = OptionSpec<Options>

/// The options by what takes them.
enum OptionTable {
    static func directory(_ folder: FolderName) -> RunOption {
        RunOption(
            name: "--\(folder.rawValue)-directory", argument: "DIR",
            help: "the \(folder.rawValue) folder (default: \(folder.rawValue)/ under the base)"
        ) { $0.directories[folder] = $1 }
    }

    /// Where things lie; every command takes these.
    static let places: [RunOption] = [
        RunOption(
            name: "--base-directory", argument: "DIR",
            help: "holds input/ output/ temp/ models/ user/ (default: the current folder)"
        ) { $0.baseDirectory = $1 },
        directory(.input), directory(.output), directory(.temp), directory(.user),
        RunOption(
            name: "--extra-model-paths-config", argument: "FILE",
            help: "a YAML file that names further folders for models (docs/MODELS.md); repeatable"
        ) { options, file in
            do throws(Diagnostic) { try options.models.read(file) } catch {
                throw UsageError(
                    message: "--extra-model-paths-config: \(error.message)", suggestion: error.suggestion)
            }
        },
        RunOption(
            name: "--config", argument: "FILE",
            help:
                "a YAML file that names model servers (docs/MODEL-SERVERS.md; default: graphrun.yaml under the base, else "
                + "~/.config/graphrun/config.yaml)"
        ) { $0.configurationFile = $1 },
    ]

    static let set = RunOption(
        name: "--set", argument: "NODE.INPUT=VALUE",
        help: "set an input, node by id or title; VALUE is JSON unless the input takes text; repeatable"
    ) { $0.assignments.append(try assignment($1, "--set")) }

    static let only = RunOption(
        name: "--only", argument: "NODE", help: "run only this output node and what it needs; repeatable"
    ) { $0.only.append($1) }

    static let run: [RunOption] =
        places + [
            set,
            RunOption(
                name: "--for-each", argument: "NODE.INPUT=GLOB",
                help: "run once for every file of the input folder that matches, such as load.image='*.jpg'"
            ) { $0.forEach = try assignment($1, "--for-each") },
            only,
            RunOption(
                name: "--events", argument: "KIND", help: "what standard output shows: pretty (default), jsonl or none"
            ) { options, value in
                guard let events = Options.Events(rawValue: value == "json" ? "jsonl" : value) else {
                    throw UsageError(message: "--events takes jsonl, pretty or none, not '\(value)'")
                }
                options.events = events
            },
            RunOption(
                name: "--trace", argument: "FILE", help: "write a trace for ui.perfetto.dev or chrome://tracing"
            ) { $0.tracePath = $1 },
            RunOption(
                name: "--timeout", argument: "SECONDS", help: "cancel the run after so many seconds"
            ) { options, value in
                guard let seconds = Double(value), seconds > 0, seconds < 1e9 else {
                    throw UsageError(
                        message: "--timeout takes a number of seconds above 0 and below 1000000000, not '\(value)'")
                }
                options.timeoutSeconds = seconds
            },
            RunOption(
                name: "--device", argument: "DEVICE", help: "what models run on: auto (default), cpu or cuda"
            ) { $0.device = try OptionValue.word($1, "--device", among: OptionValue.devices) },
            RunOption(
                name: "--model-memory", argument: "SIZE",
                help: "what loaded models may take, such as 8GB (default: half of the memory)"
            ) { $0.modelByteCount = try OptionValue.modelMemory($1) },
            RunOption(
                name: "--cache", argument: "POLICY",
                help: "results kept between runs: none, classic (the last run's), lru:COUNT or ram:SIZE such as "
                    + "ram:2GB (default: classic with --for-each, else none)"
            ) { $0.cache = try cachePolicy($1) },
            RunOption(
                name: "--resource", argument: "NAME=N",
                help: "nodes that may hold a resource at once: cpu (default: cores), gpu 1, model 1, network 16"
            ) { $0.resources.append(try OptionValue.resource($1)) },
            RunOption(
                name: "--sync-outputs", argument: nil,
                help: "wait until what nodes save into output/ is on the disk: slower, and outlives a power cut"
            ) { options, _ in options.syncsOutputs = true },
            RunOption(
                name: "--keep-going", argument: nil,
                help: "run what can be run of a partly valid workflow, and go on after a node has failed"
            ) { options, _ in options.keepsGoing = true },
            RunOption(
                name: "--server", argument: "URL",
                help: "run it on that graphserver or ComfyUI: files it names are uploaded, outputs fetched"
            ) { $0.server = $1 },
            RunOption(
                name: "--token", argument: "TOKEN",
                help: "what the server is told to let you in (default: $GRAPHRUN_TOKEN, which other people cannot see)"
            ) { $0.token = $1 },
            RunOption(
                name: "--quiet", argument: nil, help: "show only the outputs, warnings and errors"
            ) { options, _ in options.isQuiet = true },
        ]

    static let objectInfo = RunOption(
        name: "--object-info", argument: "FILE|URL",
        help: "what a ComfyUI says of its nodes (its address, or a saved /object_info), to read files of its editor"
    ) { $0.objectInfo = $1 }

    static let to = RunOption(
        name: "--to", argument: "FORMAT", help: "api (default), or ui: a file of ComfyUI's editor, laid out in layers"
    ) { options, value in
        guard value == "api" || value == "ui" else { throw UsageError(message: "--to takes api or ui, not '\(value)'") }
        options.isForEditor = value == "ui"
    }

    static let dot = RunOption(name: "--dot", argument: nil, help: "draw the graph in Graphviz's language") {
        options, _ in options.isDot = true
    }
    static let jsonList = RunOption(name: "--json", argument: nil, help: "as JSON") { options, _ in
        options.isJSON = true
    }
    static let json = RunOption(name: "--json", argument: nil, help: "as ComfyUI's /object_info describes them") {
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
            if let byteCount = OptionValue.byteCount(size) { return .ram(byteCount: byteCount) }
        default: break
        }
        throw UsageError(message: "--cache takes none, classic, lru:COUNT or ram:SIZE such as ram:2GB, not '\(text)'")
    }
}
