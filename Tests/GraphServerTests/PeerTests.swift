import Foundation
import TestData
import GraphCore
import HTTP
import Testing

/// Clients of other makers, as people's scripts use them.
@Suite("A client made by others", .timeLimit(.minutes(3)))
struct PeerTests {
    private static let python = ServerProcess.packageRoot.appending(path: ".venv/bin/python3")
    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "peers")

    @Test(
        "works",
        arguments: [
            "with_websockets.py", "with_aiohttp.py", "with_comfyui_utils.py", "with_comfy_script.py",
            "with_comfy_api_simplified.py", "keep_alive.py", "order.py",
        ])
    func script(name: String) async throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: Self.python.path),
            ".venv is missing: 'make test' makes it, or 'make .venv/made' alone")
        try await withServerProcess { _, endpoint in
            let result = try Self.run(
                Self.python, [Self.scripts.appending(path: name).path, "127.0.0.1:\(endpoint.port)"])
            #expect(result.code == 0 && result.output.hasSuffix("ok\n"), "\(name):\n\(result.output)")
        }
    }

    // MARK: curl

    /// - Returns: what curl put out, and the status after it.
    private static func curl(_ endpoint: Endpoint, _ arguments: [String], _ path: String) throws -> (Int, String) {
        let result = try run(
            URL(filePath: "/usr/bin/env"),
            ["curl", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*", "--write-out", "\n%{http_code}"]
                + arguments + ["http://127.0.0.1:\(endpoint.port)\(path)"])
        guard result.code == 0 else { throw Wire.Failure(description: "curl: \(result.code) \(result.output)") }
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }

    @Test("that is curl posts a file, waits for 100 Continue before a large one, and speaks HTTP/1.0")
    func curl() async throws {
        try await withServerProcess { server, endpoint in
            let small = server.folder.appending(path: "small.json")
            try Data(JSONWriter.bytes(["prompt": Graphs.number(1)])).write(to: small)
            let posted = try Self.curl(endpoint, ["--data-binary", "@\(small.path)"], "/prompt")
            #expect(posted.0 == 200)
            #expect(posted.1.contains("\"node_errors\":{}"))
            let old = try Self.curl(endpoint, ["--http1.0"], "/queue")
            #expect(old.0 == 200)
            #expect(old.1.hasPrefix("{\"queue_running\":"))
            #expect(try Self.curl(endpoint, ["--http1.0", "--data-binary", "@\(small.path)"], "/prompt").0 == 200)

            // Above 1 MiB curl asks first: "Expect: 100-continue".
            let large = server.folder.appending(path: "large.json")
            let padding = [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20)
            try Data(JSONWriter.bytes(["prompt": Graphs.number(2)]) + padding).write(to: large)
            let asked = try Self.curl(endpoint, ["--verbose", "-T", large.path, "-X", "POST"], "/prompt")
            #expect(asked.0 == 200)
            #expect(asked.1.contains("100 Continue"))
            // What is too large is refused before it is sent.
            let tooLarge = server.folder.appending(path: "too-large.json")
            try Data([UInt8](repeating: UInt8(ascii: " "), count: 17 << 20)).write(to: tooLarge)
            let refused = try Self.curl(endpoint, ["--verbose", "-T", tooLarge.path, "-X", "POST"], "/prompt")
            #expect(refused.0 == 413)
            #expect(!refused.1.contains("100 Continue"))
            // Without a length, in chunks.
            let chunked = try Self.curl(
                endpoint, ["-H", "Transfer-Encoding: chunked", "--data-binary", "@\(small.path)"], "/prompt")
            #expect(chunked.0 == 200)
        }
    }

    @Test("that is curl fetches a picture in parts")
    func ranges() async throws {
        try await withServerProcess { _, endpoint in
            let (id, _) = try endpoint.run(Graphs.picture())
            let image = try #require(try endpoint.history(id)?["outputs"]?["2"]?["images"]?.array?.first)
            let path = "/view?filename=\(image["filename"]?.string ?? "")&type=temp"
            let whole = try endpoint.get(path)
            #expect(whole.status == 200)
            let head = try Self.curl(endpoint, ["--head"], path)
            #expect(head.0 == 200)
            #expect(head.1.lowercased().contains("content-length: \(whole.body.count)"))
            let part = try Self.curl(endpoint, ["--range", "1-3"], path)
            #expect(part.0 == 206)
            #expect(part.1 == "PNG")
            #expect(try Self.curl(endpoint, ["--range", "100000-"], path).0 == 416)
        }
    }

    // MARK: Programs

    /// Runs a program to its end; what it puts out and complains of comes in one.
    private static func run(_ program: URL, _ arguments: [String]) throws -> (code: Int32, output: String) {
        // Proxies are not for this machine. The scripts and curl give up by themselves in about that time.
        try Child.run(program.path, arguments, environment: ["no_proxy": "*", "PYTHONDONTWRITEBYTECODE": "1"])
    }
}
