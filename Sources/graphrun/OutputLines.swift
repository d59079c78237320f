internal import Files
internal import GraphCore

/// What a node shows, as lines: the paths of saved files, texts as they are.
struct OutputLines {
    let folders: Folders

    /// Where people find a node's work so far.
    func beginning(_ node: NodeID, _ file: SavedFile) -> String { "\(node): beginning in \(folders.path(of: file))" }

    func lines(_ output: JSONObject) -> [String] {
        output.members.flatMap { member -> [String] in
            (member.value.array ?? []).map { value in
                if let file = SavedFile(value) { return folders.path(of: file) }
                return value.string ?? JSONWriter.text(value)
            }
        }
    }
}

/// `--quiet`: nothing but the outputs.
struct OutputsView: EventView {
    private let outputs: OutputLines
    private let console: Console

    init(_ folders: Folders, _ console: Console) {
        (outputs, self.console) = (OutputLines(folders: folders), console)
    }

    func show(_ events: [RunEvent]) {
        for case .nodeOutput(_, _, let output) in events.map(\.kind) {
            for line in outputs.lines(output) { console.output(console.isTerminal ? Console.printable(line) : line) }
        }
    }
}
