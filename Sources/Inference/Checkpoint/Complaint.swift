internal import GraphCore

/// What is said of a checkpoint that cannot be used: one sentence that names the file, and what to do.
enum Complaint {
    static func bad(_ file: String, _ what: String, _ suggestion: String?) -> Diagnostic {
        Diagnostic(.badFile, node: nil, "\(quoted(file)) \(what)", suggestion: suggestion)
    }

    static func cutOff(_ file: String) -> Diagnostic {
        bad(file, "is cut off or damaged: it ends before its contents do", downloadAgain)
    }

    static func damaged(_ file: String, _ what: String) -> Diagnostic {
        bad(file, "is damaged: \(what)", downloadAgain)
    }

    static func tooLarge(_ file: String, _ what: String) -> Diagnostic {
        Diagnostic(.tooLarge, node: nil, "\(quoted(file)) \(what)", suggestion: saveWeightsOnly)
    }

    static let downloadAgain = "Download or copy it again."
    static let saveWeightsOnly = "Save the weights alone: torch.save(model.state_dict(), path)."
    static let saveAgain = "Save it again with a current PyTorch: torch.save(torch.load(path), path)."

    /// Text from a file, short enough for a sentence and without anything that moves a cursor.
    static func quoted(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(120).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: "?"
            default: String(scalar)
            }
        }
        return "'\(printable.joined())\(text.unicodeScalars.count > 120 ? "..." : "")'"
    }
}
