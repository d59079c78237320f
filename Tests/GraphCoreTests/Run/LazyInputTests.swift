import Testing
import TestNodes

@testable import GraphCore

@Suite("A lazy input")
struct LazyInputTests {
    @Test("is never computed when the node does not ask for it")
    func unused() async throws {
        let trace = try await TestRunner().trace(
            """
            flag = Constant value: true
            left = Constant value: 1
            right = Fail
            pick = Switch flag: flag yes: left no: right
            """)
        #expect(
            trace == """
                flag ran
                pick asks for yes
                left ran
                pick ran
                """)
    }

    @Test("is asked for again as others become known")
    func oneAfterTheOther() async throws {
        let trace = try await TestRunner().trace(
            """
            a = Constant value: 0
            b = Constant value: 7
            c = Fail
            pick = FirstNonZero a: a b: b c: c
            show = Show value: pick
            """)
        #expect(
            trace == """
                pick asks for a
                a ran
                pick asks for b
                b ran
                pick ran
                show shows [7]
                show ran
                """)
    }

    @Test("that another node needs anyway is there without being computed twice")
    func sharedWithStrong() async throws {
        let trace = try await TestRunner().trace(
            """
            flag = Constant value: true
            left = Add a: 1
            sum = Add a: left b: 1
            pick = Switch flag: flag yes: left no: 3
            both = Add a: sum b: pick
            """)
        #expect(trace.split(separator: "\n").count { $0 == "left ran" } == 1)
        #expect(trace.hasSuffix("both ran"))
    }

    @Test("brings in what lies behind it")
    func closure() async throws {
        let trace = try await TestRunner().trace(
            """
            flag = Constant value: false
            one = Constant value: 1
            two = Add a: one b: 1
            unused = Fail
            pick = Switch flag: flag yes: unused no: two
            """)
        #expect(
            trace == """
                flag ran
                pick asks for no
                one ran
                two ran
                pick ran
                """)
    }

    @Test("with a literal needs no asking")
    func literal() async throws {
        let trace = try await TestRunner().trace("pick = Switch flag: true yes: 5 no: 6")
        #expect(trace == "pick ran")
    }

    @Test("of ComfyUI's mixing node follows its mask")
    func comfyUI() async throws {
        let trace = try await TestRunner().trace(
            """
            1 = StubImage content: "BLACK" height: 8 width: 8 batch_size: 1
            2 = StubImage content: "WHITE" height: 8 width: 8 batch_size: 1
            3 = StubMask value: 0.0 height: 8 width: 8 batch_size: 1
            4 = TestLazyMixImages image1: #1 image2: #2 mask: #3
            5 = Show value: #4
            """)
        #expect(
            trace == """
                3 ran
                4 asks for image1
                1 ran
                4 ran
                5 shows ["an object"]
                5 ran
                """)
    }
}
