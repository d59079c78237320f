@testable import GraphServer

/// Runs a blocking test against a server in this process, whose options can be any. It is stopped at the end.
func withListeningPlace(
    _ set: @escaping (inout ServerOptions) -> Void = { _ in },
    _ body: @escaping @Sendable (TestPlace, Endpoint) async throws -> Void
) async throws {
    let place = try TestPlace { options, _ in set(&options) }
    let endpoint = Endpoint(port: try place.server.listen())
    do {
        try await onThread { try await body(place, endpoint) }
    } catch {
        await place.server.stop(grace: .zero)
        throw error
    }
    await place.server.stop(grace: .zero)
}
