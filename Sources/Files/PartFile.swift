internal import Foundation

/// A file is written under a hidden name beside its final one and then renamed: under its final name it is always
/// whole. `.UUID.part` is how `Folders.removeStaleParts` knows what a killed program left behind.
enum PartFile {
    static func path(in directory: String) -> String { directory + "/.\(UUID().uuidString).part" }

    static func isPart(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".part") && UUID(uuidString: String(name.dropFirst().dropLast(5))) != nil
    }

    /// Gives a finished part its final name, and never replaces: false when something has that name. The part may be
    /// left behind.
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

    /// In pieces, so that cancelling does not wait for a large file.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try FileStatus.create(path)
        defer { try? file.close() }
        let pieceByteCount = 8 << 20
        for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
            if start > 0 { try Task.checkCancellation() }
            try file.write(contentsOf: Data(bytes[start..<min(start + pieceByteCount, bytes.count)]))
        }
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
