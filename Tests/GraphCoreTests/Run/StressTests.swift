import Synchronization
import TestData
import Testing
import TestNodes

@testable import GraphCore

/// Whether a number is odd: makes lists of flags.
private struct Odd: Node {
    static let a = Input<Int>("a")
    static let output = Output<Bool>("value")
    let schema = NodeSchema(
        type: "Odd", category: "Testing/Small", inputs: [a], outputs: [output], isOutput: true, resource: .gpu)
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.output(try inputs[Self.a] & 1 == 1)]
    }
}

/// The number modulo five, after a pause.
private struct Small: Node {
    static let a = Input<Int>("a")
    static let output = Output<Int>("value")
    let schema = NodeSchema(
        type: "Small", category: "Testing/Small", inputs: [a], outputs: [output], isOutput: true, resource: .network)
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        await Task.yield()
        return [Self.output(try inputs[Self.a] % 5)]
    }
}

/// Adds `depth`, `depth - 1`... 1 by expansions inside expansions.
private struct Nest: Node {
    static let a = Input<Int>("a")
    static let depth = Input<Int>("depth")
    static let output = Output<Int>("value")
    let schema = NodeSchema(
        type: "Nest", category: "Testing/Small", inputs: [a, depth], outputs: [output], isOutput: true, mayExpand: true)
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (a, depth) = (try inputs[Self.a], try inputs[Self.depth])
        if depth <= 0 { return [Self.output(a)] }
        var graph = ExpansionGraph()
        let up = graph.add("CountUp", [("from", .value(a.value)), ("steps", .value(depth.value))])
        let next = graph.add("Nest", [("a", .local(up, slot: 0)), ("depth", .value((depth - 1).value))])
        return [Self.output.from(.local(next, slot: 0)), .expansion(graph)]
    }
}

/// Adds one to what it only knows the link of.
private struct Outer: Node {
    static let a = Input<Link>.raw("a")
    static let output = Output<Value>("value")
    let schema = NodeSchema(
        type: "Outer", category: "Testing/Small", inputs: [a], outputs: [output], isOutput: true, mayExpand: true)
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        var graph = ExpansionGraph()
        let next = graph.add("Inc", [("a", .outer(try inputs[Self.a])), ("b", .value(1.value))])
        return [Self.output.from(.local(next, slot: 0)), .expansion(graph)]
    }
}

private let stressNodes: [any Node] = [FailIfSeven(), Odd(), Small(), Nest(), Outer()]

