import Foundation
import TestData
import Testing

/// A real server for the clients under test: peer.py as a child process. It ends with this object.
final class Peer: Sendable {
    let port: Int
    let authority: String
    private let child: Child
    /// It ends when this does, so that no test leaves it behind.
    private let input: FileHandle
    private let folder: ScratchFolder

    /// - Parameter certificate: with its key, for TLS.
    init(certificate: (certificate: String, key: String)? = nil) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "peer.py").path
        let pipe = try Child.pipe()
        folder = try ScratchFolder()
        child = try Child(
            "python3", [script] + (certificate.map { [$0.certificate, $0.key] } ?? []), input: pipe.reading,
            output: .file(Self.output(folder)), errors: .nowhere)
        input = pipe.writing
        let lines = try #require(
            await Self.says(child, folder) { $0.isEmpty ? nil : $0 }, "python3 did not start peer.py")
        port = try #require(Int(lines[0]))
        authority = "127.0.0.1:\(port)"
    }

    func url(_ path: String) -> String { "http://\(authority)\(path)" }

    /// Until the peer says that it keeps silent now.
    func isSilent() async throws {
        try #require(try await Self.says(child, folder) { $0.contains("silent") ? true : nil } != nil)
    }

    private static func output(_ folder: ScratchFolder) -> URL { folder.url.appending(path: "output") }

    /// Waits until something can be found in the whole lines it has written; nil when it ended without.
    private static func says<Found>(
        _ child: Child, _ folder: ScratchFolder, _ find: ([Substring]) -> Found?
    ) async throws -> Found? {
        while true {
            let isOver = !child.isRunning
            let text = String(decoding: (try? Data(contentsOf: output(folder))) ?? Data(), as: UTF8.self)
            if let found = find(text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()) {
                return found
            }
            if isOver { return nil }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// A port on which nothing listens: bound once, and given back.
    static func unusedPort() async throws -> Int {
        let peer = try await Peer()
        peer.child.kill()
        return peer.port
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
        let files = (certificate: path("certificate.pem"), key: path("key.pem"))
        let made = try Child.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", files.key, "-out", files.certificate,
            ])
        try #require(made.code == 0, "\(made.output)")
        return files
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}
