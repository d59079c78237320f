import Foundation
import TestData

/// Pictures that a Python script made in a folder of its own, each with what it expects of it.
final class PeerPictures: Sendable {
    struct Picture {
        let name: String
        let bytes: [UInt8]
        let expected: [UInt8]
    }

    private let folder: URL

    /// - Parameter script: of the folder `peers`; its first argument is the folder to write to.
    init(_ script: String, _ arguments: [String] = []) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-pictures-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        _ = try await Python.run("MediaTests/peers/\(script)", [folder.path] + arguments)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// All that have an expectation, by name.
    func all() throws -> [Picture] {
        let suffix = ".expected"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(suffix) }
        return try names.map { String($0.dropLast(suffix.count)) }.sorted().map { name in
            Picture(name: name, bytes: try bytes(name), expected: try bytes(name + suffix))
        }
    }

    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: name))) }
}
