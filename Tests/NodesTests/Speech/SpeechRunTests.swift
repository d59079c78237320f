import Files
import Foundation
import GraphCore
import Media
import Synchronization
import Testing

@testable import Nodes

/// Runs TTS in an engine, in a folder of its own.
private final class Studio {
    let place: Workplace
    let engine: Engine

    init(espeak: EspeakProgram = EspeakProgram(), cores: Int = 2) throws {
        place = try Workplace()
        engine = Engine(
            registry: NodeRegistry([TTS(espeak: espeak), PreviewAny(), HoldAudio()]), environment: place.folders,
            options: Engine.Options(coreCount: cores))
    }

    /// The audio goes into a node that lets go of it.
    func plan(_ text: String, _ inputs: [String: JSON] = [:]) throws -> (plan: Plan, workflow: Workflow) {
        var members = JSONObject([.init("text", .string(text))])
        for (key, value) in inputs { members[key] = value }
        let json: JSON = [
            "speech": ["class_type": "TTS", "inputs": .object(members)],
            "end": ["class_type": "HoldAudio", "inputs": ["audio": ["speech", 0]]],
        ]
        let workflow = try WorkflowReader(registry: engine.registry).read(JSONWriter.bytes(json)).workflow
        let checked = Validator.check(workflow, registry: engine.registry, environment: place.folders)
        return (try #require(checked.plan, "\(checked.errors.map(\.text))"), workflow)
    }

    func run(_ text: String, _ inputs: [String: JSON] = [:]) async throws -> (RunResult, [RunEvent.Kind]) {
        let (plan, workflow) = try plan(text, inputs)
        let result = await engine.run(plan, of: workflow, id: "r")
        return (result, engine.log.read(after: 0).events.map(\.kind).filter { $0.node == "speech" })
    }

    /// Cancels when `event` has happened.
    func cancelled(_ text: String, when event: (RunEvent.Kind) -> Bool) async throws -> RunResult {
        let (plan, workflow) = try plan(text)
        let task = Task { [engine] in await engine.run(plan, of: workflow, id: "r") }
        try await engine.log.told(event)
        task.cancel()
        return await task.value
    }
}

/// An end for a graph with sound.
private struct HoldAudio: Node {
    static let audio = Input<Audio>("audio")
    let schema = NodeSchema(type: "HoldAudio", category: "test", inputs: [audio], isOutput: true)
    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] { [] }
}

@Suite("A run of TTS", .timeLimit(.minutes(5)))
struct SpeechRunTests {
    @Test("tells sentences done, and which one is spoken")
    func progress() async throws {
        let (result, events) = try await Studio().run("One. Two. Three.\n\nFour.")
        #expect(result.outcome == .succeeded)
        let words = events.compactMap { kind -> String? in
            switch kind {
            case .nodeProgress(_, let done, let total, _, _): "\(Int(clamping: done)) of \(Int(clamping: total))"
            case .nodePhase(_, _, let stage, let message, _): "\(stage): \(message)"
            default: nil
            }
        }
        // What comes within 50 ms is told once.
        #expect(words.contains("processing: sentence 1 of 4"))
        #expect(words.allSatisfy { $0.hasSuffix(" of 4") })
        #expect(words.first == "0 of 4")
        #expect(words.last == "4 of 4")
    }

