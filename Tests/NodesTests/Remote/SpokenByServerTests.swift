import GraphCore
import Media
import Remote
import TestModelServer
import Testing

@testable import Nodes

@Suite("TTS by a server with OpenAI's route", .timeLimit(.minutes(2)))
struct SpokenByServerTests {
    @Test("sends what OpenAI takes, with the usual voice")
    func plain() async throws {
        let studio = try RemoteStudio("openai", key: "sk-1", settings: ", models: {TTS: tts-1}")
        let outcome = try await studio.run("TTS", ["text": "Hello there.", "engine": "openai", "speed": 1.25])
        #expect(outcome.result.outcome == .succeeded && outcome.logs.isEmpty)
        let request = try #require(studio.peer.requests.first)
        #expect(
            request.json == [
                "model": "tts-1", "input": "Hello there.", "voice": "alloy", "response_format": "wav", "speed": 1.25,
            ])
        #expect(request.path == "/v1/audio/speech" && request.header("Authorization") == "Bearer sk-1")
        #expect(outcome.audio?.frameCount == MadeSound.sampleCount(of: "Hello there.", speed: 1.25))
        await studio.peer.stop()
    }

    @Test("says what that route has no field for")
    func unused() async throws {
        let studio = try RemoteStudio("openai", settings: ", model: tts-1, voice: nova")
        let outcome = try await studio.run(
            "TTS", ["text": "Hi.", "engine": "openai", "language": "en", "pitch": 1.5, "seed": 5])
        #expect(
            outcome.logs == [
                "warning: language: the engine 'openai' hears the language from the text; 'en' is not sent",
                "warning: pitch: the engine 'openai' has none; it is not sent",
            ])
        #expect(studio.peer.requests.first?.field("voice") == "nova")
        #expect(studio.peer.requests.first?.kwargs == nil)
        await studio.peer.stop()
    }

    @Test("hands the seed to Xinference, which takes 31 bits of one")
    func seed() async throws {
        let studio = try RemoteStudio(settings: ", model: CosyVoice2-0.5B")
        _ = try await studio.run("TTS", ["text": "Hi.", "engine": "openai", "seed": 2_147_483_653])
        #expect(studio.peer.requests.first?.kwargs == ["seed": 5])
        #expect(studio.peer.requests.first?.field("voice") == "")
        await studio.peer.stop()
    }

    @Test("needs a model's name and a provider")
    func refused() async throws {
        let studio = try RemoteStudio("openai")
        #expect(
            try await studio.run("TTS", ["text": "Hi.", "engine": "openai"]).failure == """
                no model of provider 'local' is named for TTS
                  Name one in the input 'model', or under 'models' of 'local' in the configuration: models: {TTS: MODEL}.
                """)
        await studio.peer.stop()
    }

    @Test("takes a sound of another format than it asked for")
    func otherFormat() async throws {
        let studio = try RemoteStudio("openai", settings: ", model: tts-1")
        // An AU file: 16-bit samples at 8,000 Hz, big-endian.
        func big(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
        var au = Array(".snd".utf8)
        for number in [24, 1_600, 3, 8_000, 1] { au += big(number) }
        for _ in 0..<800 { au += [0x40, 0] }
        studio.peer.stage(.body(au, type: "audio/basic"))
        let outcome = try await studio.run("TTS", ["text": "Hi.", "engine": "openai"])
        #expect(outcome.audio?.sampleRate == 8_000 && outcome.audio?.frameCount == 800)
        #expect(try outcome.audio?.frames(0..<1) == [0.5])
        await studio.peer.stop()
    }
}

@Suite("A node that speaks through a server", .timeLimit(.minutes(2)))
struct RemoteFaultTests {
    private let hello: [String: JSON] = ["text": "Hello there."]

