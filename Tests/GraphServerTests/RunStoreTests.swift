import ComfyProtocol
import GraphCore
import Testing

@testable import GraphServer

/// What every store of runs must do.
@Suite("A store of runs")
struct RunStoreTests {
    private static func store(_ set: (inout MemoryRunStore.Limits) -> Void = { _ in }) -> MemoryRunStore {
        var limits = MemoryRunStore.Limits()
        set(&limits)
        return MemoryRunStore(log: EventLog(), limits: limits, clock: { .zero })
    }

    @discardableResult
    private static func submit(_ id: String, _ place: QueuePlace = .back, to store: some RunStore) throws -> Prompt {
        let read = try PromptTexts.read(id)
        return try store.submit(read.id, place) { Prompt(read, priority: $0, number: $1, createdAt: 1000) }
    }

    private static func append(_ kinds: [RunEvent.Kind], to id: String, in store: some RunStore) {
        var (kinds, sequence) = (kinds, QueuedRun.sequence)
        store.append(&kinds, run: RunID(id), sequence: &sequence, elapsed: .milliseconds(2))
    }

    /// Runs a prompt from its submission to its end.
    private static func run(_ id: String, _ kinds: [RunEvent.Kind] = [], in store: some RunStore) throws {
        try submit(id, to: store)
        _ = store.take()
        append([.runStarted(nodeCount: 1, cached: [])] + kinds + [.runFinished(.succeeded)], to: id, in: store)
    }

    private static func ids(_ runs: [StoredRun]) -> [String] { runs.map(\.prompt.id.text) }

    private static func text(_ write: (inout JSONPieces) -> Void) throws -> String {
        var json = JSONPieces()
        write(&json)
        return String(decoding: Answer(json.response()).bytes, as: UTF8.self)
    }

    private static func entry(_ run: StoredRun) -> HistoryEntry {
        HistoryEntry(run: run, encoding: RunEncoding(registry: PromptTexts.registry, redactor: PathRedactor()))
    }

    @Test("gives prompts out by their priority, then as they came, each once")
    func turns() throws {
        let store = Self.store()
        try Self.submit("a", to: store)
        try Self.submit("b", to: store)
        try Self.submit("last", .number(9.5), to: store)
        try Self.submit("front", .front, to: store)
        try Self.submit("gone", to: store)
        store.cancel(["gone", "unknown"])
        #expect(store.livePrompts().pending.map(\.id.text) == ["front", "a", "b", "last"])
        #expect(store.counts == RunCounts(pending: 4, running: 0, ended: 1))
        var taken: [String] = []
        while let next = store.take() { taken.append(next.prompt.id.text) }
        #expect(taken == ["front", "a", "b", "last"])
        #expect(store.counts == RunCounts(pending: 0, running: 4, ended: 1))
        #expect(store.livePrompts().running.map(\.id.text) == taken)
        store.cancel(["a"])
        #expect(store.livePrompt("a")?.isRunning == true)
    }

    @Test("has a prompt's state before a reader of the log can see why")
    func states() throws {
        let store = Self.store()
        try Self.submit("p", to: store)
        #expect(store.log.read(after: 0).events.map(\.sequence) == [1])
        #expect(store.run("p")?.status.state == .queued && store.endedRun("p") == nil)
        _ = store.take()
        Self.append([.runStarted(nodeCount: 1, cached: [])], to: "p", in: store)
        #expect(store.run("p")?.status.state == .running)
        Self.append([.runFinished(.failed)], to: "p", in: store)
        #expect(store.endedRun("p")?.status.state == .failed && store.endedRun("p")?.endedAt == 1002)
        #expect(store.livePrompt("p") == nil && store.counts == RunCounts(pending: 0, running: 0, ended: 1))
    }

    @Test("ends a prompt that is cancelled before its turn, and tells it")
    func cancelled() throws {
        let store = Self.store()
        for id in ["a", "b", "c"] { try Self.submit(id, to: store) }
        _ = store.take()
        store.cancelAllPending()
        #expect(Self.ids(store.allRuns().running) == ["a"] && Set(Self.ids(store.allRuns().ended)) == ["b", "c"])
        #expect(store.allRuns().ended.allSatisfy { $0.neverStarted && $0.status.state == .cancelled })
        let ends = store.log.read(after: 0).events.filter { if case .runFinished = $0.kind { true } else { false } }
        #expect(Set(ends.map(\.run)) == ["b", "c"] && ends.allSatisfy { $0.sequence == 2 })
        #expect(store.take() == nil)
    }

