/// The text of `--help`, made from the table of options.
enum Help {
    static let version = "0.1.0"

    static var text: String {
        let options = OptionSpec.run.map { spec -> String in
            let left = spec.name + (spec.argument.map { " " + $0 } ?? "")
            return wrapped(left, spec.help)
        }
        return """
            graphrun \(version): runs node-graph workflows (ComfyUI's format) headless, with live progress.

            graphrun WORKFLOW [OPTIONS]       run a workflow; '-' reads it from standard input
            graphrun run WORKFLOW             the same
            graphrun check WORKFLOW           say everything that is wrong with it
            graphrun plan WORKFLOW [--dot]    what would run, in which order, and why
            graphrun convert WORKFLOW         write it in ComfyUI's API format to standard output
            graphrun nodes [NAME] [--json]    the node types, or all about one
            graphrun doctor                   which libraries and folders are found

            Options of run:
            \(options.joined(separator: "\n"))

            Exit codes: 0 done; 1 a node failed or the time was up; 2 the workflow is invalid or unreadable;
            3 the command line is wrong; 130 interrupted (Ctrl-C once cancels cleanly, twice quits at once).
            """
    }

    /// The option on the left, its help in a column of its own.
    private static func wrapped(_ left: String, _ help: String) -> String {
        let indent = 30, width = 100
        var lines: [String] = []
        var line = "  " + left
        line += String(repeating: " ", count: max(2, indent - line.count))
        for word in help.split(separator: " ") {
            if line.count + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indent)
            }
            line += word + " "
        }
        return (lines + [line]).map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n")
    }
}
