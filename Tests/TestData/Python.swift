import Foundation

/// The Python of `.venv`, which `make test` makes of Tests/requirements.txt: real peers to compare with.
public enum Python {
    private static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Runs a script of the test's folder to its end, on a thread of its own.
    /// - Parameter script: a path below Tests.
    /// - Returns: what it wrote to standard output.
    /// - Throws: with what it complained of.
    public static func run(_ script: String, _ arguments: [String] = []) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try runToEnd(script, arguments) }) }
        }
    }

    private static func runToEnd(_ script: String, _ arguments: [String]) throws -> [UInt8] {
        let python = packageRoot.appending(path: ".venv/bin/python3")
        guard FileManager.default.fileExists(atPath: python.path) else {
            throw Child.Failure(description: ".venv is missing: 'make test' makes it, or 'make .venv/made' alone")
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-python-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "output"), errors = folder.appending(path: "errors")
        let path = packageRoot.appending(path: "Tests").appending(path: script).path
        let child = try Child(
            python.path, [path] + arguments, environment: ["PYTHONDONTWRITEBYTECODE": "1"], output: .file(output),
            errors: .file(errors))
        guard child.hasEnded(within: .seconds(120)) else {
            child.kill()
            throw Child.Failure(description: "\(script) goes on for ever")
        }
        guard child.exitCode == 0 else {
            throw Child.Failure(description: try String(contentsOf: errors, encoding: .utf8))
        }
        return [UInt8](try Data(contentsOf: output))
    }
}