    @Test("refuses an id that it knows, and more than it holds")
    func refusals() throws {
        let store = Self.store { $0.pendingCount = 2 }
        try Self.run("old", in: store)
        #expect(throws: SubmitRefusal.repeatedID) { try Self.submit("old", to: store) }
        try Self.submit("a", to: store)
        #expect(throws: SubmitRefusal.repeatedID) { try Self.submit("a", to: store) }
        try Self.submit("b", to: store)
        #expect(throws: SubmitRefusal.full("2 prompts are waiting; the limit is 2")) { try Self.submit("c", to: store) }
        store.forget(["old"])
        _ = store.take()
        try Self.submit("old", to: store)
    }

    @Test("lists those that have ended, oldest first, and of those that had started as many as are asked for")
    func started() throws {
        let store = Self.store()
        for number in 0..<6 {
            if number % 2 == 0 {
                try Self.run("\(number)", in: store)
            } else {
                try Self.submit("\(number)", to: store)
                store.cancel([RunID("\(number)")])
            }
        }
        #expect(Self.ids(store.allRuns().ended) == ["0", "1", "2", "3", "4", "5"])
        #expect(Self.ids(store.startedRuns(maxCount: 2, offset: nil)) == ["2", "4"])
        #expect(Self.ids(store.startedRuns(maxCount: 2, offset: 1)) == ["2", "4"])
        #expect(Self.ids(store.startedRuns(maxCount: .max, offset: 2)) == ["4"])
        store.forgetAllEnded()
        #expect(store.allRuns().ended.isEmpty && store.counts == RunCounts())
    }

    @Test("keeps of those that have ended as many as its limits allow")
    func limits() throws {
        let few = Self.store { $0.endedCount = 3 }
        for number in 0..<5 { try Self.run("\(number)", in: few) }
        #expect(Self.ids(few.allRuns().ended) == ["2", "3", "4"])
        let small = Self.store { $0.endedByteCount = 1 }
        for number in 0..<3 { try Self.run("\(number)", in: small) }
        #expect(Self.ids(small.allRuns().ended) == ["2"])
    }

    @Test("forgets many runs one by one in linear time")
    func removal() throws {
        let count = 20_000
        let store = Self.store { $0.endedCount = count }
        for number in 0..<count { try Self.run("\(number)", in: store) }
        for number in 0..<count - 1 { store.forget([RunID("\(number)")]) }
        #expect(Self.ids(store.allRuns().ended) == ["\(count - 1)"])
    }

    @Test("has of each node what it showed last, with the node that it goes back to")
    func outputs() throws {
        func show(_ node: NodeID, _ display: NodeID, _ text: String) -> [RunEvent.Kind] {
            [
                .nodeStarted(
                    node, type: "T", display: display, parent: display == node ? nil : "2", because: .neverRan),
                .nodeOutput(node, display: display, JSONObject([.init("text", [.string(text)])])), .nodeFinished(node),
            ]
        }
        let store = Self.store()
        try Self.run("p", show("1", "1", "a") + show("2.0.0.1", "2", "b") + show("2.0.0.2", "2", "c"), in: store)
        let entry = Self.entry(try #require(store.endedRun("p")))
        #expect(try Self.text { entry.writeOutputs(to: &$0) } == #"{"1":{"text":["a"]},"2":{"text":["c"]}}"#)
        let meta = try JSONParser.parse(Array(try Self.text { entry.writeMeta(to: &$0) }.utf8))
        #expect(
            meta["2"] == [
                "node_id": "2.0.0.2", "display_node": "2", "parent_node": "2", "real_node_id": "2",
            ])
        #expect(
            try Self.text { entry.writeStatus(to: &$0) } == """
                {"status_str":"success","completed":true,"messages":\
                [["execution_start",{"prompt_id":"p","timestamp":1002}],\
                ["execution_cached",{"prompt_id":"p","nodes":[],"timestamp":1002}],\
                ["execution_success",{"prompt_id":"p","timestamp":1002}]]}
                """)
    }

    @Test("takes a run of many output nodes in linear time")
    func many() throws {
        // With the square of it, the test would take many minutes.
        let count = 200_000
        let store = Self.store()
        try Self.run(
            "p", (0..<count).map { .nodeOutput(NodeID("\($0)"), display: NodeID("\($0)"), JSONObject()) }, in: store)
        let text = try Self.text { Self.entry(store.endedRun("p") ?? store.allRuns().ended[0]).writeOutputs(to: &$0) }
        #expect(text.hasPrefix(#"{"0":{},"1":{},"2":{}"#) && text.hasSuffix(#","199999":{}}"#))
    }
}
