public import GraphCore
internal import Media
public import Remote

/// Speaks with IndexTTS2 on a model server, in the voice of a reference sound, and with feeling.
public struct IndexTTS2: Node {
    static let text = SpeechInputs.text
    static let referenceAudio = Input<Audio>(
        "reference_audio",
        options: [
            .init("tooltip", "The voice to speak in: 3 to 10 seconds of one person; the model hears the first 15.")
        ])
    static let emotionAudio = Input<Audio>(
        "emotion_audio",
        options: [.init("tooltip", "A sound that has the feeling. Xinference 4.1 does not hand it on to the model.")]
    ).optional
    static let emotionText = Input<String>(
        "emotion_text", default: "",
        options: [.init("tooltip", "The feeling in words, such as: tired and a little sad. Goes before the sliders.")]
    ).optional
    static let sliders = Emotion.names.map { name in
        Input<Double>(name, default: 0, in: 0...1, options: [.init("step", 0.05), .init("display", "slider")]).optional
    }
    static let emotionStrength = Input<Double>(
        "emotion_strength", default: 1, in: 0...1,
        options: [
            .init("step", 0.05), .init("display", "slider"), .init("tooltip", "How much of the feeling is heard."),
        ]
    ).optional
    static let audio = Output<Audio>("AUDIO")

    public let schema: NodeSchema
    private let providers: Providers
    private let unfinished = UnfinishedSpeeches()

    public init(_ providers: Providers = .none) {
        self.providers = providers
        let feeling: [any InputDeclaration] =
            [Self.emotionAudio, Self.emotionText] + Self.sliders + [Self.emotionStrength]
        schema = NodeSchema(
            type: "IndexTTS2", displayName: "IndexTTS 2 (model server)", category: "audio/speech",
            description: "Speaks with IndexTTS 2 through Xinference, in the voice of a reference sound, with feeling.",
            inputs: [Self.text, Self.referenceAudio] + feeling + [
                SpeechInputs.seed, SpeechInputs.paragraphPause, ProviderInputs.provider, ProviderInputs.model,
            ], outputs: [Self.audio], resource: .network)
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let text = try SpeechText(checking: try inputs[Self.text])
        let server = try ProviderInputs.server(inputs, of: providers, for: schema.type, needs: .xinference)
        let model = try ProviderInputs.model(inputs, on: server, for: schema.type, fallback: schema.type)
        let call = try call(inputs, model: model, context)
        return [Self.audio(try await call.sound(of: text, on: server, behind: unfinished, inputs, context))]
    }

    func call(_ inputs: Inputs, model: String, _ context: NodeContext) throws -> SpeechCall {
        var call = SpeechCall(model: model)
        // Not streamed: the model makes a sentence as a whole, and the server would only cut it up.
        call.sounds = [
            try ReferenceSound.part(
                "prompt_speech", try inputs[Self.referenceAudio], input: "reference_audio", context)
        ]
        var emotion = Emotion()
        emotion.text = (try inputs[Self.emotionText] ?? "").trimmingSpaces
        emotion.vector = try Self.sliders.map { try inputs[$0] ?? 0 }
        emotion.strength = try inputs[Self.emotionStrength] ?? 1
        try emotion.apply(to: &call, sound: try inputs[Self.emotionAudio], context)
        call.parameters.append(.init("seed", .number(JSONNumber(try inputs[SpeechInputs.seed] ?? 0))))
        return call
    }
}
