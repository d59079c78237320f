internal import Arguments
internal import Files
internal import GraphCore

/// `graphrun WORKFLOW --server URL`: what `RunCommand` does, on another machine. The server decides what is valid.
struct RemoteCommand {
    private let file: WorkflowFile
    private let options: Options
    private let console: Console
    private let server: RemoteServer

    init(_ path: String, _ options: Options, _ console: Console) async throws {
        (self.options, self.console) = (options, console)
        let refused = [
            ("--cache", options.cache != nil), ("--resource", !options.resources.isEmpty),
            ("--keep-going", options.keepsGoing), ("--sync-outputs", options.syncsOutputs),
        ]
        if let (name, _) = refused.first(where: { $0.1 }) {
            throw UsageError(
                message: "\(name) does not go with --server", suggestion: "Give it to the server, if it takes it.")
        }
        server = try RemoteServer(options, console)
        file = try await WorkflowFile(path, options, console, server: server)
    }

    func run() async throws -> ExitCode {
        let runs = try options.forEach.map { try file.oneForEach($0) } ?? [(file.name, file)]
        _ = try file.knownTargets(options)
        let interrupts = Interrupts()
        let display = Display(options, file, console)
        let events = RemoteEvents(display)
        let files = RemoteFiles(server, file.folders, display)
        let drawing = Task { await display.keepLive() }
        var outcomes: [RunOutcome] = []
        for run in runs where !interrupts.isInterrupted && !outcomes.contains(.timedOut) {
            if runs.count > 1 && options.events == .pretty && !options.isQuiet { console.output("\(run.name):") }
            let one = RemoteRun(server, run.file, options, files, events, display)
            outcomes.append(await perform(one, run.file, interrupts, display))
        }
        drawing.cancel()
        await drawing.value
        let isAllWritten = display.close()
        if interrupts.isInterrupted {
            console.error("graphrun: interrupted")
            return .interrupted
        }
        let code = RunOutcome.summarize(outcomes, of: runs.count, options, console)
        if options.forEach == nil && outcomes == [.invalid] { return .invalid }
        return isAllWritten ? code : .failed
    }

    private func perform(
        _ run: RemoteRun, _ file: WorkflowFile, _ interrupts: Interrupts, _ display: Display
    ) async -> RunOutcome {
        let task = Task { try await run.perform() }
        let stop: @Sendable () -> Void = { if !run.stop() { task.cancel() } }
        interrupts.onInterrupt(stop)
        let timer = options.timeoutSeconds.map { seconds in
            Task { () -> Bool in
                do { try await Task.sleep(for: .seconds(seconds)) } catch { return false }
                stop()
                return true
            }
        }
        let result = await task.result
        timer?.cancel()
        let isTimedOut = await timer?.value == true
        var outcome: RunOutcome
        let ended = try? result.get()
        DiagnosticText.tell(
            (ended?.refused ?? []) + display.takeFailures() + (ended?.unfetched ?? []), file.workflow, file.name,
            console)
        switch result {
        case .success(let ended):
            outcome = ended.runOutcome
            if outcome == .cancelled && !isTimedOut && !interrupts.isInterrupted {
                console.error("graphrun: the run was cancelled on the server\n  Run it again.")
            }
        case .failure(let failure as Failure):
            console.error(failure.text)
            outcome = failure.code == .invalid ? .invalid : .failed
        case .failure(is CancellationError): outcome = .cancelled
        case .failure(let error):
            console.error("graphrun: \(error)")
            outcome = .failed
        }
        if isTimedOut, outcome != .succeeded, let seconds = options.timeoutSeconds {
            RunOutcome.tellTimedOut(seconds, console)
            outcome = .timedOut
        }
        return outcome
    }
}

extension RemoteResult {
    fileprivate var runOutcome: RunOutcome {
        switch outcome {
        case .cancelled: .cancelled
        case .failed: .failed
        case .succeeded: !refused.isEmpty ? .invalid : unfetched.isEmpty ? .succeeded : .failed
        }
    }
}

extension WorkflowFile {
    /// The nodes that `--only` names. What they are is the server's to know, but not whether they are there.
    func knownTargets(_ options: Options) throws -> [NodeID]? {
        guard let targets = targets(options) else { return nil }
        for target in targets where !workflow.nodes.contains(where: { $0.id == target }) {
            let near = NearestName.sentence(target.text, among: workflow.nodes.map(\.id.text))
            throw Failure(
                code: .invalid,
                text:
                    "error: \(name): there is no node '\(target)' to run\n  \(near ?? "'graphrun plan' lists the nodes.")"
            )
        }
        return targets
    }
}
