import GraphCore
import TestNodes
import Testing

@testable import ComfyProtocol

/// Encodes events as they come, of any runs.
private struct Encoding {
    private var encoders: [RunID: ComfyEncoder] = [:]

    mutating func messages(of event: RunEvent) -> [(message: ComfyMessage, json: JSON?, part: UInt64)] {
        var encoder = encoders[event.run] ?? ComfyEncoder(event.run, ComfyEncoder.Origin(queuedAt: 1000))
        var emissions: [ComfyEncoder.Emission] = []
        encoder.encode(event, into: &emissions)
        encoders[event.run] = encoder
        return emissions.map { emission in
            let seq = MessageNumbers.seq(order: event.order, part: emission.part)
            let payload = emission.message.payload(
                of: event.run, MessageNumbers(seq: seq, runSeq: emission.runSeq, epoch: "e"))
            return (
                emission.message, emission.message.kind == nil ? nil : try? JSONParser.parse(payload), emission.part
            )
        }
    }
}

@Suite("A run told as messages")
struct EncoderTests {
    /// Runs a text graph and tells it, one line a message: its type and what `show` picks.
    private static func told(
        _ graph: String, runs: Int = 1, nodes: [any Node] = [], show: (JSON) -> String = { _ in "" }
    ) async throws -> [String] {
        let runner = TestRunner(nodes)
        let text = try TextGraph(graph)
        let plan = try #require(
            Validator.check(
                text.workflow, registry: runner.engine.registry, environment: EmptyEnvironment()
            ).plan)
        for number in 1...runs {
            await runner.engine.run(plan, of: text.workflow, id: RunID("run \(number)"))
        }
        var encoding = Encoding()
        return runner.engine.log.read(after: 0, limit: .max).events.flatMap { encoding.messages(of: $0) }.map { told in
            guard let json = told.json else { return "binary" }
            let shown = show(json["data"] ?? .null)
            return (json["type"]?.string ?? "?") + (shown.isEmpty ? "" : " " + shown)
        }
    }

    private static let chain = """
        a = Constant value: 1
        b = Show value: a
        """

    @Test("has ComfyUI's messages in its order")
    func order() async throws {
        let told = try await Self.told(Self.chain) { data in
            [
                data["node"]?.string,
                data["nodes"]?.object?.members.map { "\($0.key):\($0.value["state"]?.string ?? "")" }.joined(
                    separator: ","),
            ].compactMap { $0 }.joined(separator: " ")
        }
        #expect(
            told.filter { !$0.hasPrefix("run_") } == [
                "execution_start", "execution_cached", "progress_state a:running", "executing a",
                "progress_state a:finished", "node_finished a", "progress_state a:finished,b:running", "executing b",
                "executed b", "progress_state a:finished,b:finished", "node_finished b", "execution_success",
                "executing",
            ])
    }

    @Test("numbers its facts without gaps in each run, and all messages by their events")
    func numbers() async throws {
        let told = try await Self.told(Self.chain, runs: 2) { data in
            ["prompt_id", "seq", "run_seq", "epoch"].map { name in
                data[name].map { $0.string ?? JSONWriter.text($0) } ?? ""
            }.joined(separator: " ")
        }
        let transient: Set = ["run_progress", "progress_state", "progress"]
        for run in ["run 1", "run 2"] {
            let facts = told.filter { $0.contains(run) && !transient.contains(String($0.prefix { $0 != " " })) }
            let runSeqs = facts.map { $0.split(separator: " ").suffix(2).first.flatMap { Int($0) } }
            #expect(runSeqs == Array(1...facts.count))
        }
        let seqs = told.compactMap { $0.split(separator: " ").suffix(3).first.flatMap { UInt64($0) } }
        #expect(seqs.count == told.count && zip(seqs, seqs.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("names the file that a node's beginning can be heard in, while the node runs")
    func previewFile() async throws {
        let told = try await Self.told("a = Speaker", nodes: [Speaker()]) { data in
            data["file"].map { "\(data["node"]?.string ?? "") \(JSONWriter.text($0))" } ?? ""
        }
        let file = #"{"filename":"a.wav","subfolder":"","type":"temp"}"#
        #expect(
            told.filter { !$0.hasPrefix("run_") && !$0.hasPrefix("progress_state") } == [
                "execution_start", "execution_cached", "executing", "node_preview a \(file)", "node_finished",
                "execution_success", "executing",
            ])
    }

    /// Shows a file while it runs.
    private struct Speaker: Node {
        let schema = NodeSchema(type: "Speaker", category: "test", isOutput: true)

        func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
            context.preview(SavedFile(filename: "a.wav", subfolder: "", folder: .temp))
            return []
        }
    }

    @Test("lists every cached node at its start, and shows their stored outputs again")
    func cached() async throws {
        let told = try await Self.told(Self.chain, runs: 2) { data in
            data["nodes"]?.array.map { $0.compactMap(\.string).joined(separator: ",") }
                ?? data["output"].map { JSONWriter.text($0) } ?? ""
        }
        let second = try #require(told.lastIndex(of: "execution_start"))
        #expect(
            told[second...].filter { !$0.hasPrefix("run_") } == [
                "execution_start", "execution_cached a,b", "executed {\"text\":[1]}", "progress_state",
                "execution_success", "executing",
            ])
    }

    @Test("blames one node, with what to do about it")
    func failure() async throws {
        let told = try await Self.told(
            """
            a = Constant value: 1
            b = TestSyncError value: a
            c = Show value: b
            """
        ) { data in
            guard let type = data["exception_type"]?.string else { return "" }
            return [
                type, data["node_id"]?.string ?? "", data["node_type"]?.string ?? "",
                data["executed"].map { JSONWriter.text($0) } ?? "", data["exception_message"]?.string ?? "",
            ].joined(separator: "|")
        }
        let error = try #require(told.first { $0.hasPrefix("execution_error") })
        #expect(
            error
                == "execution_error RuntimeError|b|TestSyncError|[\"a\"]|TestSyncError failed: Intentional sync execution error for testing\n"
        )
        #expect(told.last == "executing")
        #expect(!told.contains("execution_success"))
    }

    @Test("above 64 nodes shows states 20 times a second at most, and never one that grows with the run")
    func large() async throws {
        let lines = (1...200).map { "n\($0) = Constant value: \($0)\ns\($0) = Show value: n\($0)" }
        let told = try await Self.told(lines.joined(separator: "\n")) { data in
            data["nodes"]?.object.map { "\($0.members.count)" } ?? ""
        }
        let states = told.filter { $0.hasPrefix("progress_state") }
        #expect(states.count < 400)
        #expect(told.count { $0.hasPrefix("executing") } == 401)
        // Everything was told in the end: the last state holds what changed since the one before.
        #expect(states.last != nil)
    }

    @Test("sends a picture with metadata before the progress of its step, and one without behind it")
    func picture() {
        var encoding = Encoding()
        func types(_ order: UInt64, _ kind: RunEvent.Kind) -> [String] {
            encoding.messages(of: RunEvent(run: "r", sequence: order, order: order, elapsed: .zero, kind: kind)).map {
                switch $0.message {
                case .describedPicture: "described \($0.part)"
                case .picture: "plain \($0.part)"
                default: "\($0.json?["type"]?.string ?? "") \($0.part)"
                }
            }
        }
        _ = types(1, .nodeStarted("n", type: "T", display: "n", parent: nil, because: .neverRan))
        let step = RunEvent.Kind.nodeProgress("n", completed: 1, total: 2, remaining: nil, hasPicture: true)
        #expect(types(2, step) == ["progress_state 0"])
        #expect(types(3, .nodePicture("n", .png, [1])) == ["described 3", "progress 4", "plain 7"])
        // The picture was dropped: its progress is told all the same.
        _ = types(4, step)
        #expect(types(5, .nodeLog("n", .info, "x")) == ["progress 0", "node_log 3"])
    }

    @Test("says at most of the last 64 nodes that ran when a block has a message")
    func blocked() throws {
        var encoding = Encoding()
        func messages(_ kind: RunEvent.Kind) -> [JSON] {
            encoding.messages(of: RunEvent(run: "r", sequence: 1, order: 1, elapsed: .zero, kind: kind)).compactMap(
                \.json)
        }
        for number in 0..<100 { _ = messages(.nodeFinished(NodeID("\(number)"))) }
        let told = messages(.nodeBlocked("b", type: "Gate", message: "closed"))
        let error = try #require(told.first { $0["type"] == "execution_error" }?["data"])
        #expect(error["executed"]?.array?.compactMap(\.string) == (36..<100).map { String($0) })
        #expect(error["node_type"] == "Gate")
        #expect(error["exception_message"] == "Execution Blocked: closed")
    }
}