/// As `RandomGraph`, with lists of flags, lazy lists, linked step counts, nested expansions and told blocks; every
/// target is shown.
private struct WildGraph {
    let workflow: Workflow
    let targets: [NodeID]
    let shows: [NodeID]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 77_777)
        var ints: [String] = []
        var smalls: [String] = []
        var flags: [String] = []
        var nodes: [Workflow.Node] = []
        func pick(_ ids: [String], _ literal: JSON) -> Workflow.Source {
            guard let id = ids.randomElement(using: &random), Int.random(in: 0..<6, using: &random) > 0 else {
                return .literal(literal)
            }
            return .link(Link(NodeID(id), 0))
        }
        func number(_ range: ClosedRange<Int>) -> JSON { .number(JSONNumber(Int.random(in: range, using: &random))) }
        for index in 0..<Int.random(in: 4...18, using: &random) {
            func int() -> Workflow.Source { pick(ints, number(0...4)) }
            func small() -> Workflow.Source { pick(smalls, number(0...4)) }
            func flag() -> Workflow.Source { pick(flags, .bool(Bool.random(using: &random))) }
            var type =
                [
                    "Constant", "Add", "CountUp", "Gate", "Gate", "Range", "Total", "Switch", "Switch", "FirstNonZero",
                    "FailIfSeven", "Odd", "Odd", "Small", "Small", "Nest", "Outer", "TestExecutionBlocker",
                ].randomElement(using: &random) ?? "Constant"
            if type == "Outer" && ints.isEmpty { type = "Constant" }
            // Lists of lists of lists grow beyond all bounds.
            if type == "Range" && nodes.count(where: { $0.type == "Range" }) == 2 { type = "Constant" }
            let inputs: [Workflow.Input]
            switch type {
            case "Add": inputs = [.init("a", int()), .init("b", int())]
            case "CountUp": inputs = [.init("from", int()), .init("steps", small())]
            case "Gate":
                inputs = [.init("value", int()), .init("open", flag()), .init("message", .literal("shut"))]
            case "Range": inputs = [.init("start", int()), .init("count", small())]
            case "Total": inputs = [.init("values", int())]
            case "Switch": inputs = [.init("flag", flag()), .init("yes", int()), .init("no", int())]
            case "FirstNonZero": inputs = [.init("a", int()), .init("b", int()), .init("c", int())]
            case "Nest": inputs = [.init("a", int()), .init("depth", .literal(number(0...3)))]
            case "Outer": inputs = [.init("a", .link(Link(NodeID(ints.randomElement(using: &random) ?? ""), 0)))]
            case "TestExecutionBlocker":
                inputs = [.init("input", flag()), .init("block", flag()), .init("verbose", .literal(true))]
            case "Constant": inputs = [.init("value", .literal(number(0...4)))]
            default: inputs = [.init("a", int())]
            }
            let id = "n\(index)"
            nodes.append(Workflow.Node(id: NodeID(id), type: type, inputs: inputs))
            switch type {
            case "Odd", "TestExecutionBlocker": flags.append(id)
            case "Small":
                smalls.append(id)
                ints.append(id)
            default: ints.append(id)
            }
        }
        let count = Int.random(in: 1...3, using: &random)
        targets = Array(nodes.map(\.id).shuffled(using: &random).prefix(count)).sorted()
        shows = targets.map { NodeID("show_\($0)") }
        nodes += zip(shows, targets).map { show, target in
            Workflow.Node(id: show, type: "Show", inputs: [.init("value", .link(Link(target, 0)))])
        }
        workflow = Workflow(nodes: nodes)
    }

    var text: String { JSONWriter.text(APIFormat.json(of: workflow)) + " for \(targets)" }

    /// What the targets should show, and whether anything fails on the way.
    var wanted: (shown: [NodeID: [JSON]], fails: Bool) {
        let reference = SequentialReference(workflow, targets: targets)
        var shown: [NodeID: [JSON]] = [:]
        for (show, target) in zip(shows, targets) {
            guard case .value(let elements, _)? = reference.results[target] else { continue }
            let values = elements.compactMap { element -> JSON? in
                switch element {
                case .int(let int): .number(JSONNumber(int))
                case .bool(let bool): .bool(bool)
                case .text(let text): .string(text)
                case .blocked: nil
                }
            }
            if !values.isEmpty { shown[show] = values }
        }
        return (shown, reference.results.values.contains(.failed))
    }
}

extension RunResult {
    fileprivate var texts: [NodeID: [JSON]] {
        Dictionary(shown.map { ($0.node, $0.values["text"]?.array ?? []) }, uniquingKeysWith: { $1 })
    }
}

@Suite("An engine under stress")
struct StressTests {
    /// Everything that must hold of the events of one run, whatever it did.
    private func check(_ events: [RunEvent], _ what: String) {
        #expect(events.map(\.sequence) == Array(1...UInt64(max(1, events.count))), "numbering: \(what)")
        var running: [NodeID: Int] = [:]
        for event in events {
            switch event.kind {
            case .nodeStarted(let node, _, _, _, _): running[node, default: 0] += 1
            case .nodeWaiting(let node, for: .inputs): running[node, default: 0] -= 1
            case .nodeFinished(let node), .nodeInterrupted(let node), .nodeFailed(let node, _): running[node] = 0
            case .runProgress(let finished, let count, _): #expect(finished <= count, "progress: \(what)")
            default: break
            }
        }
        #expect(events.count { if case .runFinished = $0.kind { true } else { false } } == 1, "ends once: \(what)")
        if case .runFinished? = events.last?.kind {} else { Issue.record("the end is not the end: \(what)") }
    }

    /// Nothing is held once all runs are over.
    private func checkAtRest(_ engine: Engine) {
        for resource in engine.resources.resources {
            #expect(resource.freeCount == resource.total, "permits of \(resource.name)")
            #expect(resource.waitingCount.load(ordering: .relaxed) == 0)
        }
    }

