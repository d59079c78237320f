public import GraphCore

/// Reads what the messages of a server say happened in one run: a fold, without sockets, clocks or files. The reverse of
/// `ComfyEncoder`.
///
/// Reads those of graphserver, which name every event, and those of ComfyUI, which leave some to be guessed. It may be
/// given the same message twice: what comes again, as after a reconnection, adds nothing.
public struct ComfyDecoder: Sendable {
    private let run: RunID
    private let types: [NodeID: String]
    /// Nodes that run, in the order they started.
    private var running: [NodeID] = []
    private var done: Set<NodeID> = []
    /// Visible nodes whose outputs have been read.
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
    public private(set) var hasEnded = false
    /// About the first message that was left out.
    private var warning: Diagnostic?
    private var hasWarned = false

    public init(_ run: RunID, _ workflow: Workflow) {
        self.run = run
        types = Dictionary(
            workflow.nodes.map { ($0.id, $0.type ?? "") }, uniquingKeysWith: { first, _ in first })
    }

    /// Nil while it is not known, even after the end.
    public var outcome: RunEvent.Outcome? {
        hasFailed ? .failed : isCancelled ? .cancelled : hasSucceeded ? .succeeded : nil
    }

    /// - Returns: whether the run has left the queue.
    public var isUnderWay: Bool { hasStarted }

    // MARK: Messages

    /// - Parameter message: `{"type": ..., "data": {...}}` of any run.
    public mutating func read(_ message: JSON) -> [RunEvent.Kind] {
        guard let type = message["type"]?.string, let data = message["data"],
            data["prompt_id"]?.string == run.text, !hasEnded
        else { return [] }
        var kinds: [RunEvent.Kind] = []
        var numbers = BoundedNumbers(data)
        tellStart(type == ComfyMessage.Kind.runProgress.rawValue ? numbers.count("nodes") : nil, &kinds)
        if let blocked = untoldBlock {
            untoldBlock = nil
            let isToldWhy =
                type == ComfyMessage.Kind.executionError.rawValue
                && data["exception_type"]?.string == ExecutionError.blockedType
            kinds.append(
                .nodeBlocked(
                    blocked, type: self.type(of: blocked), message: isToldWhy ? Self.reason(ofBlock: data) : nil))
            if isToldWhy { return kinds }
        }
        read(type, data, &numbers, &kinds)
        if let complaint = numbers.complaint { warn(type, complaint) }
        return kinds
    }

    /// A warning about messages that were left out; once a run.
    public mutating func takeWarning() -> Diagnostic? {
        defer { warning = nil }
        return warning
    }

    private mutating func warn(_ type: String, _ complaint: String) {
        if hasWarned { return }
        hasWarned = true
        warning = Diagnostic(
            .outOfRange, severity: .warning, node: nil,
            "the server sent '\(type)' with a number that cannot be (\(complaint)); such messages are left out",
            suggestion: "Look into the server's log; progress may be incomplete, outputs are not touched.")
    }

    private mutating func tellStart(_ count: Int?, _ kinds: inout [RunEvent.Kind]) {
        guard let cached = untoldStart else { return }
        untoldStart = nil
        kinds.append(.runStarted(nodeCount: count ?? types.count, cached: cached))
        kinds += cached.map { .nodeCached($0) }
    }

    private mutating func read(
        _ type: String, _ data: JSON, _ numbers: inout BoundedNumbers, _ kinds: inout [RunEvent.Kind]
    ) {
        let node = (data["node"] ?? data["node_id"])?.string.map { NodeID($0) }
        // Messages of other kinds are other servers' own.
        guard let kind = ComfyMessage.Kind(rawValue: type) else { return }
        switch kind {
        // The client knows that it has queued the run; execution_cached follows execution_start, and says more.
        case .runQueued, .executionStart: break
        case .executionCached:
            if hasStarted { break }
            hasStarted = true
            let cached = (data["nodes"]?.array ?? []).compactMap { $0.string.map { NodeID($0) } }
            untoldStart = cached
        case .runProgress:
            let remaining = numbers.duration(Self.remaining)
            guard let finished = numbers.count("finished"), let count = numbers.count("nodes"),
                numbers.complaint == nil
            else { break }
            kinds.append(.runProgress(finished: finished, of: count, remaining: remaining))
        case .progressState:
            // graphserver says it in a message of its own.
            if data["seq"] == nil { finish(data["nodes"]?.object, &kinds) }
        case .executionSuccess: hasSucceeded = true
        case .executionInterrupted:
            isCancelled = true
            if let node, running.contains(node) { interrupt(node, &kinds) }
        case .executionError:
            if let node, data["exception_type"]?.string == ExecutionError.blockedType {
                kinds.append(.nodeBlocked(node, type: self.type(of: node), message: Self.reason(ofBlock: data)))
            } else {
                fail(node, data, &kinds)
            }
        case .executing: if let node { start(node, data, &kinds) } else { end(&kinds) }
        case .nodeCached, .nodeWaiting, .nodePhase, .progress, .nodePreview, .nodeLog, .executed, .nodeFinished,
            .nodeInterrupted:
            if let node { read(kind, of: node, data, &numbers, &kinds) }
        }
    }

