internal import ComfyProtocol
internal import Foundation
internal import GraphCore

/// The body of `POST /prompt`, parsed.
struct ParsedPrompt: Sendable {
    let request: JSONObject

    init(_ body: [UInt8], limits: JSONParser.Limits) throws(ComfyErrors.Refusal) {
        let json: JSON
        do {
            json = try JSONParser.parse(body, limits: limits)
        } catch {
            throw ComfyErrors.Refusal(
                type: "invalid_json", message: "The request is not valid JSON", details: error.message,
                suggestion: "Send {\"prompt\": {...}} as JSON; 'graphrun check FILE' checks a file.")
        }
        guard case .object(let request) = json else {
            throw ComfyErrors.Refusal(
                type: "invalid_json", message: "The request is no JSON object", details: "It is \(json.kindName).",
                suggestion: "Send {\"prompt\": {...}}.")
        }
        self.request = request
    }

    /// Whether checking it needs no look into a folder, which may hold very many files, and unfolds no subgraph.
    func isQuicklyChecked(by registry: NodeRegistry) -> Bool {
        guard let prompt = request["prompt"], case .object(let nodes) = prompt, !WorkflowReader.isEditorFile(prompt)
        else {
            return false
        }
        return nodes.members.allSatisfy { node in
            node.value["class_type"]?.string.flatMap { registry[$0] }?.hasNamedChoices != true
        }
    }
}

/// Reads what `POST /prompt` asks for, and whether it can be run.
struct PromptReader {
    typealias Refusal = ComfyErrors.Refusal

    let id: RunID
    let place: QueuePlace
    let clientID: String?
    /// As JSON.
    let extraData: [UInt8]
    /// The id the editor gave the workflow.
    let workflowID: String?
    let workflow: Workflow
    /// As JSON.
    let graph: [UInt8]
    let checked: CheckedWorkflow
    let plan: Plan
    /// What is wrong with the outputs that will not run.
    let nodeErrors: JSON
    /// What is odd about a file of the editor, in words.
    let notes: [String]

    /// Logged-in frontends send these for nodes that call their maker's service; nothing here needs them kept.
    private static let secrets: Set<String> = ["auth_token_comfy_org", "api_key_comfy_org"]

    init(_ parsed: ParsedPrompt, registry: NodeRegistry, environment: any NodeEnvironment) throws(Refusal) {
        let request = parsed.request
        (id, place) = (try Self.id(request), try Self.place(request))
        clientID = try Self.clientID(request)
        var extraData = request["extra_data"]?.object ?? JSONObject()
        for secret in Self.secrets { extraData[secret] = nil }
        if let clientID { extraData["client_id"] = .string(clientID) }
        let reader = WorkflowReader(registry: registry, shapes: NodeShapes(registry, in: environment))
        var (workflow, graph, notes) = try Self.workflow(request, reader)
        try Self.checkIDs(workflow)
        // What the editor stored, or the file of its own that was posted. It is kept once, as text.
        if extraData["extra_pnginfo"]?.object?.members.isEmpty != false, !workflow.extraPNGInfo.members.isEmpty {
            extraData["extra_pnginfo"] = .object(workflow.extraPNGInfo)
        }
        let workflowID = extraData["extra_pnginfo"]?["workflow"]?["id"]?.string
        self.workflowID = workflowID.flatMap { $0.utf8.count <= 256 ? $0 : nil }
        let extraDataText = JSONWriter.bytes(.object(extraData))
        workflow.extraPNGInfoSource = { Self.extraPNGInfo(in: extraDataText) }
        (self.workflow, self.graph, self.notes) = (workflow, JSONWriter.bytes(graph), notes)
        self.extraData = extraDataText

        let targets = request["partial_execution_targets"].flatMap { $0 == .null ? nil : $0 }
        let wanted = targets.map { ($0.array ?? []).compactMap { $0.string.map { NodeID($0) } } }
        checked = Validator.check(workflow, registry: registry, environment: environment, targets: wanted)
        let errors = PromptErrors(workflow, checked, registry, environment, targets: wanted)
        if let refusal = errors.refusal { throw refusal }
        guard let plan = checked.plan else { throw errors.nothingToRun }
        (self.plan, nodeErrors) = (plan, errors.nodeErrors)
    }

    /// A workflow in the API format, unchecked, and what is odd about the file.
    /// - Parameter parsed: a workflow in any format, or `{"workflow": ...}` with one.
    static func converted(
        _ parsed: ParsedPrompt, registry: NodeRegistry, environment: any NodeEnvironment
    ) throws(Refusal) -> (graph: JSON, notes: [String]) {
        let reader = WorkflowReader(registry: registry, shapes: NodeShapes(registry, in: environment))
        let (_, graph, notes) = try workflow(parsed.request, reader)
        return (graph, notes)
    }

    /// `extra_pnginfo` of a prompt's `extra_data`.
    static func extraPNGInfo(in extraData: [UInt8]) -> JSONObject {
        guard let text = KeptJSON.member("extra_pnginfo", of: extraData) else { return JSONObject() }
        return (try? KeptJSON.parse(Array(text)))?.object ?? JSONObject()
    }

