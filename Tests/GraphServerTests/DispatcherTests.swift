import ComfyProtocol
import GraphCore
import HTTP
import Synchronization
import Testing

@testable import GraphServer

@Suite("What waits in the queue")
struct DispatcherTests {
    /// A dispatcher whose first prompt runs until it is stopped.
    private static func dispatcher(
        readyByteCount: Int = 4 << 20, _ set: (inout MemoryRunStore.Limits) -> Void = { _ in }
    ) -> Dispatcher {
        var limits = MemoryRunStore.Limits()
        set(&limits)
        let options = Engine.Options(coreCount: 1)
        let log = EventLog()
        let store = MemoryRunStore(log: log, limits: limits, clock: options.clock)
        let engine = Engine(
            registry: PromptTexts.registry, environment: EmptyEnvironment(), options: options, log: log, sink: store)
        return Dispatcher(
            store, engine: engine, limits: Dispatcher.Limits(readyByteCount: readyByteCount),
            preparation: { try? await Task.sleep(for: .seconds(600)) })
    }

    @discardableResult
    private static func add(_ read: PromptReader, to dispatcher: Dispatcher) throws -> Prompt {
        let ready = Dispatcher.Ready(workflow: read.workflow, plan: read.plan)
        return try dispatcher.submit(read.id, .back, ready: ready) { priority, number in
            Prompt(read, priority: priority, number: number, createdAt: 0)
        }
    }

    private static func stop(_ dispatcher: Dispatcher) async { for run in dispatcher.stop() { await run.value } }

    @Test("is kept parsed within a budget of posted bytes")
    func ready() async throws {
        let byteCount = try Prompt(PromptTexts.read("0"), priority: 0, number: "0", createdAt: 0).byteCount
        let dispatcher = Self.dispatcher(readyByteCount: 3 * byteCount)
        // The first runs.
        for number in 0..<6 { try Self.add(PromptTexts.read("\(number)"), to: dispatcher) }
        #expect(dispatcher.readyByteCount == 3 * byteCount)
        dispatcher.cancel(["2", "5"])
        #expect(dispatcher.readyByteCount == 2 * byteCount)
        try Self.add(PromptTexts.read("6"), to: dispatcher)
        #expect(dispatcher.readyByteCount == 3 * byteCount)
        dispatcher.cancelAllPending()
        #expect(dispatcher.readyByteCount == 0)
        #expect(dispatcher.store.counts == RunCounts(pending: 0, running: 1, ended: 6))
        await Self.stop(dispatcher)
        #expect(dispatcher.store.counts == RunCounts(pending: 0, running: 0, ended: 7))
    }

    @Test("counts what an editor stored beside the graph")
    func extraPNGInfo() async throws {
        let extraData: JSON = ["extra_pnginfo": ["workflow": .string(String(repeating: "x", count: 400 << 10))]]
        let dispatcher = Self.dispatcher { $0.pendingByteCount = 1 << 20 }
        for number in 0..<3 { try Self.add(PromptTexts.read("\(number)", extraData: extraData), to: dispatcher) }
        let refusal = SubmitRefusal.full("the waiting prompts take 1 MiB, which is the limit")
        #expect(throws: refusal) { try Self.add(PromptTexts.read("3", extraData: extraData), to: dispatcher) }
        await Self.stop(dispatcher)
    }

    @Test("has what the editor stored as text, once, and gives it to the nodes that ask")
    func source() throws {
        let info: JSON = ["workflow": ["id": "w", "nodes": [1, 2]]]
        let read = try PromptTexts.read("p", extraData: ["a": ["}", "\\\""], "extra_pnginfo": info])
        #expect(JSON.object(read.workflow.extraPNGInfo) == info)
        #expect(read.workflowID == "w")
        let prompt = Prompt(read, priority: 0, number: "0", createdAt: 0)
        #expect(prompt.byteCount >= prompt.graph.count + prompt.extraData.count)
        #expect(try JSONParser.parse(prompt.extraData)["extra_pnginfo"] == info)
    }

