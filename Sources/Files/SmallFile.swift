internal import Foundation
package import GraphCore

/// A small file that somebody keeps beside a configuration, such as one with a key.
package enum SmallFile {
    private static let maxByteCount = 64 << 10

    /// Whether there is a file, or a link to one.
    package static func exists(_ path: String) -> Bool { FileStatus(Folders.realPath(path))?.kind == .file }

    /// Whether anybody but its owner may read it.
    package static func isReadableByOthers(_ path: String) -> Bool {
        (FileStatus(Folders.realPath(path))?.permissions ?? 0) & 0o044 != 0
    }

    /// What it says.
    /// - Throws: `.fileNotReadable` with the system's reason, `.tooLarge` above 64 KiB, `.badFile` when it is no UTF-8.
    package static func text(_ path: String) throws(Diagnostic) -> String {
        let bytes: [UInt8]
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            bytes = [UInt8](try handle.read(upToCount: maxByteCount + 1) ?? Data())
        } catch {
            throw Diagnostic(.fileNotReadable, node: nil, "'\(path)' cannot be read: \(SystemReason.text(error))")
        }
        guard bytes.count <= maxByteCount else {
            throw Diagnostic(.tooLarge, node: nil, "'\(path)' is larger than \(maxByteCount) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Diagnostic(.badFile, node: nil, "'\(path)' is not UTF-8 text")
        }
        return text
    }
}
