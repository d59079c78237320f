@testable import GraphCore

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

/// An input folder in the mind.
struct Pictures: NodeEnvironment {
    var names = ["a.png", "photo.jpg"]
    func choices(_ source: ChoiceSource) -> [String] { names }
    func refusal(of choice: String, from source: ChoiceSource) -> Diagnostic? {
        if (names + ["sub/b.png"]).contains(choice) { return nil }
        return Diagnostic(.fileNotFound, node: nil, "'\(choice)' was not found in input/")
    }
    func read(_ name: String, in folder: FolderName, maxByteCount: Int) throws(Diagnostic) -> [UInt8] { [] }
    func contentToken(_ name: String, in folder: FolderName) throws(Diagnostic) -> String { name }
    func modelPath(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String { choice }
    func modelToken(_ choice: String, from source: ChoiceSource) throws(Diagnostic) -> String { choice }
    func save(
        _ bytes: [UInt8], prefix: FilenamePrefix, extension: String, in folder: FolderName
    ) throws(Diagnostic) -> SavedFile {
        SavedFile(filename: prefix.text, subfolder: "", folder: folder)
    }
}
