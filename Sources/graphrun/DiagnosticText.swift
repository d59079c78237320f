internal import GraphCore

/// Diagnostics as people read them: severity, place, sentence, and the suggestion on a line of its own.
enum DiagnosticText {
    /// A file with 100,000 mistakes is understood after the first hundred.
    private static let maxCount = 100

    static func text(_ diagnostics: [Diagnostic], _ workflow: Workflow?, _ file: String) -> String {
        var lines = diagnostics.prefix(maxCount).map { text($0, file, workflow) }
        if diagnostics.count > maxCount { lines.append("... and \(diagnostics.count - maxCount) more") }
        return lines.joined(separator: "\n")
    }

    static func tell(_ diagnostics: [Diagnostic], _ workflow: Workflow, _ file: String, _ console: Console) {
        if !diagnostics.isEmpty { console.error(text(diagnostics, workflow, file)) }
    }

    /// - Parameter file: names the place of what concerns no single node.
    static func text(_ diagnostic: Diagnostic, _ file: String, _ workflow: Workflow? = nil) -> String {
        let severity = diagnostic.severity == .warning ? "warning" : "error"
        let place = diagnostic.node.map { describe($0, workflow) } ?? file
        return "\(severity): \(place): \(diagnostic.message)" + (diagnostic.suggestion.map { "\n  \($0)" } ?? "")
    }

    /// `node 3 (ImageScale 'smaller')`
    static func describe(_ id: NodeID, _ workflow: Workflow?) -> String {
        guard let node = workflow?.nodes.first(where: { $0.id == id }) else { return "node \(id)" }
        let words = [node.type, node.title.flatMap { $0 == node.type ? nil : "'\($0)'" }].compactMap { $0 }
        return words.isEmpty ? "node \(id)" : "node \(id) (\(words.joined(separator: " ")))"
    }
}
