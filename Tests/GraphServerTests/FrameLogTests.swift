import ComfyProtocol
import GraphCore
import HTTP
import Synchronization
import Testing

@testable import GraphServer

@Suite("The message log")
struct FrameLogTests {
    /// Counts what it is asked to.
    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    private static func message(
        _ text: String, _ seq: UInt64, to audience: EncodedMessage.Audience = .client("a"),
        _ role: ComfyEncoder.Role = .fact, run: RunID? = "r", variant: ComfyEncoder.Variant = .all
    ) -> EncodedMessage {
        EncodedMessage(
            audience: audience, variant: variant, role: role, run: run, seq: seq, payload: Array(text.utf8))
    }

    private static func read(
        _ log: FrameLog, _ reader: inout FrameLog.Reader, limit: Int = 1 << 20
    ) -> (texts: [String], given: FrameLog.ReadResult) {
        var texts: [String] = []
        var out: [UInt8] = []
        let given = log.read(&reader, limit: limit, into: &out) { frame, out in
            texts.append(String(decoding: frame.message.payload, as: UTF8.self))
            WebSocketFrame.encode(.text, frame.message.payload, into: &out)
        }
        return (texts, given)
    }

    private static func join(
        _ log: FrameLog, _ scope: FrameLog.Reader.Scope = .client("a"), since seq: UInt64? = nil
    ) -> (reader: FrameLog.Reader, result: FrameLog.ResumeResult, latest: [String]) {
        let joined = log.subscribe(scope, seq.map { .after(epoch: log.epoch, seq: $0) } ?? .now) {}
        let latest = joined.latest.map { String(decoding: $0.payload, as: UTF8.self) }
        return (joined.reader, joined.result, latest)
    }

    @Test("gives a client what is for it and for everyone, in one order")
    func audiences() {
        let log = FrameLog(epoch: "e")
        var (reader, _, _) = Self.join(log)
        log.publish([
            Self.message("status", 0, to: .everyone, .transient, run: nil), Self.message("mine", 1),
            Self.message("theirs", 2, to: .client("b")), Self.message("nobody's", 3, to: .nobody),
            Self.message("progress", 4, .transient),
            Self.message("status again", 4, to: .everyone, .transient, run: nil),
            Self.message("end", 5),
        ])
        #expect(Self.read(log, &reader).texts == ["status", "mine", "progress", "status again", "end"])
        #expect(Self.read(log, &reader).texts == [])
    }

    @Test("gives as much as was asked for, and goes on there")
    func pieces() {
        let log = FrameLog(epoch: "e")
        var (reader, _, _) = Self.join(log)
        log.publish((1...5).map { Self.message("message \($0)", $0) })
        var all: [String] = []
        while true {
            let (texts, given) = Self.read(log, &reader, limit: 20)
            #expect(texts.count <= 2)
            all += texts
            if given == .all { break }
            #expect(given == .part)
        }
        #expect(all == (1...5).map { "message \($0)" })
    }

    @Test("holds what is said of a run back from its client until its POST is answered, and from nobody else")
    func held() {
        let log = FrameLog(epoch: "e")
        let woken = Counter()
        let joined = log.subscribe(.client("a"), .now) { woken.add() }
        var mine = joined.reader
        var all = Self.join(log, .run(nil)).reader
        log.posting("a", "r")
        log.publish([
            Self.message("before", 1, run: "other"), Self.message("held", 2), Self.message("behind", 3, run: "other"),
        ])
        let (texts, given) = Self.read(log, &mine)
        #expect(texts == ["before"])
        if case .held(let left) = given {
            #expect(left > .zero && left <= .seconds(1))
        } else {
            Issue.record("\(given)")
        }
        #expect(Self.read(log, &all).texts == ["before", "held", "behind"])
        let count = woken.value
        log.answered("a", "r")
        #expect(woken.value == count + 1)
        #expect(Self.read(log, &mine).texts == ["held", "behind"])
        log.answered("a", "r")
        #expect(woken.value == count + 1)
    }

    @Test("waits for no answer longer than it should")
    func answerless() {
        var limits = FrameLog.Limits()
        limits.answerDelay = .zero
        let log = FrameLog(epoch: "e", limits: limits)
        var (reader, _, _) = Self.join(log)
        log.posting("a", "r")
        log.publish([Self.message("told", 1)])
        #expect(Self.read(log, &reader).texts == ["told"])
    }

