import Testing
import TestNodes

@testable import GraphCore

@Suite("An expansion")
struct ExpansionTests {
    @Test("runs in its node's place, its nodes named under it and shown as it")
    func simple() async throws {
        let events = try await TestRunner().events(
            """
            5 = CountUp from: 10 steps: 2
            6 = Show value: #5
            """)
        #expect(
            events.compactMap { TestRunner.line($0.kind) }.joined(separator: "\n") == """
                5 expands to 2
                5.0.0.1 ran
                5.0.0.2 ran
                5 ran
                6 shows [12]
                6 ran
                """)
        let displays = events.compactMap { event -> String? in
            guard case .nodeStarted(let node, _, let display, _, _) = event.kind else { return nil }
            return "\(node) as \(display)"
        }
        #expect(displays == ["5 as 5", "5.0.0.1 as 5", "5.0.0.2 as 5", "6 as 6"])
    }

    @Test("of a mapped node is made once per element")
    func mapped() async throws {
        let trace = try await TestRunner().trace(
            """
            list = Range start: 1 count: 2
            up = CountUp from: list steps: 1
            show = Show value: up
            """)
        #expect(
            trace == """
                list ran
                up expands to 2
                up.0.0.1 ran
                up.1.0.1 ran
                up ran
                show shows [2,3]
                show ran
                """)
    }

    @Test("mixes with plain answers of other elements")
    func mixed() async throws {
        let trace = try await TestRunner().trace(
            """
            steps = Range start: 0 count: 2
            up = CountUp from: 1 steps: steps
            show = Show value: up
            """)
        #expect(trace.contains("show shows [1,2]"))
    }

    @Test("may expand in turn: ComfyUI's for loop, built of nodes")
    func forLoop() async throws {
        let trace = try await TestRunner().trace(
            """
            1 = StubImage content: "BLACK" height: 8 width: 8 batch_size: 1
            2 = StubImage content: "WHITE" height: 8 width: 8 batch_size: 1
            3 = TestForLoopOpen remaining: 2 initial_value1: #2
            4 = TestVariadicAverage input1: #1 input2: #3.2
            5 = TestForLoopClose flow_control: #3 initial_value1: #4
            6 = Show value: #5
            """)
        // The ids are those of wire/ws_expansion_forloop.json.
        let ran = trace.split(separator: "\n").filter { $0.hasSuffix(" ran") }.map { $0.dropLast(4) }
        #expect(
            Set(ran) == [
                "1", "2", "3", "4", "5", "5.0.0.1", "5.0.0.2", "5.0.0.3", "5.0.0.3.0.0.3", "5.0.0.3.0.0.4",
                "5.0.0.3.0.0.5.0.0.1", "5.0.0.3.0.0.5.0.0.2", "5.0.0.3.0.0.Recurse", "6",
            ])
    }

    @Test("that loops a hundred times gives what a hundred nodes would")
    func longLoop() async throws {
        let trace = try await TestRunner().trace(
            """
            open = TestForLoopOpen remaining: 100 initial_value1: 0
            body = Add a: open.2 b: 3
            close = TestForLoopClose flow_control: open initial_value1: body
            show = Show value: close
            """)
        #expect(trace.contains("show shows [300]"))
    }

    @Test("runs only those of its nodes that are needed")
    func unneeded() async throws {
        let partly = Expand { _ in
            var graph = ExpansionGraph()
            let wanted = graph.add("Inc", [("a", .value(1.value)), ("b", .value(1.value))])
            graph.add("Inc", [("a", .value(5.value)), ("b", .value(5.value))])
            return (graph, .local(wanted, slot: 0))
        }
        let trace = try await TestRunner([partly]).trace("x = Expand\nshow = Show value: x")
        #expect(trace.contains("x.0.0.1 ran"))
        #expect(!trace.contains("x.0.0.2"))
        #expect(trace.contains("show shows [2]"))
    }

    @Test("may hand on a node of the graph outside")
    func outer() async throws {
        let pass = Expand { link in
            (ExpansionGraph(), link.map { .outer($0) } ?? .value(.literal(.null)))
        }
        let trace = try await TestRunner([pass]).trace(
            "a = Constant value: 9\nx = Expand link: a\nshow = Show value: x")
        #expect(trace.contains("show shows [9]"))
    }

    @Test("that waits for itself is blamed on the node that made it")
    func cycle() async throws {
        let selfish = Expand { _ in
            var graph = ExpansionGraph()
            let node = graph.add("Inc", [("a", .outer(Link("x", 0))), ("b", .value(1.value))])
            return (graph, .local(node, slot: 0))
        }
        let trace = try await TestRunner([selfish]).trace("x = Expand\nshow = Show value: x")
        #expect(
            trace == """
                x expands to 1
                x failed: the graph this node expanded into waits for itself: x -> x.0.0.1 -> x
                run failed
                """)
    }

    @Test("with a circle of its own is refused")
    func innerCycle() async throws {
        let circle = Expand { _ in
            var graph = ExpansionGraph()
            graph.add("Inc", id: "a", [("a", .local("b", slot: 0)), ("b", .value(1.value))])
            graph.add("Inc", id: "b", [("a", .local("a", slot: 0)), ("b", .value(1.value))])
            return (graph, .local("a", slot: 0))
        }
        let trace = try await TestRunner([circle]).trace("x = Expand")
        #expect(
            trace == """
                x failed: the graph this node expanded into has a circle among its nodes a, b
                run failed
                """)
    }

    @Test(
        "that is wrong fails its node with a reason",
        arguments: [
            ("Inq", "1", "the expansion has a node of unknown type 'Inq'"),
            ("Inc", "missing", "the expansion links to 'missing', which it does not have"),
        ])
    func wrong(type: String, source: String, message: String) async throws {
        let expand = Expand { _ in
            var graph = ExpansionGraph()
            graph.add("Constant", id: "1", [("value", .value(1.value))])
            graph.add(type, id: "2", [("a", .local(source, slot: 0)), ("b", .value(1.value))])
            return (graph, .local("2", slot: 0))
        }
        let trace = try await TestRunner([expand]).trace("x = Expand")
        #expect(trace == "x failed: \(message)\nrun failed")
    }

    @Test("holds no permit while it is awaited")
    func permit() async throws {
        // One core: a parent that kept its permit would never see its children run.
        let trace = try await TestRunner(cores: 1).trace("up = CountUp from: 1 steps: 50\nshow = Show value: up")
        #expect(trace.contains("show shows [51]"))
    }
}
