import Dispatch
import Synchronization
import TestData
import Testing
import TestNodes

@testable import GraphCore

extension TestRunner {
    fileprivate func told(_ isIt: (RunEvent.Kind) -> Bool) async throws {
        try await waits("an event of the run") { engine.log.read(after: 0).events.contains { isIt($0.kind) } }
    }
}

@Suite("Nodes")
struct ParallelTests {
    /// Counts how many nodes run at once.
    private final class Meter: Sendable {
        private let state = Mutex((now: 0, most: 0))
        func enter() {
            state.withLock {
                $0.now += 1; $0.most = max($0.most, $0.now)
            }
        }
        func leave() { state.withLock { $0.now -= 1 } }
        var most: Int { state.withLock { $0.most } }
    }

    @Test("that wait run at once, sixteen of them on two cores, and cost no thread")
    func waiting() async throws {
        let isEveryoneHere = Signal()
        let count = Box(0)
        // Nobody leaves before all sixteen have come: run one after the other, they would wait for ever.
        let node = Custom("Wait", resource: .network) { _, _ in
            if count.increment() == 16 { await isEveryoneHere.fire() }
            await isEveryoneHere.wait()
            return [Custom.output(.literal(.null))]
        }
        let runner = TestRunner([node], cores: 2)
        let lines = (0..<16).map { "n\($0) = Wait" }
        let trace = try await runner.trace(lines.joined(separator: "\n"), run: (0..<16).map { NodeID("n\($0)") })
        #expect(trace.split(separator: "\n").count == 16)
        #expect(runner.engine.workers.threadCount <= 5)  // cpu 2, gpu 1, model 1, one to look after runs
    }

    @Test("that block their threads starve nobody, not even each other")
    func blocking() async throws {
        let count = Box(0)
        let door = DispatchSemaphore(value: 0)
        let block = TestBlock(resource: .network) { _ in
            if count.increment() == 8 { for _ in 0..<8 { door.signal() } }
            door.wait()
        }
        let lines = (0..<8).map { "n\($0) = TestBlock value: \($0) seconds: 0.0\ns\($0) = Show value: n\($0)" }
        let trace = try await TestRunner([block], cores: 2).trace(
            lines.joined(separator: "\n"), run: (0..<8).map { NodeID("s\($0)") })
        #expect(trace.split(separator: "\n").count { $0.contains(" shows ") } == 8)
    }

    @Test("hold at most as many permits of a resource as there are", arguments: [1, 3])
    func limits(permits: Int) async throws {
        let meter = Meter()
        let node = Custom("Busy", resource: "gpu") { _, _ in
            meter.enter()
            try await Task.sleep(for: .milliseconds(5))
            meter.leave()
            return [Custom.output(.literal(.null))]
        }
        let lines = (0..<12).map { "n\($0) = Busy" }
        let runner = TestRunner([node], cores: 4) { $0.resources[.gpu] = permits }
        _ = try await runner.trace(lines.joined(separator: "\n"), run: (0..<12).map { NodeID("n\($0)") })
        #expect(meter.most == permits)
    }

    @Test("of one resource do not hold up those of another")
    func resources() async throws {
        let isFree = Signal()
        let slow = Custom("Slow", resource: .gpu) { _, _ in
            await isFree.wait()
            return [Custom.output(.literal(.null))]
        }
        let quick = Custom("Quick") { _, _ in
            await isFree.fire()
            return [Custom.output(.literal(.null))]
        }
        // The gpu node holds its permit until the cpu node has run.
        let trace = try await TestRunner([slow, quick], cores: 1).trace("s = Slow\nq = Quick", run: ["s", "q"])
        #expect(trace == "q ran\ns ran")
    }

    @Test("of several runs take turns at a permit")
    func fairness() async throws {
        let order = Box<[String]>([])
        let node = Custom("Turn", resource: .gpu) { _, context in
            order.value.append(String(context.node.text.prefix(1)))
            await Task.yield()
            return [Custom.output(.literal(.null))]
        }
        let gate = Signal()
        let opener = Custom("Opener", resource: .gpu) { _, _ in
            await gate.wait()
            return [Custom.output(.literal(.null))]
        }
        let runner = TestRunner([node, opener], cores: 2)
        func graph(_ letter: String) throws -> (Workflow, Plan) {
            let text = (0..<10).map { "\(letter)\($0) = Turn" }.joined(separator: "\n")
            let workflow = try TextGraph(text).workflow
            return (workflow, try runner.plan(workflow))
        }
        let holder = try TextGraph("h = Opener").workflow
        let holderPlan = try runner.plan(holder)
        let (one, onePlan) = try graph("a")
        let (other, otherPlan) = try graph("b")
        let holding = Task { await runner.engine.run(holderPlan, of: holder, id: "h") }
        // Both runs stand in line before the permit is free.
        try await waits("the permit is taken") { runner.engine.log.end >= 4 }
        let both = [
            Task { await runner.engine.run(onePlan, of: one, id: "a") },
            Task { await runner.engine.run(otherPlan, of: other, id: "b") },
        ]
        try await waits("both stand in line") { runner.engine.log.end >= 10 }
        await gate.fire()
        for run in [holding] + both { _ = await run.value }
        let taken = order.value
        #expect(taken.count == 20)
        // By turns: at no point has one run had two turns more than the other.
        var lead = 0
        for letter in taken.prefix(18) {
            lead += letter == "a" ? 1 : -1
            #expect(abs(lead) <= 1)
        }
    }

