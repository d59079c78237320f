import Testing
import TestNodes

@testable import GraphCore

@Suite("A node that fails")
struct FailureTests {
    @Test("ends the run, and what it said is kept with its suggestion")
    func ends() async throws {
        let runner = TestRunner()
        let graph = try TextGraph("a = Constant value: 1\nb = Fail after: a\nc = Show value: b")
        let result = await runner.engine.run(
            try runner.plan(graph.workflow, run: ["c"]), of: graph.workflow, id: "r")
        #expect(result.outcome == .failed)
        #expect(result.failure?.node == "b")
        #expect(result.failure?.text == "failed on purpose\n  Expect it.")
    }

    @Test("that throws something of its own is told with its type")
    func foreignError() async throws {
        let trace = try await TestRunner().trace("a = TestSyncError value: 1\nb = Show value: a")
        #expect(trace == "a failed: TestSyncError failed: Intentional sync execution error for testing\nrun failed")
    }

    @Test("lets nothing new start")
    func nothingNew() async throws {
        let trace = try await TestRunner().trace(
            "bad = Fail\nother = Constant value: 1\nlater = Show value: other", run: ["bad", "later"])
        #expect(trace == "bad failed: failed on purpose\nrun failed")
    }

    @Test("interrupts its running siblings, and alone is blamed")
    func siblings() async throws {
        let isSleeping = Signal()
        let sleeper = Custom("Sleeper") { _, context in
            await isSleeping.fire()
            try await Task.sleep(for: .seconds(60))
            return [Custom.output(.literal(.null))]
        }
        let failer = Custom("Failer") { _, _ in
            await isSleeping.wait()
            throw Diagnostic(.nodeFailed, node: nil, "now")
        }
        let trace = try await TestRunner([sleeper, failer], cores: 2).trace(
            "s = Sleeper\nf = Failer", run: ["s", "f"])
        #expect(trace == "f failed: now\ns interrupted\nrun failed")
    }

    @Test("with keep-going stops only what depends on it")
    func keepGoing() async throws {
        let trace = try await TestRunner().trace(
            """
            bad = Fail
            after = Add a: bad
            lost = Show value: after
            good = Constant value: 1
            kept = Show value: good
            """, run: ["lost", "kept"], keepsGoing: true)
        #expect(
            trace == """
                bad failed: failed on purpose
                after blocked: node bad did not give its result
                lost blocked: node after did not give its result
                good ran
                kept shows [1]
                kept ran
                run failed
                """)
    }

    @Test("behind a lazy input fails only who asks for it")
    func lazy() async throws {
        let trace = try await TestRunner().trace(
            """
            bad = Fail
            pick = Switch flag: true yes: bad no: 1
            lost = Show value: pick
            other = Switch flag: false yes: bad no: 1
            kept = Show value: other
            """, run: ["lost", "kept"], keepsGoing: true)
        #expect(trace.contains("kept shows [1]"))
        #expect(trace.contains("lost blocked: node pick did not give its result"))
    }

    @Test("inside an expansion takes its parent with it when the run keeps going")
    func expansion() async throws {
        let expand = Expand { _ in
            var graph = ExpansionGraph()
            graph.add("Fail", id: "1")
            return (graph, .local("1", slot: 0))
        }
        let trace = try await TestRunner([expand]).trace(
            "x = Expand\nlost = Show value: x\nkept = Show value: 2", run: ["lost", "kept"], keepsGoing: true)
        #expect(trace.contains("x.0.0.1 failed: failed on purpose"))
        #expect(trace.contains("x blocked: node x.0.0.1 did not give its result"))
        #expect(trace.contains("kept shows [2]"))
    }
}

/// Lets one task wait for another.
actor Signal {
    private var isFired = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func fire() {
        isFired = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    func wait() async {
        if isFired { return }
        await withCheckedContinuation { waiting.append($0) }
    }
}
