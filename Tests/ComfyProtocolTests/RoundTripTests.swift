import ComfyProtocol
import GraphCore
import TestData
import Testing

/// What the reader makes of what the writer tells.
@Suite("A run that is encoded and decoded")
struct RoundTripTests {
    /// Made-up runs: valid orders of events, with everything in them that the wire can say.
    private struct RandomRun {
        var random: SplitMix
        var events: [RunEvent] = []
        private var sequence: UInt64 = 0
        private var elapsed = Duration.zero
        let id: RunID = "run"

        init(seed: UInt64) {
            random = SplitMix(seed: seed)
            make()
        }

        private mutating func add(_ kind: RunEvent.Kind) {
            sequence += 1
            // Other runs lie between them.
            let order = (events.last?.order ?? 0) + UInt64.random(in: 1...3, using: &random)
            events.append(RunEvent(run: id, sequence: sequence, order: order, elapsed: elapsed, kind: kind))
        }

        private mutating func text() -> String {
            ["", "plain", "a \"quote\" and \\", "线条\n", "\u{1}tab\t", "ü"].randomElement(using: &random) ?? ""
        }

        private mutating func reason() -> RunEvent.Reason {
            [.neverRan, .inputChanged(text()), .typeChanged, .contentChanged, .notCacheable, .evicted]
                .randomElement(using: &random) ?? .neverRan
        }

        private mutating func remaining() -> Duration? {
            Bool.random(using: &random) ? nil : .microseconds(Int.random(in: 0...90_000_000, using: &random))
        }

        private mutating func make() {
            add(.runQueued)
            let count = Int.random(in: 1...90, using: &random)
            let cached = (0..<Int.random(in: 0...3, using: &random)).map { NodeID("c\($0)") }
            add(.runStarted(nodeCount: count, cached: cached))
            for node in cached { add(.nodeCached(node)) }
            add(.runProgress(finished: 0, of: count, remaining: remaining()))
            for number in 0..<count { makeNode(NodeID("n\(number)")) }
            if Bool.random(using: &random) {
                add(.runFinished(.succeeded))
            } else {
                add(.nodeStarted("last", type: "T", display: "last", parent: nil, because: .neverRan))
                if Bool.random(using: &random) {
                    add(.nodeFailed("last", Diagnostic(.badFile, node: "last", "it broke", suggestion: "Mend it.")))
                    add(.runFinished(.failed))
                } else {
                    add(.nodeInterrupted("last"))
                    add(.runFinished(.cancelled))
                }
            }
        }

        private mutating func makeNode(_ node: NodeID) {
            if Int.random(in: 0..<8, using: &random) == 0 {
                return add(.nodeBlocked(node, type: "", message: Bool.random(using: &random) ? "closed" : nil))
            }
            if Int.random(in: 0..<8, using: &random) == 0 { return add(.nodeCached(node)) }
            let display: NodeID = Bool.random(using: &random) ? node : "shown"
            add(.nodeStarted(node, type: "Type", display: display, parent: nil, because: reason()))
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                elapsed += .microseconds(Int.random(in: 0...120_000, using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0: add(.nodePhase(node, type: "Type", stage: "stage", message: text(), percent: 33.333))
                case 1: add(.nodeLog(node, .warning, text()))
                case 2:
                    add(.nodePreviewFile(node, SavedFile(filename: "a.wav", subfolder: "s", folder: .temp)))
                case 3:
                    add(
                        .nodeWaiting(node, for: Bool.random(using: &random) ? .inputs(["a"]) : .expansion(nodeCount: 3))
                    )
                    add(.nodeStarted(node, type: "Type", display: display, parent: nil, because: .neverRan))
                case 4: add(.nodeOutput(node, display: display, JSONObject([.init("text", [.string(text())])])))
                default: add(.nodeProgress(node, completed: 3, total: 10, remaining: remaining()))
                }
            }
            // Its whole progress, so that the end adds none.
            add(.nodeProgress(node, completed: 10, total: 10, remaining: nil))
            add(.nodeFinished(node))
        }
    }

    /// An event without its numbers, as text.
    private static func text(_ kind: RunEvent.Kind) -> String {
        JSONWriter.text(RunEvent(run: "r", sequence: 1, order: 1, elapsed: .zero, kind: kind).json)
    }