@Suite("The state of many nodes")
struct NodeProgressTests {
    @Test("is only about what changed or runs")
    func states() {
        var list = NodeProgressList(of: "r")
        list.begin("running", type: "T", display: "running", parent: nil, at: .zero)
        let count = 30_000
        for number in 0..<count {
            let node = NodeID("\(number)")
            list.begin(node, type: "T", display: node, parent: nil, at: .zero)
            list.finish(node, at: .zero)
            // With a look at every node each time, the test would take many minutes.
            let state = list.takeState()
            if number == count - 1 { #expect(state.map(\.id.text) == ["running", "\(count - 1)"]) }
        }
        list.finish("running", at: .zero)
        #expect(list.takeState().map(\.id.text) == ["running"])
        #expect(list.takeState().isEmpty && !list.isDirty)
    }

    @Test("is told by a clock when no event tells it, once")
    func pending() {
        var encoder = ComfyEncoder("r", ComfyEncoder.Origin(queuedAt: 0))
        var emissions: [ComfyEncoder.Emission] = []
        for number in 0..<65 {
            encoder.encode(
                RunEvent(
                    run: "r", sequence: 1, order: 1, elapsed: .zero,
                    kind: .nodeStarted(NodeID("\(number)"), type: "T", display: "d", parent: nil, because: .neverRan)),
                into: &emissions)
        }
        #expect(encoder.isLarge && encoder.isDirty)
        #expect(encoder.pendingState()?.part == MessageNumbers.partCount - 1)
        #expect(encoder.pendingState().map(\.part) == nil && !encoder.isDirty)
    }
}
