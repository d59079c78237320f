import Testing
import TestNodes

@testable import GraphCore

@Suite("A list")
struct ListTests {
    @Test("calls the next node once per element, in order")
    func mapped() async throws {
        let trace = try await TestRunner().trace(
            """
            list = Range start: 1 count: 3
            plus = Add a: list b: 10
            show = Show value: plus
            """)
        #expect(
            trace == """
                list ran
                plus ran
                show shows [11,12,13]
                show ran
                """)
    }

    @Test("that is shorter repeats its last element")
    func shorter() async throws {
        let trace = try await TestRunner().trace(
            """
            long = Range start: 1 count: 4
            short = Range start: 100 count: 2
            sum = Add a: long b: short
            show = Show value: sum
            """)
        #expect(trace.contains("show shows [101,103,104,105]"))
    }

    @Test("reaches a node that takes lists as one list")
    func takenWhole() async throws {
        let trace = try await TestRunner().trace(
            """
            list = Range start: 1 count: 4
            sum = Total values: list
            show = Show value: sum
            """)
        #expect(trace.contains("show shows [10]"))
    }

    @Test("without elements calls nobody")
    func empty() async throws {
        let trace = try await TestRunner().trace(
            """
            list = Range start: 1 count: 0
            plus = Add a: list b: 10
            sum = Total values: plus
            show = Show value: sum
            """)
        #expect(trace.contains("show shows [0]"))
    }

    @Test("made of variadic inputs keeps their order")
    func variadic() async throws {
        let trace = try await TestRunner().trace(
            """
            a = Constant value: 3
            b = Constant value: 4
            list = TestMakeListNode value1: a value2: b
            show = Show value: list
            """)
        #expect(trace.contains("show shows [3,4]"))
    }

    @Test("with a blocked element stops only that element's calls")
    func blockedElement() async throws {
        let trace = try await TestRunner().trace(
            """
            yes = Constant value: true
            no = Constant value: false
            flags = TestMakeListNode value1: yes value2: no value3: yes
            list = Range start: 3 count: 3
            gate = Gate value: list open: flags
            plus = Add a: gate b: 10
            show = Show value: plus
            """)
        #expect(trace.contains("show shows [13,15]"))
    }
}
