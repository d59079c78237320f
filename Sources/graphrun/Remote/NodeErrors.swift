internal import GraphCore

/// Why a server refuses a workflow, as the diagnostics it would have had here.
enum NodeErrors {
    /// - Parameter reply: the answer to `POST /prompt`: `{"error": {...}, "node_errors": {...}}`.
    /// - Returns: what is wrong with nodes, else with the whole; empty when nothing is.
    static func diagnostics(_ reply: JSON?) -> [Diagnostic] {
        let nodes = (reply?["node_errors"]?.object?.members ?? []).flatMap { member in
            (member.value["errors"]?.array ?? []).map { diagnostic($0, NodeID(member.key)) }
        }
        if !nodes.isEmpty { return nodes }
        guard let error = reply?["error"], error != .null else { return [] }
        return [whole(error)]
    }

    private static func diagnostic(_ error: JSON, _ node: NodeID) -> Diagnostic {
        // graphserver explains; ComfyUI's words fall into two halves.
        let halves = [error["message"]?.string, error["details"]?.string].compactMap { $0 }.filter { !$0.isEmpty }
        return Diagnostic(
            .badInput, node: node, input: error["extra_info"]?["input_name"]?.string,
            error["explanation"]?.string ?? (halves.isEmpty ? "the server refuses it" : halves.joined(separator: ": ")),
            suggestion: error["suggestion"]?.string)
    }

    private static func whole(_ error: JSON) -> Diagnostic {
        let details = error["details"]?.string ?? ""
        // Both name the node only there: "Node ID '#2'".
        var node: NodeID?
        if details.hasPrefix("Node ID '#"), let end = details.lastIndex(of: "'") {
            let start = details.index(details.startIndex, offsetBy: 10)
            if start < end { node = NodeID(String(details[start..<end])) }
        }
        var message = error["message"]?.string ?? error.string ?? "the server refuses it"
        if node == nil && !details.isEmpty && details != message { message += ": \(details)" }
        return Diagnostic(.nodeFailed, node: node, message, suggestion: error["suggestion"]?.string)
    }
}
