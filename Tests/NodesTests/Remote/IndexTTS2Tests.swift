import GraphCore
import Media
import TestModelServer
import Testing

@testable import Nodes

@Suite("IndexTTS2", .timeLimit(.minutes(2)))
struct IndexTTS2Tests {
    private let reference = ["reference_audio": Tone.Kind()]

    @Test("speaks in the voice of a reference sound")
    func plain() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run("IndexTTS2", ["text": "Hello.", "seed": 2_147_483_647], tones: reference)
        #expect(outcome.result.outcome == .succeeded && outcome.logs.isEmpty)
        let request = try #require(studio.peer.requests.first)
        #expect(
            request.parts.filter { $0.fileName == nil }.map { "\($0.name)=\($0.text)" } == [
                "model=IndexTTS2", "input=Hello.", "voice=", "response_format=wav", "speed=1.0", "stream=false",
                #"kwargs={"seed":2147483647}"#,
            ])
        #expect(try SentWAV(request.part("prompt_speech")).samples.count == 72_000)
        #expect(outcome.audio?.frameCount == MadeSound.sampleCount(of: "Hello."))
        await studio.peer.stop()
    }

    @Test("feels as its eight sliders say, in the model's order")
    func sliders() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run(
            "IndexTTS2",
            [
                "text": "Hello.", "happy": 0.01, "angry": 0.02, "sad": 0.03, "afraid": 0.04, "disgusted": 0.05,
                "melancholic": 0.06, "surprised": 0.07, "calm": 0.08, "emotion_strength": 0.6,
            ], tones: reference)
        #expect(outcome.logs.isEmpty)
        #expect(
            studio.peer.requests.first?.kwargs == [
                "emo_vector": [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08], "emo_alpha": 0.6, "seed": 0,
            ])
        await studio.peer.stop()
    }

    @Test("never asks for more feeling than the model can bear")
    func scaled() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run(
            "IndexTTS2", ["text": "Hello.", "happy": 1, "calm": 0.6], tones: reference)
        #expect(
            studio.peer.requests.first?.kwargs?["emo_vector"] == [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3])
        #expect(
            outcome.logs == [
                "info: the eight sliders add up to more than 0.8, which the model cannot bear: scaled down"
            ])
        var emotion = Emotion()
        emotion.vector = [0.4, 0.4, 0, 0, 0, 0, 0, 0]
        #expect(emotion.sentVector == emotion.vector)
        await studio.peer.stop()
    }

    @Test("feels as a text says, and says what else it was given")
    func text() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run(
            "IndexTTS2", ["text": "Hello.", "emotion_text": "tired", "sad": 0.5],
            tones: reference.merging(["emotion_audio": Tone.Kind()]) { $1 })
        #expect(
            studio.peer.requests.first?.kwargs == [
                "use_emo_text": true, "emo_text": "tired", "emo_alpha": 1.0, "seed": 0,
            ])
        #expect(studio.peer.requests.first?.part("emo_prompt_speech") == nil)
        #expect(
            outcome.logs == [
                "warning: the eight sliders: not used, since emotion_text says how to feel",
                "warning: emotion_audio: not used, since emotion_text says how to feel",
            ])
        await studio.peer.stop()
    }

    @Test("sends a sound that has the feeling, and says that Xinference 4.1 drops it")
    func sound() async throws {
        let studio = try RemoteStudio()
        let outcome = try await studio.run(
            "IndexTTS2", ["text": "Hello."],
            tones: reference.merging(["emotion_audio": Tone.Kind(sampleRate: 22_050, seconds: 2)]) { $1 })
        let part = try #require(studio.peer.requests.first?.part("emo_prompt_speech"))
        #expect(part.fileName == "emotion_audio.wav")
        #expect(try SentWAV(part).samples.count == 44_100)
        #expect(
            outcome.logs == [
                "warning: emotion_audio: it is sent, but Xinference 4.1 does not hand it on to the model; use emotion_text "
                    + "or the eight sliders there"
            ])
        await studio.peer.stop()
    }

    @Test("has eight sliders from 0 to 1, and insists on a reference sound")
    func schema() {
        let schema = IndexTTS2().schema
        #expect(
            schema.inputs.map(\.name) == [
                "text", "reference_audio", "emotion_audio", "emotion_text", "happy", "angry", "sad", "afraid",
                "disgusted",
                "melancholic", "surprised", "calm", "emotion_strength", "seed", "paragraph_pause", "provider", "model",
            ])
        #expect(schema.inputs.filter { $0.presence == .required }.map(\.name) == ["text", "reference_audio"])
        for name in Emotion.names {
            let spec = schema.inputs.first { $0.name == name }
            #expect(spec?.minimum?.double == 0 && spec?.maximum?.double == 1 && spec?.defaultValue == 0.0)
        }
        #expect(schema.resource == .network && CosyVoice3().schema.resource == .network)
    }
}