    private mutating func read(
        _ kind: ComfyMessage.Kind, of node: NodeID, _ data: JSON, _ numbers: inout BoundedNumbers,
        _ kinds: inout [RunEvent.Kind]
    ) {
        switch kind {
        case .nodeCached: if done.insert(node).inserted { kinds.append(.nodeCached(node)) }
        case .nodeWaiting:
            let expansion = numbers.count("expansion") ?? 0
            if numbers.complaint != nil { break }
            running.removeAll { $0 == node }
            let names = data["inputs"]?.array?.compactMap(\.string)
            kinds.append(.nodeWaiting(node, for: names.map { .inputs($0) } ?? .expansion(nodeCount: expansion)))
        case .nodePhase:
            let percent = numbers.amount("progress") ?? 0
            if numbers.complaint != nil { break }
            kinds.append(
                .nodePhase(
                    node, type: data["source"]?.string ?? self.type(of: node), stage: data["stage"]?.string ?? "",
                    message: data["message"]?.string ?? "", percent: percent))
        case .progress:
            let remaining = numbers.duration(Self.remaining)
            guard let value = numbers.amount("value"), let total = numbers.amount("max"), numbers.complaint == nil
            else { break }
            kinds.append(.nodeProgress(node, completed: value, total: total, remaining: remaining))
        case .nodePreview:
            if let file = data["file"].flatMap({ SavedFile($0) }) { kinds.append(.nodePreviewFile(node, file)) }
        case .nodeLog:
            let level = data["level"]?.string.flatMap(RunEvent.LogLevel.init(rawValue:)) ?? .info
            kinds.append(.nodeLog(node, level, data["message"]?.string ?? ""))
        case .executed:
            guard let output = data["output"]?.object else { break }
            let display = data["display_node"]?.string.map { NodeID($0) } ?? node
            shown.insert(display)
            kinds.append(.nodeOutput(node, display: display, output))
        case .nodeFinished: finish(node, &kinds)
        case .nodeInterrupted: interrupt(node, &kinds)
        case .runQueued, .executionStart, .executionCached, .runProgress, .progressState, .executionSuccess,
            .executionInterrupted, .executionError, .executing:
            break
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
                because: RunEvent.Reason(data)))
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
    public mutating func cancel() { (isCancelled, hasEnded) = (true, true) }

    /// What `/history` says of a run whose messages were missed.
    public mutating func read(history entry: JSON) -> [RunEvent.Kind] {
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

    /// What a binary message shows.
    public struct Picture: Sendable {
        public let node: NodeID
        public let format: RunEvent.PreviewFormat
        public let bytes: [UInt8]
        /// Whether it is the node's result.
        public let isResult: Bool
    }

    /// - Returns: nil for what is no picture of this run.
    public func picture(_ payload: [UInt8]) -> Picture? {
        guard let picture = BinaryFrames.picture(in: payload) else { return nil }
        guard let metadata = picture.metadata else {
            guard let node = running.last(where: isSentInstead) ?? running.last else { return nil }
            return Picture(
                node: node, format: picture.format, bytes: picture.bytes, isResult: isSentInstead(node))
        }
        guard metadata["prompt_id"]?.string == run.text, let id = metadata["node_id"]?.string else { return nil }
        let display = NodeID(metadata["display_node_id"]?.string ?? id)
        return Picture(
            node: NodeID(id), format: picture.format, bytes: picture.bytes, isResult: isSentInstead(display))
    }

    /// ComfyUI marks such pictures in no way but by the type of the node that sends them.
    private func isSentInstead(_ node: NodeID) -> Bool { type(of: node) == "SaveImageWebsocket" }

    // MARK: Members

    private static let remaining = "estimated_seconds_left"

    private static func reason(ofBlock data: JSON) -> String {
        let text = data["exception_message"]?.string?.trimmed ?? ""
        let prefix = "Execution Blocked: "
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }
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
    /// As `executing` says it: by code, or, of graphserver up to 0.5.0, in words. What a server does not say is that it
    /// never ran.
    fileprivate init(_ data: JSON) {
        let code = data["because_code"]?.string
        let words = data["because"]?.string ?? ""
        let others: [RunEvent.Reason] = [.typeChanged, .contentChanged, .notCacheable, .evicted]
        if let other = others.first(where: { $0.code == code || (code == nil && $0.text == words) }) {
            self = other
        } else if code == "input_changed", let input = data["because_input"]?.string {
            self = .inputChanged(input)
        } else if code == nil, words.hasPrefix("input '"), words.hasSuffix("' changed") {
            self = .inputChanged(String(words.dropFirst(7).dropLast(9)))
        } else {
            self = .neverRan
        }
    }
}
