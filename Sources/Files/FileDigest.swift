internal import Digest
internal import Foundation

enum FileDigest {
    /// Of a file read in pieces: hashing costs no memory.
    static func sha256(ofFile path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var hash = IncrementalSHA256()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hash.update([UInt8](piece)[...]) }
        return hash.hexadecimal()
    }
}
