internal import Files
internal import GraphCore

/// Where the folders lie on the disk concerns nobody outside: in what clients are told they go by their names.
struct PathVeil: Sendable {
    private let names: [(path: String, name: String)]

    /// Over no path.
    init() { names = [] }

    init(_ folders: Folders) {
        names = (FolderName.allCases.map { (folders.path($0), $0.rawValue) } + folders.modelPathNames)
            .filter { $0.0.hasPrefix("/") && $0.0 != "/" }
            // A folder inside another goes first.
            .sorted { $0.0.utf8.count > $1.0.utf8.count }
    }

    func over(_ text: String) -> String {
        names.reduce(text) { text, folder in
            text.contains(folder.path) ? text.replacing(folder.path, with: folder.name) : text
        }
    }

    func over(_ diagnostic: Diagnostic) -> Diagnostic {
        Diagnostic(
            diagnostic.code, severity: diagnostic.severity, node: diagnostic.node, input: diagnostic.input,
            over(diagnostic.message), suggestion: diagnostic.suggestion.map { over($0) })
    }
}
