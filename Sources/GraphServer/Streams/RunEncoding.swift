internal import ComfyProtocol
internal import GraphCore

/// What encoders need to know of a prompt and of this server besides the events.
struct RunEncoding: Sendable {
    let registry: NodeRegistry
    let redactor: PathRedactor

    func origin(of prompt: Prompt) -> ComfyEncoder.Origin {
        ComfyEncoder.Origin(
            queuedAt: prompt.createdAt, inputs: { Self.inputs(of: $0, in: prompt.graph) },
            redact: { [redactor] in redactor.redact($0) },
            showsEarlyProgress: { [registry] in registry[$0]?.schema.showsEarlyProgress == true })
    }

    /// How much of a failed node's inputs its report shows.
    private static let inputsByteCount = 256 << 10

    /// ComfyUI gives the values of each call in a list; of links we say where they come from. Long values are cut.
    private static func inputs(of node: NodeID, in graph: [UInt8]) -> JSONObject {
        guard let text = KeptJSON.member(node.text, of: graph), let node = try? KeptJSON.parse(Array(text)),
            let inputs = node["inputs"]?.object
        else { return JSONObject() }
        var left = inputsByteCount
        return JSONObject(
            inputs.members.map { input in
                guard case .link(let link) = APIFormat.source(input.value) else {
                    return .init(input.key, .array([bounded(input.value, &left)]))
                }
                return .init(input.key, .array([.string("output \(link.slot) of node \(link.node)")]))
            })
    }

    private static func bounded(_ value: JSON, _ left: inout Int) -> JSON {
        let text = value.string ?? JSONWriter.text(value)
        let byteCount = min(TextBounds.messageByteCount, max(64, left))
        left -= min(byteCount, text.utf8.count)
        return text.utf8.count <= byteCount ? value : .string(TextBounds.cut(text, to: byteCount))
    }
}
