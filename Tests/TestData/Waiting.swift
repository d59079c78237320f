/// Waits until `isSo`, at most for a minute: a test that waits for what never comes would hold up all others, and no
/// output would say which one it is.
/// - Throws: also when the task is cancelled.
public func waits(
    _ what: String, within limit: Duration = .seconds(60), isolation: isolated (any Actor)? = #isolation,
    until isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while !(try await isSo()) {
        guard ContinuousClock.now < end else { throw Child.Failure(description: "waited in vain: \(what)") }
        try await Task.sleep(for: .milliseconds(1))
    }
}
