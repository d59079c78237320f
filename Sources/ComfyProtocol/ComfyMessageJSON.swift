public import GraphCore

extension ComfyMessage {
    /// The names of the text messages.
    public enum Kind: String, CaseIterable, Sendable {
        case runQueued = "run_queued"
        case executionStart = "execution_start"
        case executionCached = "execution_cached"
        case runProgress = "run_progress"
        case progressState = "progress_state"
        case executionSuccess = "execution_success"
        case executionInterrupted = "execution_interrupted"
        case executionError = "execution_error"
        case executing
        case nodeCached = "node_cached"
        case nodeWaiting = "node_waiting"
        case nodePhase = "node_phase"
        case progress
        case nodePreview = "node_preview"
        case nodeLog = "node_log"
        case executed
        case nodeFinished = "node_finished"
        case nodeInterrupted = "node_interrupted"
    }

    /// Nil for a binary message.
    public var kind: Kind? {
        switch self {
        case .runQueued: .runQueued
        case .executionStart: .executionStart
        case .executionCached: .executionCached
        case .runProgress: .runProgress
        case .progressState: .progressState
        case .executionSuccess: .executionSuccess
        case .executionInterrupted: .executionInterrupted
        case .executionError: .executionError
        case .executionEnded, .executing, .executingBlocked: .executing
        case .nodeCached: .nodeCached
        case .nodeWaiting: .nodeWaiting
        case .nodePhase: .nodePhase
        case .progress: .progress
        case .nodePreview: .nodePreview
        case .nodeLog: .nodeLog
        case .executed: .executed
        case .nodeFinished: .nodeFinished
        case .nodeInterrupted: .nodeInterrupted
        case .picture, .describedPicture, .progressText: nil
        }
    }

    /// The whole message: JSON, or the octets of a binary one.
    public func payload(of run: RunID, _ numbers: MessageNumbers) -> [UInt8] {
        switch self {
        case .picture(let bytes, let format): return BinaryFrames.picture(bytes, format)
        case .describedPicture(let bytes, let format, let origin):
            return BinaryFrames.picture(bytes, format, of: origin, run: run)
        case .progressText(let text, let node): return BinaryFrames.text(text, node: node, run: run)
        default: break
        }
        var text = JSONText()
        text.raw("{\"type\":\"")
        text.raw(kind?.rawValue ?? "")
        text.raw("\",\"data\":{\"prompt_id\":")
        text.string(run.text)
        write(to: &text)
        text.raw(",\"seq\":")
        text.integer(numbers.seq)
        text.raw(",\"run_seq\":")
        text.integer(numbers.runSeq)
        text.raw(",\"epoch\":\"")
        text.raw(numbers.epoch)
        text.raw("\"}}")
        return text.bytes
    }

    /// `["execution_start", {...}]`, as ComfyUI's history has it: without numbers.
    public func historyEntry(of run: RunID) -> [UInt8] {
        Array("[\"\(kind?.rawValue ?? "")\",".utf8) + data(of: run) + Array("]".utf8)
    }

    /// `{"prompt_id": ...}`: its fields without the numbers.
    public func data(of run: RunID) -> [UInt8] {
        var text = JSONText()
        text.raw("{\"prompt_id\":")
        text.string(run.text)
        write(to: &text)
        text.raw("}")
        return text.bytes
    }

    /// The state of the queue, which is about no run.
    public static func status(_ queueRemaining: Int, clientID: String? = nil) -> [UInt8] {
        var text = JSONText(capacity: 120)
        text.raw("{\"type\":\"status\",\"data\":{\"status\":{\"exec_info\":{\"queue_remaining\":\(queueRemaining)}}")
        if let clientID {
            text.raw(",\"sid\":")
            text.string(clientID)
        }
        text.raw("}}")
        return text.bytes
    }

    /// The first message to a stream that resumes: everything after `seq` follows.
    /// - Parameter count: of the facts, where it is known.
    public static func resumed(epoch: String, seq: UInt64, replayed count: Int?) -> [UInt8] {
        let replayed = count.map { ",\"replayed\":\($0)" } ?? ""
        return Array("{\"type\":\"resumed\",\"data\":{\"epoch\":\"\(epoch)\",\"seq\":\(seq)\(replayed)}}".utf8)
    }

    /// The same where that cannot be had.
    public static func resync(epoch: String, seq: UInt64) -> [UInt8] {
        Array("{\"type\":\"resync\",\"data\":{\"epoch\":\"\(epoch)\",\"seq\":\(seq)}}".utf8)
    }

