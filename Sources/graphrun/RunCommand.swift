internal import Arguments
internal import Files
internal import Foundation
internal import GraphCore

extension Command {
    func run(_ console: Console) async throws -> ExitCode {
        switch verb {
        case .run where options.server != nil: try await RemoteCommand(arguments[0], options, console).run()
        case .run: try await RunCommand(arguments[0], options, console).run()
        case .check: try await checkWorkflow(console)
        case .plan: try await planWorkflow(console)
        case .convert: try await convertWorkflow(console)
        case .nodes: try listNodes(console)
        case .models: try await models(console)
        case .doctor: await examine(console)
        case .help: say(Help.text, console)
        case .version: say("graphrun \(Program.version)", console)
        }
    }

    private func say(_ text: String, _ console: Console) -> ExitCode {
        console.output(text)
        return .done
    }
}

/// `graphrun WORKFLOW`: runs it once, or once a file with `--for-each`.
struct RunCommand {
    private let file: WorkflowFile
    private let options: Options
    private let console: Console

    init(_ path: String, _ options: Options, _ console: Console) async throws {
        (self.options, self.console) = (options, console)
        file = try await WorkflowFile(path, options, console)
    }

    func run() async throws -> ExitCode {
        let runs = try plannedRuns()
        let durations = DurationsFile(file.folders)
        var engineOptions = Engine.Options(coreCount: ProcessInfo.processInfo.activeProcessorCount)
        engineOptions.cache = options.cache ?? (options.forEach == nil ? .none : .classic)
        engineOptions.costs = durations.read()
        for (name, permits) in options.resources {
            try check(name, engineOptions.resources)
            engineOptions.resources[name] = permits
        }
        let engine = Engine(registry: file.registry, environment: file.folders, options: engineOptions)
        let interrupts = Interrupts()
        let display = Display(options, file, console)
        let follower = Follower(engine.log, display)
        let following = Task { await follower.follow() }
        let drawing = Task { await display.keepLive() }
        var outcomes: [RunOutcome] = []
        for run in runs where !interrupts.isInterrupted && !outcomes.contains(.timedOut) {
            outcomes.append(await perform(run, engine, interrupts, isOneOfMany: runs.count > 1, follower, display))
        }
        following.cancel()
        drawing.cancel()
        await following.value
        let isAllWritten = display.close()
        durations.write(engine.costs)
        if interrupts.isInterrupted {
            console.error("graphrun: interrupted")
            return .interrupted
        }
        let code = RunOutcome.summarize(outcomes, of: runs.count, options, console)
        return isAllWritten ? code : .failed
    }

    /// A misspelt name would change nothing, silently.
    private func check(_ name: ResourceName, _ limits: ResourceLimits) throws {
        let names = Set(limits.permits.keys.map(\.text)).union(file.registry.types.map(\.schema.resource.text)).sorted()
        if names.contains(name.text) { return }
        throw UsageError(
            message: "there is no resource '\(name)'",
            suggestion: NearestName.sentence(name.text, among: names)
                ?? "Name one of: \(names.joined(separator: ", ")).")
    }

    // MARK: What to run

    private struct PlannedRun {
        let name: String
        let file: WorkflowFile
        let plan: Result<WorkflowFile.Checked, Failure>
    }

    private func plannedRuns() throws -> [PlannedRun] {
        guard let forEach = options.forEach else {
            let plan = try file.check(options, console, keepsGoing: options.keepsGoing)
            return [PlannedRun(name: file.name, file: file, plan: .success(plan))]
        }
        return try file.oneForEach(forEach).map { name, one in
            do {
                return PlannedRun(
                    name: name, file: one,
                    plan: .success(try one.check(options, console, keepsGoing: options.keepsGoing)))
            } catch let failure as Failure {
                return PlannedRun(name: name, file: one, plan: .failure(failure))
            }
        }
    }

    // MARK: Running

    private func perform(
        _ run: PlannedRun, _ engine: Engine, _ interrupts: Interrupts, isOneOfMany: Bool, _ follower: Follower,
        _ display: Display
    ) async -> RunOutcome {
        if isOneOfMany && options.events == .pretty && !options.isQuiet { console.output("\(run.name):") }
        let checked: WorkflowFile.Checked
        switch run.plan {
        case .success(let plan): checked = plan
        case .failure(let failure):
            console.error(failure.text)
            return .invalid
        }
        let id = RunID(UUID().uuidString.lowercased())
        let keepsGoing = options.keepsGoing
        let task = Task { await engine.run(checked.plan, of: run.file.workflow, id: id, keepsGoing: keepsGoing) }
        interrupts.onInterrupt { task.cancel() }
        let timer = options.timeoutSeconds.map { seconds in
            Task { () -> Bool in
                do { try await Task.sleep(for: .seconds(seconds)) } catch { return false }
                task.cancel()
                return true
            }
        }
        let result = await task.value
        timer?.cancel()
        let isTimedOut = await timer?.value == true
        await follower.caughtUp(engine.log.end)
        switch result.outcome {
        // An output that could not be made was told of before.
        case .succeeded: return checked.isWhole ? .succeeded : .failed
        case .failed:
            let told = display.takeFailures()
            DiagnosticText.tell(
                told.isEmpty ? [result.failure].compactMap { $0 } : told, run.file.workflow, run.file.name, console)
            return .failed
        case .cancelled:
            guard isTimedOut, let seconds = options.timeoutSeconds else { return .cancelled }
            RunOutcome.tellTimedOut(seconds, console)
            return .timedOut
        }
    }
}

/// How one of several runs ended.
enum RunOutcome {
    case succeeded, failed, invalid, timedOut, cancelled

    static func tellTimedOut(_ seconds: Double, _ console: Console) {
        console.error(
            "graphrun: stopped after \(Words.number(seconds)) s (--timeout)\n  Give it more time, or less to do."
        )
    }

    /// The last line of `--for-each`, and the exit code.
    static func summarize(_ outcomes: [Self], of count: Int, _ options: Options, _ console: Console) -> ExitCode {
        let succeeded = outcomes.count { $0 == .succeeded }
        if options.forEach != nil && options.events == .pretty && !options.isQuiet {
            let failed = outcomes.count - succeeded
            let left = count - outcomes.count
            console.output(
                "\(succeeded) of \(count) done" + (failed > 0 ? ", \(failed) failed" : "")
                    + (left > 0 ? ", \(left) not run" : ""))
        }
        return succeeded == count ? .done : .failed
    }
}

/// The small file of measured durations between runs: `user/durations.json`. Losing it costs an estimate, nothing else.
private struct DurationsFile {
    private let url: URL

    init(_ folders: Folders) {
        url = URL(fileURLWithPath: folders.path(.user)).appendingPathComponent("durations.json")
    }

    func read() -> CostModel {
        guard let data = try? Data(contentsOf: url), let json = try? JSONParser.parse([UInt8](data)) else {
            return CostModel()
        }
        return CostModel(json)
    }

    func write(_ costs: CostModel) {
        let folder = url.deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? Data(JSONWriter.bytes(costs.json, style: .indented)).write(to: url, options: .atomic)
    }
}
