import Foundation
import GraphCore
import Testing

@testable import Files

/// A base directory of a test's own, removed with it.
final class Base: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "folders-\(UUID().uuidString)")
    /// 2026-03-04 05:06:07, here.
    let folders: Folders

    init() throws {
        let moment = DateComponents(
            calendar: .current, year: 2026, month: 3, day: 4, hour: 5, minute: 6, second: 7
        ).date
        let now = try #require(moment)
        folders = Folders(base: url.path, overrides: [:], now: { now })
        for folder in ["input", "output", "temp"] { try makeFolder(folder) }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(at: url.appending(path: path), withIntermediateDirectories: true)
    }

    func write(_ path: String, _ text: String = "content") throws {
        try makeFolder((path as NSString).deletingLastPathComponent)
        try Data(text.utf8).write(to: url.appending(path: path))
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: url.appending(path: path).path, withDestinationPath: target)
    }

    func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: url.appending(path: path)), as: UTF8.self)
    }

    /// Moves a file's last change into the past.
    func age(_ path: String, hours: Double) throws {
        let date = folders.now().addingTimeInterval(-hours * 3600)
        try FileManager.default.setAttributes(
            [.modificationDate: date], ofItemAtPath: url.appending(path: path).path)
    }

    /// Everything in a folder, hidden files too.
    func names(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.appending(path: path).path)) ?? []).sorted()
    }

    /// The text of a file named as workflows name it, or why there is none.
    func read(_ name: String, maxByteCount: Int = 100) -> String {
        do {
            return String(decoding: try folders.read(name, in: .input, maxByteCount: maxByteCount), as: UTF8.self)
        } catch { return error.text }
    }

    /// The name under the output folder of a file saved with `prefix`, or why there is none.
    func save(_ prefix: String, batchNumber: Int = 0, extension: String = "png") -> String {
        let prefix = FilenamePrefix(prefix, width: 640, height: 480, batchNumber: batchNumber)
        do {
            let file = try folders.save(Array("x".utf8), prefix: prefix, extension: `extension`, in: .output)
            #expect(file.folder == .output)
            return [file.subfolder, file.filename].filter { !$0.isEmpty }.joined(separator: "/")
        } catch { return error.text }
    }
}

/// What went wrong; nil when nothing did.
func complaint(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        guard let diagnostic = error as? Diagnostic else { return "\(error)" }
        return "\(diagnostic.code): \(diagnostic.text)"
    }
}
