import Testing
import TestNodes

@testable import GraphCore

@Suite("The event log")
struct EventLogTests {
    /// Appends on behalf of one run.
    private struct Writer {
        let log: EventLog
        let run: RunID
        var sequence: UInt64 = 0

        init(_ log: EventLog, _ run: RunID) { (self.log, self.run) = (log, run) }

        mutating func say(_ kinds: RunEvent.Kind...) { say(kinds) }
        mutating func say(_ kinds: [RunEvent.Kind]) {
            var kinds = kinds
            log.append(&kinds, run: run, sequence: &sequence, elapsed: .zero)
        }
    }

    private static func limits(events: Int = 1_000_000, bytes: Int = 128 << 20) -> EventLog.Limits {
        var limits = EventLog.Limits()
        (limits.maxEventCount, limits.maxByteCount) = (events, bytes)
        return limits
    }

    private func facts(_ count: Int) -> [RunEvent.Kind] { (0..<count).map { .nodeFinished(NodeID("\($0)")) } }
    private func progress(_ count: Int) -> [RunEvent.Kind] {
        (0..<count).map { .nodeProgress("1", completed: Double($0), total: Double(count), remaining: nil) }
    }

    @Test("numbers each run without gaps, and all of them in one order")
    func numbering() {
        let log = EventLog()
        var one = Writer(log, "one")
        var two = Writer(log, "two")
        one.say(.runQueued, .runStarted(nodeCount: 1, cached: []))
        two.say(.runQueued)
        one.say(.nodeFinished("1"))
        two.say(.runFinished(.cancelled))
        one.say(.runFinished(.succeeded))
        let events = log.read(after: 0).events
        #expect(events.map(\.order) == [1, 2, 3, 4, 5, 6])
        #expect(events.map(\.run) == ["one", "one", "two", "one", "two", "one"])
        #expect(events.map(\.sequence) == [1, 2, 1, 3, 2, 4])
        #expect(log.end == 6)
    }

    @Test("keeps its numbers when many runs write at once")
    func concurrentRuns() async {
        let log = EventLog()
        await withTaskGroup(of: Void.self) { group in
            for run in 0..<8 {
                group.addTask {
                    var writer = Writer(log, RunID("\(run)"))
                    for _ in 0..<500 { writer.say(.nodeFinished("1"), .nodeCached("2")) }
                }
            }
        }
        let events = log.read(after: 0, limit: .max).events
        #expect(events.map(\.order) == Array(1...8000))
        for run in 0..<8 {
            #expect(events.filter { $0.run == RunID("\(run)") }.map(\.sequence) == Array(1...1000))
        }
    }

    @Test("numbers the runs of an engine so too")
    func engine() async throws {
        let runner = TestRunner(cores: 2)
        let workflow = try TextGraph("a = Add a: 1\nb = Add a: a b: 2\nshow = Show value: b").workflow
        let plan = try runner.plan(workflow)
        await withTaskGroup(of: Void.self) { group in
            for run in 0..<10 {
                group.addTask { await runner.engine.run(plan, of: workflow, id: RunID("\(run)")) }
            }
        }
        let events = runner.engine.log.read(after: 0, limit: .max).events
        #expect(events.map(\.order) == Array(1...UInt64(events.count)))
        for run in 0..<10 {
            let own = events.filter { $0.run == RunID("\(run)") }
            #expect(own.map(\.sequence) == Array(1...UInt64(own.count)))
            #expect(zip(own, own.dropFirst()).allSatisfy { $0.elapsed <= $1.elapsed })
        }
    }

    @Test("is read on from wherever a reader stands, page by page")
    func paging() {
        let log = EventLog()
        var writer = Writer(log, "r")
        writer.say(facts(5000))
        var position: EventLog.Position = 0
        var orders: [UInt64] = []
        while true {
            let page = log.read(after: position, limit: 700)
            #expect(!page.isResync)
            if page.events.isEmpty { break }
            orders += page.events.map(\.order)
            position = page.next
        }
        #expect(orders == Array(1...5000))
        #expect(position == 5000)
        #expect(log.read(after: 4999).events.map(\.order) == [5000])
        #expect(log.read(after: 5000).next == 5000)
        #expect(log.read(after: 9999).next == 9999)
    }

    @Test("is read for one run alone, without passing over anything of it")
    func oneRun() {
        let log = EventLog()
        var one = Writer(log, "one")
        var two = Writer(log, "two")
        for _ in 0..<300 {
            one.say(facts(2))
            two.say(facts(5))
        }
        var position: EventLog.Position = 0
        var sequences: [UInt64] = []
        while position < log.end {
            let page = log.read(after: position, run: "one", limit: 64)
            sequences += page.events.map(\.sequence)
            position = page.next
        }
        #expect(sequences == Array(1...600))
    }

