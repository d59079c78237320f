/// Something wrong, where, and the next thing to try. The one error type that people see.
public struct Diagnostic: Error, Sendable, Equatable {
    /// What is wrong. The wire strings of ComfyUI are the server adapter's business.
    public enum Code: Sendable, Hashable {
        // Reading
        case notJSON, tooLarge, unknownFormat, malformedWorkflow, repeatedID, repeatedInput, contradiction
        // Checking
        case unknownNodeType, nodeTypeMissing, requiredInputMissing, returnTypeMismatch, badLink, badSlot
        case badInput, outOfRange, notInList, cycle, noOutputs, unknownTarget, converted
        // Running
        case nodeFailed, badExpansion, outOfMemory
        // Files
        case fileNotFound, modelMissing, fileNotReadable, fileNotWritable, diskFull, fileExists, outsideFolder,
            badFile, badFileName
    }

    public enum Severity: Sendable { case error, warning }

    public let code: Code
    /// Warnings are told and never stop a run.
    public var severity = Severity.error
    public var node: NodeID?
    /// The input concerned, if one is.
    public var input: String?
    public let message: String
    /// A sentence that starts with a verb or "Did you mean".
    public let suggestion: String?

    public init(
        _ code: Code, severity: Severity = .error, node: NodeID?, input: String? = nil, _ message: String,
        suggestion: String? = nil
    ) {
        (self.code, self.severity, self.node, self.input) = (code, severity, node, input)
        (self.message, self.suggestion) = (message, suggestion)
    }

    /// `node 3 (ImageScale): message` is the caller's to say; this is the message with its suggestion.
    public var text: String { suggestion.map { "\(message)\n  \($0)" } ?? message }

    /// The same diagnostic, told of `node` unless it already names one.
    public func at(_ node: NodeID) -> Diagnostic {
        var copy = self
        copy.node = self.node ?? node
        return copy
    }
}