    @Test("does what a plain sequential one does, lists of flags, nested expansions and all", arguments: [1, 3])
    func wild(cores: Int) async throws {
        for seed in 1...UInt64(1500) {
            let graph = WildGraph(seed: seed)
            let wanted = graph.wanted
            let runner = TestRunner(stressNodes, cores: cores, cache: seed % 2 == 0 ? .none : .classic)
            let plan = try runner.plan(graph.workflow, run: graph.shows)
            let result = await runner.engine.run(plan, of: graph.workflow, id: "r", keepsGoing: true)
            #expect(result.texts.filter { !$0.value.isEmpty } == wanted.shown, "seed \(seed): \(graph.text)")
            #expect(result.outcome == (wanted.fails ? .failed : .succeeded), "seed \(seed): \(graph.text)")
            check(runner.engine.log.read(after: 0, limit: .max).events, "seed \(seed)")
            checkAtRest(runner.engine)
        }
    }

    @Test(
        "ends every one of many runs at once, cancelled or not, with the right result",
        arguments: [CachePolicy.none, .classic, .lru(count: 40), .ram(byteCount: 4000)])
    func concurrent(policy: CachePolicy) async throws {
        let runner = TestRunner(stressNodes, cores: 2, cache: policy)
        let engine = runner.engine
        for round in 0..<UInt64(40) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<UInt64(8) {
                    // Few seeds, so that runs find each other's results.
                    let seed = (round * 8 + lane) % 100 + 1
                    let graph = WildGraph(seed: seed)
                    let plan = try runner.plan(graph.workflow, run: graph.shows)
                    let id = RunID("\(round)-\(lane)")
                    let cancelAfter = (round * 31 + lane * 17) % 3 == 0 ? Int(round * lane % 37) : nil
                    group.addTask {
                        let run = Task {
                            await engine.run(plan, of: graph.workflow, id: id, keepsGoing: lane % 4 != 3)
                        }
                        if let cancelAfter {
                            for _ in 0..<cancelAfter { await Task.yield() }
                            run.cancel()
                        }
                        let result = await run.value
                        let wanted = graph.wanted
                        switch result.outcome {
                        case .succeeded:
                            #expect(!wanted.fails, "seed \(seed): \(graph.text)")
                            #expect(
                                result.texts.filter { !$0.value.isEmpty } == wanted.shown,
                                "seed \(seed): \(graph.text)")
                        case .failed: #expect(wanted.fails, "seed \(seed): \(graph.text)")
                        case .cancelled: #expect(cancelAfter != nil, "seed \(seed): \(graph.text)")
                        }
                        let own = engine.log.read(after: 0, run: id, limit: .max).events
                        check(own, "seed \(seed)")
                        let blamed = own.count { if case .nodeFailed = $0.kind { true } else { false } }
                        if lane % 4 == 3 { #expect(blamed == (result.outcome == .failed ? 1 : 0)) }
                    }
                }
                try await group.waitForAll()
            }
            checkAtRest(engine)
        }
        // Every signature goes with the last thing that uses it.
        _ = try await runner.trace("a = Constant value: 1")
        engine.clearCache()
        let statistics = engine.cache.statistics
        #expect(statistics.entryCount == 0 && statistics.byteCount == 0)
        #expect(statistics.signatureCount <= 1)
    }

    @Test("has nothing left of ten thousand small runs")
    func manyRuns() async throws {
        let runner = TestRunner(cores: 2) { $0.log.maxEventCount = 2000 }
        for value in 0..<10_000 {
            let graph = try TextGraph("a = Constant value: \(value)\nb = CountUp from: a steps: 1")
            let plan = try runner.plan(graph.workflow, run: [graph.last])
            let result = await runner.engine.run(plan, of: graph.workflow, id: RunID("\(value)"))
            #expect(result.outcome == .succeeded)
        }
        let statistics = runner.engine.cache.statistics
        #expect(statistics.entryCount == 3 && statistics.signatureCount == 3)
        #expect(runner.engine.log.read(after: 0, limit: .max).events.count <= 2000)
        checkAtRest(runner.engine)
    }
}

@Suite("The scheduler")
struct SchedulerTests {
    @Test("starts no lazily needed node before all it needs is there, although a twin of one is done")
    func lateTwin() async throws {
        let trace = try await TestRunner(stressNodes).trace(
            """
            one = Constant value: 1
            flag = Odd a: one
            twin = Constant value: 1
            five = Add a: 2 b: 3
            ten = Add a: five b: 5
            inner = Add a: twin b: ten
            outer = Add a: inner b: twin
            pick = Switch flag: flag yes: outer no: 0
            show = Show value: pick
            """)
        #expect(trace.contains("show shows [12]"))
    }