    @Test("waits and tries again when the server is busy, and tells each wait")
    func busy() async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(.busy(retryAfter: "4"), .status(502, "bad gateway"), .loading())
        let outcome = try await studio.run("CosyVoice3", hello)
        #expect(outcome.result.outcome == .succeeded)
        #expect(
            outcome.phases.filter { !$0.hasPrefix("processing") } == [
                "waiting_for_server: 'local' is busy (429); trying again in 4 s (2 of 5)",
                "waiting_for_server: 'local' is busy (502); trying again in 0.5 s (3 of 5)",
                "loading_model: 'local' is loading CosyVoice2-0.5B; asking again in 30 s",
                "downloading: the answer arrives",
            ])
        await studio.peer.stop()
    }

    @Test(
        "fails in the server's words, with something to try",
        arguments: [
            (
                Fault.outOfMemory,
                """
                'local' answered 500: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.65 GiB \
                of which 1.20 GiB is free.
                  Speak a shorter text, end other models on the server, or lower the 'limit' of 'local'.
                """
            ),
            (
                .wrongJSON,
                """
                'local' answered with what is no sound: the file is not a sound: it starts like text
                  Check that CosyVoice2-0.5B makes speech, and look into the server's log.
                """
            ),
            (
                .body(Array(#"{"error":{"message":"this voice needs prompt_speech"}}"#.utf8), type: "application/json"),
                """
                'local' answered with an error: this voice needs prompt_speech
                  Check the node's inputs, and look into the server's log.
                """
            ),
            (
                .body(Array(#"{"detail":"No available slot found for the model"}"#.utf8), type: "audio/wav"),
                """
                'local' answered with an error: No available slot found for the model
                  Check the node's inputs, and look into the server's log.
                """
            ),
            (
                .body([0, 0, 0, 0x20] + Array("ftypM4A ".utf8) + [UInt8](repeating: 0, count: 200), type: "audio/mp4"),
                """
                'local' answered with a sound of the format AAC in MP4 (m4a), which cannot be read
                  Set the server up to answer with WAV, which was asked for.
                """
            ),
            (
                .body([], type: "audio/wav"),
                """
                'local' answered with what is no sound: it is empty
                  Check that CosyVoice2-0.5B makes speech, and look into the server's log.
                """
            ),
            (
                .body(Array(MadeSound.wav(1000).prefix(1044)), type: "audio/wav"),
                """
                'local' answered with what is no sound: it ends 1000 bytes before it should
                  Check that CosyVoice2-0.5B makes speech, and look into the server's log.
                """
            ),
            (
                .huge(80 << 20),
                """
                the answer of 'local' is larger than 67108864 bytes
                  Ask for less at once.
                """
            ),
            (
                .redirect("http://evil.example/"),
                """
                'local' answered 302: it redirects to 'http://evil.example/'
                  Put the address that answers itself into the url of 'local'; redirects are not followed.
                """
            ),
            (
                .unauthorized,
                """
                'local' answered 401: Could not validate credentials
                  Set the key of 'local' in the environment variable GRAPHRUN_PROVIDER_LOCAL_KEY.
                """
            ),
            (
                .status(500, "[address=127.0.0.1:4, pid=1] Invalid voice x, CosyVoice available speakers: ['a']"),
                """
                'local' answered 500: Invalid voice x, CosyVoice available speakers: ['a']
                  Choose one of the voices that the server names, or leave 'voice' empty.
                """
            ),
        ])
    func faults(fault: Fault, failure: String) async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(fault)
        let outcome = try await studio.run("CosyVoice3", hello)
        #expect(outcome.result.outcome == .failed && outcome.failure == failure)
        #expect(studio.peer.requests(to: "/v1/audio/speech").count == 1)
        await studio.peer.stop()
    }

    @Test("asks again for a sound that broke off, and has it once")
    func cut() async throws {
        let studio = try RemoteStudio()
        let whole = try await studio.run("CosyVoice3", hello).audio
        studio.peer.stage(.cut(after: 30_000))
        let outcome = try await studio.run("CosyVoice3", hello)
        #expect(outcome.result.outcome == .succeeded && whole != nil)
        #expect(outcome.audio?.frameCount == whole?.frameCount)
        await studio.peer.stop()
    }

    @Test("joins the WAVs of an answer that has several, and says so")
    func several() async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(.body(MadeSound.wav(1000) + MadeSound.wav(500), type: "audio/wav"))
        let outcome = try await studio.run("CosyVoice3", hello)
        #expect(outcome.result.outcome == .succeeded)
        #expect(outcome.audio?.frameCount == 1500)
        #expect(outcome.logs.contains("warning: the server's answer holds 2 WAVs one after another, which were joined"))
        await studio.peer.stop()
    }

    @Test("does not take half a sound for a whole one")
    func alwaysCut() async throws {
        let studio = try RemoteStudio()
        for _ in 0..<5 { studio.peer.stage(.cut(after: 30_000)) }
        let outcome = try await studio.run("CosyVoice3", hello)
        #expect(outcome.failure?.hasPrefix("'local': the connection to HOST broke: ") == true)
        #expect(studio.peer.requests.count == 5 && outcome.audio == nil)
        await studio.peer.stop()
    }

    @Test("says which command launches a model, and which ones run")
    func modelMissing() async throws {
        let studio = try RemoteStudio()
        studio.peer.setModels(["IndexTTS2": "audio"])
        #expect(
            try await studio.run("CosyVoice3", hello).failure == """
                'local' answered 404: Model not found in the model list, uid: CosyVoice2-0.5B
                  Launch it: xinference launch --model-name CosyVoice2-0.5B --model-type audio; running there: IndexTTS2.
                """)
        await studio.peer.stop()
    }

    @Test("drops the request at once when it is cancelled, before and amid the answer")
    func cancelled() async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(.held)
        let waiting = try await studio.run("CosyVoice3", hello) {
            if case .nodePhase(_, _, _, "CosyVoice2-0.5B on 'local'", _) = $0 { true } else { false }
        } _: { cancel in
            #expect(await studio.peer.waits { $0.runningCount == 1 })
            cancel()
        }
        #expect(waiting.result.outcome == .cancelled)
        #expect(await studio.peer.waits { $0.abandonedCount == 1 })
        studio.peer.holdStream(afterPieces: 4)
        let streaming = try await studio.run(
            "CosyVoice3", ["text": "A sentence that is long enough to be heard for some time"]
        ) {
            if case .nodePreviewFile = $0 { true } else { false }
        } _: { cancel in
            cancel()
        }
        #expect(streaming.result.outcome == .cancelled && streaming.audio == nil)
        #expect(await studio.peer.waits { $0.openStreamCount == 0 })
        await studio.peer.stop()
    }

    @Test("tells the key to nobody, whatever goes wrong")
    func secret() async throws {
        let key = "sk-very-hidden-9"
        let studio = try RemoteStudio(key: key)
        studio.peer.stage(
            .status(429, "\(key) is too quick", retryAfter: "1"), .status(500, "the key \(key) makes me fail"))
        let outcome = try await studio.run("CosyVoice3", hello)
        #expect(outcome.failure?.contains("the key (secret) makes me fail") == true)
        var told = [String(reflecting: outcome.events), String(reflecting: studio.providers), outcome.failure ?? ""]
        var dumped = ""
        dump(studio.registry, to: &dumped)
        told.append(dumped)
        for text in told { #expect(!text.contains("hidden-9")) }
        #expect(studio.peer.requests.allSatisfy { $0.header("Authorization") == "Bearer \(key)" })
        await studio.peer.stop()
    }

    @Test("says how to have a server when there is none")
    func none() async throws {
        let node = CosyVoice3()
        do {
            _ = try await node.run(Inputs(node.schema, ["text": .text("Hi.")]), NodeContext())
            Issue.record("there is no server")
        } catch let diagnostic as Diagnostic {
            #expect(diagnostic.message == "no model server is configured" && diagnostic.input == "provider")
        }
    }
}
