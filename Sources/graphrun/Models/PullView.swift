internal import Foundation
internal import GraphCore
internal import HTTP
internal import Synchronization

/// How far a download is: a line drawn anew in place at a terminal, a line now and then elsewhere.
final class PullView: Sendable {
    private struct State {
        var first: (byteCount: Int, time: ContinuousClock.Instant)?
        var lastShown: ContinuousClock.Instant?
        /// Of the whole, told in lines.
        var tenth = 0
        var isDrawn = false
    }

    private let name: String
    private let console: Console
    private let isLive: Bool
    private let state = Mutex(State())

    private static let liveInterval = Duration.milliseconds(100)
    /// Where nobody knows what a tenth is.
    private static let plainInterval = Duration.seconds(10)

    init(_ name: String, _ console: Console) { (self.name, self.console, isLive) = (name, console, console.isTerminal) }

    func show(_ progress: FileDownload.Progress) {
        let line: String? = state.withLock { state in
            let now = ContinuousClock.now
            guard let first = state.first else {
                state.first = (progress.receivedByteCount, now)
                state.lastShown = now
                return nil
            }
            if isLive, let last = state.lastShown, now - last < Self.liveInterval { return nil }
            if !isLive && !Self.isWorthLine(progress, &state, now) { return nil }
            state.lastShown = now
            let seconds = (now - first.time).seconds
            let moved = progress.receivedByteCount - first.byteCount
            return Self.words(progress, perSecond: seconds > 0.2 ? Double(moved) / seconds : nil)
        }
        guard let line else { return }
        if isLive { draw(line, progress) } else { console.output("  " + line) }
    }

    /// Says something that stays.
    func say(_ text: String) {
        end()
        console.output("  " + text)
    }

    /// Rubs out what does not stay.
    func end() {
        let wasDrawn = state.withLock { state in
            defer { state.isDrawn = false }
            return state.isDrawn
        }
        if wasDrawn { console.write("\r\u{1B}[K") }
    }

    /// Lines that stay come with every tenth, but for the last, which the end says.
    private static func isWorthLine(
        _ progress: FileDownload.Progress, _ state: inout State, _ now: ContinuousClock.Instant
    ) -> Bool {
        guard let byteCount = progress.byteCount, byteCount > 0 else {
            return state.lastShown.map { now - $0 >= plainInterval } ?? true
        }
        let share = Double(progress.receivedByteCount) / Double(byteCount)
        let tenth = Words.whole((share * 10).rounded(.down), in: 0...10)
        defer { state.tenth = max(state.tenth, tenth) }
        return tenth > state.tenth && tenth < 10
    }

    private func draw(_ line: String, _ progress: FileDownload.Progress) {
        let bar = progress.byteCount.map {
            LiveView.bar(Double(progress.receivedByteCount) / Double(max($0, 1))) + "  "
        }
        state.withLock { $0.isDrawn = true }
        console.write("\r\u{1B}[K" + String(("  " + (bar ?? "") + line).prefix(console.width - 1)))
    }

    /// `120 MB of 912 MB, 11 MB/s, about 1 min 12 s left`
    static func words(_ progress: FileDownload.Progress, perSecond rate: Double?) -> String {
        var text = Words.byteCount(progress.receivedByteCount)
        if let byteCount = progress.byteCount { text += " of \(Words.byteCount(byteCount))" }
        guard let rate, rate >= 1 else { return text }
        text += ", \(Words.byteCount(Words.whole(rate.rounded(.down))))/s"
        if let byteCount = progress.byteCount, byteCount > progress.receivedByteCount {
            let left = Double(byteCount - progress.receivedByteCount) / rate
            text += ", about \(Words.duration(.seconds(min(left, 1e6)))) left"
        }
        return text
    }
}