    private static func clientID(_ request: JSONObject) throws(Refusal) -> String? {
        guard let id = request["client_id"]?.string else { return nil }
        guard id.utf8.count <= 256 else {
            throw Refusal(
                type: "invalid_client_id", message: "The client_id cannot be used",
                details: "It has \(id.utf8.count) bytes; the limit is 256.", suggestion: "Use a UUID.")
        }
        return id
    }

    /// Every message about a node names it, some several times.
    private static let maxNodeIDByteCount = 1024

    private static func checkIDs(_ workflow: Workflow) throws(Refusal) {
        guard let node = workflow.nodes.first(where: { $0.id.text.utf8.count > maxNodeIDByteCount }) else { return }
        throw Refusal(
            type: "invalid_prompt", message: "A node's id is too long",
            details: "The id '\(node.id.text.prefix(60))...' has \(node.id.text.utf8.count) bytes; "
                + "the limit is \(maxNodeIDByteCount).",
            suggestion: "Use a short id, such as a number.")
    }

    private static func id(_ request: JSONObject) throws(Refusal) -> RunID {
        guard let given = request["prompt_id"], given != .null else {
            return RunID(UUID().uuidString.lowercased())
        }
        let text = given.string ?? given.number?.text ?? ""
        guard !text.isEmpty, text.utf8.count <= 256, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
            throw Refusal(
                type: "invalid_prompt_id", message: "The prompt_id cannot be used",
                details: "It must be a text of 1 to 256 bytes without control characters.",
                suggestion: "Leave it out to have one made.")
        }
        return RunID(text)
    }

    private static func place(_ request: JSONObject) throws(Refusal) -> QueuePlace {
        if let given = request["number"], given != .null {
            guard let number = given.number?.double ?? given.string.flatMap(Double.init), number.isFinite else {
                throw Refusal(
                    type: "invalid_number", message: "The number is no number",
                    details: "It is \(String(JSONWriter.text(given).prefix(60))).",
                    suggestion: "Give a number: prompts with lower ones run first.")
            }
            return .number(number)
        }
        switch request["front"] {
        case nil, .null?, .bool(false)?: return .back
        default: return .front
        }
    }

    /// The graph of `prompt` (API format) or `workflow` (any format).
    private static func workflow(
        _ request: JSONObject, _ reader: WorkflowReader
    ) throws(Refusal) -> (Workflow, graph: JSON, notes: [String]) {
        if let prompt = request["prompt"] {
            switch prompt {
            // The wrong name for it, and no doubt what is meant.
            case .object where WorkflowReader.isEditorFile(prompt): break
            case .object(let nodes):
                if nodes.members.isEmpty { throw PromptErrors.noOutputs }
                for node in nodes.members where node.value.object != nil && node.value["class_type"]?.string == nil {
                    throw PromptErrors.typeMissing(node.key)
                }
                return (try read(["prompt": prompt], reader).workflow, prompt, [])
            case .array(let nodes) where nodes.isEmpty: throw PromptErrors.noOutputs
            default:
                throw Refusal(
                    type: "invalid_prompt", message: "The prompt is no object of nodes",
                    details: "It is \(prompt.kindName).",
                    suggestion: "Send {\"prompt\": {\"1\": {\"class_type\": ..., \"inputs\": {...}}}}.")
            }
        }
        guard let given = request["prompt"] ?? request["workflow"] ?? bareWorkflow(request) else {
            throw Refusal(
                type: "no_prompt", message: "No prompt provided", details: "No prompt provided",
                suggestion: "Send {\"prompt\": {...}}, or {\"workflow\": {...}} for other formats.")
        }
        let reading = try read(given, reader)
        return (reading.workflow, APIFormat.json(of: reading.workflow), reading.notes.map(inWords))
    }

    /// A workflow file posted as it is: `curl -d @workflow.json`.
    private static func bareWorkflow(_ request: JSONObject) -> JSON? {
        let isGraph = request["nodes"]?.array != nil || request.members.contains { $0.value["class_type"] != nil }
        guard isGraph else { return nil }
        // The file is kept as it is, and tokens may stand in what is no part of it.
        var file = request
        file["extra_data"] = nil
        return .object(file)
    }

    private static func inWords(_ diagnostic: Diagnostic) -> String {
        (diagnostic.node.map { "Node ID '#\($0)': " } ?? "") + diagnostic.message
    }

    private static func read(_ json: JSON, _ reader: WorkflowReader) throws(Refusal) -> WorkflowReader.Reading {
        do throws(UnreadableWorkflow) {
            return try reader.read(json)
        } catch {
            let first = error.diagnostics.first
            throw Refusal(
                type: "invalid_prompt", message: "The prompt cannot be read",
                details: error.diagnostics.map(inWords).joined(separator: "\n"),
                suggestion: first?.suggestion)
        }
    }
}
