internal import GraphCore
internal import Glibc

/// The clock, the waiting and the dice of calls to servers: real ones, or a test's.
public struct Pacing: Sendable {
    /// Monotonic.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// Seconds since 1970, for dates that servers name.
    public var secondsSince1970: @Sendable () -> Int
    /// Throws when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// 0 ..< 1.
    public var random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant, secondsSince1970: @escaping @Sendable () -> Int,
        sleep: @escaping @Sendable (Duration) async throws -> Void, random: @escaping @Sendable () -> Double
    ) {
        (self.now, self.secondsSince1970, self.sleep, self.random) = (now, secondsSince1970, sleep, random)
    }

    public static let real = Pacing(
        now: { .now }, secondsSince1970: { Int(time(nil)) }, sleep: { try await Task.sleep(for: $0) },
        random: { .random(in: 0..<1) })
}
