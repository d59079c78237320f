import Foundation
import TestData
import Testing

/// The built program, started as a child process: what these tests see is what people see. It ends with this object.
final class Program: Sendable {
    struct Result: Sendable {
        /// As a shell says it: 128 and the signal's number when a signal ended the program.
        let code: Int32
        let output: String
        let errors: String

        /// The output, every measured time replaced by `T`.
        var timeless: String { output.replacing(#/[0-9.]+ (ms|s)\b/#, with: "T") }
    }

    static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".build/release/graphrun").path

    private let child: Child
    /// What it writes, in files.
    private let scratch: URL

    /// Starts it.
    /// - Parameters:
    ///   - input: nil for nothing.
    ///   - output: nil for `result` and `says`.
    ///   - program: another one than graphrun.
    init(
        _ arguments: [String], in folder: URL, environment: [String: String] = [:], input: FileHandle? = nil,
        output: Child.Output? = nil, program: String = path
    ) throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: program), "\(program) is missing: 'make build' builds it")
        let scratch = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        self.scratch = scratch
        child = try Child(
            program, arguments, in: folder, environment: environment, input: input,
            output: output ?? .file(scratch.appending(path: Stream.output.rawValue)),
            errors: .file(scratch.appending(path: Stream.errors.rawValue)))
    }

    deinit {
        child.kill()
        try? FileManager.default.removeItem(at: scratch)
    }

    /// Runs it to its end.
    /// - Parameter input: fits into a pipe.
    static func run(
        _ arguments: [String], in folder: URL, input: String? = nil, environment: [String: String] = [:]
    ) async throws -> Result {
        let pipe = try input.map { text in
            let pipe = try Child.pipe()
            try pipe.writing.write(contentsOf: Data(text.utf8))
            try pipe.writing.close()
            return pipe.reading
        }
        return try await Program(arguments, in: folder, environment: environment, input: pipe).result()
    }

    var processID: Int32 { child.processID }
    var isRunning: Bool { child.isRunning }

    func send(_ signal: Int32) { child.send(signal) }

    /// Ends it at once.
    func kill() { child.kill() }

    enum Stream: String { case output, errors }

    /// Waits until something can be found in what it has written.
    /// - Returns: nil when it ended without.
    func find<Found>(in stream: Stream = .output, _ find: (_ text: String) -> Found?) async throws -> Found? {
        while true {
            let isOver = !child.isRunning
            if let found = find(written(stream)) { return found }
            if isOver { return nil }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Waits until `text` stands on its standard output.
    func says(_ text: String) async throws {
        let isSaid: Void? = try await find { $0.contains(text) ? () : nil }
        try #require(isSaid != nil, "it ended without saying \(text): \(written(.output))\(written(.errors))")
    }

    /// Waits for its end.
    func result() async throws -> Result {
        let code = try await child.end()
        return Result(code: code, output: written(.output), errors: written(.errors))
    }

    private func written(_ stream: Stream) -> String {
        String(decoding: (try? Data(contentsOf: scratch.appending(path: stream.rawValue))) ?? Data(), as: UTF8.self)
    }
}
