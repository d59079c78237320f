public import Foundation

/// The folder of public test data beside the repository; tests that need it are skipped where it is missing.
public enum Shared {
    public static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")

    public static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: path).path)
    }

    public static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: path)))
    }

    /// Names in a folder of it, sorted.
    public static func files(_ path: String, ending: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)
            .filter { ending.isEmpty || $0.hasSuffix(ending) }.sorted()
    }
}
