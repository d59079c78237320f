import GraphCore
import TestNodes
import Testing

@testable import GraphServer

@Suite("A run told as messages")
struct NarratorTests {
    /// Runs a text graph and tells it, one line a message: its type and what `show` picks.
    private static func told(
        _ graph: String, runs: Int = 1, client: String? = "c", nodes: [any Node] = [],
        show: (JSON) -> String = { _ in "" }
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
        var narrator = Narrator(epoch: "e", origin: { _ in RunFold.Origin(clientID: client, queuedAt: 1000) })
        let events = runner.engine.log.read(after: 0).events
        for (index, event) in events.enumerated() {
            narrator.tell(event, next: index + 1 < events.count ? events[index + 1] : nil)
        }
        narrator.flush()
        return try narrator.takeMessages().map { message in
            guard !message.isBinary else { return "binary \(message.payload[3])" }
            let json = try JSONParser.parse(message.payload)
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
                data["node"]?.string, data["status"]?["exec_info"]?["queue_remaining"]?.number?.text,
                data["nodes"]?.object?.members.map { "\($0.key):\($0.value["state"]?.string ?? "")" }.joined(
                    separator: ","),
            ].compactMap { $0 }.joined(separator: " ")
        }
        #expect(
            told.filter { !$0.hasPrefix("run_") } == [
                "status 0", "status 0", "execution_start", "execution_cached",
                "progress_state a:running", "executing a", "progress_state a:finished", "node_finished a",
                "progress_state a:finished,b:running", "executing b", "executed b",
                "progress_state a:finished,b:finished", "node_finished b", "execution_success", "status 0", "executing",
            ])
    }

    @Test("numbers its messages without gaps, over all runs and in each")
    func numbers() async throws {
        let told = try await Self.told(Self.chain, runs: 2) { data in
            guard let seq = data["seq"]?.number?.text else { return "" }
            return
                "\(data["prompt_id"]?.string ?? "") \(seq) \(data["run_seq"]?.number?.text ?? "") \(data["epoch"]?.string ?? "")"
        }
        let numbered = told.filter { !$0.hasPrefix("status") }.map {
            $0.split(separator: " ").dropFirst().joined(separator: " ")
        }
        let first = numbered.count { $0.hasPrefix("run 1") }
        #expect(first > 5 && numbered.count > first)
        #expect(
            numbered
                == (1...first).map { "run 1 \($0) \($0) e" }
                + (1...(numbered.count - first)).map { "run 2 \(first + $0) \($0) e" })
    }

    @Test("names the file that a node's beginning can be heard in, while the node runs")
    func previewFile() async throws {
        let told = try await Self.told("a = Speaker", nodes: [Speaker()]) { data in
            data["file"].map { "\(data["node"]?.string ?? "") \(JSONWriter.text($0))" } ?? ""
        }
        let file = #"{"filename":"a.wav","subfolder":"","type":"temp"}"#
        #expect(
            told.filter { !$0.hasPrefix("status") && !$0.hasPrefix("run_") && !$0.hasPrefix("progress_state") } == [
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
                "execution_success", "status", "executing",
            ])
    }

    @Test("without a client id says nothing but how far it is, and that to everyone")
    func anonymous() async throws {
        let runner = TestRunner()
        let text = try TextGraph(Self.chain)
        let plan = try #require(
            Validator.check(
                text.workflow, registry: runner.engine.registry, environment: EmptyEnvironment()
            ).plan)
        await runner.engine.run(plan, of: text.workflow, id: "r")
        var narrator = Narrator(epoch: "e", origin: { _ in RunFold.Origin(clientID: nil, queuedAt: 0) })
        for event in runner.engine.log.read(after: 0).events { narrator.tell(event) }
        let types = try narrator.takeMessages().filter { $0.audience == .everyone }.map {
            try JSONParser.parse($0.payload)["type"]?.string ?? ""
        }
        #expect(
            types == [
                "status", "status", "progress_state", "progress_state", "progress_state", "progress_state", "status",
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
        #expect(told.suffix(2) == ["status", "executing"])
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
}

