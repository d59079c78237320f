import ComfyProtocol
import Dispatch
import GraphCore
import HTTP
import TestData
import Testing

@testable import GraphServer

/// Streams whose cached frames are fewer than what they missed.
@Suite("A stream that comes back")
struct ReplayTests {
    /// A store, its publisher and few cached frames, without an engine.
    private struct Bench {
        let store: MemoryRunStore
        let frames: FrameLog
        let publisher: EventPublisher
        let sources: Subscription.Sources

        init(factByteCount: Int, log limits: EventLog.Limits = EventLog.Limits()) {
            store = MemoryRunStore(log: EventLog(limits: limits), clock: { .zero })
            var kept = FrameLog.Limits()
            kept.factByteCount = factByteCount
            frames = FrameLog(epoch: store.epoch, limits: kept)
            let encoding = RunEncoding(registry: PromptTexts.registry, redactor: PathRedactor())
            publisher = EventPublisher(store, to: frames, encoding: encoding, livePreviews: .announced)
            sources = Subscription.Sources(frames: frames, replays: Replays(store, encoding))
        }

        /// Runs a prompt of `nodeCount` nodes.
        /// - Returns: how many facts it is told as.
        func run(_ id: String, client: String, nodeCount: Int) throws -> Int {
            let read = try PromptTexts.read(id, client: client)
            _ = try store.submit(read.id, .back) { Prompt(read, priority: $0, number: $1, createdAt: 0) }
            _ = store.take()
            var sequence = QueuedRun.sequence
            func append(_ kinds: [RunEvent.Kind]) {
                var kinds = kinds
                store.append(&kinds, run: read.id, sequence: &sequence, elapsed: .zero)
            }
            append([.runStarted(nodeCount: nodeCount, cached: [])])
            for number in 0..<nodeCount {
                let node = NodeID("\(number)")
                append([
                    .nodeStarted(node, type: "T", display: node, parent: nil, because: .neverRan),
                    .nodeProgress(node, completed: 1, total: 2, remaining: nil), .nodeFinished(node),
                ])
            }
            append([.runFinished(.succeeded)])
            return 3 + 2 * nodeCount + 2
        }
    }

    /// One client's way through connections that break.
    private final class Client {
        let id: String
        /// Of each run the numbers of its facts, as they came.
        private(set) var runSeqs: [String: [UInt64]] = [:]
        private(set) var payloads: [[UInt8]] = []
        private(set) var seq: UInt64 = 0
        private(set) var results: [FrameLog.ResumeResult] = []
        private var subscription: Subscription?

        init(_ id: String) { self.id = id }

        func connect(_ sources: Subscription.Sources) {
            subscription?.leave()
            let new = Subscription(.client(id), .after(epoch: sources.frames.epoch, seq: seq), sources)
            results.append(new.join(wake: {}) { $0.takesEarlyProgress = true }.result)
            subscription = new
        }

        /// Reads what is there now; what is being encoded again comes later.
        func read(limit: Int = 1 << 16) throws {
            var out: [UInt8] = []
            var told: [EncodedMessage] = []
            while subscription?.fill(
                &out, limit: limit,
                write: {
                    told.append($0); $1 += $0.payload
                }) == .more
            {
                out = []
            }
            for message in told where message.run != nil {
                #expect(message.seq > seq, "numbers rise")
                seq = message.seq
                guard message.role.isFact, let run = message.run else { continue }
                payloads.append(message.payload)
                let number = try JSONParser.parse(message.payload)["data"]?["run_seq"]?.number?.int
                runSeqs[run.text, default: []].append(number.flatMap { UInt64(exactly: $0) } ?? 0)
            }
        }
    }