    @Test("of a mapped call run in order")
    func mappedOrder() async throws {
        let order = Box<[Int]>([])
        let node = Custom("Note") { inputs, _ in
            if case .literal(.int(let int))? = try inputs[Custom.value] { order.value.append(Int(int)) }
            return [Custom.output(.literal(.null))]
        }
        _ = try await TestRunner([node], cores: 4).trace("l = Range start: 0 count: 20\nn = Note value: l")
        #expect(order.value == Array(0..<20))
    }
}

@Suite("Cancelling a run")
struct CancelTests {
    private func cancel(_ node: any Node, _ text: String) async throws -> String {
        let runner = TestRunner([node], cores: 2)
        let graph = try TextGraph(text)
        let plan = try runner.plan(graph.workflow, run: [graph.last])
        let task = Task { await runner.engine.run(plan, of: graph.workflow, id: "r") }
        try await runner.told { if case .nodeStarted = $0 { true } else { false } }
        task.cancel()
        let result = await task.value
        #expect(result.outcome == .cancelled)
        let events = runner.engine.log.read(after: 0, limit: .max).events
        return events.compactMap { TestRunner.line($0.kind) }.joined(separator: "\n")
    }

    @Test("reaches a node that waits")
    func waiting() async throws {
        // Would it wait the ten minutes out, the test would not end.
        let trace = try await cancel(TestSleep(), "a = TestSleep value: 1 seconds: 600.0\nb = Show value: a")
        #expect(trace == "a interrupted\nrun cancelled")
    }

    @Test("reaches a node that computes and reports its steps")
    func computing() async throws {
        let node = Custom("Spin") { _, context in
            for step in 0..<Int.max { try context.step(step, of: Int.max) }
            return []
        }
        let trace = try await cancel(node, "a = Spin")
        #expect(trace == "a interrupted\nrun cancelled")
    }

    @Test("is never taken for a failure of the node it reaches")
    func race() async throws {
        for _ in 0..<300 {
            let trace = try await cancel(
                TestSleep(), "a = TestSleep value: 1 seconds: 600.0\nb = Show value: a")
            #expect(trace == "a interrupted\nrun cancelled")
        }
    }

    @Test("ends nodes that await their expansion, too")
    func expansion() async throws {
        let expand = Expand { _ in
            var graph = ExpansionGraph()
            graph.add("TestSleep", id: "1", [("value", .value(1.value)), ("seconds", .value(600.0.value))])
            return (graph, .local("1", slot: 0))
        }
        let runner = TestRunner([expand])
        let workflow = try TextGraph("x = Expand").workflow
        let plan = try runner.plan(workflow)
        let task = Task { await runner.engine.run(plan, of: workflow, id: "r") }
        try await runner.told { if case .nodeStarted("x.0.0.1", _, _, _, _) = $0 { true } else { false } }
        task.cancel()
        _ = await task.value
        let trace = runner.engine.log.read(after: 0).events.compactMap { TestRunner.line($0.kind) }
        #expect(trace == ["x expands to 1", "x.0.0.1 interrupted", "x interrupted", "run cancelled"])
    }

    @Test("keeps what has finished")
    func kept() async throws {
        let runner = TestRunner(cores: 2)
        let text = "a = Constant value: 1\nb = TestSleep value: a seconds: 60.0\nc = Show value: b"
        let graph = try TextGraph(text)
        let plan = try runner.plan(graph.workflow, run: ["c"])
        let task = Task { await runner.engine.run(plan, of: graph.workflow, id: "r") }
        try await runner.told { if case .nodeStarted("b", _, _, _, _) = $0 { true } else { false } }
        task.cancel()
        _ = await task.value
        let trace = try await runner.trace("a = Constant value: 1\nd = Show value: a")
        #expect(trace.hasPrefix("a cached"))
    }

    @Test("before it begins starts nothing")
    func before() async throws {
        let runner = TestRunner()
        let graph = try TextGraph("a = Constant value: 1")
        let plan = try runner.plan(graph.workflow)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await runner.engine.run(plan, of: graph.workflow, id: "r")
        }
        task.cancel()
        #expect(await task.value.outcome == .cancelled)
        let events = runner.engine.log.read(after: 0).events
        #expect(!events.contains { if case .nodeFinished = $0.kind { true } else { false } })
    }
}
