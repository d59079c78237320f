internal import GraphCore

/// An accepted prompt: what was posted, as text. Prompts are many and wait long, and a parsed one takes ten times the
/// memory.
struct Prompt: Sendable {
    let id: RunID
    /// Lower ones run first.
    let priority: Double
    /// The number as replies show it: a counted one is whole, a given one is not (`-7.5`, `5.0`).
    let number: String
    let clientID: String?
    /// The graph as posted, as JSON.
    let graph: [UInt8]
    /// `extra_data` with the client id in it, as JSON. Pictures carry its `extra_pnginfo`.
    let extraData: [UInt8]
    /// The good output nodes.
    let outputs: [NodeID]
    /// Milliseconds since 1970.
    let createdAt: Int
    /// The id the editor gave the workflow.
    let workflowID: String?
    /// What it takes in memory, about.
    let byteCount: Int

    init(_ read: PromptReader, priority: Double, number: String, createdAt: Int) {
        (self.priority, self.number, self.createdAt) = (priority, number, createdAt)
        (id, clientID, workflowID) = (read.id, read.clientID, read.workflowID)
        (graph, extraData, outputs) = (read.graph, read.extraData, read.checked.goodTargets)
        byteCount =
            graph.count + extraData.count + outputs.reduce(300) { $0 + MemoryLayout<NodeID>.size + $1.text.utf8.count }
    }

    /// When an event of its run happened, in milliseconds since 1970.
    func milliseconds(_ elapsed: Duration) -> Int {
        createdAt.addingClamped(Int(clamping: elapsed / .milliseconds(1)))
    }

    /// Writes `[number, id, graph, extra_data, outputs]`, as /queue and /history show a prompt.
    func write(to json: inout JSONPieces) {
        json.text.raw("[")
        json.text.raw(number)
        json.text.raw(",")
        json.text.string(id.text)
        json.text.raw(",")
        json.raw(graph)
        json.text.raw(",")
        json.raw(extraData)
        json.text.raw(",")
        json.text.strings(outputs.lazy.map(\.text))
        json.text.raw("]")
    }
}
