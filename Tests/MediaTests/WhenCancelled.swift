/// Calls `body` in a task that is cancelled already.
func whenCancelled<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    let task = Task {
        while !Task.isCancelled { await Task.yield() }
        return try body()
    }
    task.cancel()
    return try await task.value
}
