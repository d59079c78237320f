internal import Digest
internal import Foundation
internal import GraphCore

/// ONNX models made from checkpoints, kept in a folder per checkpoint: `graphs/<SHA-256 of the checkpoint>-v1`.
///
/// A folder is written beside and renamed, so that one under its name is whole; two programs that make the same one do
/// it twice, and the second throws its own away.
struct GraphCache: Sendable {
    /// `${XDG_CACHE_HOME:-~/.cache}/graphrun`.
    let root: String

    private var folder: String { root + "/graphs" }

    /// The folder with the models of a checkpoint; made first if it is not there.
    /// - Parameter making: is called before a folder is made, which takes seconds.
    func folder(
        forFile path: String, version: Int, making: () -> Void,
        _ make: (_ folder: String) throws(Diagnostic) -> Void
    ) throws(Diagnostic) -> String {
        let digest = try digest(ofFile: path)
        let final = "\(folder)/\(digest)-v\(version)"
        if FileManager.default.fileExists(atPath: final + "/" + PartList.fileName) { return final }
        making()
        let beside = "\(final).\(UUID().uuidString).part"
        do {
            try FileManager.default.createDirectory(atPath: beside, withIntermediateDirectories: true)
        } catch {
            throw WeightsFile.unwritable(beside, error)
        }
        do throws(Diagnostic) {
            try make(beside)
        } catch {
            try? FileManager.default.removeItem(atPath: beside)
            throw error
        }
        do {
            try FileManager.default.moveItem(atPath: beside, toPath: final)
        } catch {
            try? FileManager.default.removeItem(atPath: beside)
            guard FileManager.default.fileExists(atPath: final + "/" + PartList.fileName) else {
                throw WeightsFile.unwritable(final, error)
            }
        }
        return final
    }

    // MARK: Digests

    /// The SHA-256 of a file's content. What it was is remembered beside the models for as long as the file's size,
    /// time and number stay the same: reading 900 MB takes most of a second.
    private func digest(ofFile path: String) throws(Diagnostic) -> String {
        let identity = try FileIdentity(path: path)
        let note = "\(root)/digests/\(SHA256.hexadecimal(Array(identity.text.utf8)))"
        if let data = FileManager.default.contents(atPath: note), data.count == 64,
            data.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
        {
            return String(decoding: data, as: UTF8.self)
        }
        guard let file = FileHandle(forReadingAtPath: path) else { throw FileIdentity.unreadable(path) }
        var hash = IncrementalSHA256()
        do {
            while let piece = try file.read(upToCount: 4 << 20), !piece.isEmpty { hash.update([UInt8](piece)[...]) }
        } catch {
            throw FileIdentity.unreadable(path)
        }
        let digest = hash.hexadecimal()
        try? FileManager.default.createDirectory(atPath: root + "/digests", withIntermediateDirectories: true)
        try? Data(digest.utf8).write(to: URL(fileURLWithPath: note), options: .atomic)
        return digest
    }
}
