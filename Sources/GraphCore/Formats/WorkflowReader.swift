/// Why a file could not be read as a workflow: everything that is wrong with its form.
public struct UnreadableWorkflow: Error, Sendable {
    public let diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
    init(_ code: Diagnostic.Code, _ message: String, suggestion: String?) {
        diagnostics = [Diagnostic(code, node: nil, message, suggestion: suggestion)]
    }
}

/// Bytes in, the one internal graph out, whatever the format.
public struct WorkflowReader: Sendable {
    public enum Format: String, Sendable { case api, hybrid, editor }

    public struct Reading: Sendable {
        public var workflow: Workflow
        public let format: Format
        /// What is odd about the file and stops nobody.
        public var notes: [Diagnostic] = []
    }

    private let registry: NodeRegistry
    private let shapes: NodeShapes
    private let now: LocalTime?

    /// - Parameters:
    ///   - registry: formats that leave out input names take them from the node types.
    ///   - shapes: where else editor files get them from.
    ///   - now: fills in `%date:...%` in file names of editor files, as the editor does; nil leaves it to whoever saves
    ///     the file.
    public init(registry: NodeRegistry, shapes: NodeShapes? = nil, now: LocalTime? = nil) {
        (self.registry, self.shapes, self.now) = (registry, shapes ?? NodeShapes(registry), now)
    }

    /// - Throws: `UnreadableWorkflow` with everything wrong with the form; what the graph means is the validator's work.
    public func read(_ bytes: [UInt8]) throws(UnreadableWorkflow) -> Reading { try read(Self.parse(bytes)) }

    /// - Throws: `UnreadableWorkflow` for what is too large or no JSON.
    public static func parse(_ bytes: [UInt8]) throws(UnreadableWorkflow) -> JSON {
        let limits = JSONParser.Limits()
        if bytes.count > limits.maxByteCount {
            throw UnreadableWorkflow(
                .tooLarge, "the workflow has \(bytes.count) bytes; the limit is \(limits.maxByteCount)",
                suggestion: "Split it into smaller ones.")
        }
        do {
            return try JSONParser.parse(bytes, limits: limits)
        } catch {
            throw UnreadableWorkflow(
                .notJSON, "not valid JSON: \(error.message)", suggestion: suggestion(for: error, bytes))
        }
    }

    public func read(_ json: JSON) throws(UnreadableWorkflow) -> Reading {
        guard case .object(let root) = json else {
            throw UnreadableWorkflow(
                .unknownFormat, "a workflow is a JSON object, but this is \(json.kindName)",
                suggestion: "Export the workflow with 'Workflow > Export (API)' in ComfyUI.")
        }
        if let wrapped = root["prompt"], wrapped["class_type"] == nil {
            guard case .object(let prompt) = wrapped else {
                throw UnreadableWorkflow(
                    .malformedWorkflow, "\"prompt\" must hold the nodes, but it is \(wrapped.kindName)",
                    suggestion: "Write {\"prompt\": {\"1\": {\"class_type\": ...}}}.")
            }
            var workflow = try APIFormat.read(prompt)
            workflow.extraPNGInfo = root["extra_data"]?["extra_pnginfo"]?.object ?? JSONObject()
            return Reading(workflow: workflow, format: .api)
        }
        if let wrapped = Self.wrapped(root) { return try read(wrapped) }
        if case .array(let nodes)? = root["nodes"] {
            if Self.isEditorFile(root, nodes) {
                let (workflow, notes) = try LiteGraphFormat.read(root, shapes: shapes, now: now)
                return Reading(workflow: workflow, format: .editor, notes: notes)
            }
            return Reading(workflow: try HybridFormat.read(root, nodes, registry: registry), format: .hybrid)
        }
        return Reading(workflow: try APIFormat.read(root), format: .api)
    }

    /// The workflow in what services take: `{"workflow": ...}`, RunPod's `{"input": {"workflow": ...}}`.
    private static func wrapped(_ root: JSONObject) -> JSON? {
        for place in [root, root["input"]?.object ?? JSONObject()] where place["class_type"] == nil {
            for key in ["workflow", "prompt"] {
                guard let inner = place[key]?.object, inner["class_type"] == nil else { continue }
                // A workflow itself, so this goes one level deep.
                let isWorkflow =
                    inner["nodes"]?.array != nil || inner.members.contains { $0.value["class_type"] != nil }
                if isWorkflow { return .object(inner) }
            }
        }
        return nil
    }

    /// Whether this is a file of ComfyUI's editor, for which it helps to know what a server says of its nodes.
    public static func isEditorFile(_ json: JSON) -> Bool {
        guard let root = json.object, case .array(let nodes)? = root["nodes"] else { return false }
        return isEditorFile(root, nodes)
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
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
        if bytes.allSatisfy(isSpace) {
            return "Check the file: it is empty."
        }
        if bytes.first(where: { !isSpace($0) }) == UInt8(ascii: "<") {
            return "Download the workflow again: this is a web page, which a download that failed often leaves."
        }
        if error.reason.hasSuffix("found '/'") || error.reason.hasSuffix("found '#'") {
            return "Remove the comment: JSON has none."
        }
        if error.reason.hasSuffix("found '\u{27}'") { return "Use double quotes: JSON has no single ones." }
        if error.reason.hasSuffix("found the end of the file") { return "Copy the file again: it seems cut off." }
        if error.reason.hasPrefix("expected a value"), error.reason.hasSuffix("found ']'") { return trailingComma }
        if error.reason.hasPrefix("expected a name"), error.reason.hasSuffix("found '}'") { return trailingComma }
        return "Correct the file there, or export the workflow again."
    }
}
