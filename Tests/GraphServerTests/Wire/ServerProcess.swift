import Foundation
import TestData
import Testing

/// `TestServer`, started as people start `graphserver`, on a free port and an empty folder. Both go with this object.
final class ServerProcess: Sendable {
    let endpoint: Endpoint
    let folder: URL
    private let process: Child
    private let errors: URL

    private static let program = packageRoot.appending(path: ".build/release/TestServer")

    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Returns when it listens.
    /// - Parameter port: 0 for any free one.
    init(_ arguments: [String] = [], port: Int = 0) throws {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "graphserver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // A file, and not a pipe, is never full.
        let errors = folder.appending(path: "errors.txt")
        let process = try Child(
            Self.program.path, ["--port", String(port), "--base-directory", folder.path] + arguments,
            errors: .file(errors))
        (self.folder, self.errors, self.process) = (folder, errors, process)
        var text = ""
        var found: Int?
        let hasEnded = eventually {
            text = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
            found = text.firstMatch(of: #/listening on https?://[^\n]*:(\d+)\n/#).flatMap { Int($0.1) }
            return found != nil || !process.isRunning
        }
        guard hasEnded, let found else {
            process.kill()
            throw Wire.Failure(description: "TestServer did not start: \(text)")
        }
        endpoint = Endpoint(port: found)
    }

    deinit {
        kill(.kill)
        try? FileManager.default.removeItem(at: folder)
    }

    /// What it said so far.
    var said: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Kilobytes of memory that are its own and in use now; nil where the system does not tell.
    var residentKilobytes: Int? {
        let status = try? String(contentsOfFile: "/proc/\(process.processID)/status", encoding: .utf8)
        return status?.firstMatch(of: #/VmRSS:\s+(\d+) kB/#).flatMap { Int($0.1) }
    }

    enum Signal { case terminate, kill }

    func kill(_ signal: Signal) {
        switch signal {
        case .terminate: process.send(SIGTERM)
        case .kill: process.kill()
        }
    }

    /// Waits for its end, 100 seconds at most.
    /// - Returns: nil when nothing ended it.
    func exitCode() -> Int32? {
        _ = eventually { !process.isRunning }
        return process.exitCode
    }
}

/// Runs a blocking test against a server process of its own.
func withServerProcess(
    _ arguments: [String] = [], _ body: @escaping @Sendable (ServerProcess, Endpoint) async throws -> Void
) async throws {
    try await onThread {
        let server = try ServerProcess(arguments)
        do {
            try await body(server, server.endpoint)
        } catch {
            // What the server said belongs to the failure.
            Issue.record("\(error)\nThe server said:\n\(server.said)")
        }
    }
}
