internal import GraphCore
internal import Media

/// Inverts a 1x1 picture, as ImageInvert does; `index` keeps nodes of one graph from being equal.
struct BenchInvert: Node {
    static let image = Input<Image>("image")
    static let index = Input<Int>("index", default: 0, in: 0...1_000_000)
    static let other = Input<Image>("other").optional
    static let inverted = Output<Image>("IMAGE")

    let schema = NodeSchema(
        type: "BenchInvert", category: "bench", inputs: [image, index, other], outputs: [inverted])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.inverted(try inputs[Self.image].mapLevels { 1 - $0 })]
    }
}

/// A 1x1 picture of floats.
struct BenchImage: Node {
    static let image = Output<Image>("IMAGE")

    let schema = NodeSchema(type: "BenchImage", category: "bench", outputs: [image])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.image(Image(batch: 1, height: 1, width: 1, channels: 3, floats: [0.1, 0.2, 0.3]))]
    }
}

/// Takes any number of pictures, so that a graph has one end.
struct BenchSink: Node {
    static let image = Input<Image>("image")

    let schema = NodeSchema(
        type: "BenchSink", category: "bench", inputs: [image], isOutput: true, acceptsUndeclared: true)

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] { [] }
}

/// Waits, as a node that asks a model server does.
struct BenchWait: Node {
    static let seconds = Input<Double>("seconds", default: 0.2, in: 0...1000)

    let schema = NodeSchema(
        type: "BenchWait", category: "bench", inputs: [seconds], hidden: [.uniqueID], isOutput: true,
        resource: .network)

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        try await Task.sleep(for: .seconds(try inputs[Self.seconds]))
        return []
    }
}

enum BenchGraph: String, CaseIterable {
    case chain, wide, tree

    /// `count` inverting nodes, a source and a sink.
    func workflow(_ count: Int) -> Workflow {
        func link(_ index: Int) -> Workflow.Source { .link(Link(NodeID(String(index)), 0)) }
        var nodes = [Workflow.Node(id: "0", type: "BenchImage", inputs: [])]
        for index in 1...count {
            var inputs = [Workflow.Input("index", .literal(.number(JSONNumber(index))))]
            switch self {
            case .chain: inputs.append(Workflow.Input("image", link(index - 1)))
            case .wide: inputs.append(Workflow.Input("image", link(0)))
            case .tree:
                // A heap read from its end: every node takes two before it, the first half takes the source.
                let children = [2 * (count - index) + 1, 2 * (count - index) + 2].map { count - $0 }
                inputs.append(Workflow.Input("image", link(children[0] > 0 ? children[0] : 0)))
                if children[1] > 0 { inputs.append(Workflow.Input("other", link(children[1]))) }
            }
            nodes.append(Workflow.Node(id: NodeID(String(index)), type: "BenchInvert", inputs: inputs))
        }
        let ends = self == .wide ? Array(1...count) : [count]
        nodes.append(
            Workflow.Node(
                id: "sink", type: "BenchSink",
                inputs: ends.enumerated().map { Workflow.Input($0 == 0 ? "image" : "image\($0)", link($1)) }))
        return Workflow(nodes: nodes)
    }
}

struct EngineBench {
    static let registry = NodeRegistry([BenchInvert(), BenchImage(), BenchSink(), BenchWait()])
    private static let repetitions = 7

    static func run() async {
        await BareLoop.measure()
        print("engine, \(repetitions) runs each, median (best), microseconds a node:")
        for graph in BenchGraph.allCases {
            for count in [1_000, 10_000, 100_000] { await measureRun(graph, count) }
        }
        await measureCached()
        measureCheck()
        measureEditorFile()
        await measureWaiting()
    }

