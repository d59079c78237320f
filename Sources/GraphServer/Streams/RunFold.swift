internal import GraphCore

/// What the messages about a run need to know of what was said before: a fold over its events.
struct RunFold {
    /// What the server knows of a prompt besides its events.
    struct Origin: Sendable {
        let clientID: String?
        /// Milliseconds since 1970 at which it was queued; events count on from there.
        let queuedAt: Int
        /// A node's inputs as the prompt gives them, for error reports.
        var inputs: @Sendable (NodeID) -> JSONObject = { _ in JSONObject() }
    }

    /// What a node showed.
    struct Output: Sendable {
        let node: NodeID
        let display: NodeID
        let parent: NodeID?
        /// The node of the posted workflow that it goes back to.
        let real: NodeID
        /// `{"images": [...]}`, as JSON.
        let json: [UInt8]
    }

    /// The file that stands for all that a run showed, and the member of the node's output it is from.
    struct Preview: Sendable {
        let file: JSON
        let node: NodeID
        let kind: String
    }

    enum Phase: UInt8 { case running, finished }

    struct NodeState {
        let id: NodeID
        let type: String
        let display: NodeID
        let parent: NodeID?
        /// The node of the posted workflow that this one goes back to.
        let real: NodeID
        /// When it began to run, since the run was queued.
        fileprivate(set) var startedAt: Duration
        var value = 0.0
        var max = 1.0
        /// What the last `progress` message for all sockets said, and whether there was any message.
        var shownValue: Double?
        var hasProgress = false
        var phase = Phase.running
        /// Its member of `progress_state.nodes`, made anew when it changes.
        var text: [UInt8] = []
        /// Whether it is among `changed`.
        var isChanged = false
    }

    let id: RunID
    let origin: Origin
    let audience: WireMessage.Audience
    /// The number of its newest message, from 1.
    var seq: UInt64 = 0
    var startedAt: Int?
    /// Nodes whose results an earlier run left.
    var cached: Set<NodeID> = []
    /// Every node touched, in order.
    private(set) var states: [NodeState] = []
    private var indexByNode: [NodeID: Int] = [:]
    /// Positions of the nodes that the next state of a large run is about: those that changed, and those that run.
    private var changed: [Int] = []
    /// Nodes that ran to their end, in order; cached ones not among them.
    var executed: [NodeID] = []
    private(set) var outputs: [Output] = []
    /// Files and texts shown, all nodes together.
    private(set) var outputCount = 0
    /// The last file that was put out, saved ones before temporary ones.
    private(set) var preview: Preview?
    var interrupted: NodeID?
    /// What /history keeps: each a finished JSON list `["execution_start", {...}]`.
    var messages: [[UInt8]] = []
    /// Whether the picture that comes next has gone out with its progress.
    var hasToldPicture = false
    /// Whether there are changes that no `progress_state` has told of.
    var isDirty = false
    /// When the last `progress_state` was made.
    var stateTime = Duration.zero

    init(id: RunID, origin: Origin) {
        (self.id, self.origin) = (id, origin)
        audience = origin.clientID.map { .client($0) } ?? .nobody
    }

    func milliseconds(_ elapsed: Duration) -> Int {
        origin.queuedAt.addingClamped(Int(clamping: elapsed / .milliseconds(1)))
    }

    func state(of node: NodeID) -> NodeState? { indexByNode[node].map { states[$0] } }

    /// Enters a node, or has it run again.
    mutating func begin(_ node: NodeID, type: String, display: NodeID, parent: NodeID?, at elapsed: Duration) {
        if let index = indexByNode[node] {
            (states[index].phase, states[index].value, states[index].max) = (.running, 0, 1)
            (states[index].startedAt, states[index].shownValue, states[index].hasProgress) = (elapsed, nil, false)
            refresh(index)
            return
        }
        let real = parent.flatMap { state(of: $0)?.real } ?? parent ?? node
        indexByNode[node] = states.count
        states.append(
            NodeState(id: node, type: type, display: display, parent: parent, real: real, startedAt: elapsed))
        refresh(states.count - 1)
    }

    /// - Parameter isShown: whether all sockets are told.
    mutating func progress(_ node: NodeID, _ value: Double, of max: Double, isShown: Bool) {
        guard let index = indexByNode[node] else { return }
        (states[index].value, states[index].max, states[index].hasProgress) = (value, max, true)
        if isShown { states[index].shownValue = value }
        refresh(index)
    }

    /// A node is done: it shows its whole progress.
    mutating func finish(_ node: NodeID, at elapsed: Duration) {
        if indexByNode[node] == nil { begin(node, type: "", display: node, parent: nil, at: elapsed) }
        guard let index = indexByNode[node] else { return }
        (states[index].phase, states[index].value) = (.finished, states[index].max)
        refresh(index)
    }

    private mutating func refresh(_ index: Int) {
        isDirty = true
        if !states[index].isChanged { changed.append(index) }
        states[index].isChanged = true
        states[index].text = []
    }

    /// Enters what a node showed.
    /// - Parameter json: the same as JSON.
    mutating func show(_ node: NodeID, display: NodeID, _ values: JSONObject, json: [UInt8]) {
        let state = state(of: node)
        outputs.append(
            Output(node: node, display: display, parent: state?.parent, real: state?.real ?? node, json: json))
        for member in values.members {
            outputCount += member.value.array?.count ?? 1
            guard let file = member.value.array?.first, let saved = SavedFile(file) else { continue }
            if saved.folder == .temp, let type = preview?.file["type"]?.string, type != "temp" { continue }
            preview = Preview(file: file, node: display, kind: member.key)
        }
    }

    /// Up to 64 nodes the whole state is told at every change, as ComfyUI does; above that its cost would be quadratic.
    var isSmall: Bool { states.count <= 64 }

    /// `"2":{...},"3":{...}`: all nodes of a small run; of a large one those that run and those that changed.
    mutating func stateText() -> [UInt8] {
        var out: [UInt8] = []
        let isSmall = isSmall
        let told = isSmall ? Array(states.indices) : changed.sorted()
        changed = []
        for index in told {
            if states[index].text.isEmpty { states[index].text = text(states[index]) }
            if !out.isEmpty { out.append(UInt8(ascii: ",")) }
            out.append(contentsOf: states[index].text)
            states[index].isChanged = states[index].phase == .running
            if states[index].isChanged { changed.append(index) }
            // The texts of a large run would be as large as its log.
            if !isSmall { states[index].text = [] }
        }
        isDirty = false
        return out
    }

    private func text(_ state: NodeState) -> [UInt8] {
        var text = JSONText(capacity: 200)
        text.string(state.id.text)
        text.raw(":{\"value\":")
        text.number(state.value)
        text.raw(",\"max\":")
        text.number(state.max)
        text.raw(state.phase == .running ? ",\"state\":\"running\"" : ",\"state\":\"finished\"")
        text.raw(",\"node_id\":")
        text.string(state.id.text)
        text.raw(",\"prompt_id\":")
        text.string(id.text)
        text.raw(",\"display_node_id\":")
        text.string(state.display.text)
        text.raw(",\"parent_node_id\":")
        if let parent = state.parent { text.string(parent.text) } else { text.raw("null") }
        text.raw(",\"real_node_id\":")
        text.string(state.real.text)
        text.raw("}")
        return text.bytes
    }
}