    @Test("goes on behind a blocked node that wanted another kind of permit")
    func blockedElsewhere() async throws {
        let trace = try await TestRunner().trace(
            """
            gate = Gate value: 1 open: false
            sleep = TestSleep value: gate seconds: 0.0
            show = Show value: sleep
            """)
        #expect(trace == "gate ran\nsleep blocked\nshow blocked")
    }

    @Test("skips the blocked elements of a list that decides which lazy inputs are needed")
    func blockedFlags() async throws {
        let trace = try await TestRunner(stressNodes).trace(
            """
            list = Range start: 0 count: 3
            odd = Odd a: list
            gate = Gate value: odd open: odd
            yes = Constant value: 5
            no = Constant value: 6
            pick = Switch flag: gate yes: yes no: no
            show = Show value: pick
            """)
        #expect(trace.hasSuffix("gate ran\npick asks for yes\nyes ran\npick ran\nshow shows [5]\nshow ran"))
    }

    @Test("tells what blocked the elements of a list, once")
    func blockedElements() async throws {
        let trace = try await TestRunner().trace(
            """
            list = Range start: 0 count: 2
            gate = Gate value: list open: false message: "shut"
            next = Add a: gate
            show = Show value: next
            """)
        #expect(trace == "list ran\ngate ran\nnext [warning] blocked: shut\nnext ran\nshow ran")
    }

    @Test("takes the expansion of a list of one for a list")
    func listOfOne() async throws {
        let blocked = Custom("Stop") { _, _ in [Custom.output.block()] }
        let expand = Mapped()
        let trace = try await TestRunner([blocked, expand]).trace(
            """
            list = Range start: 0 count: 1
            up = Mapped value: list
            show = Show value: up
            """)
        #expect(trace.hasSuffix("up ran\nshow ran"))
    }

