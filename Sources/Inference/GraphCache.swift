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

    /// Progress is told so many times while a file is read.
    private static let readingStepCount = 20

    /// The folder with the models of a checkpoint; made first if it is not there.
    /// - Parameters:
    ///   - path: of the checkpoint.
    ///   - tell: hears what takes long; what it throws ends the work.
    ///   - make: fills a folder.
    func folder(
        for checkpoint: Checkpoint, path: String, version: Int, tell: (ModelHost.LoadingStep) throws -> Void,
        _ make: (_ folder: String) throws(Diagnostic) -> Void
    ) throws -> String {
        let digest = try digest(of: checkpoint, path: path, tell)
        let final = "\(root)/graphs/\(digest)-v\(version)"
        if isWhole(final) { return final }
        try tell(.converting)
        let (beside, lock) = try makeLocked { "\(final).\(UUID().uuidString).part" }
        defer {
            // Gone when it was renamed.
            try? FileManager.default.removeItem(atPath: beside)
            try? lock?.close()
        }
        try make(beside)
        do {
            try FileManager.default.moveItem(atPath: beside, toPath: final)
        } catch {
            guard isWhole(final) else { throw WeightsFile.unwritable(final, error) }
        }
        return final
    }

    /// Makes a folder that is locked as long as its handle is open, which ends with the program at the latest.
    private func makeLocked(_ name: () -> String) throws(Diagnostic) -> (path: String, lock: FileHandle?) {
        while true {
            let path = name()
            do {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } catch {
                throw WeightsFile.unwritable(path, error)
            }
            let lock = FileHandle(forReadingAtPath: path)
            if let lock { _ = flock(lock.fileDescriptor, LOCK_EX) }
            // Between the two another program may have taken it for a dead one's.
            if FileManager.default.fileExists(atPath: path) { return (path, lock) }
        }
    }

    /// Removes the folders that killed programs left half-made: those without a lock.
    func removeDeadParts() {
        let folder = root + "/graphs"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".part") {
            let path = folder + "/" + name
            guard let lock = FileHandle(forReadingAtPath: path) else { continue }
            defer { try? lock.close() }
            guard flock(lock.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else { continue }
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    private func isWhole(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/" + PartList.fileName)
    }

    /// The SHA-256 of a checkpoint's content. What it was is remembered beside the models for as long as the file's size,
    /// time and number stay the same: reading 900 MB takes a second.
    private func digest(
        of checkpoint: Checkpoint, path: String, _ tell: (ModelHost.LoadingStep) throws -> Void
    ) throws -> String {
        let identity = try FileIdentity(path: path)
        let note = "\(root)/digests/\(SHA256.hexadecimal(Array(identity.text.utf8)))"
        if let data = FileManager.default.contents(atPath: note), data.count == 64,
            data.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
        {
            return String(decoding: data, as: UTF8.self)
        }
        var told = -1
        let digest = try checkpoint.contentDigest { done, total in
            guard done * Self.readingStepCount / max(1, total) > told else { return }
            told = done * Self.readingStepCount / max(1, total)
            try tell(.reading(Double(done) / Double(max(1, total))))
        }
        try? FileManager.default.createDirectory(atPath: root + "/digests", withIntermediateDirectories: true)
        try? Data(digest.utf8).write(to: URL(fileURLWithPath: note), options: .atomic)
        return digest
    }
}