    @Test("has no node with an id, and no client id, that would fill all messages")
    func longIDs() {
        let long = String(repeating: "n", count: 1025)
        func refusal(_ body: JSON) -> JSON? {
            do throws(PromptReader.Refusal) {
                _ = try PromptReader(
                    try ParsedPrompt(JSONWriter.bytes(body), limits: JSONParser.Limits()),
                    registry: PromptTexts.registry,
                    environment: EmptyEnvironment())
                return nil
            } catch { return error.json["error"] }
        }
        let node: JSON = ["class_type": "PreviewAny", "inputs": ["source": 1]]
        let node1025 = refusal(["prompt": .object(JSONObject([.init(long, node)]))])
        #expect(node1025?["message"] == "A node's id is too long")
        let beginning = String(repeating: "n", count: 60)
        #expect(
            node1025?["details"]?.string == "The id '\(beginning)...' has 1025 bytes; the limit is 1024.")
        #expect(node1025?["suggestion"] == "Use a short id, such as a number.")
        #expect(refusal(["prompt": .object(JSONObject([.init(String(long.dropLast()), node)]))]) == nil)
        let client = refusal(["prompt": ["1": node], "client_id": .string(long)])
        #expect(client?["message"] == "The client_id cannot be used")
        #expect(client?["details"] == "It has 1025 bytes; the limit is 256.")
    }
}

@Suite("JSON kept as text")
struct KeptJSONTests {
    @Test("gives a member without parsing the others")
    func member() throws {
        let object: JSON = [
            "a": [1, ["b": "}]\",\\"]], "b\"\\": ["c": []], "b": "x", "ä": .null, "": .object(JSONObject()),
        ]
        let text = JSONWriter.bytes(object)
        for member in object.object?.members ?? [] {
            let found = try #require(KeptJSON.member(member.key, of: text))
            #expect(try JSONParser.parse(Array(found)) == member.value)
        }
        #expect(KeptJSON.member("a", of: Array(#"{"a":1,"b":2,"a":3}"#.utf8)) == [UInt8(ascii: "3")])
        #expect(KeptJSON.member("c", of: text) == nil)
        #expect(KeptJSON.member("a", of: Array("{}".utf8)) == nil)
    }
}

@Suite("A long answer")
struct JSONPiecesTests {
    @Test("is sent piece by piece, as what is kept, and a short one as a whole")
    func pieces() {
        let long = Array(repeating: UInt8(ascii: "x"), count: 4 << 20)
        for (kept, isWhole) in [([UInt8]("1".utf8), true), (long, false)] {
            var json = JSONPieces()
            json.text.raw("[")
            json.raw(kept)
            json.text.raw(",2]")
            let expected = Array("[".utf8) + kept + Array(",2]".utf8)
            let response = json.response()
            switch response.body {
            case .bytes: #expect(isWhole)
            case .source(_, let byteCount): #expect(!isWhole && byteCount == expected.count)
            }
            #expect(Answer(response).bytes == expected)
        }
    }

    @Test("of many entries is written as it is taken, and no further")
    func entries() throws {
        let lane = BlockingPool(width: 1)
        let written = Atomic(0)
        func entries(_ count: Int) -> JSONEntries {
            JSONEntries(head: "[", tail: "]", count: count) { index, json in
                written.store(index + 1, ordering: .relaxed)
                json.text.raw(index > 0 ? "," : "")
                json.raw(Array(repeating: UInt8(ascii: "1"), count: 10_000))
            }
        }
        guard case .bytes(let short) = entries(3).response(on: lane).body else {
            throw Wire.Failure(description: "no bytes")
        }
        #expect(short.count == 30_004)
        let response = entries(1000).response(on: lane)
        guard case .source(_, nil) = response.body else { throw Wire.Failure(description: "no source") }
        #expect(written.load(ordering: .relaxed) < 200)
        let bytes = Answer(response).bytes
        #expect(bytes.count == 1000 * 10_001 + 1 && bytes.last == UInt8(ascii: "]"))
        #expect(written.load(ordering: .relaxed) == 1000)
    }
}
