import Foundation
import Testing

/// The built program, started as a child process: what these tests see is what people see.
enum Program {
    struct Result: Sendable {
        /// As a shell says it: 128 and the signal's number when a signal ended the program.
        let code: Int32
        let output: String
        let errors: String

        /// The output, every measured time replaced by `T`.
        var timeless: String { output.replacing(#/[0-9.]+ (ms|s)\b/#, with: "T") }
    }

    private static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".build/release/graphrun")

    /// A child that has not been started, with nothing on its standard input.
    static func process(
        _ arguments: [String], in folder: URL, environment: [String: String] = [:]
    ) throws -> Process {
        try #require(
            FileManager.default.isExecutableFile(atPath: url.path), "\(url.path) is missing: 'make build' builds it")
        let process = Process()
        (process.executableURL, process.arguments, process.currentDirectoryURL) = (url, arguments, folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Runs to the end.
    /// - Parameter input: fits into a pipe.
    static func run(
        _ arguments: [String], in folder: URL, input: String? = nil, environment: [String: String] = [:]
    ) async throws -> Result {
        let process = try process(arguments, in: folder, environment: environment)
        if let input {
            let pipe = Pipe()
            try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try pipe.fileHandleForWriting.close()
            process.standardInput = pipe
        }
        let (output, errors) = (try Scratch(), try Scratch())
        (process.standardOutput, process.standardError) = (output.handle, errors.handle)
        let code = try await exitCode(of: process)
        return Result(code: code, output: try output.text(), errors: try errors.text())
    }

    /// Starts the process and waits; kills it when the test's time limit cancels the test.
    static func exitCode(of process: Process) async throws -> Int32 {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in end.finish() }
        try process.run()
        for await _ in ends {}
        if process.isRunning {
            process.terminate()
            throw CancellationError()
        }
        return process.terminationReason == .uncaughtSignal
            ? 128 + process.terminationStatus : process.terminationStatus
    }
}

/// A file for what a child writes: unlike a pipe it is never full.
private final class Scratch {
    let handle: FileHandle
    private let url = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")

    init() throws {
        try Data().write(to: url)
        handle = try FileHandle(forWritingTo: url)
    }

    func text() throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }

    deinit { try? FileManager.default.removeItem(at: url) }
}
