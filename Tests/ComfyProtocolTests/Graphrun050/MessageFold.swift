import GraphCore

// As it was in graphrun 0.5.0 (a block had no type then), which people have installed and which goes on with a newer server.

/// What the messages of a server say happened in one run: a fold, without sockets, clocks or files.
///
/// Reads those of graphserver, which name every event, and those of ComfyUI, which leave some to be guessed. It may be
/// told the same thing twice: what comes again, as after a reconnection, says nothing new.
struct MessageFold {
    private let run: RunID
    private let types: [NodeID: String]
    /// Nodes that run, in the order they started.
    private var running: [NodeID] = []
    private var done: Set<NodeID> = []
    /// Visible nodes whose outputs have been told.
    private var shown: Set<NodeID> = []
    private var hasStarted = false
    private var hasFailed = false
    /// The run has started from these cached results; how many nodes it has comes with the next message.
    private var untoldStart: [NodeID]?
    /// Whether it has a message comes with the next one.
    private var untoldBlock: NodeID?
    private var isCancelled = false
    private var hasSucceeded = false
    /// The server has said all there is to say.
    private(set) var hasEnded = false

    init(_ run: RunID, _ workflow: Workflow) {
        self.run = run
        types = Dictionary(
            workflow.nodes.map { ($0.id, $0.type ?? "") }, uniquingKeysWith: { first, _ in first })
    }

    /// Nil while it is not known, even after the end.
    var outcome: RunEvent.Outcome? {
        hasFailed ? .failed : isCancelled ? .cancelled : hasSucceeded ? .succeeded : nil
    }

    /// - Returns: whether the run has left the queue.
    var isUnderWay: Bool { hasStarted }

    // MARK: Messages

    /// - Parameter message: `{"type": ..., "data": {...}}` of any run.
    mutating func read(_ message: JSON) -> [RunEvent.Kind] {
        guard let type = message["type"]?.string, let data = message["data"],
            data["prompt_id"]?.string == run.text, !hasEnded
        else { return [] }
        var kinds: [RunEvent.Kind] = []
        tellStart(type == "run_progress" ? data["nodes"]?.count : nil, &kinds)
        if let blocked = untoldBlock {
            untoldBlock = nil
            let isToldWhy = type == "execution_error" && data["exception_type"] == "ExecutionBlocked"
            kinds.append(.nodeBlocked(blocked, type: "", message: isToldWhy ? Self.reason(ofBlock: data) : nil))
            if isToldWhy { return kinds }
        }
        read(type, data, &kinds)
        return kinds
    }

    private mutating func tellStart(_ count: Int?, _ kinds: inout [RunEvent.Kind]) {
        guard let cached = untoldStart else { return }
        untoldStart = nil
        kinds.append(.runStarted(nodeCount: count ?? types.count, cached: cached))
        kinds += cached.map { .nodeCached($0) }
    }

