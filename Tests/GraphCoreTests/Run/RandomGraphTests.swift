import Testing
import TestNodes

@testable import GraphCore

@Suite("The parallel scheduler")
struct RandomGraphTests {
    private static let graphCount: UInt64 = 4_000

    /// What the engine made of each node, in the reference's words.
    private func outcomes(_ events: [RunEvent]) -> (done: Set<NodeID>, failed: Set<NodeID>, lost: Set<NodeID>) {
        var (done, failed, lost) = (Set<NodeID>(), Set<NodeID>(), Set<NodeID>())
        for event in events {
            switch event.kind {
            case .nodeFinished(let node), .nodeCached(let node): done.insert(node)
            case .nodeFailed(let node, _): failed.insert(node)
            case .nodeBlocked(let node, _, let message):
                if message?.hasSuffix("did not give its result") == true {
                    lost.insert(node)
                } else {
                    done.insert(node)
                }
            default: break
            }
        }
        return (done, failed, lost)
    }

    @Test("does what a plain sequential one does, on thousands of graphs", arguments: [1, 3])
    func agrees(cores: Int) async throws {
        for seed in 1...Self.graphCount {
            let graph = RandomGraph(seed: seed)
            let reference = SequentialReference(graph.workflow, targets: graph.targets)
            let runner = TestRunner([FailIfSeven()], cores: cores, cache: seed % 2 == 0 ? .none : .classic)
            let plan = try runner.plan(graph.workflow, run: graph.targets)
            let result = await runner.engine.run(plan, of: graph.workflow, id: "r", keepsGoing: true)
            let events = runner.engine.log.read(after: 0, limit: .max).events
            let (done, failed, lost) = outcomes(events)
            func ids(_ keep: (SequentialReference.Result) -> Bool) -> Set<NodeID> {
                Set(reference.results.filter { keep($0.value) }.keys)
            }
            let visible = Set(graph.workflow.nodes.map(\.id))
            let (wantedDone, wantedFailed, wantedLost) = (
                ids { if case .value = $0 { true } else { false } }, ids { $0 == .failed }, ids { $0 == .lost }
            )
            // Equal nodes share one run: of several that fail, one is blamed and the others lose its result.
            #expect(done.intersection(visible) == wantedDone, "seed \(seed): \(graph.text)")
            #expect(
                failed.union(lost).intersection(visible) == wantedFailed.union(wantedLost),
                "seed \(seed): \(graph.text)")
            #expect(failed.isSubset(of: wantedFailed), "seed \(seed)")
            #expect(result.outcome == (wantedFailed.isEmpty ? .succeeded : .failed), "seed \(seed)")
            #expect(events.map(\.sequence) == Array(1...UInt64(events.count)), "seed \(seed)")
        }
    }

    @Test("gives the values a plain sequential one gives")
    func values() async throws {
        for seed in 1...Self.graphCount {
            let graph = RandomGraph(seed: seed)
            // Every target is shown, so that its value can be compared.
            var workflow = graph.workflow
            let shows = graph.targets.map { NodeID("show_\($0)") }
            for target in graph.targets {
                workflow.nodes.append(
                    Workflow.Node(
                        id: NodeID("show_\(target)"), type: "Show", inputs: [.init("value", .link(Link(target, 0)))]))
            }
            let reference = SequentialReference(graph.workflow, targets: graph.targets)
            let runner = TestRunner([FailIfSeven()], cores: 2, cache: .none)
            let plan = try runner.plan(workflow, run: shows)
            let result = await runner.engine.run(plan, of: workflow, id: "r", keepsGoing: true)
            let shown = Dictionary(
                result.shown.map { ($0.node, $0.values["text"]?.array ?? []) }, uniquingKeysWith: { $1 })
            for target in graph.targets {
                guard case .value(let elements, _)? = reference.results[target] else { continue }
                let wanted = elements.compactMap { element -> JSON? in
                    switch element {
                    case .int(let int): .number(JSONNumber(int))
                    case .bool(let bool): .bool(bool)
                    case .text(let text): .string(text)
                    case .blocked: nil
                    }
                }
                #expect(shown[NodeID("show_\(target)")] ?? [] == wanted, "seed \(seed): \(graph.text)")
            }
        }
    }

    @Test("blames exactly one node when it stops at the first failure")
    func oneBlamed() async throws {
        for seed in 1...Self.graphCount {
            let graph = RandomGraph(seed: seed)
            let runner = TestRunner([FailIfSeven()], cores: 3)
            let plan = try runner.plan(graph.workflow, run: graph.targets)
            let result = await runner.engine.run(plan, of: graph.workflow, id: "r")
            let events = runner.engine.log.read(after: 0, limit: .max).events
            let blamed = events.count { if case .nodeFailed = $0.kind { true } else { false } }
            #expect(blamed == (result.outcome == .failed ? 1 : 0), "seed \(seed): \(graph.text)")
            guard case .runFinished? = events.last?.kind else {
                Issue.record("seed \(seed) does not end")
                continue
            }
        }
    }
}

@Suite("A large graph")
struct LargeGraphTests {
    @Test("of 100,000 nodes in a chain plans, validates and runs")
    func chain() async throws {
        let lines = (1..<100_000).map { "n\($0) = Add a: n\($0 - 1) b: 1" }
        let trace = try await TestRunner(cores: 2).events(
            "n0 = Constant value: 0\n" + lines.joined(separator: "\n") + "\nshow = Show value: n99999")
        #expect(
            trace.contains {
                if case .nodeOutput(_, _, let shown) = $0.kind { shown["text"] == [99999] } else { false }
            })
    }

    @Test("of 100,000 nodes side by side runs")
    func wide() async throws {
        let lines = (1...100_000).map { "n\($0) = Add a: source b: \($0)" }
        let inputs = (1...100_000).map { "value\($0): n\($0)" }.joined(separator: " ")
        let trace = try await TestRunner(cores: 2).events(
            "source = Constant value: 0\n" + lines.joined(separator: "\n")
                + "\nlist = TestMakeListNode \(inputs)\nsum = Total values: list\nshow = Show value: sum")
        #expect(
            trace.contains {
                if case .nodeOutput(_, _, let shown) = $0.kind { shown["text"] == [5_000_050_000] } else { false }
            })
    }

    @Test("grown by one expansion of 50,000 nodes runs")
    func expansion() async throws {
        let trace = try await TestRunner().trace("up = CountUp from: 0 steps: 50000\nshow = Show value: up")
        #expect(trace.hasSuffix("up ran\nshow shows [50000]\nshow ran"))
    }
}
