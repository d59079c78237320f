internal import Foundation
internal import GraphCore

/// Reads the body of `POST /prompt`: what it asks for, and whether it can be run.
struct PromptReader {
    /// A refusal in ComfyUI's form.
    struct Refusal: Error, Sendable {
        let type: String
        let message: String
        var details = ""
        var suggestion: String?
        var nodeErrors: JSON = .object(JSONObject())

        var json: JSON {
            var error: [JSONObject.Member] = [
                .init("type", .string(type)), .init("message", .string(message)),
                .init("details", .string(details)), .init("extra_info", .object(JSONObject())),
            ]
            if let suggestion { error.append(.init("suggestion", .string(suggestion))) }
            return ["error": .object(JSONObject(error)), "node_errors": nodeErrors]
        }
    }

    let id: RunID
    let place: PromptQueue.Place
    let clientID: String?
    let extraData: JSONObject
    let workflow: Workflow
    let graph: JSON
    let checked: CheckedWorkflow
    let plan: Plan
    /// What is wrong with the outputs that will not run.
    let nodeErrors: JSON
    /// What is odd about a file of the editor, in words.
    let notes: [String]

    /// Logged-in frontends send these for nodes that call their maker's service; nothing here needs them kept.
    private static let secrets: Set<String> = ["auth_token_comfy_org", "api_key_comfy_org"]

    init(
        _ body: [UInt8], limits: JSONParser.Limits, registry: NodeRegistry, environment: any NodeEnvironment
    ) throws(Refusal) {
        let json: JSON
        do {
            json = try JSONParser.parse(body, limits: limits)
        } catch {
            throw Refusal(
                type: "invalid_json", message: "The request is not valid JSON", details: error.message,
                suggestion: "Send {\"prompt\": {...}} as JSON; 'graphrun validate FILE' checks a file.")
        }
        guard case .object(let request) = json else {
            throw Refusal(
                type: "invalid_json", message: "The request is no JSON object", details: "It is \(json.kindName).",
                suggestion: "Send {\"prompt\": {...}}.")
        }
        (id, place) = (try Self.id(request), try Self.place(request))
        clientID = request["client_id"]?.string
        var extraData = request["extra_data"]?.object ?? JSONObject()
        for secret in Self.secrets { extraData[secret] = nil }
        if let clientID { extraData["client_id"] = .string(clientID) }
        self.extraData = extraData
        let reader = WorkflowReader(registry: registry, shapes: NodeShapes(registry, in: environment))
        (workflow, graph, notes) = try Self.workflow(request, extraData, reader)

        let targets = request["partial_execution_targets"].flatMap { $0 == .null ? nil : $0 }
        let wanted = targets.map { ($0.array ?? []).compactMap { $0.string.map { NodeID($0) } } }
        checked = Validator.check(workflow, registry: registry, environment: environment, targets: wanted)
        let errors = PromptErrors(workflow, checked, registry, environment, targets: wanted)
        if let refusal = errors.refusal { throw refusal }
        guard let plan = checked.plan else { throw errors.nothingToRun }
        (self.plan, nodeErrors) = (plan, errors.nodeErrors)
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

    private static func place(_ request: JSONObject) throws(Refusal) -> PromptQueue.Place {
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
        _ request: JSONObject, _ extraData: JSONObject, _ reader: WorkflowReader
    ) throws(Refusal) -> (Workflow, graph: JSON, notes: [String]) {
        let extraPNGInfo = extraData["extra_pnginfo"]?.object ?? JSONObject()
        if let prompt = request["prompt"] {
            switch prompt {
            // The wrong name for it, and no doubt what is meant.
            case .object where WorkflowReader.isEditorFile(prompt): break
            case .object(let nodes):
                if nodes.members.isEmpty { throw PromptErrors.noOutputs }
                for node in nodes.members where node.value.object != nil && node.value["class_type"]?.string == nil {
                    throw PromptErrors.typeMissing(node.key)
                }
                var workflow = try read(["prompt": prompt], reader).workflow
                workflow.extraPNGInfo = extraPNGInfo
                return (workflow, prompt, [])
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
        var workflow = reading.workflow
        if !extraPNGInfo.members.isEmpty { workflow.extraPNGInfo = extraPNGInfo }
        return (workflow, APIFormat.json(of: workflow), reading.notes.map(inWords))
    }

    /// A workflow file posted as it is: `curl -d @workflow.json`.
    private static func bareWorkflow(_ request: JSONObject) -> JSON? {
        let isGraph = request["nodes"]?.array != nil || request.members.contains { $0.value["class_type"] != nil }
        return isGraph ? .object(request) : nil
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