    @Test("tells a client that connects after it has posted what it missed, once")
    func connectsLater() {
        let log = FrameLog(epoch: "e")
        log.publish([Self.message("earlier", 1)])
        log.posting("a", "r")
        // The answer may be out before anything of the run is published.
        log.answered("a", "r")
        log.publish([Self.message("begins", 2), Self.message("progress", 3, .transient), Self.message("ends", 4, .end)])
        var first = Self.join(log)
        #expect(first.result == .caughtUp && first.latest == [])
        #expect(Self.read(log, &first.reader).texts == ["begins", "progress", "ends"])
        var second = Self.join(log)
        #expect(second.result == .fresh)
        #expect(Self.read(log, &second.reader).texts == [])
    }

    @Test("tells a client nothing old that connects later than it should, or had a stream when it posted")
    func connectsTooLate() {
        var limits = FrameLog.Limits()
        limits.connectDelay = .zero
        let late = FrameLog(epoch: "e", limits: limits)
        late.posting("a", "r")
        late.publish([Self.message("missed", 1)])
        #expect(Self.join(late).result == .fresh)

        let log = FrameLog(epoch: "e")
        _ = log.subscribe(.client("a"), .now) {}
        log.posting("a", "r")
        log.publish([Self.message("told", 1)])
        #expect(Self.join(log).result == .fresh)
    }

    @Test("wakes those concerned, and nobody else")
    func wakes() {
        let log = FrameLog(epoch: "e")
        let (mine, theirs) = (Counter(), Counter())
        let joined = log.subscribe(.client("a"), .now) { mine.add() }
        _ = log.subscribe(.client("b"), .now) { theirs.add() }
        log.publish([Self.message("x", 1), Self.message("y", 2)])
        #expect((mine.value, theirs.value) == (1, 0))
        log.publish([Self.message("z", 2, to: .everyone, .transient, run: nil)])
        #expect((mine.value, theirs.value) == (2, 1))
        log.unsubscribe(.client("a"), joined.subscription)
        log.publish([Self.message("x", 3)])
        #expect(mine.value == 2)
    }

    @Test("has several readers of one client, of which one that leaves silences no other")
    func twins() {
        let log = FrameLog(epoch: "e")
        let first = log.subscribe(.client("a"), .now) {}
        var (second, _, _) = Self.join(log)
        log.unsubscribe(.client("a"), first.subscription)
        log.publish([Self.message("x", 1)])
        #expect(Self.read(log, &second).texts == ["x"])
    }

    @Test("replays what came after a number, each message once")
    func resumes() {
        let log = FrameLog(epoch: "e")
        log.publish((1...6).map { Self.message("\($0)", $0, to: $0 % 3 == 0 ? .client("b") : .client("a")) })
        var (reader, result, _) = Self.join(log, since: 2)
        #expect(result == .resumed(seq: 2, factCount: 2))
        #expect(Self.read(log, &reader).texts == ["4", "5"])
        log.publish([Self.message("7", 7)])
        #expect(Self.read(log, &reader).texts == ["7"])
    }

    @Test("has nothing to replay for who has seen all of it")
    func nothingMissed() {
        let log = FrameLog(epoch: "e")
        log.publish([Self.message("1", 1)])
        var (reader, result, _) = Self.join(log, since: 1)
        #expect(result == .resumed(seq: 1, factCount: 0))
        #expect(Self.read(log, &reader).texts == [])
    }

    @Test("has who comes with a number of another life, or of the future, start over")
    func strangers() {
        let log = FrameLog(epoch: "e")
        log.publish([Self.message("1", 1)])
        #expect(Self.join(log, since: 2).result == .resync(seq: 1))
        #expect(log.subscribe(.client("a"), .after(epoch: "other", seq: 1)) {}.result == .resync(seq: 1))
    }

