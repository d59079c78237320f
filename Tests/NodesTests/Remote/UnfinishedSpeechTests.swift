import GraphCore
import Media
import TestModelServer
import Testing

@Suite("A speech that did not come to its end", .timeLimit(.minutes(2)))
struct UnfinishedSpeechTests {
    private static let text = "One.\n\nTwo is longer.\n\nThree.\n\nFour is the last."
    private static let inputs: [String: JSON] = ["text": .string(text), "seed": 7]

    private static func spoken(by studio: RemoteStudio) -> [String?] {
        studio.peer.requests(to: "/v1/audio/speech").map { $0.field("input") }
    }

    @Test("goes on behind the sentences that were spoken before it failed, and sounds as if it never had")
    func failed() async throws {
        let whole = try RemoteStudio()
        let expected = try await whole.run("CosyVoice3", Self.inputs).audio
        await whole.peer.stop()

        let studio = try RemoteStudio()
        studio.peer.stage(.nothing, .nothing, .outOfMemory)
        let broken = try await studio.run("CosyVoice3", Self.inputs)
        #expect(broken.result.outcome == .failed && broken.logs.isEmpty)
        let again = try await studio.run("CosyVoice3", Self.inputs)
        #expect(again.result.outcome == .succeeded)
        #expect(again.logs == ["info: an earlier run spoke 2 sentences; this one goes on behind them"])
        #expect(again.progress.first == "2 of 4" && again.progress.last == "4 of 4")
        #expect(Self.spoken(by: studio) == ["One.", "Two is longer.", "Three.", "Three.", "Four is the last."])
        let (audio, all) = (try #require(again.audio), try #require(expected))
        #expect(audio.frameCount == all.frameCount && audio.sampleRate == all.sampleRate)
        #expect(try audio.frames(0..<audio.frameCount) == all.frames(0..<all.frameCount))
        // It came to its end: the next one is spoken anew.
        #expect(try await studio.run("CosyVoice3", Self.inputs).logs.isEmpty)
        #expect(Self.spoken(by: studio).count == 9)
        await studio.peer.stop()
    }

    @Test("goes on after a cancellation, too")
    func cancelled() async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(.nothing, .held)
        let stopped = try await studio.run("CosyVoice3", Self.inputs) {
            if case .nodePhase(_, _, "processing", "sentence 2 of 4", _) = $0 { true } else { false }
        } _: { cancel in
            #expect(await studio.peer.waits { $0.requests(to: "/v1/audio/speech").count == 2 })
            cancel()
        }
        #expect(stopped.result.outcome == .cancelled)
        let again = try await studio.run("CosyVoice3", Self.inputs)
        #expect(again.logs == ["info: an earlier run spoke 1 sentence; this one goes on behind it"])
        #expect(Self.spoken(by: studio).count == 5)
        await studio.peer.stop()
    }

    @Test(
        "is not gone on with by another voice, nor where the text begins otherwise",
        arguments: [
            ("seed", 8), ("speed", 1.5), ("instruction", "softly"), ("paragraph_pause", 1), ("text", "None."),
        ] as [(String, JSON)])
    func other(input: String, value: JSON) async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(.nothing, .nothing, .outOfMemory)
        _ = try await studio.run("CosyVoice3", Self.inputs)
        let other = try await studio.run("CosyVoice3", Self.inputs.merging([input: value]) { $1 })
        #expect(other.result.outcome == .succeeded && other.logs.isEmpty)
        await studio.peer.stop()
    }

    @Test("is spoken anew when the server has begun to answer in another format")
    func otherFormat() async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(.nothing, .body(MadeSound.wav(1000, sampleRate: 8_000), type: "audio/wav"))
        let mixed = try await studio.run("CosyVoice3", Self.inputs)
        #expect(
            mixed.failure == """
                sentence 2 was spoken at 8000 Hz in mono, but those before it at 24000 Hz in mono
                  Run it again, or choose another voice.
                """)
        let again = try await studio.run("CosyVoice3", Self.inputs)
        #expect(again.result.outcome == .succeeded && again.logs.isEmpty)
        await studio.peer.stop()
    }

    @Test("goes on where only what comes later has changed")
    func laterText() async throws {
        let studio = try RemoteStudio()
        studio.peer.stage(.nothing, .nothing, .outOfMemory)
        _ = try await studio.run("CosyVoice3", Self.inputs)
        var inputs = Self.inputs
        inputs["text"] = "One.\n\nTwo is longer.\n\nThe end."
        let other = try await studio.run("CosyVoice3", inputs)
        #expect(other.result.outcome == .succeeded && other.progress.first == "2 of 3")
        #expect(Self.spoken(by: studio).last == "The end.")
        await studio.peer.stop()
    }
}
