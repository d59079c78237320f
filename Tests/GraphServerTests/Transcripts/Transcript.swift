import GraphCore

/// What one client was told, in a form in which two servers' can be compared: nodes run beside each other here, so
/// the order counts for each node, and for what concerns the whole run.
struct Transcript {
    /// What concerns the whole run, in order.
    private(set) var anchors: [String] = []
    /// What was told of each node, in order.
    private(set) var nodes: [String: [String]] = [:]
    /// Between which anchors nodes were spoken of: all of a run lies between `execution_cached` and its end.
    private(set) var nodeSpan: Set<Int> = []
    /// Each node's member of the last `progress_state` that had it.
    private(set) var states: [String: String] = [:]

    /// What is compared loosely.
    struct Leeway: Sendable {
        /// How often progress is told depends on time; only that there was some counts.
        var countsProgress = false
        /// Nodes that tell no progress in ComfyUI, and may here.
        var quietNodes: Set<String> = []
        /// Twins: here the second is finished, then shows the first one's output; there it is the other way round.
        var ignoresOrderInNodes = false
    }

    /// Our own message types: ComfyUI's clients pass over them.
    private static let additions: Set<String> = [
        "run_queued", "node_finished", "node_cached", "node_waiting", "node_phase", "node_log", "run_progress",
        "node_interrupted",
    ]
    /// Our own members.
    private static let addedMembers: [String: Set<String>] = [
        "executing": ["node_type", "because", "because_code", "because_input", "blocked"],
        "progress": ["estimated_seconds_left"],
        "execution_error": ["suggestion"], "feature_flags": ["supports_progress_text_metadata"],
    ]

    private let prompt: String
    private let leeway: Leeway

    /// - Parameter prompt: the run's id; it is the same in both then.
    init(_ messages: [Message], prompt: String, leeway: Leeway) {
        (self.prompt, self.leeway) = (prompt, leeway)
        for message in messages { add(message) }
    }

    /// Line by line what is not the same, in the form of `diff`; empty when all is.
    func difference(from expected: Transcript) -> String {
        lineDifference(text, from: expected.text)
    }

    /// Nodes that told progress.
    var progressing: Set<String> { Set(nodes.keys.filter { nodes[$0]?.contains { $0.hasPrefix("progress") } == true }) }

    /// The whole, for people and for comparing.
    var text: String {
        var lines = anchors
        lines.append("nodes are spoken of after anchors \(nodeSpan.sorted())")
        for (node, tokens) in nodes.sorted(by: { $0.key < $1.key }) {
            let tokens = leeway.ignoresOrderInNodes ? tokens.sorted() : tokens
            lines += ["node \(node)"] + tokens.map { "    \($0)" } + ["    at last \(states[node] ?? "nothing")"]
        }
        return lines.joined(separator: "\n")
    }

    /// Two nodes that are twins: which of them ran is the server's choice.
    mutating func exchange(_ one: String, _ other: String) {
        nodes = .init(
            uniqueKeysWithValues: nodes.map { key, tokens in
                (
                    key == one ? other : key == other ? one : key,
                    tokens.map { token in
                        let names = ["\"\(one)\"", "\"\(other)\"", "\"_\""]
                        return token.replacing(names[0], with: names[2]).replacing(names[1], with: names[0])
                            .replacing(names[2], with: names[1])
                    }
                )
            })
    }

    // MARK: One message

    private mutating func add(_ message: Message) {
        switch message {
        case .closed: break
        // Text beside the node, our own addition.
        case .binary(3, _): break
        case .binary(let kind, let metadata):
            note(metadata?["node_id"]?.string ?? "of pictures", "binary \(kind) \(metadata.map { plain($0) } ?? "")")
        case .text(let type, let data):
            if Self.additions.contains(type) { return }
            if type == "progress_state" { return addState(data) }
            if type == "progress" { return addProgress(data) }
            // What ComfyUI says of twins that show nothing; clients make nothing of it.
            if type == "executed", data["output"] == .null { return }
            let text = plain(data, of: type)
            guard let node = (data["node"] ?? data["node_id"])?.string, type != "execution_interrupted",
                type != "execution_error" || data["timestamp"] == nil
            else {
                anchors.append("\(type) \(text)")
                return
            }
            note(node, "\(type) \(text)")
        }
    }

    private mutating func note(_ node: String, _ token: String) {
        nodeSpan.insert(anchors.count)
        // A node that asks for a lazy input is tried again; here it asks for cached ones, too.
        if token.hasPrefix("executing"), nodes[node]?.last == token { return }
        nodes[node, default: []].append(token)
    }

    private mutating func addProgress(_ data: JSON) {
        let node = data["node"]?.string ?? ""
        if leeway.quietNodes.contains(node) { return }
        if leeway.countsProgress { return note(node, "progress \(plain(data, of: "progress"))") }
        let keys = (data.object?.members ?? []).map(\.key).filter {
            !["seq", "run_seq", "epoch", "estimated_seconds_left"].contains($0)
        }
        let token = "progress with \(keys.sorted())"
        if nodes[node]?.contains(token) != true { note(node, token) }
    }

    private mutating func addState(_ data: JSON) {
        if anchors.last?.hasPrefix("progress_state") != true, data["prompt_id"]?.string != prompt {
            anchors.append("progress_state of another prompt")
        }
        for member in data["nodes"]?.object?.members ?? [] {
            let text = withoutProgress(member.key, member.value)
            defer { states[member.key] = text }
            let isRunning = member.value["state"] == "running"
            let token: String
            if isRunning && !leeway.countsProgress {
                token = "is running"
                if nodes[member.key]?.contains(token) == true { continue }
            } else {
                token = "is \(text)"
                if nodes[member.key]?.last(where: { $0.hasPrefix("is ") }) == token { continue }
            }
            note(member.key, token)
        }
    }