    @Test("keeps a number of bytes, and says which facts are gone")
    func bounded() {
        var limits = FrameLog.Limits()
        limits.factByteCount = 3000
        let log = FrameLog(epoch: "e", limits: limits)
        var (slow, _, _) = Self.join(log)
        log.publish((1...100).map { Self.message("message \($0)", $0) })
        #expect(Self.read(log, &slow).given == .lost)
        guard case .evicted(seq: 1, let through) = Self.join(log, since: 1).result else {
            Issue.record("nothing is gone")
            return
        }
        #expect(Self.join(log, since: through).result == .resumed(seq: through, factCount: 100 - Int(through)))
        #expect(Self.join(log, .client("a"), since: 98).result == .resumed(seq: 98, factCount: 2))
        // An unknown client's may be among those that are gone.
        #expect(Self.join(log, .client("c"), since: 1).result == .evicted(seq: 1, through: through))
    }

    @Test("skips progress, never facts, for who is far behind")
    func behind() {
        var limits = FrameLog.Limits()
        limits.lagByteCount = 100
        let log = FrameLog(epoch: "e", limits: limits)
        var (reader, _, _) = Self.join(log)
        for number in 1...50 {
            log.publish([
                Self.message("fact \(number)", UInt64(2 * number - 1)),
                Self.message("progress \(number)", UInt64(2 * number), .transient),
            ])
        }
        let texts = Self.read(log, &reader).texts
        #expect(texts.filter { $0.hasPrefix("fact") } == (1...50).map { "fact \($0)" })
        let progress = texts.filter { $0.hasPrefix("progress") }
        #expect(progress.last == "progress 50")
        #expect(progress.count < 10)
    }

    @Test("tells who comes back without a number what runs and its newest state, until it has ended")
    func latest() {
        let log = FrameLog(epoch: "e")
        log.publish([
            Self.message("start", 1, .start), Self.message("state 1", 2, .state),
            Self.message("executing 1", 3, .executing), Self.message("state 2", 4, .state),
            Self.message("executing 2", 5, .executing),
        ])
        #expect(Self.join(log).latest == ["start", "state 2", "executing 2"])
        log.publish([Self.message("end", 6, .end)])
        #expect(Self.join(log).latest == [])
    }

    @Test("is read by run, whoever posted it")
    func byRun() {
        let log = FrameLog(epoch: "e")
        log.publish([
            Self.message("a", 1), Self.message("b", 2, to: .nobody, run: "s"),
            Self.message("c", 3, to: .everyone, .state, run: "s"), Self.message("d", 4),
        ])
        var (one, _, _) = Self.join(log, .run("s"), since: 0)
        #expect(Self.read(log, &one).texts == ["b", "c"])
        var (all, _, _) = Self.join(log, .run(nil), since: 0)
        #expect(Self.read(log, &all).texts == ["a", "b", "c", "d"])
    }

    @Test("gives each client the form of a picture that it understands")
    func variants() {
        let log = FrameLog(epoch: "e")
        var (plain, _, _) = Self.join(log)
        var (described, _, _) = Self.join(log)
        described.takesDescribedPreviews = true
        log.publish([
            Self.message("type 4", 1, .transient, variant: .describedPreview), Self.message("progress", 2),
            Self.message("type 1", 3, .transient, variant: .plainPreview),
        ])
        #expect(Self.read(log, &plain).texts == ["progress", "type 1"])
        #expect(Self.read(log, &described).texts == ["type 4", "progress"])
    }

    @Test("looks for what is told to everyone at those who read, not at all who were told something once")
    func listeners() {
        let log = FrameLog(epoch: "e")
        let counter = Counter()
        _ = log.subscribe(.client("a"), .now) { counter.add() }
        let count: UInt64 = 20_000
        log.publish((1...count).map { Self.message("x", $0, to: .client("client \($0)")) })
        // With a look at every client each time, the test would take many minutes.
        for _ in 0..<count { log.publish([Self.message("s", count, to: .everyone, .transient, run: nil)]) }
        #expect(counter.value == Int(count))
    }

    @Test("holds each message once, and as many as its bytes allow")
    func weight() {
        let text = String(repeating: "x", count: 1000)
        let log = FrameLog(epoch: "e", limits: FrameLog.Limits(factByteCount: 10 * 1300))
        log.publish((1...11).map { Self.message(text, $0) })
        #expect(Self.join(log, since: 1).result == .resumed(seq: 1, factCount: 10))
        #expect(Self.join(log, since: 0).result == .evicted(seq: 0, through: 1))
    }
}
