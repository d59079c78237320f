import Testing
import TestNodes

@testable import GraphCore

@Suite("A blocker")
struct BlockerTests {
    @Test("stops everything behind it, silently")
    func silent() async throws {
        let trace = try await TestRunner().trace(
            """
            gate = Gate value: 1 open: false
            next = Add a: gate
            show = Show value: next
            """)
        #expect(
            trace == """
                gate ran
                next blocked
                show blocked
                """)
    }

    @Test("with a message tells it once, at the first node it stops")
    func told() async throws {
        let trace = try await TestRunner().trace(
            """
            1 = Constant value: 1
            2 = TestExecutionBlocker input: #1 block: true verbose: true
            3 = Add a: #2
            4 = Show value: #3
            """)
        #expect(
            trace == """
                1 ran
                2 ran
                3 blocked: Blocked Execution
                4 blocked
                """)
    }

    @Test("leaves other branches alone")
    func branches() async throws {
        let trace = try await TestRunner().trace(
            """
            gate = Gate value: 1 open: false
            stopped = Show value: gate
            free = Show value: 2
            """, run: ["stopped", "free"])
        #expect(trace.contains("free shows [2]"))
        #expect(trace.contains("stopped blocked"))
    }

    @Test("behind a lazy input that is never asked for stops nothing")
    func lazy() async throws {
        let trace = try await TestRunner().trace(
            """
            gate = Gate value: 1 open: false
            pick = Switch flag: true yes: 5 no: gate
            show = Show value: pick
            """)
        #expect(trace.contains("show shows [5]"))
    }
}
