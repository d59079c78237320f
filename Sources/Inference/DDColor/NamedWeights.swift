internal import GraphCore

/// A checkpoint with the sentences to say when it does not hold what a network needs.
struct NamedWeights: Sendable {
    let checkpoint: Checkpoint
    /// For people.
    let fileName: String

    func has(_ name: String) -> Bool { checkpoint.entries[name] != nil }

    func shape(_ name: String, rank: Int) throws(Diagnostic) -> [Int] {
        guard let entry = checkpoint.entries[name] else { throw missing(name) }
        guard entry.shape.count == rank else {
            throw Diagnostic(
                .badFile, node: nil,
                "'\(fileName)' has '\(name)' with \(entry.shape.count) dimensions instead of \(rank)",
                suggestion: "Get the file again from where it was published.")
        }
        guard !entry.shape.contains(0) else { throw empty(name, entry.shape) }
        return entry.shape
    }

    /// The values of a weight that must have `shape`.
    func floats(_ name: String, _ shape: [Int]) throws(Diagnostic) -> [Float] {
        guard let entry = checkpoint.entries[name] else { throw missing(name) }
        guard entry.shape == shape else {
            throw Diagnostic(
                .badFile, node: nil,
                "'\(fileName)' has '\(name)' of \(Self.text(entry.shape)) instead of \(Self.text(shape))",
                suggestion: "Get the file again from where it was published.")
        }
        // Nothing is computed with weights that are not there: layers divide by their sizes.
        guard !shape.contains(0) else { throw empty(name, shape) }
        return try checkpoint.floats(name)
    }

    private func empty(_ name: String, _ shape: [Int]) -> Diagnostic {
        Diagnostic(
            .badFile, node: nil, "'\(fileName)' has '\(name)' of \(Self.text(shape)), which holds no numbers",
            suggestion: "Get the file again from where it was published.")
    }

    private func missing(_ name: String) -> Diagnostic {
        Diagnostic(
            .badFile, node: nil, "'\(fileName)' lacks the weight '\(name)'",
            suggestion: "Get the file again from where it was published.")
    }

    /// It holds some other network.
    func foreign() -> Diagnostic {
        let names = checkpoint.entries.keys.sorted().prefix(3).map { "'\($0.prefix(60))'" }.joined(separator: ", ")
        return Diagnostic(
            .badFile, node: nil,
            "'\(fileName)' holds no DDColor network"
                + (names.isEmpty ? "" : ": its \(checkpoint.entries.count) weights begin with \(names)"),
            suggestion: "Choose a DDColor checkpoint; 'graphrun models' lists those there are.")
    }

    private static func text(_ shape: [Int]) -> String {
        shape.isEmpty ? "one number" : shape.map(String.init).joined(separator: "x")
    }
}