    /// Members behind `prompt_id`, each with the comma before it.
    private func write(to text: inout JSONText) {
        switch self {
        case .picture, .describedPicture, .progressText, .runQueued: break
        case .executionStart(let time), .executionSuccess(let time): Self.timestamp(time, &text)
        case .executionCached(let nodes, let time):
            text.raw(",\"nodes\":")
            text.strings(nodes.lazy.map(\.text))
            Self.timestamp(time, &text)
        case .runProgress(let finished, let count, let remaining):
            text.raw(",\"finished\":\(finished),\"nodes\":\(count)")
            Self.estimate(remaining, &text)
        case .progressState(let nodes):
            text.raw(",\"nodes\":{")
            var isFirst = true
            for node in nodes {
                if !isFirst { text.raw(",") }
                isFirst = false
                text.raw(node.json)
            }
            text.raw("}")
        case .executionInterrupted(let node, let type, let executed, let time):
            text.raw(",\"node_id\":")
            if let node { text.string(node.text) } else { text.raw("null") }
            text.raw(",\"node_type\":")
            text.string(type)
            text.raw(",\"executed\":")
            text.strings(executed.lazy.map(\.text))
            Self.timestamp(time, &text)
        case .executionError(let error): Self.error(error, &text)
        case .executionEnded: text.raw(",\"node\":null")
        case .executing(let node, let display, let type, let reason):
            Self.node(node, display: display, &text)
            text.raw(",\"node_type\":")
            text.string(type)
            text.raw(",\"because\":")
            text.string(reason.text)
            text.raw(",\"because_code\":")
            text.string(reason.code)
            if case .inputChanged(let input) = reason {
                text.raw(",\"because_input\":")
                text.string(input)
            }
        case .executingBlocked(let node):
            Self.node(node, display: node, &text)
            text.raw(",\"blocked\":true")
        case .nodeCached(let node), .nodeFinished(let node), .nodeInterrupted(let node): Self.node(node, &text)
        case .nodeWaiting(let node, .inputs(let names)):
            Self.node(node, &text)
            text.raw(",\"inputs\":")
            text.strings(names)
        case .nodeWaiting(let node, .expansion(let count)):
            Self.node(node, &text)
            text.raw(",\"expansion\":\(count)")
        case .nodePhase(let node, let display, let stage, let message, let percent, let type):
            Self.node(node, display: display, &text)
            text.raw(",\"stage\":")
            text.string(stage)
            text.raw(",\"message\":")
            text.string(message)
            text.raw(",\"progress\":")
            text.number(WireRounding.percent(percent))
            text.raw(",\"source\":")
            text.string(type)
        case .progress(let node, let value, let max, let remaining):
            text.raw(",\"value\":")
            text.number(value)
            text.raw(",\"max\":")
            text.number(max)
            Self.node(node, &text)
            Self.estimate(remaining, &text)
        case .nodePreview(let node, let file):
            Self.node(node, &text)
            text.raw(",\"file\":")
            text.value(file.json)
        case .nodeLog(let node, let level, let message):
            Self.node(node, &text)
            text.raw(",\"level\":\"\(level.rawValue)\",\"message\":")
            text.string(message)
        case .executed(let node, let display, let output):
            Self.node(node, display: display, &text)
            text.raw(",\"output\":")
            text.raw(output)
        }
    }

    private static func error(_ error: ExecutionError, _ text: inout JSONText) {
        text.raw(",\"node_id\":")
        text.string(error.node.text)
        text.raw(",\"node_type\":")
        text.string(error.nodeType)
        text.raw(",\"executed\":")
        text.strings(error.executed.lazy.map(\.text))
        text.raw(",\"exception_message\":")
        text.string(error.message)
        text.raw(",\"exception_type\":")
        text.string(error.exceptionType)
        text.raw(",\"traceback\":")
        text.strings(error.traceback)
        text.raw(",\"current_inputs\":")
        // ComfyUI's shape for an error that ends nothing.
        if error.timestamp == nil { text.raw("[]") } else { text.value(.object(error.currentInputs)) }
        text.raw(",\"current_outputs\":[]")
        if let suggestion = error.suggestion {
            text.raw(",\"suggestion\":")
            text.string(suggestion)
        }
        if let time = error.timestamp { timestamp(time, &text) }
    }

    private static func node(_ node: NodeID, display: NodeID? = nil, _ text: inout JSONText) {
        text.raw(",\"node\":")
        text.string(node.text)
        guard let display else { return }
        text.raw(",\"display_node\":")
        text.string(display.text)
    }

    private static func timestamp(_ milliseconds: Int, _ text: inout JSONText) {
        text.raw(",\"timestamp\":")
        text.integer(milliseconds)
    }

    private static func estimate(_ remaining: Duration?, _ text: inout JSONText) {
        guard let remaining else { return }
        text.raw(",\"estimated_seconds_left\":")
        text.number(WireRounding.seconds(remaining))
    }
}
