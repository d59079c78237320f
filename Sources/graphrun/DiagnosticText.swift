internal import GraphCore

/// Diagnostics as people read them: severity, place, sentence, and the suggestion on a line of its own.
enum DiagnosticText {
    /// A file with 100,000 mistakes is understood after the first hundred.
    private static let maxCount = 100

    static func text(_ diagnostics: [Diagnostic], _ workflow: Workflow?, _ file: String) -> String {
        let groups = Self.groups(diagnostics)
        var lines = groups.prefix(maxCount).map { group in
            let others = group.others.isEmpty ? "" : " (so are nodes \(Self.list(group.others)))"
            return text(group.first, file, workflow, addition: others)
        }
        if groups.count > maxCount { lines.append("... and \(groups.count - maxCount) more") }
        return lines.joined(separator: "\n")
    }

    /// A type that is unknown is told once, with all nodes that have it: real workflows use one of a node pack many times.
    private static func groups(_ diagnostics: [Diagnostic]) -> [(first: Diagnostic, others: [NodeID])] {
        struct Key: Hashable { let message: String, suggestion: String? }
        var groups: [(first: Diagnostic, others: [NodeID])] = []
        var indexByKey: [Key: Int] = [:]
        for diagnostic in diagnostics {
            if diagnostic.code == .unknownNodeType, let node = diagnostic.node {
                let key = Key(message: diagnostic.message, suggestion: diagnostic.suggestion)
                if let index = indexByKey[key] {
                    groups[index].others.append(node)
                    continue
                }
                indexByKey[key] = groups.count
            }
            groups.append((diagnostic, []))
        }
        return groups
    }

    private static func list(_ nodes: [NodeID]) -> String {
        let shown = nodes.prefix(20).map(\.text).joined(separator: ", ")
        return nodes.count > 20 ? "\(shown) and \(nodes.count - 20) more" : shown
    }

    static func tell(_ diagnostics: [Diagnostic], _ workflow: Workflow, _ file: String, _ console: Console) {
        if !diagnostics.isEmpty { console.error(text(diagnostics, workflow, file)) }
    }

    /// - Parameters:
    ///   - file: names the place of what concerns no single node.
    ///   - addition: stands behind the message.
    static func text(
        _ diagnostic: Diagnostic, _ file: String, _ workflow: Workflow? = nil, addition: String = ""
    ) -> String {
        let severity = diagnostic.severity == .warning ? "warning" : "error"
        let place = diagnostic.node.map { describe($0, workflow) } ?? file
        return "\(severity): \(place): \(diagnostic.message)\(addition)"
            + (diagnostic.suggestion.map { "\n  \($0)" } ?? "")
    }

    /// `node 3 (ImageScale 'smaller')`
    static func describe(_ id: NodeID, _ workflow: Workflow?) -> String {
        guard let node = workflow?.nodes.first(where: { $0.id == id }) else { return "node \(id)" }
        let words = [node.type, node.title.flatMap { $0 == node.type ? nil : "'\($0)'" }].compactMap { $0 }
        return words.isEmpty ? "node \(id)" : "node \(id) (\(words.joined(separator: " ")))"
    }
}
