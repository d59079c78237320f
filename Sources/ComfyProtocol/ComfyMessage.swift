public import GraphCore

/// A message about a run, of ComfyUI's protocol or one that graphserver adds to it, as data; docs/SERVER.md is the reference.
public enum ComfyMessage: Sendable {
    // About the run.
    case runQueued
    /// - timestamp: milliseconds since 1970, here and below.
    case executionStart(timestamp: Int)
    case executionCached([NodeID], timestamp: Int)
    case runProgress(finished: Int, count: Int, remaining: Duration?)
    case progressState([NodeProgress])
    case executionSuccess(timestamp: Int)
    indirect case executionInterrupted(node: NodeID?, type: String, executed: [NodeID], timestamp: Int)
    indirect case executionError(ExecutionError)
    /// `executing` without a node: all has been said.
    case executionEnded

    // About a node.
    indirect case executing(NodeID, display: NodeID, type: String, because: RunEvent.Reason)
    /// ComfyUI tells a blocked node as one that runs.
    case executingBlocked(NodeID)
    case nodeCached(NodeID)
    case nodeWaiting(NodeID, RunEvent.Awaited)
    indirect case nodePhase(NodeID, display: NodeID, stage: String, message: String, percent: Double, type: String)
    indirect case progress(NodeID, value: Double, max: Double, remaining: Duration?)
    case nodePreview(NodeID, SavedFile)
    case nodeLog(NodeID, RunEvent.LogLevel, String)
    /// - output: `{"images": [...]}`, as JSON.
    indirect case executed(NodeID, display: NodeID, output: [UInt8])
    case nodeFinished(NodeID)
    case nodeInterrupted(NodeID)

    // Binary ones.
    /// Type 1: only the picture.
    case picture([UInt8], RunEvent.PreviewFormat)
    /// Type 4: the picture and whose it is.
    indirect case describedPicture([UInt8], RunEvent.PreviewFormat, PictureOrigin)
    /// Type 3.
    case progressText(String, NodeID)
}

/// Why a run failed, or, with the type `ExecutionBlocked`, why a node was left out of one that goes on.
public struct ExecutionError: Sendable {
    public let node: NodeID
    public let nodeType: String
    public let executed: [NodeID]
    public let message: String
    public let exceptionType: String
    public let traceback: [String]
    public var currentInputs = JSONObject()
    public var suggestion: String?
    /// Nil for one that ends nothing.
    public var timestamp: Int?

    static let blockedType = "ExecutionBlocked"

    /// - Parameters:
    ///   - executed: nodes that ran to their end before.
    ///   - inputs: the node's inputs as the prompt gives them.
    public init(
        _ diagnostic: Diagnostic, of node: NodeID, type: String, run: RunID, executed: [NodeID], inputs: JSONObject,
        timestamp: Int
    ) {
        (self.node, nodeType, self.executed) = (node, type, executed)
        // ComfyUI's end with a line feed, and its clients print them as they are.
        message = diagnostic.text + "\n"
        exceptionType = diagnostic.code.exceptionType
        traceback = ["node \(node) (\(type)) of prompt \(run): \(diagnostic.message)\n"]
        (currentInputs, suggestion, self.timestamp) = (inputs, diagnostic.suggestion, timestamp)
    }

    init(blocked node: NodeID, type: String, executed: [NodeID], message: String) {
        (self.node, nodeType, self.executed, traceback) = (node, type, executed, [])
        (self.message, exceptionType) = ("Execution Blocked: \(message)", Self.blockedType)
    }
}

/// Whose picture a described one is.
public struct PictureOrigin: Sendable {
    public let node: NodeID
    public let display: NodeID
    public let parent: NodeID?
    /// The node of the posted workflow that it goes back to.
    public let real: NodeID
}

/// The numbers in a message about a run.
public struct MessageNumbers: Sendable {
    /// Rises from message to message over all runs, with gaps: `order << 4 | part` of its event.
    public let seq: UInt64
    /// Counts the facts of the run from 1, without gaps; in another message that of the fact before it.
    public let runSeq: UInt64
    /// Names the store that the numbers are of.
    public let epoch: String

    public init(seq: UInt64, runSeq: UInt64, epoch: String) {
        (self.seq, self.runSeq, self.epoch) = (seq, runSeq, epoch)
    }

    /// How many parts an event may have; the last is that of states that a clock asks for.
    public static let partCount: UInt64 = 16

    public static func seq(order: UInt64, part: UInt64) -> UInt64 { order << 4 | part }
    /// The order of a message's event.
    public static func order(ofSeq seq: UInt64) -> UInt64 { seq >> 4 }
}
