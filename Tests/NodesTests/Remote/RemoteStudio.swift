import Files
import Foundation
import GraphCore
import Media
import Remote
import Synchronization
import TestModelServer
import Testing

@testable import Nodes

/// Runs a node that calls a scripted model server, in an engine and a folder of its own.
final class RemoteStudio: Sendable {
    let base: URL
    let folders: Folders
    let peer: ScriptedServer
    let providers: Providers
    let registry: NodeRegistry
    private let taken = TakenAudio()

    /// - Parameter kind: how the configuration calls the server `local`.
    init(
        _ kind: String = "xinference", key: String? = nil, settings: String = "", pacing: Pacing = .hasty
    ) throws {
        base = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
        folders = Folders(base: base.path)
        peer = try ScriptedServer(kind == "openai" ? .openai : .xinference, key: key)
        let text = "providers: {local: {kind: \(kind), url: \"\(peer.url)\"\(settings)}}"
        try Data(text.utf8).write(to: base.appending(path: "graphrun.yaml"))
        let configuration = try Configuration(
            file: nil, baseDirectory: base.path,
            environment: key.map { ["GRAPHRUN_PROVIDER_LOCAL_KEY": $0] } ?? [:])
        providers = Providers(configuration.providers, pacing: pacing)
        registry = NodeRegistry(
            [TTS(providers: providers), CosyVoice3(providers), IndexTTS2(providers), Tone(), taken])
    }

    deinit { try? FileManager.default.removeItem(at: base) }

    struct Outcome {
        let result: RunResult
        let events: [RunEvent.Kind]
        let audio: Audio?
        let peer: ScriptedServer

        /// `stage: message`, in order, without those that only say which sentence is spoken.
        var phases: [String] {
            events.compactMap { kind in
                guard case .nodePhase("speech", _, let stage, let message, _) = kind else { return nil }
                return "\(stage): \(message)"
            }
        }
        var logs: [String] {
            events.compactMap {
                if case .nodeLog("speech", let level, let text) = $0 { "\(level): \(text)" } else { nil }
            }
        }
        var previews: [SavedFile] {
            events.compactMap { if case .nodePreviewFile("speech", let file) = $0 { file } else { nil } }
        }
        var progress: [String] {
            events.compactMap { kind in
                guard case .nodeProgress("speech", let done, let total, _, _) = kind else { return nil }
                return "\(Int(clamping: done)) of \(Int(clamping: total))"
            }
        }
        /// What failed, as people read it.
        var failure: String? { result.failure?.text.replacing("127.0.0.1:\(peer.port)", with: "HOST") }
    }

    private func engine() -> Engine {
        Engine(registry: registry, environment: folders, options: Engine.Options(coreCount: 2))
    }

    /// - Parameter tones: inputs that get a sound: its rate, channels and seconds.
    private func plan(
        _ type: String, _ inputs: [String: JSON], tones: [String: Tone.Kind]
    ) throws -> (plan: Plan, workflow: Workflow) {
        var members = JSONObject(inputs.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
        var nodes = JSONObject()
        for (name, kind) in tones.sorted(by: { $0.key < $1.key }) {
            members[name] = [.string("tone-\(name)"), 0]
            nodes["tone-\(name)"] = ["class_type": "Tone", "inputs": kind.inputs]
        }
        nodes["speech"] = ["class_type": .string(type), "inputs": .object(members)]
        nodes["end"] = ["class_type": "TakenAudio", "inputs": ["audio": ["speech", 0]]]
        let workflow = try WorkflowReader(registry: registry).read(JSONWriter.bytes(.object(nodes))).workflow
        let checked = Validator.check(workflow, registry: registry, environment: folders)
        return (try #require(checked.plan, "\(checked.errors.map(\.text))"), workflow)
    }

    func run(
        _ type: String, _ inputs: [String: JSON], tones: [String: Tone.Kind] = [:]
    ) async throws -> Outcome {
        let (plan, workflow) = try plan(type, inputs, tones: tones)
        let engine = engine()
        let result = await engine.run(plan, of: workflow, id: "r")
        let events = engine.log.read(after: 0).events.map(\.kind)
        return Outcome(result: result, events: events, audio: taken.audio, peer: peer)
    }

    /// Does something once an event has happened, and waits for the end.
    func run(
        _ type: String, _ inputs: [String: JSON], when event: (RunEvent.Kind) -> Bool,
        _ act: (_ cancel: () -> Void) async -> Void
    ) async throws -> Outcome {
        let (plan, workflow) = try plan(type, inputs, tones: [:])
        let engine = engine()
        let task = Task { await engine.run(plan, of: workflow, id: "r") }
        try await engine.log.told(event)
        await act { task.cancel() }
        let result = await task.value
        let events = engine.log.read(after: 0).events.map(\.kind)
        return Outcome(result: result, events: events, audio: taken.audio, peer: peer)
    }
}

extension Pacing {
    /// Waits for nothing.
    static let hasty = Pacing(
        now: { .now }, secondsSince1970: { 784_111_777 }, sleep: { _ in try Task.checkCancellation() },
        random: { 0.5 })
}

/// A sound to hand to a node: every channel another constant, so that their mean is known.
struct Tone: Node {
    struct Kind {
        var sampleRate = 24_000
        var channelCount = 1
        var seconds = 3.0

        var inputs: JSON {
            [
                "rate": .number(JSONNumber(sampleRate)), "channels": .number(JSONNumber(channelCount)),
                "seconds": .number(JSONNumber(seconds)),
            ]
        }
    }

    static let rate = Input<Int>("rate", default: 24_000)
    static let channels = Input<Int>("channels", default: 1)
    static let seconds = Input<Double>("seconds", default: 3)
    static let audio = Output<Audio>("AUDIO")

    let schema = NodeSchema(type: "Tone", category: "test", inputs: [rate, channels, seconds], outputs: [audio])

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (rate, channels) = (try inputs[Self.rate], try inputs[Self.channels])
        let frame = (0..<channels).map { Float($0) * 0.5 }
        let count = Int(clamping: try inputs[Self.seconds] * Double(rate))
        return [
            Self.audio(
                Audio(
                    sampleRate: rate, channelCount: channels,
                    samples: (0..<count).flatMap { _ in frame }))
        ]
    }
}

/// Keeps the sound that it gets, for the test.
final class TakenAudio: Node {
    static let input = Input<Audio>("audio")
    let schema = NodeSchema(type: "TakenAudio", category: "test", inputs: [input], isOutput: true)
    private let state = Mutex<Audio?>(nil)
    var audio: Audio? { state.withLock { $0 } }

    func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let audio = try inputs[Self.input]
        state.withLock { $0 = audio }
        return []
    }
}

/// A WAV that a server was sent.
struct SentWAV {
    let sampleRate: Int
    let channelCount: Int
    let samples: [Float]

    init(_ part: Recorded.Part?) throws {
        let part = try #require(part)
        #expect(part.contentType == "audio/wav")
        // 16 bits each.
        #expect(part.bytes[34] == 16)
        var stream = WAVStream()
        samples = try stream.append(part.bytes)
        let format = try #require(stream.format)
        (sampleRate, channelCount) = (format.sampleRate, format.channelCount)
    }
}
