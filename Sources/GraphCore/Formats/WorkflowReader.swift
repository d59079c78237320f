/// Why a file could not be read as a workflow: everything that is wrong with its form.
public struct UnreadableWorkflow: Error, Sendable {
    public let diagnostics: [Diagnostic]

    init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
    init(_ code: Diagnostic.Code, _ message: String, suggestion: String?) {
        diagnostics = [Diagnostic(code, node: nil, message, suggestion: suggestion)]
    }
}

/// Bytes in, the one internal graph out, whatever the format.
public enum WorkflowReader {
    public enum Format: String, Sendable { case api, hybrid }

    /// - Parameter registry: formats that leave out input names take them from the node types.
    /// - Throws: `UnreadableWorkflow` with everything wrong with the form; what the graph means is the validator's work.
    public static func read(
        _ bytes: [UInt8], registry: NodeRegistry
    ) throws(UnreadableWorkflow) -> (workflow: Workflow, format: Format) {
        let limits = JSONParser.Limits()
        if bytes.count > limits.maxByteCount {
            throw UnreadableWorkflow(
                .tooLarge, "the workflow has \(bytes.count) bytes; the limit is \(limits.maxByteCount)",
                suggestion: "Split it into smaller ones.")
        }
        let json: JSON
        do {
            json = try JSONParser.parse(bytes, limits: limits)
        } catch {
            throw UnreadableWorkflow(
                .notJSON, "not valid JSON: \(error.message)", suggestion: suggestion(for: error, bytes))
        }
        return try read(json, registry: registry)
    }

    public static func read(
        _ json: JSON, registry: NodeRegistry
    ) throws(UnreadableWorkflow) -> (workflow: Workflow, format: Format) {
        guard case .object(let root) = json else {
            throw UnreadableWorkflow(
                .unknownFormat, "a workflow is a JSON object, but this is \(json.kindName)",
                suggestion: "Export the workflow with 'Save (API Format)' in ComfyUI.")
        }
        if let wrapped = root["prompt"], wrapped["class_type"] == nil {
            guard case .object(let prompt) = wrapped else {
                throw UnreadableWorkflow(
                    .malformedWorkflow, "\"prompt\" must hold the nodes, but it is \(wrapped.kindName)",
                    suggestion: "Write {\"prompt\": {\"1\": {\"class_type\": ...}}}.")
            }
            var workflow = try APIFormat.read(prompt)
            workflow.extraPNGInfo = root["extra_data"]?["extra_pnginfo"]?.object ?? JSONObject()
            return (workflow, .api)
        }
        if case .array(let nodes)? = root["nodes"] {
            if isEditorFile(root, nodes) {
                throw UnreadableWorkflow(
                    .unknownFormat, "this is a file of ComfyUI's editor, which graphrun does not read yet",
                    suggestion: "Export it with 'Workflow > Export (API)' in ComfyUI and run that file.")
            }
            return (try HybridFormat.read(root, nodes, registry: registry), .hybrid)
        }
        return (try APIFormat.read(root), .api)
    }

    /// Editor files carry layout and counters; their inputs are lists of slots.
    private static func isEditorFile(_ root: JSONObject, _ nodes: [JSON]) -> Bool {
        for key in ["last_node_id", "last_link_id", "version", "definitions", "groups"] where root[key] != nil {
            return true
        }
        return nodes.contains { $0["pos"] != nil || $0["inputs"]?.array != nil }
    }

    private static let trailingComma = "Remove the comma before it."

    private static func suggestion(for error: JSONError, _ bytes: [UInt8]) -> String {
        if let word = error.bareWord {
            switch word {
            case "NaN", "Infinity": return "Use a number: JSON has no \(word)."
            case "True", "False", "None":
                return "Write \(word == "None" ? "null" : word.lowercased()), as JSON spells it."
            default:
                if (error.line, error.column) == (1, 1) { return "Check the file: it holds text, not JSON." }
                return "Put it in double quotes: \"\(word)\"."
            }
        }
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) {
            return "Check the file: it is empty."
        }
        if error.reason.hasSuffix("found the end of the file") { return "Copy the file again: it seems cut off." }
        if error.reason.hasPrefix("expected a value"), error.reason.hasSuffix("found ']'") { return trailingComma }
        if error.reason.hasPrefix("expected a name"), error.reason.hasSuffix("found '}'") { return trailingComma }
        return "Correct the file there, or export the workflow again."
    }
}
