internal import GraphCore
internal import HTTP
internal import Synchronization

/// `POST /v1/audio/speech`.
enum Speech {
    static func answer(_ request: Recorded, _ stage: ScriptedServer.Stage) async -> Response {
        for name in ["model", "input"] where request.field(name) == nil { return stage.missingField(name) }
        // As OpenAI insists; Xinference 4.1 does without.
        if request.field("voice") == nil { return stage.missingField("voice") }
        let (model, text) = (request.field("model") ?? "", request.field("input") ?? "")
        if let missing = stage.missing(model) { return missing }
        if stage.kind == .xinference {
            if request.field("kwargs") != nil, request.kwargs?.object == nil {
                return failed("Expecting value: line 1 column 1 (char 0)")
            }
            if model.hasPrefix("IndexTTS"), request.part("prompt_speech") == nil {
                return failed("IndexTTS2 requires a reference audio for voice cloning.")
            }
            if model.hasPrefix("CosyVoice"), let voice = request.field("voice"), !["", "null", "中文女"].contains(voice) {
                return failed("Invalid voice \(voice), CosyVoice available speakers: ['中文女']")
            }
        }
        let speed = request.field("speed").flatMap { Double($0) } ?? 1
        let count = MadeSound.sampleCount(of: text, speed: speed)
        let type = request.field("response_format") == "pcm" ? "audio/pcm" : "audio/wav"
        guard request.field("stream") == "true" else {
            let bytes = type == "audio/pcm" ? MadeSound.samples(count) : MadeSound.wav(count)
            return Response(200, headers: ["Content-Type": type], body: .bytes(bytes))
        }
        return stream(count, stage)
    }

    /// The head first, then half-seconds.
    private static func stream(_ sampleCount: Int, _ stage: ScriptedServer.Stage) -> Response {
        let samples = MadeSound.samples(sampleCount)
        let pieces = stride(from: 0, to: samples.count, by: MadeSound.sampleRate).map {
            Array(samples[$0..<min($0 + MadeSound.sampleRate, samples.count)])
        }
        let body = ScriptedBody(
            [MadeSound.header(dataByteCount: nil)] + pieces, allowed: { stage.script.withLock { $0.pieceCount } })
        stage.script.withLock { $0.bodies.append(body) }
        return Response(
            200, headers: ["Content-Type": "application/octet-stream"], body: .source(body, byteCount: nil))
    }

    private static func failed(_ text: String) -> Response {
        Response(500, json: ["detail": .string("[address=127.0.0.1:41923, pid=7] " + text)])
    }
}
