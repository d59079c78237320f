internal import GraphCore

/// An accepted prompt: what was posted, and what it takes to run it.
struct Prompt: Sendable {
    /// Checked and ready; made again from `graph` when it was let go.
    struct Ready: Sendable {
        let workflow: Workflow
        let plan: Plan
    }

    let id: RunID
    /// Lower ones run first.
    let priority: Double
    /// The number as replies show it: a counted one is whole, a given one is not (`-7.5`, `5.0`).
    let number: String
    let clientID: String?
    /// The graph as posted, as JSON: prompts are many and wait long, and a parsed one takes ten times the memory.
    let graph: [UInt8]
    /// `extra_data` with the client id in it, as JSON.
    let extraData: [UInt8]
    let extraPNGInfo: JSONObject
    /// The good output nodes.
    let outputs: [NodeID]
    /// Milliseconds since 1970.
    let createdAt: Int
    /// The id the editor gave the workflow.
    let workflowID: String?
    var ready: Ready?
    var queued: QueuedRun?

    var byteCount: Int { graph.count + extraData.count + 300 }

    /// `[number, id, graph, extra_data, outputs]`, as /queue and /history show a prompt.
    var json: [UInt8] {
        var text = JSONText(capacity: graph.count + extraData.count + 120)
        text.raw("[")
        text.raw(number)
        text.raw(",")
        text.string(id.text)
        text.raw(",")
        text.raw(graph)
        text.raw(",")
        text.raw(extraData)
        text.raw(",")
        text.strings(outputs.lazy.map(\.text))
        text.raw("]")
        return text.bytes
    }
}
