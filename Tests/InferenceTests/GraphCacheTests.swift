import Foundation
import GraphCore
import TestData
import Testing

@testable import Inference

@Suite("The cache of converted models")
struct GraphCacheTests {
    @Test("loses what killed programs left half-made, and nothing that is locked or whole")
    func dead() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "graphs-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for name in ["a-v1", "a-v1.DEAD.part", "b-v1.ALIVE.part"] {
            try FileManager.default.createDirectory(
                at: root.appending(path: "graphs/\(name)"), withIntermediateDirectories: true)
        }
        let alive = try #require(
            FileHandle(forReadingAtPath: root.appending(path: "graphs/b-v1.ALIVE.part").path))
        #expect(flock(alive.fileDescriptor, LOCK_EX) == 0)
        let cache = GraphCache(root: root.path)
        cache.removeDeadParts()
        let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "graphs").path).sorted()
        #expect(names == ["a-v1", "b-v1.ALIVE.part"])
        GraphCache(root: root.appending(path: "nowhere").path).removeDeadParts()
    }

    @Test("knows a checkpoint of any time", .enabled(if: FileTime.farFolder != nil), arguments: FileTime.farSeconds)
    func farDate(seconds: Int) throws {
        let path = try #require(FileTime.farFolder).appending(path: "graphrun-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("0123456789".utf8).write(to: URL(filePath: path))
        let before = try FileIdentity(path: path)
        try FileTime.set(path, seconds: seconds)
        let after = try FileIdentity(path: path)
        #expect(after.byteCount == 10)
        #expect(after != before && after.text != before.text)
    }
}
