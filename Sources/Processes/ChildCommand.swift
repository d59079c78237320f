public import GraphCore

/// A program to run as a child process over pipes, and what it may take.
public struct ChildCommand: Sendable {
    public let program: ProgramFile
    /// Without the program's own name. They reach it as they are: no shell reads them.
    public let arguments: [String]
    /// Variables of this process that the child gets besides `PATH`, `HOME` and a UTF-8 locale.
    public var keptVariables: [String] = []
    /// Bytes of standard output; beyond, the child is killed.
    public var maxOutputByteCount = 1 << 30
    /// From start to end; beyond, the child is killed.
    public var timeLimit: Duration = .seconds(600)

    public init(_ program: ProgramFile, _ arguments: [String]) {
        (self.program, self.arguments) = (program, arguments)
    }

    /// The last part of the path, for people.
    var name: String { program.path.split(separator: "/").last.map(String.init) ?? program.path }

    /// Runs it to its end. When the task is cancelled, or `output` throws, the child is killed at once. However this
    /// returns, the child is gone: it has been waited for and all pipes are closed.
    /// - Parameters:
    ///   - input: for its standard input, which is then closed.
    ///   - output: takes standard output piece by piece, at most 64 KiB each. While it works on one, at most one more is
    ///     read; then the child waits.
    /// - Returns: how it ended, also when it complained.
    /// - Throws: `CancellationError`; what `output` throws; `.nodeFailed` when the child cannot be started, or exceeds a
    ///   limit.
    public func run(
        input: [UInt8] = [], output: (_ bytes: [UInt8]) async throws -> Void
    ) async throws -> ChildEnding {
        try Task.checkCancellation()
        guard !arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw Diagnostic(
                .badInput, node: nil, "an argument of \(name) has a zero byte in it", suggestion: "Leave it out.")
        }
        let child = try ChildProcess(self, input: input)
        return try await withTaskCancellationHandler {
            do {
                while let bytes = await child.next() { try await output(bytes) }
            } catch {
                child.kill(.abandoned)
                await child.end()
                throw error
            }
            return try child.ending()
        } onCancel: {
            child.kill(.cancelled)
        }
    }

    /// The same with all of its output at once.
    public func run(input: [UInt8] = []) async throws -> (output: [UInt8], ending: ChildEnding) {
        var output: [UInt8] = []
        let ending = try await run(input: input) { output += $0 }
        return (output, ending)
    }
}

/// How a child ended.
public struct ChildEnding: Sendable, Equatable {
    public enum Reason: Sendable, Equatable {
        case exited(code: Int32)
        case killed(signal: Int32)
    }

    public let reason: Reason
    /// What it wrote to standard error: the first and the last 4 KiB.
    public let complaint: String

    public init(reason: Reason, complaint: String) { (self.reason, self.complaint) = (reason, complaint) }

    public var hasSucceeded: Bool { reason == .exited(code: 0) }

    /// - Throws: `.nodeFailed` with the child's own words unless it exited with 0.
    public func check(_ command: ChildCommand, suggestion: String) throws(Diagnostic) {
        let end: String
        switch reason {
        case .exited(code: 0): return
        case .exited(let code): end = "ended with code \(code)"
        case .killed(let signal): end = "was killed by signal \(signal)"
        }
        let words = complaint.split(whereSeparator: \.isNewline).joined(separator: "; ")
        throw Diagnostic(
            .nodeFailed, node: nil, "\(command.name) \(end)" + (words.isEmpty ? "" : ": \(words)"),
            suggestion: suggestion)
    }
}

/// The first and the last bytes of what may be long.
struct Excerpt {
    /// Of each end.
    private static let byteCount = 4096

    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    private var droppedCount = 0

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        let room = Self.byteCount - head.count
        head += bytes.prefix(room)
        tail += bytes.dropFirst(room)
        let excess = max(0, tail.count - Self.byteCount)
        tail.removeFirst(excess)
        droppedCount += excess
    }

    var text: String {
        let first = String(decoding: head, as: UTF8.self), last = String(decoding: tail, as: UTF8.self)
        return droppedCount == 0
            ? String(decoding: head + tail, as: UTF8.self) : "\(first)\n[\(droppedCount) bytes left out]\n\(last)"
    }
}
