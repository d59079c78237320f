public import GraphCore
internal import Media
public import Remote

/// Speaks with CosyVoice on a model server: in one of its voices, or in the voice of a reference sound.
public struct CosyVoice3: Node {
    static let text = SpeechInputs.text
    static let referenceAudio = Input<Audio>(
        "reference_audio",
        options: [.init("tooltip", "A voice to speak in: 3 to 10 seconds of one person, up to 30 are sent.")]
    ).optional
    static let referenceText = Input<String>(
        "reference_text", default: "",
        options: [
            .init("multiline", true),
            .init("tooltip", "What reference_audio says, word for word: the voice comes out closer with it."),
        ]
    ).optional
    static let instruction = Input<String>(
        "instruction", default: "",
        options: [.init("tooltip", "How to speak, such as: in a gentle voice.")]
    ).optional
    static let voice = Input<String>(
        "voice", default: "",
        options: [
            .init("tooltip", "One of the model's own voices, when there is no reference_audio. Empty: its first one.")
        ]
    ).optional
    static let speed = Input<Double>(
        "speed", default: 1, in: 0.5...2,
        options: [
            .init("step", 0.05),
            .init("tooltip", "Other than 1, a sentence can be heard only when it is complete."),
        ]
    ).optional
    static let audio = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "CosyVoice3", displayName: "CosyVoice 3 (model server)", category: "audio/speech",
        description:
            "Speaks with CosyVoice 2 or 3 through Xinference, in the voice of a reference sound if there is one.",
        inputs: [
            text, referenceAudio, referenceText, instruction, voice, speed, SpeechInputs.seed,
            SpeechInputs.paragraphPause, ProviderInputs.provider, ProviderInputs.model,
        ], outputs: [audio], resource: .network)

    /// What Xinference 4.1 knows; a newer model is named by the configuration.
    static let usualModel = "CosyVoice2-0.5B"

    private let providers: Providers
    private let unfinished = UnfinishedSpeeches()

    public init(_ providers: Providers = .none) { self.providers = providers }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let text = try SpeechText(checking: try inputs[Self.text])
        let server = try ProviderInputs.server(inputs, of: providers, for: schema.type, needs: .xinference)
        let model = try ProviderInputs.model(inputs, on: server, for: schema.type, fallback: Self.usualModel)
        let call = try call(inputs, model: model, defaultVoice: server.provider.voice, context)
        return [Self.audio(try await call.sound(of: text, on: server, behind: unfinished, inputs, context))]
    }

    func call(
        _ inputs: Inputs, model: String, defaultVoice: String?, _ context: NodeContext
    ) throws -> SpeechCall {
        let reference = try inputs[Self.referenceAudio]
        let words = (try inputs[Self.referenceText] ?? "").trimmingSpaces
        let instruction = (try inputs[Self.instruction] ?? "").trimmingSpaces
        let voice = (try inputs[Self.voice] ?? "").trimmingSpaces
        var call = SpeechCall(model: model)
        call.speed = try inputs[Self.speed] ?? 1
        // CosyVoice changes the speed only of what is complete.
        call.isStreamed = call.speed == 1
        if let reference {
            call.sounds = [try ReferenceSound.part("prompt_speech", reference, input: "reference_audio", context)]
            if !words.isEmpty { call.parameters.append(.init("prompt_text", .string(words))) }
            if !voice.isEmpty {
                context.log(
                    .warning, "voice: '\(voice)' is not used, since reference_audio says which voice to speak in")
            }
            if !words.isEmpty && !instruction.isEmpty {
                context.log(
                    .warning,
                    "instruction: Xinference does not follow it when reference_text is given; leave that empty to be heard"
                )
            }
        } else {
            call.voice = voice.isEmpty ? defaultVoice ?? "" : voice
            if !words.isEmpty {
                context.log(.warning, "reference_text: it is not used without the sound that says it, reference_audio")
            }
        }
        if !instruction.isEmpty { call.parameters.append(.init("instruct_text", .string(instruction))) }
        call.parameters.append(.init("seed", .number(JSONNumber(try inputs[SpeechInputs.seed] ?? 0))))
        return call
    }
}
