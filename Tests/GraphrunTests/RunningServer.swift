import Foundation
import TestData
import Testing

/// A graphserver with ComfyUI's test nodes on a port of its own, over a workplace of its own; it ends with this object.
final class RunningServer: Sendable {
    let workplace: Workplace
    let port: Int
    private let program: Program

    var url: String { "http://127.0.0.1:\(port)" }

    /// - Parameter port: 0 for any free one.
    init(_ workplace: Workplace, port: Int = 0) async throws {
        let path = URL(filePath: Program.path).deletingLastPathComponent().appending(path: "TestServer").path
        let program = try Program(["--port", String(port)], in: workplace.folder, program: path)
        let found = try await program.find(in: .errors) { text in
            text.firstMatch(of: #/listening on http:[^\n]*:(\d+)\n/#).flatMap { Int($0.1) }
        }
        (self.workplace, self.program) = (workplace, program)
        self.port = try #require(found, "TestServer does not listen")
    }

    convenience init(port: Int = 0) async throws { try await self.init(try Workplace(), port: port) }

    /// Ends it at once, as a power cut does.
    func kill9() { program.kill() }
}
