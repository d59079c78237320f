internal import GraphCore
internal import Media
internal import Remote

/// What a server is asked for: `POST /v1/audio/speech`, the same for every piece of a text.
struct SpeechCall: Sendable, Equatable {
    /// Of the sound of one piece: 11 minutes at 48,000 Hz, where a piece is read in one or two.
    static let maxByteCount = 64 << 20

    let model: String
    var voice = ""
    var speed = 1.0
    /// The sound comes while it is made.
    var isStreamed = false
    /// What Xinference hands to the model, beyond OpenAI's fields.
    var parameters: [JSONObject.Member] = []
    /// Sounds that go along, by the names of their fields.
    var sounds: [RemoteRequest.Part] = []

    /// A text, spoken piece by piece.
    /// - Parameter unfinished: what earlier runs of the node left.
    func sound(
        of text: SpeechText, on server: ModelServer, behind unfinished: UnfinishedSpeeches, _ inputs: Inputs,
        _ context: NodeContext
    ) async throws -> Audio {
        let run = SpeechRun(
            text: text, engine: RemoteSpeechEngine(server, self),
            paragraphPause: try inputs[SpeechInputs.paragraphPause] ?? 0.6, unfinished: unfinished, context: context)
        return try await run.sound()
    }

    /// JSON, or a form when sounds go along, in which every field is text.
    func request(_ text: String) -> RemoteRequest {
        let kwargs = parameters.isEmpty ? nil : JSONWriter.text(.object(JSONObject(parameters)))
        let body: RemoteRequest.Body
        if sounds.isEmpty {
            var members: [JSONObject.Member] = [
                .init("model", .string(model)), .init("input", .string(text)),
                // OpenAI's servers insist on the field.
                .init("voice", .string(voice)), .init("response_format", "wav"),
                .init("speed", .number(JSONNumber(speed))),
            ]
            if isStreamed { members.append(.init("stream", true)) }
            if let kwargs { members.append(.init("kwargs", .string(kwargs))) }
            body = .json(.object(JSONObject(members)))
        } else {
            var parts: [RemoteRequest.Part] = [
                .init("model", text: model), .init("input", text: text), .init("voice", text: voice),
                .init("response_format", text: "wav"), .init("speed", text: "\(speed)"),
                .init("stream", text: isStreamed ? "true" : "false"),
            ]
            if let kwargs { parts.append(.init("kwargs", text: kwargs)) }
            body = .form(parts + sounds)
        }
        var request = RemoteRequest("/v1/audio/speech", body: body, product: .sound, model: model)
        request.maxByteCount = Self.maxByteCount
        return request
    }
}

extension SpeechCall {
    /// What OpenAI's servers insist on when nobody names a voice.
    private static let usualVoice = "alloy"

    /// As any server with OpenAI's route takes it. What it has no field for is said.
    init(_ request: SpeechRequest, model: String, on provider: Provider, _ context: NodeContext) {
        self.init(model: model)
        // Xinference's models have a first voice of their own.
        let usual = provider.kind == .xinference ? "" : Self.usualVoice
        voice = request.voice.isEmpty ? provider.voice ?? usual : request.voice
        speed = request.speed
        if provider.kind == .xinference {
            // It takes 31 bits of a seed.
            parameters.append(.init("seed", .number(JSONNumber(Int(request.seed & 0x7FFF_FFFF)))))
        }
        if !request.language.isEmpty {
            context.log(
                .warning,
                "language: the engine 'openai' hears the language from the text; '\(request.language)' is not sent")
        }
        if request.pitch != 1 { context.log(.warning, "pitch: the engine 'openai' has none; it is not sent") }
    }
}