    /// A running node's value depends on time; a finished one shows its whole progress.
    private func withoutProgress(_ node: String, _ state: JSON) -> String {
        guard var object = state.object else { return plain(state) }
        if !leeway.countsProgress, object["state"] == "running" { (object["value"], object["max"]) = (nil, nil) }
        if leeway.quietNodes.contains(node), object["value"] == object["max"] {
            (object["value"], object["max"]) = (1, 1)
        }
        return plain(.object(object))
    }

    // MARK: One value

    /// One spelling for what is the same: members sorted, 1.0 as 1, what differs from run to run replaced by its kind.
    private func plain(_ value: JSON, of type: String = "") -> String {
        guard case .object(let object) = value else { return plainValue(value) }
        let added = Self.addedMembers[type, default: []].union(["seq", "run_seq", "epoch"])
        let members = object.members.filter { !added.contains($0.key) }.sorted { $0.key < $1.key }.map { member in
            "\"\(member.key)\": \(plainMember(member.key, member.value, of: type))"
        }
        return "{\(members.joined(separator: ", "))}"
    }

    private func plainMember(_ key: String, _ value: JSON, of type: String) -> String {
        switch key {
        case "timestamp": value.number?.isInteger == true ? "TIME" : plainValue(value)
        case "traceback", "current_outputs": value.array != nil ? "A LIST" : plainValue(value)
        case "current_inputs":
            // ComfyUI writes tensors out. What counts is which inputs there were.
            value.object.map { "INPUTS \($0.members.map(\.key).sorted())" } ?? plainValue(value)
        case "executed", "nodes": plainSet(value)
        case "filename": value.string.map { Self.plainFilename($0) } ?? plainValue(value)
        case "exception_message", "exception_type":
            // Worded by each in its own way, except that ComfyUI's messages end with a line feed.
            value.string.map { $0.contains("Block") ? "\"\($0)\"" : "WORDS \($0.hasSuffix("\n"))" } ?? plainValue(value)
        default: plainValue(value)
        }
    }

    /// A list whose order says nothing.
    private func plainSet(_ value: JSON) -> String {
        guard let array = value.array else { return plainValue(value) }
        return "[\(array.map { plainValue($0) }.sorted().joined(separator: ", "))]"
    }

    private func plainValue(_ value: JSON) -> String {
        switch value {
        case .null: return "null"
        case .bool(let bool): return String(bool)
        case .number(let number):
            guard let double = number.double else { return number.text }
            return double == double.rounded() && abs(double) < 1e15 ? String(Int(clamping: double)) : String(double)
        case .string(let string): return string == prompt ? "PROMPT" : "\"\(string)\""
        case .array(let array): return "[\(array.map { plainValue($0) }.joined(separator: ", "))]"
        case .object: return plain(value)
        }
    }

    /// `ComfyUI_temp_abcde_00001_.png`: the letters are drawn, and numbers go on from what lies there.
    private static func plainFilename(_ name: String) -> String {
        "\"\(name.withoutChance)\""
    }
}

extension Transcript {
    /// One message of either server.
    enum Message {
        case text(type: String, data: JSON)
        /// The number that its first four bytes are, and the metadata of type 4.
        case binary(kind: Int, metadata: JSON?)
        case closed

        init(_ frame: WireSocket.Frame) {
            switch frame {
            case .text(let json): self = .text(type: json["type"]?.string ?? "", data: json["data"] ?? .null)
            case .binary(let bytes):
                let number = { (start: Int) in bytes.dropFirst(start).prefix(4).reduce(0) { $0 << 8 | Int($1) } }
                let kind = number(0)
                let metadata = kind == 4 ? Array(bytes.dropFirst(8).prefix(number(4))) : nil
                self = .binary(kind: kind, metadata: metadata.flatMap { try? JSONParser.parse($0) })
            case .pong, .closed: self = .closed
            }
        }

        /// As the recordings have it.
        init(recorded: JSON) {
            if let kind = recorded["event_type"]?.number?.int {
                self = .binary(kind: Int(kind), metadata: recorded["parsed"]?["metadata"])
            } else if let type = recorded["type"]?.string {
                self = .text(type: type, data: recorded["data"] ?? .null)
            } else {
                self = .closed
            }
        }
    }
}

extension String {
    /// A file's name without the letters that are drawn, the number that goes on from what lies there, and the year
    /// that ComfyUI leaves to its web page to fill in.
    var withoutChance: String {
        replacing(#/_temp_[a-z]{5}_/#, with: "_temp_LETTERS_").replacing(#/_\d{5}_/#, with: "_NUMBER_")
            .replacing(#/x(%date:yyyy%|20\d\d)_/#, with: "xYEAR_")
    }
}

/// Line by line what is not the same, as `diff` shows it; empty when all is.
func lineDifference(_ found: String, from expected: String) -> String {
    let changes = found.split(separator: "\n").difference(from: expected.split(separator: "\n"))
    return changes.map { change in
        switch change {
        case .insert(let line, let text, _): "+\(line): \(text)"
        case .remove(let line, let text, _): "-\(line): \(text)"
        }
    }.joined(separator: "\n")
}
