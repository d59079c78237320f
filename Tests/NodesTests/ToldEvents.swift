import GraphCore

extension EventLog {
    /// Waits until something has been told that `isIt`, from the log's beginning on; at most until the test is cancelled.
    func told(_ isIt: (RunEvent.Kind) -> Bool) async {
        var position: Position = 0
        while !Task.isCancelled {
            let page = read(after: position)
            if page.events.contains(where: { isIt($0.kind) }) { return }
            position = page.next
            await wait(after: position)
        }
    }
}
