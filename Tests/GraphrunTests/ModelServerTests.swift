import Foundation
import TestModelServer
import Testing

@Suite("graphrun with a model server", .timeLimit(.minutes(2)))
struct ModelServerTests {
    private let workplace: Workplace

    init() throws { workplace = try Workplace() }

    private static let speech = """
        {"speech": {"class_type": "CosyVoice3", "inputs": {"text": "Hello there. How are you?"}},
         "save": {"class_type": "SaveAudio", "inputs": {"audio": ["speech", 0], "filename_prefix": "said"}}}
        """

    @Test("speaks through the one that graphrun.yaml names, and shows its key nowhere")
    func speaks() async throws {
        let key = "sk-hidden-in-a-file"
        let peer = try ScriptedServer(key: key)
        try workplace.write("key", key + "\n")
        try workplace.write(
            "graphrun.yaml", "providers:\n  gpu: {kind: xinference, url: \"\(peer.url)/v1\", key_file: key}\n")
        try workplace.write("speech.json", Self.speech)
        let done = try await workplace.graphrun("speech.json", "--events", "jsonl", "--trace", "trace.json")
        #expect(done.code == 0, "\(done.errors)")
        #expect(workplace.files("output") == ["said_00001_.flac"])
        #expect(
            peer.requests.map { $0.field("input") } == ["Hello there.", "How are you?"]
                && peer.requests.allSatisfy { $0.header("Authorization") == "Bearer \(key)" })
        peer.stage(.status(500, "the key \(key) is too good"))
        let failed = try await workplace.graphrun("speech.json", "--events", "jsonl")
        #expect(failed.code == 1)
        #expect(failed.errors.contains("'gpu' answered 500: the key (secret) is too good"))
        let doctor = try await workplace.graphrun("doctor")
        let saved = String(decoding: try Data(contentsOf: workplace.url("output/said_00001_.flac")), as: UTF8.self)
        for text in [
            done.output, done.errors, failed.output, failed.errors, doctor.output, try workplace.text("trace.json"),
            saved,
        ] { #expect(!text.contains("hidden-in")) }
        await peer.stop()
    }

    @Test("stops with the run, and the server hears of it")
    func cancelled() async throws {
        let peer = try ScriptedServer()
        peer.stage(.held)
        try workplace.write("c.yaml", "providers: {gpu: {kind: xinference, url: \"\(peer.url)\"}}")
        try workplace.write("speech.json", Self.speech)
        let result = try await workplace.graphrun("speech.json", "--config", "c.yaml", "--timeout", "0.5")
        #expect(result.code == 1 && result.errors.contains("stopped after 0.5 s"))
        #expect(await peer.waits { $0.abandonedCount == 1 })
        await peer.stop()
    }

    @Test("doctor names the servers, the models and where a key comes from")
    func doctor() async throws {
        try workplace.write(
            "graphrun.yaml",
            """
            providers:
              gpu:
                {kind: xinference, url: "http://127.0.0.1:9997", limit: 3, models: {CosyVoice3: [a, b], IndexTTS2: c}}
              cloud: {url: "https://api.example.org/v1", key_env: GRAPHRUN_TEST_KEY, model: tts-1}
            """)
        let result = try await Program.run(
            ["doctor"], in: workplace.folder, environment: ["GRAPHRUN_TEST_KEY": "sk-hidden"])
        #expect(result.code == 0 && result.errors.isEmpty)
        #expect(
            result.output.contains(
                """
                  model servers (graphrun.yaml):
                    gpu (default): xinference, http://127.0.0.1:9997, 3 at once, no key; CosyVoice3: a, b; IndexTTS2: c
                    cloud: openai, https://api.example.org, 2 at once, a key from the environment variable \
                GRAPHRUN_TEST_KEY; tts-1

                """))
        #expect(!result.output.contains("hidden"))
        let empty = try Workplace()
        let none = try await Program.run(
            ["doctor"], in: empty.folder, environment: ["XDG_CONFIG_HOME": workplace.folder.path])
        #expect(
            none.output.contains("  model servers: none; docs/MODEL-SERVERS.md says how to have one\n"))
        withExtendedLifetime(empty) {}
    }

    @Test("says what is wrong with a configuration, but only to who needs it")
    func mistaken() async throws {
        try workplace.write("graphrun.yaml", "providers:\n  gpu: {kind: xinferense, url: http://h}\n")
        try workplace.write("speech.json", Self.speech)
        for command in [["speech.json"], ["doctor"]] {
            let result = try await Program.run(command, in: workplace.folder)
            #expect(result.code == 3 && result.output.isEmpty)
            #expect(
                result.errors == """
                    graphrun: graphrun.yaml, line 2: 'xinferense' is no kind of provider
                      Did you mean 'xinference'?

                    """)
        }
        #expect(try await workplace.graphrun("check", "speech.json").code == 0)
        let missing = try await workplace.graphrun("speech.json", "--config", "no.yaml")
        #expect(missing.code == 3)
        #expect(
            missing.errors == """
                graphrun: 'no.yaml' cannot be read: no such file or folder
                  Name a YAML file with the section 'providers'.

                """)
    }

    @Test("says how to have a server when a workflow needs one")
    func none() async throws {
        try workplace.write("speech.json", Self.speech)
        let result = try await Program.run(
            ["speech.json"], in: workplace.folder, environment: ["XDG_CONFIG_HOME": workplace.folder.path])
        #expect(result.code == 1)
        #expect(result.errors.contains("no model server is configured"))
        #expect(result.errors.contains("providers:"))
    }
}