    @Test("sees every fact once, however often it breaks off and whatever is cached")
    func random() async throws {
        var random = SplitMix(seed: 15)
        let bench = Bench(factByteCount: 20_000)
        let clients = (0..<100).map { Client("client \($0)") }
        for client in clients { client.connect(bench.sources) }
        var counts: [String: [String: Int]] = [:]
        for number in 0..<2000 {
            let client = clients[Int.random(in: 0..<clients.count, using: &random)]
            let run = "run \(number)"
            counts[client.id, default: [:]][run] = try bench.run(
                run, client: client.id, nodeCount: Int.random(in: 0...4, using: &random))
            bench.publisher.publish()
            let other = clients[Int.random(in: 0..<clients.count, using: &random)]
            switch Int.random(in: 0..<4, using: &random) {
            case 0: other.connect(bench.sources)
            case 1: try other.read(limit: 700)
            default: try other.read()
            }
        }
        for client in clients {
            let expected = (counts[client.id] ?? [:]).mapValues { Array(1...UInt64($0)) }
            try await waits("\(client.id) has everything") {
                try client.read()
                return client.runSeqs.values.reduce(0) { $0 + $1.count } >= expected.values.reduce(0) { $0 + $1.count }
            }
            #expect(client.runSeqs == expected)
            #expect(client.results.allSatisfy { if case .resync = $0 { false } else { true } })
        }
    }

    @Test("is given the same bytes again when a run's facts are encoded again")
    func sameBytes() async throws {
        let bench = Bench(factByteCount: 1 << 20)
        let first = Client("c")
        first.connect(bench.sources)
        let count = try bench.run("r", client: "c", nodeCount: 100)
        bench.publisher.publish()
        try first.read()
        #expect(first.payloads.count == count)
        bench.frames.dropOldFacts()
        // More than is left of them.
        for number in 0..<40 { _ = try bench.run("other \(number)", client: "d", nodeCount: 100) }
        bench.publisher.publish()
        let second = Client("c")
        second.connect(bench.sources)
        #expect(second.results == [.resumed(seq: 0, factCount: nil)])
        try await waits("all of it") {
            try second.read()
            return second.payloads.count >= count
        }
        #expect(second.payloads == first.payloads)
    }

    @Test("starts over only where the store has dropped what it asks for")
    func resync() async throws {
        var limits = EventLog.Limits()
        limits.maxEventCount = 5000
        let bench = Bench(factByteCount: 10_000, log: limits)
        _ = try bench.run("old", client: "c", nodeCount: 500)
        for number in 0..<20 {
            _ = try bench.run("\(number)", client: "d", nodeCount: 300)
            bench.publisher.publish()
        }
        let lost = Client("c")
        lost.connect(bench.sources)
        #expect(lost.results == [.resync(seq: bench.frames.seq)])
        // Another client's facts are gone, its own are not.
        let count = try bench.run("new", client: "e", nodeCount: 5)
        for number in 20..<23 {
            _ = try bench.run("\(number)", client: "d", nodeCount: 300)
            bench.publisher.publish()
        }
        let kept = Client("e")
        kept.connect(bench.sources)
        try await waits("its facts") {
            try kept.read()
            return kept.runSeqs["new"]?.count == count
        }
    }

    @Test("of another epoch, or with a number that was never told, starts over; one between two messages goes on")
    func numbers() throws {
        let bench = Bench(factByteCount: 1 << 20)
        _ = try bench.run("r", client: "c", nodeCount: 3)
        bench.publisher.publish()
        func result(_ epoch: String, _ seq: UInt64) -> FrameLog.ResumeResult {
            let subscription = Subscription(.client("c"), .after(epoch: epoch, seq: seq), bench.sources)
            defer { subscription.leave() }
            return subscription.join(wake: {}) { _ in }.result
        }
        let (epoch, seq) = (bench.frames.epoch, bench.frames.seq)
        #expect(result("other", 1) == .resync(seq: seq))
        #expect(result(epoch, seq + 1) == .resync(seq: seq))
        #expect(result(epoch, seq) == .resumed(seq: seq, factCount: 0))
        // No message has the number 1.
        #expect(result(epoch, 1) == .resumed(seq: 1, factCount: 11))
    }
}