    @Test("lets progress go first, and nobody misses it")
    func progressFirst() {
        let log = EventLog(limits: Self.limits(events: 3000))
        var old = Writer(log, "old")
        old.say(.runQueued)
        old.say(facts(500))
        old.say(.runFinished(.succeeded))
        var live = Writer(log, "live")
        live.say(.runQueued)
        live.say(progress(1500))
        live.say(facts(1500))
        let page = log.read(after: 0, limit: .max)
        #expect(page.events.count <= 3000)
        #expect(page.events.count { !$0.kind.isSuperseded } == 500 + 1500 + 3)
        #expect(!page.isResync)
        #expect(page.events.map(\.order) == page.events.map(\.order).sorted())
    }

    @Test("then lets the facts of finished runs go, and tells readers who missed some")
    func finishedRuns() {
        let log = EventLog(limits: Self.limits(events: 4000))
        var live = Writer(log, "live")
        live.say(.runQueued)
        live.say(facts(500))
        var old = Writer(log, "old")
        old.say(.runQueued)
        old.say(facts(2000))
        old.say(.runFinished(.failed))
        live.say(facts(2000))
        let page = log.read(after: 0, limit: .max)
        #expect(page.events.count <= 4000)
        #expect(page.events.count { $0.run == "live" } == 2501)
        #expect(page.events.count { $0.run == "old" } < 2002)
        #expect(page.isResync)
        #expect(!log.read(after: log.end - 1).isResync)
    }

    @Test("tells readers of one run only of what that run has lost")
    func lossOfOneRun() {
        let log = EventLog(limits: Self.limits(events: 4000))
        var kept = Writer(log, "kept")
        kept.say(.runQueued)
        kept.say(facts(10))
        var gone = Writer(log, "gone")
        gone.say(.runQueued)
        gone.say(facts(500))
        gone.say(.runFinished(.succeeded))
        var harmed = Writer(log, "harmed")
        harmed.say(.runQueued)
        harmed.say(facts(3300))
        harmed.say(.runFinished(.succeeded))
        kept.say(facts(500))
        var new = Writer(log, "new")
        new.say(.runQueued)
        #expect(log.read(after: 0).isResync)
        #expect(!log.read(after: 0, run: "kept").isResync)
        #expect(log.read(after: 0, run: "harmed").isResync)
        #expect(log.read(after: 0, run: "gone").isResync)
        #expect(!log.read(after: 0, run: "new").isResync)
        #expect(!log.read(after: log.end, run: "gone").isResync)
    }

    @Test("lets the facts of live runs go last, the oldest first")
    func liveRuns() throws {
        let log = EventLog(limits: Self.limits(events: 4000))
        var live = Writer(log, "live")
        live.say(.runQueued)
        for _ in 0..<100 { live.say(facts(100)) }
        let page = log.read(after: 0, limit: .max)
        #expect(page.isResync)
        #expect((3000...4000).contains(page.events.count))
        #expect(page.events.last?.order == 10_001)
        let first = try #require(page.events.first?.order)
        #expect(page.events.map(\.order) == Array(first...10_001))
        #expect(!log.read(after: first - 1).isResync)
        #expect(log.read(after: first - 2).isResync)
    }

    @Test("is bounded in bytes, whatever previews weigh")
    func bytes() {
        let log = EventLog(limits: Self.limits(bytes: 8 << 20))
        var live = Writer(log, "live")
        live.say(.runQueued)
        for _ in 0..<200 { live.say(.nodePreview("1", .png, Array(repeating: 0, count: 100_000)), .nodeCached("2")) }
        let page = log.read(after: 0, limit: .max)
        let weight = page.events.reduce(0) { $0 + $1.kind.payloadByteCount }
        #expect(weight <= 8 << 20)
        #expect(page.events.count { !$0.kind.isSuperseded } == 201)
        #expect(!page.isResync)
    }

    @Test("wakes whoever waits for the next event")
    func waiting() async {
        let log = EventLog()
        let isWaiting = Signal()
        async let seen = {
            await isWaiting.fire()
            var page = log.read(after: 0)
            while page.events.isEmpty {
                await log.wait(after: 0)
                page = log.read(after: 0)
            }
            return page.events.map(\.order)
        }()
        await isWaiting.wait()
        var writer = Writer(log, "r")
        writer.say(.runQueued)
        #expect(await seen == [1])
    }

    @Test("lets nobody wait for what is there already")
    func noWait() async {
        let log = EventLog()
        var writer = Writer(log, "r")
        writer.say(.runQueued)
        await log.wait(after: 0)
        #expect(log.end == 1)
    }

    @Test("lets a cancelled reader go")
    func cancelledReader() async {
        let log = EventLog()
        let reader = Task { await log.wait(after: 0) }
        reader.cancel()
        await reader.value
        #expect(log.end == 0)
    }
}
