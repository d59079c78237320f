internal import Foundation
internal import GraphCore
internal import Synchronization

/// Where the events of a run go, wherever it runs: the view that the options ask for, the trace, and the failures to be
/// told in the end.
final class Display: Sendable {
    private struct State {
        var view: any EventView
        var trace: TraceSink?
        var failures: [Diagnostic] = []
    }

    /// How often a live view is drawn anew while nothing happens, so that the time left counts down.
    private static let tick: Duration = .milliseconds(100)

    private let tracePath: String?
    private let console: Console
    private let state: Mutex<State>

    init(_ options: Options, _ file: WorkflowFile, _ console: Console) {
        (self.tracePath, self.console) = (options.tracePath, console)
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

    func show(_ events: [RunEvent]) {
        state.withLock { state in
            for event in events {
                state.trace?.add(event)
                if case .nodeFailed(let node, let diagnostic) = event.kind {
                    state.failures.append(diagnostic.at(node))
                }
            }
            state.view.show(events)
        }
    }

    /// Told with the failures, in the end.
    func warn(_ warning: Diagnostic) { state.withLock { $0.failures.append(warning) } }

    func lost() { state.withLock { $0.view.lost() } }

    func note(_ note: Note?) { state.withLock { $0.view.note(note) } }

    /// The failures and warnings since this was last asked. With `--keep-going` there may be more than one a run.
    func takeFailures() -> [Diagnostic] {
        state.withLock { state in
            defer { state.failures = [] }
            return state.failures
        }
    }

    /// Draws a live view ten times a second until its task is cancelled; returns at once when there is none.
    func keepLive() async {
        guard state.withLock({ $0.view.isLive }) else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.tick)
            state.withLock { $0.view.show([]) }
        }
    }

    /// - Returns: whether all that was asked for has been written.
    func close() -> Bool {
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
    /// What happens outside the run, such as a file on its way to a server; nil when that is over.
    mutating func note(_ note: Note?)
}

/// Something to wait for that is no event of a run.
struct Note: Sendable, Equatable {
    let text: String
    /// How far it is, 0...1.
    var fraction: Double?
}

extension EventView {
    var isLive: Bool { false }
    mutating func lost() {}
    mutating func note(_ note: Note?) {}
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
