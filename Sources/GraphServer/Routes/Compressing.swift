internal import HTTP

extension Route {
    /// Large JSON goes compressed to those who ask for it. Half a millisecond is spent on the connection's loop, never
    /// more.
    var compressing: Route {
        guard case .whole(let limit, let handle) = handler else { return self }
        return with(
            .whole(maxByteCount: limit) { request in
                switch try handle(request) {
                case .now(let response):
                    guard case .bytes(let bytes) = response.body, bytes.count > Self.inlineByteCount else {
                        return .now(response.gzipped(for: request))
                    }
                    return .later { response.gzipped(for: request) }
                case .later(let work): return .later { await work().gzipped(for: request) }
                case .webSocket(let session): return .webSocket(session)
                }
            })
    }

    private static let inlineByteCount = 48 << 10
}
