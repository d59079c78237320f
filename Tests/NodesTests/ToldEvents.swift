import GraphCore
import TestData

extension EventLog {
    /// Waits until something has been told that `isIt`, from the log's beginning on.
    func told(_ isIt: (RunEvent.Kind) -> Bool) async throws {
        var position: Position = 0
        try await waits("an event of the run") {
            let page = read(after: position)
            position = page.next
            return page.events.contains { isIt($0.kind) }
        }
    }
}
