internal import GraphCore

/// Progress at a terminal: a line for each running node with bar, phase and time left, drawn anew in place; finished
/// nodes and outputs stay above it.
struct LiveView: EventView {
    /// Nobody follows more rows than these.
    private static let maxRows = 8
    private static let barWidth = 20
    private static let redrawInterval: Duration = .milliseconds(50)
    private static let maxFinishedLines = 100

    private let outputs: OutputLines
    private let console: Console
    private var state = RunState()
    private var drawnRows = 0
    private var lastDrawn: SuspendingClock.Instant?
    private var clockAtEvent = SuspendingClock.now
    private var isRunning = false
    private var note: Note?

    var isLive: Bool { true }

    init(_ file: WorkflowFile, _ console: Console) {
        (outputs, self.console) = (OutputLines(folders: file.folders), console)
    }

    mutating func show(_ events: [RunEvent]) {
        var lines: [String] = []
        for event in events {
            clockAtEvent = .now
            let finished = state.apply(event)
            if let finished {
                if state.nodeCount <= Self.maxFinishedLines || finished.elapsed >= .milliseconds(500) {
                    let name = Console.printable("\(finished.type) (\(finished.node))")
                    lines.append("  \(name)  \(Words.duration(finished.elapsed))")
                }
                lines += finished.outputs.flatMap(outputLines)
            }
            switch event.kind {
            case .runQueued: isRunning = true
            // A running node's come with its line.
            case .nodeOutput(let node, _, let output) where !state.isRunning(node): lines += outputLines(output)
            case .nodeLog(let node, let level, let message):
                let text = Console.printable("\(node): \(message)")
                lines.append("  \(Self.color(level))[\(level.rawValue)]\u{1B}[0m \(text)")
            case .nodePreviewFile(let node, let file):
                lines.append("  " + Console.printable(outputs.beginning(node, file)))
            case .nodeBlocked(let node, _, let message?):
                lines.append("  " + Console.printable("\(node) did not run: \(message)"))
            case .runFinished(let outcome):
                isRunning = false
                lines.append(PlainView.lastLine(outcome, state))
            default: break
            }
        }
        let now = SuspendingClock.now
        if lines.isEmpty && isActive, let lastDrawn, now - lastDrawn < Self.redrawInterval { return }
        guard !lines.isEmpty || isActive || drawnRows > 0 else { return }
        lastDrawn = now
        draw(above: lines, since: now - clockAtEvent)
    }

    mutating func note(_ note: Note?) {
        self.note = note
        show([])
    }

    /// Whether there is something to draw that changes by itself.
    private var isActive: Bool { isRunning || note != nil }

    private var noteRow: [String] {
        guard let note else { return [] }
        let text = "  " + (note.fraction.map { Self.bar($0) + "  " } ?? "") + note.text
        return [String(Console.printable(text).prefix(console.width - 1))]
    }

    private func outputLines(_ output: JSONObject) -> [String] {
        outputs.lines(output).map { "  -> " + Console.printable($0) }
    }

    /// Rubs out what was drawn, writes what stays, and draws the rest anew.
    private mutating func draw(above lines: [String], since event: Duration) {
        var text = drawnRows > 0 ? "\u{1B}[\(drawnRows)A\u{1B}[J" : ""
        for line in lines { text += line + "\n" }
        let rows = (isRunning ? self.rows(since: event) : []) + noteRow
        for row in rows { text += row + "\n" }
        drawnRows = rows.count
        console.write(text)
    }

    private func rows(since event: Duration) -> [String] {
        let width = console.width - 1
        var rows = state.running.prefix(Self.maxRows).map { running -> String in
            var row = "  \(running.type) (\(running.node))"
            if let fraction = running.fraction { row += "  " + Self.bar(fraction) }
            if !running.phase.isEmpty { row += "  \(running.phase)" }
            row +=
                "  "
                + Self.time(running.remaining, state.now + event) {
                    Words.duration(state.now + event - running.started)
                }
            return String(Console.printable(row).prefix(width))
        }
        if state.running.count > Self.maxRows { rows.append("  ... and \(state.running.count - Self.maxRows) more") }
        let fraction = state.nodeCount > 0 ? Double(state.settledCount) / Double(state.nodeCount) : 0
        var total = "\(Self.bar(fraction))  \(state.settledCount) of \(Words.count(state.nodeCount, "node"))"
        let left = Self.time(state.remaining, state.now + event) { "" }
        if !left.isEmpty { total += "  \(left)" }
        rows.append(String(total.prefix(width)))
        return rows
    }

    /// The estimate counted down, or what `otherwise` says when there is none.
    private static func time(
        _ remaining: (value: Duration, told: Duration)?, _ now: Duration, otherwise: () -> String
    ) -> String {
        guard let remaining else { return otherwise() }
        let left = max(.zero, remaining.value - (now - remaining.told))
        return left < .milliseconds(100) ? "nearly done" : "about \(Words.duration(left)) left"
    }

    /// - Parameter fraction: 0...1; what lies beyond, and what is no number, counts as the nearer end.
    static func bar(_ fraction: Double) -> String {
        let filled = Words.whole(min(max(fraction, 0), 1) * Double(barWidth), in: 0...barWidth)
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: barWidth - filled) + "]"
    }

    private static func color(_ level: RunEvent.LogLevel) -> String {
        switch level {
        case .info: "\u{1B}[2m"
        case .warning: "\u{1B}[33m"
        case .error: "\u{1B}[31m"
        }
    }
}