@Suite("What is told of many nodes")
struct ManyNodesTests {
    private static func event(_ run: RunID, _ kind: RunEvent.Kind) -> RunEvent {
        RunEvent(run: run, sequence: 1, order: 1, elapsed: .zero, kind: kind)
    }

    private static func started(_ node: NodeID) -> RunEvent.Kind {
        .nodeStarted(node, type: "T", display: node, parent: nil, because: .neverRan)
    }

    private static func narrator() -> Narrator {
        Narrator(epoch: "e", origin: { _ in RunFold.Origin(clientID: "c", queuedAt: 0) })
    }

    @Test("is in each state only what changed or runs")
    func states() {
        var fold = RunFold(id: "r", origin: RunFold.Origin(clientID: "c", queuedAt: 0))
        fold.begin("running", type: "T", display: "running", parent: nil, at: .zero)
        let count = 30_000
        for number in 0..<count {
            let node = NodeID("\(number)")
            fold.begin(node, type: "T", display: node, parent: nil, at: .zero)
            fold.finish(node, at: .zero)
            // With a look at every node each time, the test would take many minutes.
            let text = fold.stateText()
            if number == count - 1 {
                let keys = (try? JSONParser.parse(Array("{".utf8) + text + Array("}".utf8)))?.object?.members.map(\.key)
                #expect(keys == ["running", "\(count - 1)"])
            }
        }
        fold.finish("running", at: .zero)
        #expect(String(decoding: fold.stateText(), as: UTF8.self).hasPrefix("\"running\":{"))
        #expect(fold.stateText() == [])
    }

    @Test("costs the same however many prompts wait")
    func waiting() {
        var narrator = Self.narrator()
        let count = 30_000
        for number in 0..<count { narrator.tell(Self.event(RunID("\(number)"), .runQueued)) }
        // With a look at every prompt each time, the test would take many minutes.
        for number in 0..<count {
            narrator.tell(Self.event(RunID("\(number)"), .runFinished(.cancelled)))
            narrator.flush()
            if narrator.isDirty || narrator.isLarge { Issue.record("nothing has changed since") }
        }
    }

    @Test("says of a large run that waits for another one's messages that it has more to tell")
    func parked() throws {
        var narrator = Self.narrator()
        narrator.tell(Self.event("large", .runQueued))
        for number in 0..<65 { narrator.tell(Self.event("large", Self.started(NodeID("\(number)")))) }
        narrator.tell(Self.event("other", .runQueued))
        #expect(narrator.isLarge && narrator.isDirty)
        _ = narrator.takeMessages()
        narrator.flush()
        let states = try narrator.takeMessages().map { try JSONParser.parse($0.payload) }
        #expect(states.map { $0["type"] } == ["progress_state"])
        #expect(narrator.isLarge && !narrator.isDirty)
        narrator.tell(Self.event("large", .runFinished(.cancelled)))
        #expect(!narrator.isLarge)
    }

    @Test("says at most of the last 64 nodes that ran when a block has a message")
    func blocked() throws {
        var narrator = Self.narrator()
        narrator.tell(Self.event("r", .runQueued))
        for number in 0..<100 { narrator.tell(Self.event("r", .nodeFinished(NodeID("\(number)")))) }
        _ = narrator.takeMessages()
        narrator.tell(Self.event("r", .nodeBlocked("b", type: "Gate", message: "closed")))
        let messages = try narrator.takeMessages().map { try JSONParser.parse($0.payload) }
        let error = try #require(messages.first { $0["type"] == "execution_error" }?["data"])
        #expect(error["executed"]?.array?.compactMap(\.string) == (36..<100).map { String($0) })
        #expect(error["node_type"] == "Gate")
        #expect(error["exception_message"] == "Execution Blocked: closed")
    }
}