    @Test("lets the first sentence be heard while the rest is made")
    func preview() async throws {
        let studio = try Studio()
        let (_, events) = try await studio.run("One is first. Two is second.")
        let files = events.compactMap { kind in
            if case .nodePreviewFile(_, let file) = kind { file } else { nil }
        }
        #expect(files == [SavedFile(filename: "tts_preview_00001_.wav", subfolder: "", folder: .temp)])
        var wav = WAVStream()
        let heard = try wav.append(studio.place.read(try #require(files.first)))
        let first = try await Spoken.audio("One is first.")
        #expect(wav.format?.sampleRate == 22_050 && wav.format?.channelCount == 1)
        #expect(heard.count == first.frameCount)
        #expect(zip(heard, try Spoken.samples(first)).allSatisfy { abs($0 - $1) < 1 / 16_384 })
        let preview = events.firstIndex { if case .nodePreviewFile = $0 { true } else { false } }
        let end = events.lastIndex { if case .nodeProgress(_, 2, _, _, _) = $0 { true } else { false } }
        #expect(try #require(preview) < #require(end))
    }

    @Test("shows no preview of a text that is one sentence")
    func noPreview() async throws {
        let studio = try Studio()
        let (_, events) = try await studio.run("One is all.")
        #expect(!events.contains { if case .nodePreviewFile = $0 { true } else { false } })
    }

    @Test("says which voice it chose for a script when nobody named a language")
    func told() async throws {
        func lines(_ text: String, _ inputs: [String: JSON] = [:]) async throws -> [String] {
            try await Studio().run(text, inputs).1.compactMap { kind in
                if case .nodeLog(_, .info, let line) = kind { line } else { nil }
            }
        }
        #expect(
            try await lines("Hello. 你好。") == [
                "no language was given: what is written in Chinese characters is spoken by the voice"
                    + " 'sit/cmn-Latn-pinyin'"
            ])
        #expect(try await lines("Hello. 你好。", ["language": "zh"]).isEmpty)
        #expect(try await lines("Hello.").isEmpty)
    }

    @Test("ends at once when it is cancelled, and its children with it")
    func cancelled() async throws {
        // Its id goes into the log, then it does nothing for ten minutes and ignores every polite signal.
        let espeak = try await FakeEspeak("echo $$ >> \"$log\"; trap '' TERM INT HUP; sleep 600")
        let studio = try Studio(espeak: espeak.program)
        let result = try await studio.cancelled("One. Two. Three. Four.") { kind in
            guard case .nodePhase = kind else { return false }
            for _ in 0..<10_000 where espeak.log.isEmpty { usleep(1000) }
            return true
        }
        #expect(result.outcome == .cancelled)
        let ids = espeak.log.compactMap { Int32($0) }
        #expect(!ids.isEmpty)
        #expect(ids.allSatisfy { kill($0, 0) == -1 && errno == ESRCH })
    }

    @Test("leaves no child behind, cancelled a hundred times at any moment")
    func manyTimes() async throws {
        // The real program, which keeps the id that is written down.
        let espeak = try await FakeEspeak("echo $$ >> \"$log\"; exec /usr/bin/env espeak-ng \"$@\"")
        let studio = try Studio(espeak: espeak.program)
        let text = String(repeating: "This is a sentence. ", count: 200)
        let (plan, workflow) = try studio.plan(text)
        for index in 0..<100 {
            let engine = studio.engine
            let task = Task { await engine.run(plan, of: workflow, id: RunID("\(index)")) }
            for _ in 0..<index * 40 { await Task.yield() }
            task.cancel()
            let result = await task.value
            #expect(result.outcome != .failed, "\(String(describing: result.failure))")
        }
        let ids = espeak.log.compactMap { Int32($0) }
        #expect(!ids.isEmpty)
        // A dead child that nobody has waited for would still have its id.
        #expect(ids.allSatisfy { kill($0, 0) == -1 && errno == ESRCH })
    }

    // MARK: With an engine that is told what to do

    /// Gives as many samples as a piece has letters, later pieces sooner than earlier ones.
    private final class StubEngine: SpeechEngine {
        let pieceLength = 1
        let pieceCountAtOnce: Int
        let usesCores = false
        let identity: SpeechIdentity? = nil
        private let counts = Mutex((running: 0, most: 0, order: [String]()))
        private let rate: @Sendable (String) -> Int

        init(atOnce: Int, rate: @escaping @Sendable (String) -> Int = { _ in 1000 }) {
            (pieceCountAtOnce, self.rate) = (atOnce, rate)
        }

        var most: Int { counts.withLock { $0.most } }

        func speak(_ piece: SpeechText.Piece, _ context: NodeContext) async throws -> Audio? {
            counts.withLock { counts in
                counts.running += 1
                counts.most = max(counts.most, counts.running)
            }
            defer { counts.withLock { $0.running -= 1 } }
            let number = Int(piece.text.filter(\.isNumber)) ?? 0
            for _ in 0..<max(0, 10 - number) * 5 { await Task.yield() }
            guard number != 4 else { return nil }
            return Audio(
                sampleRate: rate(piece.text), samples: [Float](repeating: Float(number), count: piece.text.count))
        }
    }

    private static func spoken(_ engine: StubEngine) async throws -> Audio {
        let text = SpeechText("1. One 1.\n\nTwo 2. Three 3. Four 4. Five 5. Six 6.", pieceLength: 1)
        return try await SpeechRun(
            text: text, engine: engine, paragraphPause: 0.01, unfinished: UnfinishedSpeeches(), context: NodeContext()
        ).sound()
    }

    @Test("puts pieces in their order, however they come, with pauses where paragraphs begin")
    func order() async throws {
        for atOnce in [1, 2, 3, 9] {
            let engine = StubEngine(atOnce: atOnce)
            var runs: [Float] = []
            for sample in try Spoken.samples(try await Self.spoken(engine)) where runs.last != sample {
                runs.append(sample)
            }
            #expect(runs == [11, 0, 2, 3, 5, 6])
            #expect(engine.most <= atOnce)
        }
    }

    @Test("refuses pieces that do not fit together")
    func formats() async throws {
        let engine = StubEngine(atOnce: 1) { $0.contains("3") ? 2000 : 1000 }
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil,
                "sentence 3 was spoken at 2000 Hz in mono, but those before it at 1000 Hz in mono",
                suggestion: "Run it again, or choose another voice.")
        ) { try await Self.spoken(engine) }
    }
}
