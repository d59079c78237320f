import ComfyProtocol
import GraphCore
import TestData
import Testing

@testable import GraphServer

@Suite("The publisher")
struct EventPublisherTests {
    /// A store, and what its publisher publishes, without an engine.
    private struct Bench {
        let store = MemoryRunStore(log: EventLog(), clock: { .zero })
        let frames: FrameLog
        let publisher: EventPublisher

        init(factByteCount: Int = 8 << 20) {
            var limits = FrameLog.Limits()
            limits.factByteCount = factByteCount
            frames = FrameLog(epoch: store.epoch, limits: limits)
            publisher = EventPublisher(
                store, to: frames, encoding: RunEncoding(registry: PromptTexts.registry, redactor: PathRedactor()),
                livePreviews: .announced)
        }

        func submit(_ id: String, client: String? = "c") throws {
            let read = try PromptTexts.read(id, client: client)
            _ = try store.submit(read.id, .back) { Prompt(read, priority: $0, number: $1, createdAt: 0) }
        }

        func append(_ kinds: RunEvent.Kind..., to id: String) {
            var (kinds, sequence) = (kinds, QueuedRun.sequence)
            store.append(&kinds, run: RunID(id), sequence: &sequence, elapsed: .zero)
        }

        func reader(_ scope: FrameLog.Reader.Scope = .client("c")) -> FrameLog.Reader {
            frames.subscribe(scope, .now) {}.reader
        }

        /// Publishes, and gives what a reader gets: the type, and of `status` the length of the queue.
        func published(to reader: inout FrameLog.Reader) throws -> [String] {
            publisher.publish()
            var messages: [EncodedMessage] = []
            var out: [UInt8] = []
            _ = frames.read(&reader, limit: .max, into: &out) { frame, _ in messages.append(frame.message) }
            return try messages.map { message in
                let json = try JSONParser.parse(message.payload)
                let count = json["data"]?["status"]?["exec_info"]?["queue_remaining"]?.number?.text
                return (json["type"]?.string ?? "") + (count.map { " \($0)" } ?? "")
            }
        }
    }

    @Test("tells the length of the queue with each change of it")
    func status() throws {
        let bench = Bench()
        var reader = bench.reader()
        try bench.submit("a")
        _ = bench.store.take()
        bench.append(.runStarted(nodeCount: 0, cached: []), .runFinished(.succeeded), to: "a")
        #expect(
            try bench.published(to: &reader) == [
                "status 1", "run_queued", "status 1", "execution_start", "execution_cached", "execution_success",
                "status 0", "executing",
            ])
    }

    @Test("counts a prompt that was accepted after the events that it tells")
    func acceptedSince() throws {
        let bench = Bench()
        try bench.submit("a")
        _ = bench.store.take()
        var reader = bench.reader()
        _ = try bench.published(to: &reader)
        bench.append(.runStarted(nodeCount: 0, cached: []), .runFinished(.succeeded), to: "a")
        try bench.submit("b", client: "d")
        let statuses = try bench.published(to: &reader).filter { $0.hasPrefix("status") }
        #expect(statuses == ["status 2", "status 1", "status 1"] || statuses == ["status 1", "status 1", "status 1"])
    }

    @Test("without a client id says nothing but how far it is, and that to everyone")
    func anonymous() throws {
        let bench = Bench()
        var reader = bench.reader()
        try bench.submit("a", client: nil)
        _ = bench.store.take()
        bench.append(
            .runStarted(nodeCount: 1, cached: []),
            .nodeStarted("1", type: "T", display: "1", parent: nil, because: .neverRan), .nodeFinished("1"),
            .runFinished(.succeeded), to: "a")
        #expect(
            try bench.published(to: &reader) == [
                "status 1", "status 1", "progress_state", "progress_state", "status 0",
            ])
    }

    @Test("tells the state of a large run that falls silent, one number for each event")
    func pending() async throws {
        let bench = Bench()
        for id in ["a", "b"] {
            try bench.submit(id)
            _ = bench.store.take()
            for number in 0..<70 {
                bench.append(
                    .nodeStarted("\(number)".id, type: "T", display: "x", parent: nil, because: .neverRan), to: id)
            }
        }
        var reader = bench.reader()
        _ = try bench.published(to: &reader)
        var told: [String] = []
        try await waits("one state is told") {
            told += try bench.published(to: &reader)
            return !told.isEmpty
        }
        // The other one's waits for an event, since no number may come twice.
        bench.append(.nodeLog("0", .info, "x"), to: "a")
        try await waits("the other one is told") {
            told += try bench.published(to: &reader)
            return told.count == 3
        }
        #expect(told == ["progress_state", "node_log", "progress_state"])
    }

    @Test("loses nothing of 100,000 events that came while it stood still")
    func behind() throws {
        let bench = Bench(factByteCount: 256 << 20)
        var reader = bench.reader(.run(nil))
        try bench.submit("a")
        _ = bench.store.take()
        for number in 0..<100_000 { bench.append(.nodeLog("n", .info, "\(number)"), to: "a") }
        #expect(try bench.published(to: &reader).count { $0 == "node_log" } == 100_000)
    }

    @Test("has every stream start over when events are gone that it has not read")
    func lost() throws {
        var limits = EventLog.Limits()
        limits.maxEventCount = 1000
        let store = MemoryRunStore(log: EventLog(limits: limits), clock: { .zero })
        let frames = FrameLog(epoch: store.epoch)
        let publisher = EventPublisher(
            store, to: frames, encoding: RunEncoding(registry: PromptTexts.registry, redactor: PathRedactor()),
            livePreviews: .announced)
        let read = try PromptTexts.read("a", client: "c")
        _ = try store.submit(read.id, .back) { Prompt(read, priority: $0, number: $1, createdAt: 0) }
        publisher.publish()
        let seq = frames.seq
        var reader = frames.subscribe(.client("c"), .now) {}.reader
        for number in 0..<5000 {
            var (kinds, sequence) = ([RunEvent.Kind.nodeLog("n", .info, "\(number)")], QueuedRun.sequence)
            store.append(&kinds, run: "a", sequence: &sequence, elapsed: .zero)
        }
        publisher.publish()
        var out: [UInt8] = []
        #expect(frames.read(&reader, limit: .max, into: &out) { _, _ in } == .lost)
        let sources = Subscription.Sources(
            frames: frames,
            replays: Replays(store, RunEncoding(registry: PromptTexts.registry, redactor: PathRedactor())))
        let resumed = Subscription(.client("c"), .after(epoch: store.epoch, seq: seq), sources)
        #expect(resumed.join(wake: {}) { _ in }.result == .resync(seq: frames.seq))
    }
}

extension String {
    fileprivate var id: NodeID { NodeID(self) }
}
