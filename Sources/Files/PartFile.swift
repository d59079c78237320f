internal import Foundation

/// A file is written under a hidden name beside its final one and then renamed: under its final name it is always
/// whole. `.UUID.part` is how `Folders.removeDeadParts` knows what a killed program left behind.
///
/// It is locked as long as this object lives, and the system unlocks it when the program ends, however it does: a part
/// another process can lock has no writer left.
final class PartFile: Sendable {
    let path: String
    private let file: FileHandle

    private static let maxAttemptCount = 8
    private static let pieceByteCount = 8 << 20

    /// Makes an empty one.
    init(in directory: String) throws {
        for _ in 0..<Self.maxAttemptCount {
            let path = directory + "/.\(UUID().uuidString).part"
            let file = try FileStatus.create(path)
            // Some file systems have no locks; there `removeDeadParts` goes by age.
            FileStatus.lock(file)
            // Between the two a server that starts may have taken it for a dead program's.
            if FileStatus(path) != nil {
                (self.path, self.file) = (path, file)
                return
            }
        }
        throw POSIXError(.EAGAIN)
    }

    static func isPart(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".part") && UUID(uuidString: String(name.dropFirst().dropLast(5))) != nil
    }

    func write(_ bytes: some DataProtocol) throws { try file.write(contentsOf: bytes) }

    /// In pieces, so that cancelling does not wait for a large file.
    func writeAll(_ bytes: [UInt8]) throws {
        for start in stride(from: 0, to: bytes.count, by: Self.pieceByteCount) {
            if start > 0 { try Task.checkCancellation() }
            try write(bytes[start..<min(start + Self.pieceByteCount, bytes.count)])
        }
    }

    /// What is in another one, to be written here.
    func copy(_ other: PartFile) throws {
        let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: other.path))
        defer { try? source.close() }
        while let piece = try source.read(upToCount: 1 << 20), !piece.isEmpty { try write(piece) }
    }

    /// Returns when its content is on the disk, written by this process or another.
    func sync() throws { try file.synchronize() }

    /// Gives it its final name, and never replaces: false when something has that name. It may keep its own, too.
    func place(at path: String) throws -> Bool { try Self.place(self.path, at: path) }

    /// The same with any file.
    static func place(_ part: String, at path: String) throws -> Bool {
        do {
            // A hard link never replaces: two programs that save at once get two numbers.
            try FileManager.default.linkItem(atPath: part, toPath: path)
        } catch {
            if FileStatus(path) != nil { return false }
            // Some file systems have no hard links.
            try FileManager.default.moveItem(atPath: part, toPath: path)
        }
        return true
    }

    /// Removes it under its own name.
    func remove() { Self.remove(path) }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
