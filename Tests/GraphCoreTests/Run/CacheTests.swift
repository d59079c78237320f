import Synchronization
import Testing
import TestNodes

@testable import GraphCore

@Suite("The cache")
struct CacheTests {
    private let graph = """
        a = Constant value: 1
        b = Add a: a b: 10
        show = Show value: b
        """

    @Test("gives back everything that has not changed, and shows it again")
    func unchanged() async throws {
        let runner = TestRunner()
        _ = try await runner.trace(graph)
        #expect(
            try await runner.trace(graph) == """
                a cached
                b cached
                show cached
                show shows [11]
                """)
    }

    @Test("runs what changed and what depends on it, and says why")
    func changed() async throws {
        let runner = TestRunner()
        _ = try await runner.events(graph)
        let events = try await runner.events(graph.replacing("10", with: "20"))
        let reasons = events.compactMap { event -> String? in
            guard case .nodeStarted(let node, _, _, _, let reason) = event.kind else { return nil }
            return "\(node): \(reason.text)"
        }
        #expect(reasons == ["b: input 'b' changed", "show: input 'value' changed"])
    }

    @Test("says 'never ran' the first time")
    func first() async throws {
        let events = try await TestRunner().events("a = Constant value: 1")
        guard case .nodeStarted(_, _, _, _, let reason)? = events.first(where: { $0.kind.node != nil })?.kind else {
            Issue.record("nothing started")
            return
        }
        #expect(reason == .neverRan)
    }

    @Test("does not care what nodes are called")
    func renamed() async throws {
        let runner = TestRunner()
        _ = try await runner.trace(graph)
        let trace = try await runner.trace("x = Constant value: 1\ny = Add b: 10 a: x\nz = Show value: y")
        #expect(trace == "x cached\ny cached\nz cached\nz shows [11]")
    }

    @Test("tells 5 from 5.0")
    func literalTypes() async throws {
        let runner = TestRunner()
        _ = try await runner.trace("a = Constant value: 5")
        #expect(try await runner.trace("a = Constant value: 5.0") == "a ran")
        _ = try await runner.trace("a = Constant value: 0.0")
        #expect(try await runner.trace("a = Constant value: -0.0") == "a ran")
    }

    @Test("tells texts apart that look alike but are written otherwise")
    func unicode() async throws {
        let runner = TestRunner()
        _ = try await runner.trace(#"a = Constant value: "\u00e9""#)
        #expect(try await runner.trace(#"a = Constant value: "e\u0301""#) == "a ran")
    }

    @Test("takes a converted literal for what it was converted to")
    func converted() async throws {
        let runner = TestRunner()
        _ = try await runner.trace("a = Add a: 5")
        #expect(try await runner.trace("a = Add a: \"5\"") == "a cached")
    }

    @Test("runs two equal nodes of one prompt once, and both report")
    func twins() async throws {
        let trace = try await TestRunner().trace(
            """
            a = Constant value: 1
            left = Add a: a b: 2
            right = Add b: 2 a: a
            both = Add a: left b: right
            show = Show value: both
            """)
        #expect(
            trace == """
                a ran
                left ran
                right cached
                both ran
                show shows [6]
                show ran
                """)
    }

    @Test("never takes one node for another that knows its own id")
    func identity() async throws {
        let trace = try await TestRunner().trace(
            "a = Identity\nb = Identity\nshow = Show value: b", run: ["a", "show"])
        #expect(trace == "a ran\nb ran\nshow shows [\"b\"]\nshow ran")
    }

    @Test("follows a change token")
    func token() async throws {
        let content = Box(ChangeToken.token("one"))
        let runner = TestRunner([Watch { content.value }])
        _ = try await runner.trace("w = Watch name: \"f\"")
        #expect(try await runner.trace("w = Watch name: \"f\"") == "w cached")
        content.value = .token("two")
        let events = try await runner.events("w = Watch name: \"f\"")
        #expect(events.contains { if case .nodeStarted(_, _, _, _, .contentChanged) = $0.kind { true } else { false } })
        content.value = .always
        #expect(try await runner.trace("w = Watch name: \"f\"") == "w ran")
        let last = try await runner.events("w = Watch name: \"f\"")
        #expect(last.contains { if case .nodeStarted(_, _, _, _, .notCacheable) = $0.kind { true } else { false } })
    }

    @Test("classic keeps the last run only")
    func classic() async throws {
        let runner = TestRunner()
        _ = try await runner.trace("a = Constant value: 1")
        _ = try await runner.trace("a = Constant value: 2")
        #expect(try await runner.trace("a = Constant value: 1") == "a ran")
    }

    @Test("lru keeps the results used last, however many runs ago")
    func lru() async throws {
        let runner = TestRunner(cache: .lru(count: 2))
        for value in [1, 2, 1, 3] { _ = try await runner.trace("a = Constant value: \(value)") }
        #expect(try await runner.trace("a = Constant value: 1") == "a cached")
        #expect(try await runner.trace("a = Constant value: 2") == "a ran")
    }

    @Test("ram keeps as much as fits")
    func ram() async throws {
        let big = "a = StubImage content: \"WHITE\" height: 100 width: 100 batch_size: 1\nshow = Show value: a"
        let small = TestRunner(cache: .ram(byteCount: 1000))
        _ = try await small.trace(big)
        #expect(try await small.trace(big) == "show cached\nshow shows [\"an object\"]")
        let large = TestRunner(cache: .ram(byteCount: 1_000_000))
        _ = try await large.trace(big)
        #expect(try await large.trace(big).contains("a cached"))
    }

    @Test("none keeps nothing, and lets results go as soon as nobody needs them")
    func none() async throws {
        let runner = TestRunner(cache: .none)
        _ = try await runner.trace(graph)
        #expect(try await runner.trace(graph) == "a ran\nb ran\nshow shows [11]\nshow ran")
        #expect(runner.engine.cache.statistics.signatureCount == 0)
    }

    @Test("a changed lazy branch that is not taken runs the node again, its taken branch not")
    func lazyBranch() async throws {
        let runner = TestRunner()
        let text = "a = Add a: 1\nb = Add a: 2\npick = Switch flag: true yes: a no: b"
        _ = try await runner.trace(text)
        #expect(
            try await runner.trace(text.replacing("a: 2", with: "a: 3")) == """
                a cached
                pick asks for yes
                pick ran
                """)
    }

    @Test("keeps what finished before another node failed")
    func failure() async throws {
        let runner = TestRunner()
        let text = "a = Constant value: 1\nb = Fail after: a\nshow = Show value: b"
        _ = try await runner.trace(text)
        #expect(try await runner.trace(text).hasPrefix("a cached\nb failed"))
    }

    @Test("interned signatures die with the results that use them")
    func interning() async throws {
        let runner = TestRunner()
        for value in 0..<50 { _ = try await runner.trace("a = Constant value: \(value)\nb = Show value: a") }
        let statistics = runner.engine.cache.statistics
        #expect(statistics.entryCount == 2)
        #expect(statistics.signatureCount == 2)
    }

    @Test("costs no more than the graph is long, where ComfyUI's grows with its square")
    func linear() async throws {
        // Every node has two links to the one before: spelt-out ancestors would double with each.
        let lines = (1...2000).map { "n\($0) = Add a: n\($0 - 1) b: n\($0 - 1)" }
        let runner = TestRunner()
        _ = try await runner.trace("n0 = Constant value: 0\n" + lines.joined(separator: "\n"))
        #expect(runner.engine.cache.statistics.signatureCount == 2001)
    }

    @Test("that is cleared has forgotten the last run, too")
    func cleared() async throws {
        let runner = TestRunner()
        let text = "a = Constant value: 1\nb = Show value: a"
        _ = try await runner.events(text)
        runner.engine.clearCache()
        let statistics = runner.engine.cache.statistics
        #expect((statistics.entryCount, statistics.signatureCount) == (0, 0))
        let reasons = try await runner.events(text).compactMap { event -> RunEvent.Reason? in
            if case .nodeStarted(_, _, _, _, let reason) = event.kind { reason } else { nil }
        }
        #expect(reasons == [.neverRan, .neverRan])
    }
}

/// A value that a test changes between runs.
final class Box<Value: Sendable>: Sendable {
    fileprivate let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

extension Box<Int> {
    func increment() -> Int {
        state.withLock { count in
            count += 1
            return count
        }
    }
}
