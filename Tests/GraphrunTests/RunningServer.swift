import Foundation
import Synchronization
import Testing

/// A graphserver with ComfyUI's test nodes on a port of its own, over a workplace of its own; it ends with this object.
final class RunningServer: Sendable {
    let workplace: Workplace
    let port: Int
    private let process: Process

    var url: String { "http://127.0.0.1:\(port)" }

    /// - Parameter port: 0 for any free one.
    init(_ workplace: Workplace, port: Int = 0) async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appending(path: ".build/release/TestServer")
        process.arguments = ["--port", String(port)]
        process.currentDirectoryURL = workplace.folder
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
        let errors = Pipe()
        process.standardError = errors
        let (lines, told) = AsyncStream.makeStream(of: String.self)
        errors.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            guard !data.isEmpty else {
                handle.readabilityHandler = nil
                return told.finish()
            }
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") { told.yield(String(line)) }
        }
        try process.run()
        (self.workplace, self.process) = (workplace, process)
        var found: Int?
        for await line in lines where line.hasPrefix("listening on ") {
            found = line.split(separator: ":").last.flatMap { Int($0) }
            break
        }
        do {
            self.port = try #require(found, "TestServer does not listen")
        } catch {
            process.terminate()
            throw error
        }
    }

    convenience init(port: Int = 0) async throws { try await self.init(try Workplace(), port: port) }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Ends it at once, as a power cut does.
    func kill9() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
