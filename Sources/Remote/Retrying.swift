internal import GraphCore
internal import HTTP

/// When a request is tried again, and after which wait.
///
/// Tried again: 429, 502, 503 and 504, a host that cannot be reached, and a connection that broke before the first byte of
/// an answer came. The last may mean that the server did the work and the answer was lost; making a sound or a picture
/// once more costs time and changes nothing, so the request goes out again. Nothing else is: any other answer would come
/// again, and an answer that broke half-way cannot be put together from two.
struct Retrying: Sendable {
    static let statuses: Set<Int> = [429, 502, 503, 504]
    static let maxTryCount = 5
    /// The first wait lasts up to this, each further one up to twice as long as the one before.
    static let base = Duration.milliseconds(500)
    static let longestWait = Duration.seconds(30)
    /// What a server may ask for; beyond that it is asked again all the same.
    static let longestNamedWait = Duration.seconds(120)

    /// Exponential backoff with full jitter: callers that were refused together do not come back together.
    /// - Parameters:
    ///   - failedCount: tries so far, at least 1.
    ///   - random: 0 ..< 1.
    static func wait(failedCount: Int, random: Double) -> Duration {
        let doubled = base * (1 << min(max(failedCount - 1, 0), 10))
        return min(longestWait, doubled) * random
    }

    /// What Retry-After asks for: seconds, or a date (RFC 9110 section 10.2.3). Nil for anything else.
    static func named(_ field: String?, secondsSince1970: Int) -> Duration? {
        guard let field else { return nil }
        if !field.isEmpty, field.utf8.count <= 9, field.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            return Int(field).map { min(longestNamedWait, .seconds($0)) }
        }
        return HTTPDate.parse(field).map { date in
            let (wait, isBeyond) = date.subtractingReportingOverflow(secondsSince1970)
            return isBeyond
                ? (secondsSince1970 < 0 ? longestNamedWait : .zero) : min(longestNamedWait, max(.zero, .seconds(wait)))
        }
    }
}

extension Duration {
    /// For people: `4 s`, `0.3 s`, `10 min`.
    var words: String {
        let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
        if seconds >= 120, seconds.truncatingRemainder(dividingBy: 60) == 0 {
            return "\(Int(clamping: seconds / 60)) min"
        }
        if seconds >= 9.95 || seconds == seconds.rounded() { return "\(Int(clamping: seconds.rounded())) s" }
        return "\((seconds * 10).rounded() / 10) s"
    }
}
