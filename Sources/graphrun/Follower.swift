internal import GraphCore
internal import Synchronization

/// Reads the log as a run writes it and hands the facts to the display.
final class Follower: Sendable {
    private let log: EventLog
    private let display: Display
    private let position = Mutex<EventLog.Position>(0)

    init(_ log: EventLog, _ display: Display) { (self.log, self.display) = (log, display) }

    /// Reads until its task is cancelled and everything has been read. Only cancelling wakes the log's reader for sure:
    /// a flag could be set between the look at it and the wait.
    func follow() async {
        while true {
            let isEmpty = readPage().isEmpty
            if isEmpty && Task.isCancelled { break }
            if isEmpty { await log.wait(after: position.withLock { $0 }) }
        }
    }

    /// Returns when everything up to `end` has been shown.
    func caughtUp(_ end: EventLog.Position) async {
        while position.withLock({ $0 }) < end { if readPage().isEmpty { break } }
    }

    private func readPage() -> [RunEvent] {
        // Held while it is shown: two readers must not show pages in the wrong order.
        position.withLock { position in
            let page = log.read(after: position)
            position = page.next
            if page.isResync { display.lost() }
            display.show(page.events)
            return page.events
        }
    }
}
