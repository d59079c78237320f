import Foundation
import Testing

@testable import Media

/// The folder of public test data beside the repository; tests that need it are skipped where it is missing.
enum Shared {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")

    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: path).path)
    }

    static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: path))) }

    static func files(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)
            .filter { $0.hasSuffix(".png") }.sorted()
    }
}

/// What the decoder says of bytes it does not take; nil when it takes them.
func complaint(about bytes: [UInt8]) -> CodecError? {
    do {
        _ = try ImageDecoder.decode(bytes)
        return nil
    } catch { return error }
}
