internal import Foundation
internal import GraphCore
internal import Synchronization

/// Reads the log as a run writes it and hands the facts to whoever shows or keeps them.
final class Follower: Sendable {
    private struct State {
        var view: any EventView
        var trace: TraceSink?
        var failures: [Diagnostic] = []
        var position: EventLog.Position = 0
    }

    /// How often a live view is drawn anew while nothing happens, so that the time left counts down.
    private static let tick: Duration = .milliseconds(100)

    private let log: EventLog
    private let tracePath: String?
    private let console: Console
    private let state: Mutex<State>

    init(_ log: EventLog, _ options: Options, _ file: WorkflowFile, _ console: Console) {
        (self.log, self.tracePath, self.console) = (log, options.tracePath, console)
        let view: any EventView =
            switch options.events {
            case .jsonl: JSONLinesView(console)
            case .none: SilentView()
            case .pretty where options.isQuiet: OutputsView(file.folders, console)
            case .pretty where console.isTerminal: LiveView(file, console)
            case .pretty: PlainView(file, console)
            }
        state = Mutex(State(view: view, trace: tracePath == nil ? nil : TraceSink()))
    }

    /// Reads until its task is cancelled and everything has been read. Only cancelling wakes the log's reader for sure:
    /// a flag could be set between the look at it and the wait.
    /// - Returns: whether all that was asked for has been written.
    func follow() async -> Bool {
        let ticking = state.withLock { $0.view.isLive } ? Task { await tick() } : nil
        while true {
            let page = readPage()
            if page.isEmpty && Task.isCancelled { break }
            if page.isEmpty { await log.wait(after: state.withLock { $0.position }) }
        }
        ticking?.cancel()
        return writeTrace()
    }

    /// Returns when everything up to `position` has been shown.
    func caughtUp(_ position: EventLog.Position) async {
        while state.withLock({ $0.position }) < position { if readPage().isEmpty { break } }
    }

    /// The failures shown since this was last asked. With `--keep-going` there may be more than one a run.
    func takeFailures() -> [Diagnostic] {
        state.withLock { state in
            defer { state.failures = [] }
            return state.failures
        }
    }

    private func readPage() -> [RunEvent] {
        state.withLock { state in
            let page = log.read(after: state.position)
            state.position = page.next
            if page.isResync { state.view.lost() }
            for event in page.events {
                state.trace?.add(event)
                if case .nodeFailed(let node, let diagnostic) = event.kind {
                    state.failures.append(diagnostic.at(node))
                }
            }
            state.view.show(page.events)
            return page.events
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.tick)
            state.withLock { $0.view.show([]) }
        }
    }

    private func writeTrace() -> Bool {
        guard let tracePath, let trace = state.withLock({ $0.trace }) else { return true }
        do {
            // Whole or not at all; a pipe or a device is written to as it is.
            let isSpecial = (try? FileManager.default.attributesOfItem(atPath: tracePath)).map {
                $0[.type] as? FileAttributeType != .typeRegular
            }
            try Data(trace.bytes()).write(
                to: URL(fileURLWithPath: tracePath), options: isSpecial == true ? [] : .atomic)
            return true
        } catch {
            console.error(
                "graphrun: the trace could not be written to \(tracePath)\n  Choose another place for --trace.")
            return false
        }
    }
}

/// Something that shows events as they come.
protocol EventView: Sendable {
    /// Whether it wants to be asked ten times a second although nothing happened.
    var isLive: Bool { get }
    mutating func show(_ events: [RunEvent])
    /// Facts were dropped from the log before they could be shown.
    mutating func lost()
}

extension EventView {
    var isLive: Bool { false }
    mutating func lost() {}
}

struct SilentView: EventView {
    func show(_ events: [RunEvent]) {}
}

/// `--events jsonl`: one JSON object a line.
struct JSONLinesView: EventView {
    private let console: Console

    init(_ console: Console) { self.console = console }

    func show(_ events: [RunEvent]) {
        var bytes: [UInt8] = []
        for event in events {
            bytes += JSONWriter.bytes(event.json)
            bytes.append(0x0A)
        }
        if !bytes.isEmpty { console.write(bytes) }
    }

    func lost() { console.error("graphrun: events came faster than they could be written; some are missing") }
}
