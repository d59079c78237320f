public import GraphCore

/// How far a node is: a member of `progress_state.nodes`.
public struct NodeProgress: Sendable {
    public let id: NodeID
    public let type: String
    public let display: NodeID
    public let parent: NodeID?
    /// The node of the posted workflow that this one goes back to.
    public let real: NodeID
    public internal(set) var value = 0.0
    public internal(set) var max = 1.0
    public internal(set) var isFinished = false

    /// When it began to run, since the run was queued.
    var startedAt: Duration
    /// What the last `progress` for all streams said, and whether there was any message.
    var shownValue: Double?
    var hasProgress = false
    /// `"2":{...}`, made anew when it changes.
    var json: [UInt8] = []
    /// Whether the next state of a large run is about it.
    var isChanged = false

    mutating func makeJSON(of run: RunID) {
        var text = JSONText(capacity: 200)
        text.string(id.text)
        text.raw(":{\"value\":")
        text.number(value)
        text.raw(",\"max\":")
        text.number(max)
        text.raw(isFinished ? ",\"state\":\"finished\"" : ",\"state\":\"running\"")
        text.raw(",\"node_id\":")
        text.string(id.text)
        text.raw(",\"prompt_id\":")
        text.string(run.text)
        text.raw(",\"display_node_id\":")
        text.string(display.text)
        text.raw(",\"parent_node_id\":")
        if let parent { text.string(parent.text) } else { text.raw("null") }
        text.raw(",\"real_node_id\":")
        text.string(real.text)
        text.raw("}")
        json = text.bytes
    }
}

/// The nodes of a run that were touched so far, in order, for the states that tell of them.
struct NodeProgressList {
    let run: RunID
    private(set) var nodes: [NodeProgress] = []
    private var indexByNode: [NodeID: Int] = [:]
    /// Positions of the nodes that the next state of a large run is about: those that changed, and those that run.
    private var changed: [Int] = []
    /// Whether there are changes that are in no state yet.
    private(set) var isDirty = false

    init(of run: RunID) { self.run = run }

    subscript(node: NodeID) -> NodeProgress? { indexByNode[node].map { nodes[$0] } }

    /// Up to 64 nodes the whole state is emitted at every change, as ComfyUI does; above that its cost would be quadratic.
    var isSmall: Bool { nodes.count <= 64 }

    /// The running node that was touched last.
    var lastRunning: NodeID? { nodes.last { !$0.isFinished }?.id }

    /// Enters a node, or has it run again.
    mutating func begin(_ node: NodeID, type: String, display: NodeID, parent: NodeID?, at elapsed: Duration) {
        if let index = indexByNode[node] {
            (nodes[index].isFinished, nodes[index].value, nodes[index].max) = (false, 0, 1)
            (nodes[index].startedAt, nodes[index].shownValue, nodes[index].hasProgress) = (elapsed, nil, false)
            touch(index)
            return
        }
        let real = parent.flatMap { self[$0]?.real } ?? parent ?? node
        indexByNode[node] = nodes.count
        nodes.append(
            NodeProgress(id: node, type: type, display: display, parent: parent, real: real, startedAt: elapsed))
        touch(nodes.count - 1)
    }

    /// - Parameter isShown: whether it goes to all streams.
    mutating func progress(_ node: NodeID, _ value: Double, of max: Double, isShown: Bool) {
        guard let index = indexByNode[node] else { return }
        (nodes[index].value, nodes[index].max, nodes[index].hasProgress) = (value, max, true)
        if isShown { nodes[index].shownValue = value }
        touch(index)
    }

    /// A node is done: it shows its whole progress.
    mutating func finish(_ node: NodeID, at elapsed: Duration) {
        if indexByNode[node] == nil { begin(node, type: "", display: node, parent: nil, at: elapsed) }
        guard let index = indexByNode[node] else { return }
        (nodes[index].isFinished, nodes[index].value) = (true, nodes[index].max)
        touch(index)
    }

    private mutating func touch(_ index: Int) {
        isDirty = true
        if !nodes[index].isChanged { changed.append(index) }
        nodes[index].isChanged = true
        nodes[index].json = []
    }

    /// All nodes of a small run; of a large one those that run and those that changed.
    mutating func takeState() -> [NodeProgress] {
        let isSmall = isSmall
        let told = isSmall ? Array(nodes.indices) : changed.sorted()
        changed = []
        var state: [NodeProgress] = []
        for index in told {
            if nodes[index].json.isEmpty { nodes[index].makeJSON(of: run) }
            nodes[index].isChanged = !nodes[index].isFinished
            if nodes[index].isChanged { changed.append(index) }
            guard !isSmall else { continue }
            state.append(nodes[index])
            // The texts of a large run would be as large as its log.
            nodes[index].json = []
        }
        isDirty = false
        return isSmall ? nodes : state
    }
}