    private mutating func read(_ type: String, _ data: JSON, _ kinds: inout [RunEvent.Kind]) {
        let node = (data["node"] ?? data["node_id"])?.string.map { NodeID($0) }
        switch (type, node) {
        case ("execution_start", _): break  // execution_cached follows, and says more
        case ("execution_cached", _):
            if hasStarted { break }
            hasStarted = true
            let cached = (data["nodes"]?.array ?? []).compactMap { $0.string.map { NodeID($0) } }
            untoldStart = cached
        case ("run_progress", _):
            guard let finished = data["finished"]?.count, let count = data["nodes"]?.count else { break }
            kinds.append(.runProgress(finished: finished, of: count, remaining: Self.remaining(data)))
        case ("executing", nil): end(&kinds)
        case ("executing", let node?): start(node, data, &kinds)
        case ("node_waiting", let node?):
            running.removeAll { $0 == node }
            let names = data["inputs"]?.array?.compactMap(\.string)
            kinds.append(
                .nodeWaiting(
                    node, for: names.map { .inputs($0) } ?? .expansion(nodeCount: data["expansion"]?.count ?? 0)))
        case ("node_cached", let node?):
            if done.insert(node).inserted { kinds.append(.nodeCached(node)) }
        case ("node_phase", let node?):
            kinds.append(
                .nodePhase(
                    node, type: data["source"]?.string ?? self.type(of: node), stage: data["stage"]?.string ?? "",
                    message: data["message"]?.string ?? "", percent: data["progress"]?.number?.double ?? 0))
        case ("progress", let node?):
            guard let value = data["value"]?.number?.double, let total = data["max"]?.number?.double else { break }
            kinds.append(
                .nodeProgress(node, completed: value, total: total, remaining: Self.remaining(data)))
        case ("progress_state", _):
            // graphserver says it in a message of its own.
            if data["seq"] == nil { finish(data["nodes"]?.object, &kinds) }
        case ("executed", let node?):
            guard let output = data["output"]?.object else { break }
            let display = data["display_node"]?.string.map { NodeID($0) } ?? node
            shown.insert(display)
            kinds.append(.nodeOutput(node, display: display, output))
        case ("node_finished", let node?): finish(node, &kinds)
        case ("node_preview", let node?):
            if let file = data["file"].flatMap({ SavedFile($0) }) { kinds.append(.nodePreviewFile(node, file)) }
        case ("node_log", let node?):
            let level = data["level"]?.string.flatMap(RunEvent.LogLevel.init(rawValue:)) ?? .info
            kinds.append(.nodeLog(node, level, data["message"]?.string ?? ""))
        case ("execution_error", let node?) where data["exception_type"] == "ExecutionBlocked":
            kinds.append(.nodeBlocked(node, type: "", message: Self.reason(ofBlock: data)))
        case ("execution_error", _): fail(node, data, &kinds)
        case ("node_interrupted", let node?): interrupt(node, &kinds)
        case ("execution_interrupted", _):
            isCancelled = true
            if let node, running.contains(node) { interrupt(node, &kinds) }
        case ("execution_success", _): hasSucceeded = true
        default: break
        }
    }

    private func type(of node: NodeID) -> String { types[node] ?? "" }

    private mutating func start(_ node: NodeID, _ data: JSON, _ kinds: inout [RunEvent.Kind]) {
        guard !running.contains(node), !done.contains(node) else { return }
        if data["blocked"] == true {
            untoldBlock = node
            return
        }
        running.append(node)
        let display = data["display_node"]?.string.map { NodeID($0) } ?? node
        kinds.append(
            .nodeStarted(
                node, type: data["node_type"]?.string ?? type(of: display), display: display, parent: nil,
                because: RunEvent.Reason(words: data["because"]?.string ?? "")))
    }

    private mutating func finish(_ nodes: JSONObject?, _ kinds: inout [RunEvent.Kind]) {
        for member in nodes?.members ?? [] where member.value["state"] == "finished" {
            finish(NodeID(member.key), &kinds)
        }
    }

    private mutating func finish(_ node: NodeID, _ kinds: inout [RunEvent.Kind]) {
        guard let index = running.firstIndex(of: node) else { return }
        running.remove(at: index)
        done.insert(node)
        kinds.append(.nodeFinished(node))
    }

    private mutating func interrupt(_ node: NodeID, _ kinds: inout [RunEvent.Kind]) {
        running.removeAll { $0 == node }
        kinds.append(.nodeInterrupted(node))
    }

    private mutating func fail(_ node: NodeID?, _ data: JSON, _ kinds: inout [RunEvent.Kind]) {
        if hasFailed { return }
        hasFailed = true
        let suggestion = data["suggestion"]?.string
        var message = data["exception_message"]?.string?.trimmed ?? ""
        // For clients that show nothing else the message ends in it.
        if let suggestion, message.hasSuffix("\n  " + suggestion) {
            message = String(message.dropLast(suggestion.count + 3))
        }
        if message.isEmpty { message = data["exception_type"]?.string ?? "the server does not say why" }
        let node = node ?? NodeID(data["node_id"]?.string ?? "?")
        running.removeAll { $0 == node }
        kinds.append(.nodeFailed(node, Diagnostic(.nodeFailed, node: node, message, suggestion: suggestion)))
    }

