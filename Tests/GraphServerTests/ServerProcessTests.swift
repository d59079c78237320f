import Foundation
import GraphCore
import HTTP
import TestData
import Testing

@Suite("A server process", .timeLimit(.minutes(2)))
struct ServerProcessTests {
    private static func signals(_ mode: String) async throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "graphserver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = ServerProcess.packageRoot.appending(path: ".build/release/TestServer").path
        let output = try await Python.run("GraphServerTests/peers/signals.py", [mode, program, folder.path])
        return String(decoding: output, as: UTF8.self)
    }

    @Test("of a terminal stops cleanly when that closes, though it cannot say so any more")
    func terminal() async throws { #expect(try await Self.signals("terminal") == "exited 0\n") }

    @Test("of a terminal goes on when it was started with nohup")
    func nohup() async throws { #expect(try await Self.signals("nohup") == "answers\nexited 0\n") }

    @Test("without a terminal ignores SIGHUP; SIGUSR1 and SIGUSR2 are ignored by every one")
    func service() async throws { #expect(try await Self.signals("service") == "answers\nexited 0\n") }

    @Test("removes at its start what one that was killed left half-written")
    func deadParts() async throws {
        try await withServerProcess { (first, endpoint) throws in
            let wire = try Wire(endpoint.port)
            let body = Array(
                "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\nhalf of it".utf8)
            wire.send(
                Wire.request(
                    "POST", "/upload/image", body,
                    headers: ["Content-Type": "multipart/form-data; boundary=b", "Content-Length": "1000"],
                    port: endpoint.port))
            let input = first.folder.appending(path: "input").path
            let names = { (try? FileManager.default.contentsOfDirectory(atPath: input)) ?? [] }
            #expect(eventually { names().count == 1 && names()[0].hasSuffix(".part") })
            first.kill(.kill)
            #expect(names().count == 1)
            let second = try ServerProcess(["--base-directory", first.folder.path])
            #expect(eventually { names().isEmpty })
            withExtendedLifetime(second) {}
        }
    }

    @Test("with --sync-outputs saves what it saves without")
    func syncedOutputs() async throws {
        try await withServerProcess(["--sync-outputs"]) { (server, endpoint) throws in
            try endpoint.run([
                "1": Graphs.image(), "2": Graphs.node("SaveImage", ["images": ["1", 0], "filename_prefix": "sub/a"]),
            ])
            let output = server.folder.appending(path: "output/sub").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: output) == ["a_00001_.png"])
        }
    }
}
