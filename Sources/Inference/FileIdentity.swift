internal import Foundation
internal import GraphCore

/// A file as it is now: another when it was replaced or written to. It costs no reading.
struct FileIdentity: Hashable, Sendable {
    let path: String
    let byteCount: Int
    private let modified: Date
    private let number: UInt64

    init(path: String) throws(Diagnostic) {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
            let size = facts[.size] as? NSNumber, let date = facts[.modificationDate] as? Date
        else { throw Self.unreadable(path) }
        self.path = path
        (byteCount, modified) = (size.intValue, date)
        number = (facts[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
    }

    /// All of it, to be remembered by.
    var text: String { "\(path)|\(byteCount)|\(modified.timeIntervalSince1970)|\(number)" }

    /// The last part of a path.
    static func name(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    static func unreadable(_ path: String) -> Diagnostic {
        Diagnostic(
            .fileNotReadable, node: nil, "'\(name(path))' cannot be read", suggestion: "Check the file's permissions.")
    }
}
