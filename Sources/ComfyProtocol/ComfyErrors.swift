public import GraphCore

/// Why a server refuses a workflow, as the diagnostics it would have had here.
public enum ComfyErrors {
    /// - Parameter reply: the answer to `POST /prompt`: `{"error": {...}, "node_errors": {...}}`.
    /// - Returns: what is wrong with nodes, else with the whole; empty when nothing is.
    public static func diagnostics(_ reply: JSON?) -> [Diagnostic] {
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

extension ComfyErrors {
    /// What is wrong with one node, in ComfyUI's words, with ours beside them.
    public struct NodeError: Sendable {
        public let type: String
        public let message: String
        public let details: String
        public let extra: [JSONObject.Member]
        public let diagnostic: Diagnostic

        public init(
            type: String, message: String, details: String, extra: [JSONObject.Member], diagnostic: Diagnostic
        ) {
            (self.type, self.message, self.details) = (type, message, details)
            (self.extra, self.diagnostic) = (extra, diagnostic)
        }

        public var json: JSON {
            var members: [JSONObject.Member] = [
                .init("type", .string(type)), .init("message", .string(message)),
                .init("details", .string(details)), .init("extra_info", .object(JSONObject(extra))),
                .init("explanation", .string(diagnostic.message)),
            ]
            if let suggestion = diagnostic.suggestion { members.append(.init("suggestion", .string(suggestion))) }
            return .object(JSONObject(members))
        }
    }

    /// Why a whole prompt is refused.
    public struct Refusal: Error, Sendable {
        public let type: String
        public let message: String
        public var details: String
        public var suggestion: String?
        public var nodeErrors: JSON

        public init(
            type: String, message: String, details: String = "", suggestion: String? = nil,
            nodeErrors: JSON = .object(JSONObject())
        ) {
            (self.type, self.message, self.details) = (type, message, details)
            (self.suggestion, self.nodeErrors) = (suggestion, nodeErrors)
        }

        public var json: JSON {
            var error: [JSONObject.Member] = [
                .init("type", .string(type)), .init("message", .string(message)),
                .init("details", .string(details)), .init("extra_info", .object(JSONObject())),
            ]
            if let suggestion { error.append(.init("suggestion", .string(suggestion))) }
            return ["error": .object(JSONObject(error)), "node_errors": nodeErrors]
        }
    }
}