    /// Sixteen nodes that wait 0.2 s on two cores, and how long a waiting run takes to end once it is cancelled.
    private static func measureWaiting() async {
        func workflow(_ count: Int, _ seconds: Double) -> Workflow {
            Workflow(
                nodes: (0..<count).map {
                    Workflow.Node(
                        id: NodeID(String($0)), type: "BenchWait",
                        inputs: [Workflow.Input("seconds", .literal(.number(JSONNumber(seconds))))])
                })
        }
        let (short, long) = (workflow(16, 0.2), workflow(16, 600))
        guard let shortPlan = check(short).plan, let longPlan = check(long).plan else { return }
        let engine = engine(.none)
        let time = await timed { await engine.run(shortPlan, of: short, id: "wait") }.0
        print("16 nodes that wait 0.2 s: \(rounded(time)) s")
        var cancelling: [Double] = []
        for _ in 0..<20 {
            let task = Task { await engine.run(longPlan, of: long, id: "cancel") }
            try? await Task.sleep(for: .milliseconds(20))
            cancelling.append(
                await timed {
                    task.cancel()
                    return await task.value
                }.0)
        }
        print("cancelling 16 waiting nodes: worst of 20 \(rounded((cancelling.max() ?? 0) * 1e3)) ms")
    }

    private static func engine(_ cache: CachePolicy) -> Engine {
        var options = Engine.Options(coreCount: coreCount)
        options.cache = cache
        return Engine(registry: registry, environment: EmptyEnvironment(), options: options)
    }

    static let coreCount = 2

    static func measureRun(_ graph: BenchGraph, _ count: Int) async {
        let workflow = graph.workflow(count)
        guard let plan = check(workflow).plan else { return }
        for (name, policy) in [("none", CachePolicy.none), ("classic", .classic)] {
            var times: [Double] = []
            for _ in 0..<repetitions {
                let engine = engine(policy)
                let (time, result) = await timed { await engine.run(plan, of: workflow, id: "bench") }
                precondition(result.outcome == .succeeded, "\(String(describing: result.failure))")
                times.append(time)
            }
            times.sort()
            let perNode = { (seconds: Double) in rounded(seconds * 1e6 / Double(count)) }
            print("  \(graph) \(count), cache \(name): \(perNode(times[repetitions / 2])) (\(perNode(times[0])))")
        }
    }

    private static func measureCached() async {
        let workflow = BenchGraph.chain.workflow(1_000)
        guard let plan = check(workflow).plan else { return }
        let engine = engine(.classic)
        await engine.run(plan, of: workflow, id: "first")
        var times: [Double] = []
        for _ in 0..<50 { times.append(await timed { await engine.run(plan, of: workflow, id: "again") }.0) }
        times.sort()
        print("fully cached rerun of 1,000 nodes: \(rounded(times[25] * 1e3)) ms (\(rounded(times[0] * 1e3)))")
    }

    private static func measureCheck() {
        let bytes = JSONWriter.bytes(APIFormat.json(of: BenchGraph.chain.workflow(100_000)))
        var (reading, checking): ([Double], [Double]) = ([], [])
        for _ in 0..<repetitions {
            let clock = ContinuousClock()
            let start = clock.now
            guard let workflow = try? WorkflowReader(registry: registry).read(bytes).workflow else { return }
            reading.append(start.duration(to: clock.now).seconds)
            let middle = clock.now
            precondition(check(workflow).plan != nil)
            checking.append(middle.duration(to: clock.now).seconds)
        }
        reading.sort()
        checking.sort()
        print("read 100,000 nodes (\(bytes.count) bytes): \(rounded(reading[repetitions / 2] * 1e3)) ms")
        print("validate and plan 100,000 nodes: \(rounded(checking[repetitions / 2] * 1e3)) ms")
    }

    /// A file of ComfyUI's editor, from its bytes to the graph.
    private static func measureEditorFile() {
        let workflow = BenchGraph.tree.workflow(1_000)
        let bytes = JSONWriter.bytes(EditorDrawing.json(of: workflow, shapes: NodeShapes(registry)).file)
        var times: [Double] = []
        for _ in 0..<21 {
            let start = ContinuousClock.now
            guard (try? WorkflowReader(registry: registry).read(bytes)) != nil else { return }
            times.append(start.duration(to: .now).seconds)
        }
        times.sort()
        print(
            "convert an editor's file of 1,000 nodes (\(bytes.count) bytes): \(rounded(times[10] * 1e3)) ms "
                + "(\(rounded(times[0] * 1e3)))")
    }

    private static func check(_ workflow: Workflow) -> CheckedWorkflow {
        Validator.check(workflow, registry: registry, environment: EmptyEnvironment())
    }

    private static func timed<Result>(_ body: () async -> Result) async -> (Double, Result) {
        let clock = ContinuousClock()
        let start = clock.now
        let result = await body()
        return (start.duration(to: clock.now).seconds, result)
    }

    static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