    /// Expands into a node that blocks.
    private struct Mapped: Node {
        static let value = Input<Int>("value")
        static let output = Output<Value>("value")
        let schema = NodeSchema(
            type: "Mapped", category: "Testing/Small", inputs: [value], outputs: [output], mayExpand: true)
        func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
            var graph = ExpansionGraph()
            let stop = graph.add("Stop")
            return [Self.output.from(.local(stop, slot: 0)), .expansion(graph)]
        }
    }

    @Test("blames a circle through a twin on the node that expanded into it")
    func circleThroughTwin() async throws {
        let loop = Expand { _ in
            var graph = ExpansionGraph()
            let node = graph.add("Inc", [("a", .outer(Link("p", 0))), ("b", .value(1.value))])
            return (graph, .local(node, slot: 0))
        }
        let trace = try await TestRunner([loop]).trace(
            "p = Expand\nq = Expand\nshow = Show value: p", run: ["q", "show"])
        #expect(
            trace == """
                q expands to 1
                q failed: the graph this node expanded into waits for itself: q -> p -> q.0.0.1 -> q
                run failed
                """)
    }

    @Test("interrupts a node that answers a cancelled run with a graph, however wrong, and blames nobody else")
    func lateExpansion() async throws {
        let isRunning = Signal()
        let late = Late(isRunning)
        let failer = Custom("Failer") { _, _ in
            await isRunning.wait()
            throw Diagnostic(.nodeFailed, node: nil, "now")
        }
        let trace = try await TestRunner([late, failer], cores: 2).trace(
            "l = Late\nf = Failer", run: ["l", "f"])
        #expect(trace == "f failed: now\nl interrupted\nrun failed")
    }

    /// Answers with a graph that is wrong, once it is cancelled.
    private struct Late: Node {
        static let output = Output<Value>("value")
        let schema = NodeSchema(
            type: "Late", category: "Testing/Small", outputs: [output], isOutput: true, mayExpand: true)
        let isRunning: Signal
        init(_ isRunning: Signal) { self.isRunning = isRunning }
        func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
            await isRunning.fire()
            while !Task.isCancelled { await Task.yield() }
            var graph = ExpansionGraph()
            graph.add("Nonsense")
            return [Self.output(.literal(.null)), .expansion(graph)]
        }
    }

    @Test("refuses the link of a node that does not say it may expand")
    func undeclaredLink() async throws {
        let node = Custom("Sly") { _, _ in [Custom.output.from(.outer(Link("a", 0)))] }
        let trace = try await TestRunner([node], cache: .none).trace(
            "a = Constant value: 1\nb = Show value: a\nc = Sly value: 1", run: ["b", "c"])
        #expect(trace.hasSuffix("c failed: Sly gave an expansion\nrun failed"))
    }

    @Test("refuses a node of an expansion that names an input twice")
    func inputTwice() async throws {
        let expand = Expand { _ in
            var graph = ExpansionGraph()
            let node = graph.add("Inc", [("a", .value(1.value)), ("a", .value(2.value)), ("b", .value(3.value))])
            return (graph, .local(node, slot: 0))
        }
        let trace = try await TestRunner([expand]).trace("x = Expand")
        #expect(trace == "x failed: in the expansion, node '1' (Inc) names its input 'a' twice\nrun failed")
    }

    @Test("runs equal nodes whose results never hold each for itself", arguments: [CachePolicy.none, .classic])
    func alwaysTwins(policy: CachePolicy) async throws {
        let trace = try await TestRunner([Watch { .always }], cache: policy).trace(
            "a = Watch name: \"f\"\nb = Watch name: \"f\"", run: ["a", "b"])
        #expect(trace == "a ran\nb ran")
    }

    @Test("does not say 'evicted' of a node that has never given a result")
    func neverRan() async throws {
        let runner = TestRunner()
        let text = "a = Constant value: 1\nb = Fail after: a\nc = Show value: b"
        _ = try await runner.events(text)
        let reasons = try await runner.events(text).compactMap { event -> RunEvent.Reason? in
            if case .nodeStarted("b", _, _, _, let reason) = event.kind { reason } else { nil }
        }
        #expect(reasons == [.neverRan])
    }

    @Test("learns no duration from a node that was interrupted")
    func interruptedDuration() async throws {
        let node = Custom("Spin") { _, _ in
            while !Task.isCancelled { await Task.yield() }
            throw CancellationError()
        }
        let runner = TestRunner([node])
        let graph = try TextGraph("a = Spin")
        let plan = try runner.plan(graph.workflow)
        let run = Task { await runner.engine.run(plan, of: graph.workflow, id: "r") }
        try await waits("the node runs") { runner.engine.log.end >= 4 }
        run.cancel()
        #expect(await run.value.outcome == .cancelled)
        #expect(runner.engine.costs.seconds(type: "Spin", byteCount: nil) == nil)
    }

    @Test("survives durations that no node ever took")
    func absurdDurations() async throws {
        let costs = CostModel(try JSONParser.parse(#"{"version": 1, "seconds": {"Constant": {"0": 1e300}}}"#))
        let trace = try await TestRunner([], configure: { $0.costs = costs }).trace("a = Constant value: 1")
        #expect(trace == "a ran")
    }
}

@Suite("The log")
struct FinishedLogTests {
    @Test("hears nothing from a node whose run is over")
    func afterTheEnd() async throws {
        let kept = Box<NodeContext?>(nil)
        let node = Custom("Keep") { _, context in
            kept.value = context
            return [Custom.output(.literal(.null))]
        }
        let runner = TestRunner([node])
        _ = try await runner.trace("a = Keep")
        let end = runner.engine.log.end
        kept.value?.log(.info, "still here")
        kept.value?.phase("inference", "still here")
        try kept.value?.step(1, of: 2)
        #expect(runner.engine.log.end == end)
    }

    @Test("tells who reads a live run whose first facts have all gone")
    func quietRun() {
        var limits = EventLog.Limits()
        limits.maxEventCount = 1000
        let log = EventLog(limits: limits)
        var (quiet, busy): (UInt64, UInt64) = (0, 0)
        func append(_ kind: RunEvent.Kind, _ run: RunID, _ sequence: inout UInt64) {
            var kinds = [kind]
            log.append(&kinds, run: run, sequence: &sequence, elapsed: .zero)
        }
        append(.runQueued, "quiet", &quiet)
        append(.runQueued, "busy", &busy)
        for _ in 0..<5000 { append(.nodeFinished("n"), "busy", &busy) }
        append(.nodeFinished("n"), "quiet", &quiet)
        let page = log.read(after: 0, run: "quiet", limit: .max)
        #expect(page.events.map(\.sequence) == [2])
        #expect(page.isResync)
    }
}
