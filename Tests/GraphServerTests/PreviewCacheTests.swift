import Dispatch
import HTTP
import Media
import Synchronization
import TestData
import Testing

@testable import GraphServer

@Suite("Previews", .timeLimit(.minutes(1)))
struct PreviewCacheTests {
    private let cache = PreviewCache(lane: BlockingPool(width: 1))
    private let makeCount = Counter()

    private final class Counter: Sendable {
        let count = Atomic(0)
        var value: Int { count.load(ordering: .relaxed) }
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
    }

    private func key(_ file: String, _ form: String = "webp") throws -> PreviewCache.Key {
        PreviewCache.Key(file: file, form: try #require(PicturePreview(preview: form, channel: nil)))
    }

    private static func made(_ byteCount: Int = 10) -> PreviewCache.Preview {
        PreviewCache.Preview(bytes: [UInt8](repeating: 7, count: byteCount), contentType: "image/webp")
    }

    /// Asks for a preview whose making takes until `gate` opens.
    private func ask(
        _ key: PreviewCache.Key, pixelCount: Int = 1, byteCount: Int = 10, gate: DispatchSemaphore? = nil
    ) async throws -> PreviewCache.Preview {
        try await cache.preview(key, pixelCount: pixelCount) { [makeCount] in
            makeCount.add()
            gate?.wait()
            return Self.made(byteCount)
        }
    }

    private func untilWaiting(_ count: Int) async throws {
        try await waits("\(count) wait") { cache.waiterCount >= count }
    }

    @Test("are made once for all who ask at the same time, and again for none who ask later")
    func shared() async throws {
        let (gate, key) = (DispatchSemaphore(value: 0), try key("a"))
        let all = Task {
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 { group.addTask { try await ask(key, gate: gate) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        try await untilWaiting(20)
        gate.signal()
        #expect(try await all.value == Array(repeating: Self.made(), count: 20))
        #expect(try await ask(key) == Self.made())
        #expect(makeCount.value == 1)
        _ = try await ask(try self.key("a", "jpeg"))
        _ = try await ask(try self.key("b"))
        #expect(makeCount.value == 3)
    }

    @Test("are refused when too many pixels wait, and made again when they are done")
    func full() async throws {
        let gate = DispatchSemaphore(value: 0)
        let (first, second, other) = (try key("a"), try key("b"), try key("c"))
        let one = Task { try await ask(first, pixelCount: 300_000_000, gate: gate) }
        try await untilWaiting(1)
        let two = Task { try await ask(second, pixelCount: 100_000_000) }
        try await untilWaiting(2)
        await #expect(
            throws: HTTPProblem(
                429, "too many previews are being made", suggestion: "Ask again in a few seconds.",
                headers: ["Retry-After": "3"])
        ) { try await ask(other) }
        gate.signal()
        _ = try await (one.value, two.value)
        #expect(try await ask(other) == Self.made())
    }

    @Test("are made of one picture of any size")
    func huge() async throws { #expect(try await ask(try key("a"), pixelCount: .max) == Self.made()) }

    @Test("that nobody waits for any more are not made")
    func abandoned() async throws {
        let gate = DispatchSemaphore(value: 0)
        let (first, second) = (try key("a"), try key("b"))
        let one = Task { try await ask(first, gate: gate) }
        try await untilWaiting(1)
        let two = Task { try await ask(second) }
        try await untilWaiting(2)
        two.cancel()
        await #expect(throws: CancellationError.self) { try await two.value }
        gate.signal()
        _ = try await one.value
        // Its turn comes behind the one that was dropped.
        _ = try await ask(try key("c"))
        #expect(makeCount.value == 2)
    }

    @Test("are kept up to a number of bytes, the oldest go first, and a failure is kept for nobody")
    func bounded() async throws {
        for number in 0..<20 { _ = try await ask(try key("\(number)"), byteCount: 4 << 20) }
        #expect(cache.byteCount == PreviewCache.maxByteCount)
        _ = try await ask(try key("19"))
        #expect(makeCount.value == 20)
        _ = try await ask(try key("0"))
        #expect(makeCount.value == 21)
        cache.clear()
        #expect(cache.byteCount == 0)
        let key = try key("bad")
        for _ in 0..<2 {
            await #expect(throws: CodecError("bad")) {
                try await cache.preview(key, pixelCount: 1) { [makeCount] in
                    makeCount.add()
                    throw CodecError("bad")
                }
            }
        }
        #expect(makeCount.value == 23)
    }
}
