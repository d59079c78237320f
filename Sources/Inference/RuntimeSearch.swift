internal import Foundation
public import GraphCore

/// Where ONNX Runtime may lie, and what to say when it does not.
public struct RuntimeSearch: Sendable {
    /// A place that was looked at.
    public struct Candidate: Sendable, Equatable {
        public let path: String
        /// Why it is looked for there, such as `$GRAPHRUN_ONNXRUNTIME`.
        public let reason: String
    }

    /// Set to the library's path, it is the only one that is tried.
    public static let variable = "GRAPHRUN_ONNXRUNTIME"

    private let environment: [String: String]
    /// Folders that hold Python's packages, newest Python first.
    private let pythonRoots: [String]
    private let systemFolders: [String]

    /// - Parameter environment: the process's variables.
    public init(environment: [String: String]) {
        let home = environment["HOME"] ?? ""
        let venv = environment["VIRTUAL_ENV"].map { [$0 + "/lib"] } ?? []
        self.init(
            environment: environment,
            pythonRoots: venv + [home + "/.local/lib", "/usr/local/lib", "/usr/lib"],
            systemFolders: [
                "/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
            ])
    }

    init(environment: [String: String], pythonRoots: [String], systemFolders: [String]) {
        (self.environment, self.pythonRoots, self.systemFolders) = (environment, pythonRoots, systemFolders)
    }

    /// `${XDG_CACHE_HOME:-~/.cache}/graphrun`: what can be made or fetched again.
    public static func cacheFolder(_ environment: [String: String]) -> String {
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/graphrun" }
        return (environment["HOME"] ?? "/tmp") + "/.cache/graphrun"
    }

    /// Libraries that are there, the one to use first.
    public func candidates() -> [Candidate] {
        if let path = environment[Self.variable], !path.isEmpty {
            return [Candidate(path: path, reason: "$\(Self.variable)")]
        }
        let cache = Self.cacheFolder(environment)
        let cached = Self.subfolders(of: cache, named: "onnxruntime-").flatMap { Self.libraries(in: $0) }
        let packages = pythonRoots.flatMap { root in
            Self.subfolders(of: root, named: "python3").flatMap { python in
                ["site-packages", "dist-packages"].flatMap { Self.libraries(in: "\(python)/\($0)/onnxruntime/capi") }
            }
        }
        return cached.map { Candidate(path: $0, reason: "fetched by 'make runtime'") }
            + packages.map { Candidate(path: $0, reason: "Python's package onnxruntime") }
            + systemFolders.flatMap { Self.libraries(in: $0) }.map { Candidate(path: $0, reason: "the system's") }
    }

    /// Loads the first that will do.
    /// - Throws: what is wrong with the first one, or how to get one.
    public func load(threadCount: Int) throws(Diagnostic) -> ONNXRuntime {
        var firstError: Diagnostic?
        for candidate in candidates() {
            do throws(Diagnostic) {
                return try ONNXRuntime.load(path: candidate.path, threadCount: threadCount)
            } catch {
                firstError = firstError ?? error
            }
        }
        throw firstError ?? Self.missing
    }

    // MARK: Looking

    /// Highest version first.
    private static func subfolders(of folder: String, named prefix: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix(prefix) }
            .sorted { $0.compare($1, options: .numeric) == .orderedDescending }.map { folder + "/" + $0 }
    }

    private static func libraries(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let libraries = names.filter { $0 == "libonnxruntime.so" || $0.hasPrefix("libonnxruntime.so.") }
        // The plain name is a link to one of the others, where there is one.
        return libraries.min().map { [folder + "/" + $0] } ?? []
    }

    // MARK: Words

    static let missing = Diagnostic(
        .nodeFailed, node: nil, "ONNX Runtime, which models run on, is not installed",
        suggestion: "Run 'make runtime', or set \(variable) to the path of libonnxruntime.so.")

    static func tooOld(_ path: String, version: String) -> Diagnostic {
        Diagnostic(
            .nodeFailed, node: nil,
            "ONNX Runtime \(version) in \(path) is too old: \(ONNXRuntime.lowestVersion) or later is needed",
            suggestion: "Run 'make runtime', or set \(variable) to the path of a newer libonnxruntime.so.")
    }

    /// - Parameter reason: the loader's own words.
    static func unloadable(_ path: String, reason: String) -> Diagnostic {
        let prefix = path + ": "
        return unusable(
            "\(path) cannot be loaded: \(reason.hasPrefix(prefix) ? String(reason.dropFirst(prefix.count)) : reason)")
    }

    private static func unusable(_ message: String) -> Diagnostic {
        Diagnostic(
            .nodeFailed, node: nil, message,
            suggestion: "Run 'make runtime', or set \(variable) to the path of libonnxruntime.so.")
    }

    // MARK: Architecture

    /// The loader says of a library for another processor only that there is no such file.
    static func checkArchitecture(_ path: String) throws(Diagnostic) {
        guard let file = FileHandle(forReadingAtPath: path) else { throw unusable("there is no library \(path)") }
        let head = [UInt8]((try? file.read(upToCount: 20)) ?? Data())
        try? file.close()
        guard head.count == 20, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
            throw unusable("\(path) is no library")
        }
        // e_machine of the ELF header.
        let machine = Int(head[18]) | Int(head[19]) << 8
        let (own, name) = ownMachine
        if machine != own || head[4] != 2 {
            throw unusable("\(path) is a library for another processor than this one (\(name))")
        }
    }

    private static var ownMachine: (code: Int, name: String) {
        #if arch(arm64)
        (183, "aarch64")
        #else
        (62, "x86-64")
        #endif
    }
}