    private mutating func end(_ kinds: inout [RunEvent.Kind]) {
        hasEnded = true
        if outcome == .succeeded { for node in running { finish(node, &kinds) } }
    }

    // MARK: After the fact

    /// Nothing is known of it but that it was to be stopped.
    mutating func cancel() { (isCancelled, hasEnded) = (true, true) }

    /// What `/history` says of a run whose messages were missed.
    mutating func read(history entry: JSON) -> [RunEvent.Kind] {
        guard !hasEnded else { return [] }
        var kinds: [RunEvent.Kind] = []
        for message in entry["status"]?["messages"]?.array ?? [] {
            guard let parts = message.array, parts.count == 2, var data = parts[1].object else { continue }
            data["prompt_id"] = .string(run.text)
            kinds += read(["type": parts[0], "data": .object(data)])
        }
        tellStart(nil, &kinds)
        for member in entry["outputs"]?.object?.members ?? [] {
            guard let output = member.value.object, shown.insert(NodeID(member.key)).inserted else { continue }
            kinds.append(.nodeOutput(NodeID(member.key), display: NodeID(member.key), output))
        }
        if outcome == nil {
            hasSucceeded = entry["status"]?["status_str"] == "success"
            isCancelled = !hasSucceeded
        }
        end(&kinds)
        return kinds
    }

    // MARK: Pictures

    /// - Returns: what a binary message shows, and whether it is the node's result; nil when it is something else.
    func picture(_ bytes: [UInt8]) -> (node: NodeID, format: RunEvent.PreviewFormat, bytes: [UInt8], isResult: Bool)? {
        guard bytes.count > 8 else { return nil }
        let number = Self.integer(bytes[4..<8])
        switch Self.integer(bytes[0..<4]) {
        case 1:
            // It does not say whose it is.
            guard let node = running.last(where: isSentInstead) ?? running.last else { return nil }
            return (node, number == 1 ? .jpeg : .png, Array(bytes[8...]), isSentInstead(node))
        case 4:
            guard number <= bytes.count - 8, let metadata = try? JSONParser.parse(Array(bytes[8..<8 + number])),
                metadata["prompt_id"]?.string == run.text, let id = metadata["node_id"]?.string
            else { return nil }
            let display = NodeID(metadata["display_node_id"]?.string ?? id)
            return (
                NodeID(id), metadata["image_type"] == "image/jpeg" ? .jpeg : .png, Array(bytes[(8 + number)...]),
                isSentInstead(display)
            )
        default: return nil
        }
    }

    /// ComfyUI marks such pictures in no way but by who sends them.
    private func isSentInstead(_ node: NodeID) -> Bool { type(of: node) == "SaveImageWebsocket" }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    // MARK: Members

    private static func remaining(_ data: JSON) -> Duration? {
        data["estimated_seconds_left"]?.number?.double.flatMap { $0 >= 0 && $0 < 1e9 ? .seconds($0) : nil }
    }

    private static func reason(ofBlock data: JSON) -> String {
        let text = data["exception_message"]?.string?.trimmed ?? ""
        let prefix = "Execution Blocked: "
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }
}

extension JSON {
    /// A number of things.
    fileprivate var count: Int? { number?.int.flatMap { Int(exactly: $0) }.flatMap { $0 >= 0 ? $0 : nil } }
}

extension String {
    /// Without blanks and line ends behind it.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension RunEvent.Reason {
    /// As `text` says it; what a server does not say is that it never ran.
    fileprivate init(words: String) {
        let others: [RunEvent.Reason] = [.typeChanged, .contentChanged, .notCacheable, .evicted]
        if let other = others.first(where: { $0.text == words }) {
            self = other
        } else if words.hasPrefix("input '"), words.hasSuffix("' changed") {
            self = .inputChanged(String(words.dropFirst(7).dropLast(9)))
        } else {
            self = .neverRan
        }
    }
}
