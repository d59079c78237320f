internal import HTTP

/// How long a lost connection is tried again: after 0.2 s, then twice as long each time up to 5 s.
struct Backoff {
    private static let first = Duration.milliseconds(200)
    private static let longest = Duration.seconds(5)

    private var pause = first
    private var since: ContinuousClock.Instant?

    /// - Parameter limit: of failing in a row.
    /// - Returns: how long to wait before the next attempt; nil when it is over.
    mutating func next(limit: Duration) -> Duration? {
        let now = ContinuousClock.now
        let start = since ?? now
        since = start
        guard now - start < limit else { return nil }
        defer { pause = min(pause * 2, Self.longest) }
        return min(pause, limit - (now - start))
    }

    mutating func succeeded() { self = Backoff() }
}

extension HTTPClientError {
    /// Whether the same may well succeed later.
    var isPassing: Bool {
        switch kind {
        case .unreachable, .timedOut, .interrupted, .closed: true
        case .refused: response.map { [429, 502, 503, 504].contains($0.status) } ?? true
        case .invalidRequest, .insecure, .tooLarge, .tooManyRedirects, .file, .damaged, .cancelled: false
        }
    }
}
