internal import GraphCore

/// Why a file could not be read or written. Names no file: the caller knows it.
public struct CodecError: Error, Sendable, Equatable {
    /// What is wrong, as the end of "photo.png: ...".
    public let message: String
    /// What to try next, a sentence.
    public let suggestion: String?

    public init(_ message: String, suggestion: String? = nil) {
        (self.message, self.suggestion) = (message, suggestion)
    }
}

extension CodecError {
    static let copyAgain = "Copy the file again from its source, or open and re-save it in an image editor."

    /// `words` are the C library's.
    static func damaged(_ format: String, _ words: String) -> CodecError {
        CodecError("the \(format) is damaged (\(words))", suggestion: copyAgain)
    }

    /// The task that asked for the work was cancelled.
    public static let stopped = CodecError("the work was cancelled")

    /// Throws `stopped` once the current task is cancelled. Called between bands of rows.
    static func checkStopped() throws(CodecError) {
        if Task.isCancelled { throw .stopped }
    }

    static func outOfMemory(_ format: String) -> CodecError {
        CodecError(
            "there is not enough memory for the \(format)", suggestion: "Close other programs, or make it smaller.")
    }
}

extension Int {
    /// Digits in groups of three: 12,000.
    var grouped: String {
        let digits = String(magnitude)
        var text = self < 0 ? "-" : ""
        for (i, digit) in digits.enumerated() {
            if i > 0 && (digits.count - i) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }
}