    @Test("is what happened, as far as the wire tells it", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(_ seed: UInt64) throws {
        let run = RandomRun(seed: seed)
        var encoder = ComfyEncoder(run.id, ComfyEncoder.Origin(queuedAt: 0))
        var decoder = ComfyDecoder(run.id, Workflow(nodes: []))
        var told: [String] = []
        var seq: UInt64 = 0
        var runSeq: UInt64 = 0
        for event in run.events {
            var emissions: [ComfyEncoder.Emission] = []
            encoder.encode(event, into: &emissions)
            for emission in emissions where emission.message.kind != nil {
                let number = MessageNumbers.seq(order: event.order, part: emission.part)
                #expect(number > seq && emission.part < MessageNumbers.partCount - 1)
                #expect(emission.runSeq == runSeq + (emission.role.isFact ? 1 : 0))
                (seq, runSeq) = (number, emission.runSeq)
                let payload = emission.message.payload(
                    of: run.id, MessageNumbers(seq: number, runSeq: runSeq, epoch: "e"))
                told += decoder.read(try JSONParser.parse(payload)).map(Self.text)
            }
        }
        #expect(told == run.events.compactMap { $0.kind.asOnTheWire.map(Self.text) })
        let outcome: RunEvent.Outcome? =
            if case .runFinished(let outcome)? = run.events.last?.kind { outcome } else { nil }
        #expect(decoder.outcome == outcome && decoder.hasEnded)
    }

    @Test("is shown by graphrun 0.5.0 with every progress there was", arguments: 0..<50 as Range<UInt64>)
    func oldClient(_ seed: UInt64) throws {
        let run = RandomRun(seed: seed)
        var encoder = ComfyEncoder(run.id, ComfyEncoder.Origin(queuedAt: 0))
        var fold = MessageFold(run.id, Workflow(nodes: []))
        var position = StreamPosition()
        position.restart(["epoch": "e", "seq": 0])
        var shown: [RunEvent.Kind] = []
        for event in run.events {
            var emissions: [ComfyEncoder.Emission] = []
            encoder.encode(event, into: &emissions)
            for emission in emissions where emission.message.kind != nil {
                let seq = MessageNumbers.seq(order: event.order, part: emission.part)
                let message = try JSONParser.parse(
                    emission.message.payload(
                        of: run.id, MessageNumbers(seq: seq, runSeq: emission.runSeq, epoch: "e")))
                if position.isNew(message["data"] ?? .null) { shown += fold.read(message) }
            }
        }
        func isProgress(_ kind: RunEvent.Kind) -> Bool {
            switch kind {
            case .runProgress, .nodeProgress: true
            default: false
            }
        }
        #expect(shown.count(where: isProgress) == run.events.count { isProgress($0.kind) })
        #expect(fold.hasEnded)
        // A connection that breaks anywhere goes on behind the last number.
        let last = run.events.last
        let hasFailed = if case .runFinished(.failed)? = last?.kind { true } else { false }
        #expect(position.text == "e:\(MessageNumbers.seq(order: last?.order ?? 0, part: hasFailed ? 3 : 7))")
    }

    @Test("has the same facts with the same numbers when it is folded again", arguments: 0..<50 as Range<UInt64>)
    func again(_ seed: UInt64) {
        let run = RandomRun(seed: seed)
        // A store keeps no progress.
        let kept = run.events.filter { !$0.kind.isSuperseded }
        func facts(_ events: [RunEvent]) -> [[UInt8]] {
            var encoder = ComfyEncoder(run.id, ComfyEncoder.Origin(queuedAt: 5))
            return events.flatMap { event in
                var emissions: [ComfyEncoder.Emission] = []
                encoder.encode(event, into: &emissions)
                return emissions.filter { $0.role.isFact }.map {
                    $0.message.payload(
                        of: run.id,
                        MessageNumbers(
                            seq: MessageNumbers.seq(order: event.order, part: $0.part), runSeq: $0.runSeq, epoch: "e"))
                }
            }
        }
        #expect(facts(run.events) == facts(kept))
    }
}
