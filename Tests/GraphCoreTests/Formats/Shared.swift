import Foundation
import Testing

@testable import GraphCore

/// The folder of public test data beside the repository; tests that need it are skipped where it is missing.
enum Shared {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")

    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: path).path)
    }

    static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: path))) }

    static func files(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path).sorted()
    }
}

/// What the parser says of `text`; nil when it takes it.
func complaint(_ text: String, limits: JSONParser.Limits = .init()) -> String? {
    do {
        _ = try JSONParser.parse(text, limits: limits)
        return nil
    } catch { return error.message }
}

/// Diagnostics as a test compares them, one a paragraph: `3 cycle: what is wrong`, below it the suggestion.
func told(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { diagnostic in
        let head = "\(diagnostic.node?.text ?? "-") \(diagnostic.code)"
        let mark = diagnostic.severity == .warning ? " (warning)" : ""
        return "\(head)\(mark): \(diagnostic.text)"
    }.joined(separator: "\n")
}

/// A node that is only looked at.
struct Sketch: Node {
    let schema: NodeSchema
    init(_ schema: NodeSchema) { self.schema = schema }
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] { [] }
}
