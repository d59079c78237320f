internal import GraphCore

extension Diagnostic.Code {
    /// The name that ComfyUI's clients show above the message.
    var exceptionType: String {
        switch self {
        case .outOfMemory: "OutOfMemoryError"
        case .fileNotFound, .modelMissing: "FileNotFoundError"
        case .fileNotReadable, .fileNotWritable, .diskFull, .outsideFolder, .badFile: "OSError"
        case .fileExists: "FileExistsError"
        case .badInput, .outOfRange, .notInList, .converted: "ValueError"
        default: "RuntimeError"
        }
    }
}
