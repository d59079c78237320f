internal import Arguments

/// The text of `--help`, made from the table of options.
enum Help {
    static var text: String {
        let options = OptionTable.run.map(\.helpText)
        return """
            graphrun \(Program.version): runs node-graph workflows (ComfyUI's format) headless, with live progress.

            graphrun WORKFLOW [OPTIONS]       run a workflow; '-' reads it from standard input. Any format of ComfyUI
                                              will do, and a PNG, WebP, FLAC or MP3 that carries its workflow
            graphrun run WORKFLOW             the same
            graphrun check WORKFLOW           say everything that is wrong with it
            graphrun plan WORKFLOW [--dot]    what would run, in which order, and why
            graphrun convert WORKFLOW         write it in ComfyUI's API format to standard output
                                              [--to ui] [--object-info FILE|URL]
            graphrun nodes [NAME] [--json]    the node types, or all about one
            graphrun models [--json]          which models there are, and which can be fetched
            graphrun models pull NAME         fetch one into models/; goes on where an earlier attempt ended
            graphrun doctor                   which libraries and folders are found

            Options of run:
            \(options.joined(separator: "\n"))

            Exit codes: 0 done; 1 a node failed, an output is missing or could not be written, the time was up, or the
            server cannot be reached; 2 the workflow is invalid or unreadable; 3 the command line is wrong; 130
            interrupted (Ctrl-C once cancels cleanly, twice quits at once).
            """
    }
}
