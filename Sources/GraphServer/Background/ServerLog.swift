internal import Foundation
internal import Synchronization

/// What the server has to say to whoever runs it: to standard error, and the newest lines for `/internal/logs`.
final class ServerLog: Sendable {
    struct Line: Sendable {
        /// Seconds since 1970.
        let time: Double
        let text: String
    }

    private struct State {
        var lines = Ring<Line>()
    }

    static let maxLineCount = 300
    private let state = Mutex(State())
    private let write: @Sendable (String) -> Void

    init(write: @escaping @Sendable (String) -> Void) { self.write = write }

    func say(_ text: String) {
        let line = Line(time: Date().timeIntervalSince1970, text: text)
        state.withLock { state in
            state.lines.append(line)
            if state.lines.end - state.lines.start > Self.maxLineCount { state.lines.removeFirst() }
        }
        write(text)
    }

    var lines: [Line] {
        state.withLock { state in (state.lines.start..<state.lines.end).compactMap { state.lines[$0] } }
    }
}
