import Foundation
import Synchronization
import Testing

/// A real server for the clients under test: peer.py as a child process. It ends with this object.
final class Peer: Sendable {
    let port: Int
    let authority: String
    private let process: Process
    private let input: Pipe
    private let lines: AsyncStream<String>

    /// - Parameter certificate: with its key, for TLS.
    init(certificate: (certificate: String, key: String)? = nil) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "peer.py").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script] + (certificate.map { [$0.certificate, $0.key] } ?? [])
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        let (lines, told) = AsyncStream.makeStream(of: String.self)
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            guard !data.isEmpty else {
                handle.readabilityHandler = nil
                return told.finish()
            }
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") { told.yield(String(line)) }
        }
        try process.run()
        (self.process, self.input, self.lines) = (process, input, lines)
        var iterator = lines.makeAsyncIterator()
        port = try #require(Int(await iterator.next() ?? ""), "python3 did not start peer.py")
        authority = "127.0.0.1:\(port)"
    }

    deinit { try? input.fileHandleForWriting.close() }

    func url(_ path: String) -> String { "http://\(authority)\(path)" }

    /// Until the peer says that it keeps silent now.
    func isSilent() async {
        var iterator = lines.makeAsyncIterator()
        while let line = await iterator.next(), line != "silent" {}
    }

    /// A port on which nothing listens: bound once, and given back.
    static func unusedPort() async throws -> Int {
        let peer = try await Peer()
        let port = peer.port
        try peer.input.fileHandleForWriting.close()
        peer.process.waitUntilExit()
        return port
    }
}

/// A folder that goes with the test.
final class ScratchFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: url.appending(path: name))
        return path(name)
    }

    /// A certificate for 127.0.0.1 that nobody signed but itself.
    func makeCertificate() throws -> (certificate: String, key: String) {
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        let files = (certificate: path("certificate.pem"), key: path("key.pem"))
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files.key, "-out", files.certificate,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
        return files
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}
