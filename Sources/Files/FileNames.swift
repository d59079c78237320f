internal import GraphCore

/// What a name from a URL or a form may be. Stricter than what the disk takes, so that every name stays one name in a
/// header, a log and a URL.
enum FileNames {
    /// File systems take 255 bytes.
    static let maxByteCount = 255
    static let maxDepth = 16

    /// Throws unless `name` is a plain file name: not empty, no separators, no `..`, no control characters.
    static func check(_ name: String, in root: FolderRoot) throws(Diagnostic) {
        if name.isEmpty { throw bad("the file has no name", "Give it a name.") }
        let parts = name.split(whereSeparator: { $0 == "/" || $0 == "\\" })
        if name == "." || name.hasPrefix("/") || parts.contains("..") || name.utf8.contains(0) {
            throw root.outside(name)
        }
        if name.contains("/") || name.contains("\\") {
            throw bad("'\(name.prefix(60))' is a path, not the name of a file", "Name its folder apart.")
        }
        try checkCharacters(name)
    }

    /// A path below a folder without empty parts and `.`; throws when it leads out or is too deep. Empty for the folder
    /// itself.
    static func path(_ text: String, in root: FolderRoot) throws(Diagnostic) -> String {
        let parts = text.split(separator: "/").filter { $0 != "." }
        if text.hasPrefix("/") || parts.contains("..") || text.utf8.contains(0) { throw root.outside(text) }
        if parts.count > maxDepth {
            throw bad("'\(text.prefix(60))' is deeper than \(maxDepth) folders", "Use fewer folders inside each other.")
        }
        for part in parts { try checkCharacters(String(part)) }
        return parts.joined(separator: "/")
    }

    private static func checkCharacters(_ name: String) throws(Diagnostic) {
        if name.utf8.count > maxByteCount {
            throw bad(
                "the name '\(name.prefix(60))...' is longer than \(maxByteCount) bytes", "Give it a shorter name.")
        }
        if name.utf8.contains(where: { $0 < 32 || $0 == 127 }) {
            throw bad("a file name holds control characters", "Use letters, digits and punctuation.")
        }
    }

    private static func bad(_ message: String, _ suggestion: String) -> Diagnostic {
        Diagnostic(.badFileName, node: nil, message, suggestion: suggestion)
    }
}
