import Foundation

/// A base directory of a test's own, removed with it; the program runs inside.
final class Workplace: Sendable {
    let folder: URL

    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appending(path: "input"), withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func url(_ path: String) -> URL { folder.appending(path: path) }

    func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }

    func write(_ path: String, _ bytes: [UInt8]) throws {
        try makeFolder(url(path).deletingLastPathComponent().path)
        try Data(bytes).write(to: url(path))
    }

    func copy(fixture: String, to path: String) throws {
        try write(path, [UInt8](Data(contentsOf: Self.fixtures.appending(path: fixture))))
    }

    func makeFolder(_ path: String) throws {
        let path = path.hasPrefix("/") ? path : url(path).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: url(path).path, withDestinationPath: target)
    }

    func text(_ path: String) throws -> String { String(decoding: try Data(contentsOf: url(path)), as: UTF8.self) }

    /// Files below `path`, hidden ones too, sorted; empty when there is no such folder.
    func files(_ path: String) -> [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: url(path).path)) ?? []).filter { name in
            (try? FileManager.default.contentsOfDirectory(atPath: url("\(path)/\(name)").path)) == nil
        }.sorted()
    }

    /// Whole outputs, and none that were begun.
    var outputs: [String] { files("output") + files("temp") }

    func graphrun(_ arguments: String..., input: String? = nil) async throws -> Program.Result {
        try await Program.run(arguments, in: folder, input: input)
    }
}
