import Files
import GraphCore
import Media
import TestModelServer
import Testing

@testable import Nodes

@Suite("CosyVoice3", .timeLimit(.minutes(2)))
struct CosyVoice3Tests {
    private let path = "/v1/audio/speech"

    @Test("speaks through Xinference: JSON in, a sound out, and the seed on its way")
    func plain() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run("CosyVoice3", ["text": "Hello there.", "seed": 7])
        #expect(outcome.result.outcome == .succeeded)
        let request = try #require(studio.peer.requests.first)
        #expect(studio.peer.requests.count == 1 && request.path == path)
        #expect(
            request.json == [
                "model": "CosyVoice2-0.5B", "input": "Hello there.", "voice": "", "response_format": "wav",
                "speed": 1.0,
                "stream": true, "kwargs": #"{"seed":7}"#,
            ])
        let audio = try #require(outcome.audio)
        #expect(audio.sampleRate == MadeSound.sampleRate && audio.channelCount == 1)
        #expect(audio.frameCount == MadeSound.sampleCount(of: "Hello there."))
        #expect(try audio.frames(0..<audio.frameCount).contains { $0 > 0.4 })
        #expect(
            outcome.phases == [
                "processing: sentence 1 of 1", "processing: CosyVoice2-0.5B on 'local'",
                "downloading: the answer arrives",
            ])
        await studio.peer.stop()
    }

    @Test("sends a reference sound as a form, in one channel, with what it says")
    func reference() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run(
            "CosyVoice3", ["text": "你好，世界。", "reference_text": " 希望你以后能够做的比我还好呦。 ", "speed": 1.5],
            tones: ["reference_audio": Tone.Kind(sampleRate: 44_100, channelCount: 2, seconds: 4)])
        #expect(outcome.result.outcome == .succeeded && outcome.logs.isEmpty)
        let request = try #require(studio.peer.requests.first)
        #expect(request.header("Content-Type")?.hasPrefix("multipart/form-data; boundary=") == true)
        #expect(
            request.parts.filter { $0.fileName == nil }.map { "\($0.name)=\($0.text)" } == [
                "model=CosyVoice2-0.5B", "input=你好，世界。", "voice=", "response_format=wav", "speed=1.5", "stream=false",
                #"kwargs={"prompt_text":"希望你以后能够做的比我还好呦。","seed":0}"#,
            ])
        let part = request.part("prompt_speech")
        #expect(part?.fileName == "reference_audio.wav")
        let sent = try SentWAV(part)
        #expect(sent.sampleRate == 44_100 && sent.channelCount == 1 && sent.samples.count == 4 * 44_100)
        #expect(sent.samples.allSatisfy { abs($0 - 0.25) < 1e-4 })
        await studio.peer.stop()
    }

    @Test("brings a reference sound into a form that the model takes, and says so")
    func unusualReference() async throws {
        let studio = try RemoteStudio()
        let low = try await studio.run(
            "CosyVoice3", ["text": "Hi."], tones: ["reference_audio": Tone.Kind(sampleRate: 8_000, channelCount: 3)])
        #expect(low.logs == ["warning: reference_audio: sample rate is 8kHz, recommend 16kHz"])
        let lowSent = try SentWAV(studio.peer.requests.last?.part("prompt_speech"))
        #expect(lowSent.sampleRate == 16_000 && lowSent.samples.count == 48_000)
        let long = try await studio.run(
            "CosyVoice3", ["text": "Hi."], tones: ["reference_audio": Tone.Kind(sampleRate: 16_000, seconds: 47)])
        #expect(long.logs == ["warning: reference_audio: only the first 30 s of 47 s are sent"])
        #expect(try SentWAV(studio.peer.requests.last?.part("prompt_speech")).samples.count == 480_000)
        let empty = try await studio.run(
            "CosyVoice3", ["text": "Hi."], tones: ["reference_audio": Tone.Kind(seconds: 0)])
        #expect(
            empty.failure == """
                'reference_audio' is an empty sound
                  Link a sound of 3 to 10 seconds in which one person speaks.
                """)
        await studio.peer.stop()
    }

    @Test("says what the server will not look at")
    func unused() async throws {
        let studio = try RemoteStudio()
        let both = try await studio.run(
            "CosyVoice3",
            ["text": "Hi.", "reference_text": "a", "instruction": "in a gentle voice", "voice": "anna"],
            tones: ["reference_audio": Tone.Kind()])
        #expect(
            both.logs == [
                "warning: voice: 'anna' is not used, since reference_audio says which voice to speak in",
                "warning: instruction: Xinference does not follow it when reference_text is given; leave that empty to be "
                    + "heard",
            ])
        #expect(
            studio.peer.requests.last?.kwargs == ["prompt_text": "a", "instruct_text": "in a gentle voice", "seed": 0])
        let alone = try await studio.run("CosyVoice3", ["text": "Hi.", "reference_text": "a"])
        #expect(
            alone.logs == ["warning: reference_text: it is not used without the sound that says it, reference_audio"])
        #expect(studio.peer.requests.last?.kwargs == ["seed": 0])
        await studio.peer.stop()
    }

    @Test("takes model and voice from the workflow, else from the configuration")
    func configured() async throws {
        let studio = try RemoteStudio(settings: ", models: {CosyVoice3: [mine, other]}, voice: 中文女")
        studio.peer.setModels(["mine": "audio", "named": "audio"])
        _ = try await studio.run("CosyVoice3", ["text": "Hi."])
        _ = try await studio.run("CosyVoice3", ["text": "Hi.", "model": "named", "voice": "中文男", "provider": "local"])
        #expect(studio.peer.requests.map { $0.field("model") } == ["mine", "named"])
        #expect(studio.peer.requests.map { $0.field("voice") } == ["中文女", "中文男"])
        await studio.peer.stop()
    }

    @Test("lets the first second be heard while the rest is still made")
    func early() async throws {
        let studio = try RemoteStudio()
        // The head and three half-seconds.
        studio.peer.holdStream(afterPieces: 4)
        let text = "One sentence that takes more than a few seconds to say aloud"
        let outcome = try await studio.run("CosyVoice3", ["text": .string(text)]) {
            if case .nodePreviewFile = $0 { true } else { false }
        } _: { _ in
            #expect(studio.peer.openStreamCount == 1)
            studio.peer.release()
        }
        #expect(outcome.result.outcome == .succeeded)
        let preview = try #require(outcome.previews.first)
        #expect(outcome.previews.count == 1 && preview.folder == .temp && preview.filename.hasSuffix(".wav"))
        let path = studio.folders.path(of: preview)
        let heard = try SoundDecoder.decode(path: path, scratchFolder: nil).audio
        #expect(heard.sampleRate == MadeSound.sampleRate && heard.duration >= 1)
        #expect(outcome.audio?.frameCount == MadeSound.sampleCount(of: text))
        await studio.peer.stop()
    }

    @Test("asks for a whole sentence at another speed, which the model cannot change in a stream")
    func speed() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run("CosyVoice3", ["text": "Hello there.", "speed": 2])
        #expect(studio.peer.requests.first?.json?["stream"] == nil)
        #expect(studio.peer.requests.first?.json?["speed"] == 2.0)
        #expect(outcome.audio?.frameCount == MadeSound.sampleCount(of: "Hello there.", speed: 2))
        await studio.peer.stop()
    }

    @Test("speaks a long text sentence by sentence, in order, with pauses between paragraphs")
    func sentences() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run(
            "CosyVoice3", ["text": "The first one. The second one.\n\nAnother paragraph.", "paragraph_pause": 1.5])
        #expect(outcome.result.outcome == .succeeded)
        let said = studio.peer.requests.map { $0.field("input") ?? "" }
        #expect(said == ["The first one.", "The second one.", "Another paragraph."])
        #expect(studio.peer.mostAtOnce == 1)
        #expect(outcome.progress.first == "0 of 3" && outcome.progress.last == "3 of 3")
        #expect(outcome.phases.contains("processing: sentence 2 of 3"))
        let spoken = said.reduce(0) { $0 + MadeSound.sampleCount(of: $1) }
        #expect(outcome.audio?.frameCount == spoken + MadeSound.sampleRate * 3 / 2)
        await studio.peer.stop()
    }

    @Test("needs a text, and a server of the right kind")
    func refused() async throws {
        let studio = try RemoteStudio("openai")
        #expect(
            try await studio.run("CosyVoice3", ["text": " \n"]).failure
                == "there is no text to speak\n  Write something into 'text', or link a text to it.")
        #expect(
            try await studio.run("CosyVoice3", ["text": "Hi."]).failure == """
                CosyVoice3 needs a server of kind xinference; 'local' is of kind openai
                  Name another provider, or write 'kind: xinference' if it is one.
                """)
        #expect(
            try await studio.run("CosyVoice3", ["text": "Hi.", "provider": "loca"]).failure
                == "there is no provider 'loca'\n  Did you mean 'local'?")
        #expect(studio.peer.requests.isEmpty)
        await studio.peer.stop()
    }
}
