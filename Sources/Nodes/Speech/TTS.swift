public import GraphCore
internal import Media
public import Remote

/// Speaks a text. Long ones are cut at sentences, which are spoken one after another.
public struct TTS: Node {
    static let text = Input<String>(
        "text",
        options: [
            .init("multiline", true),
            .init(
                "tooltip",
                "What to speak. It is cut at sentences; a blank line makes a pause. At most 4,000,000 characters."),
        ])
    static let voice = Input<String>(
        "voice", default: "",
        options: [
            .init(
                "tooltip",
                .string(
                    "A name, a language or a file as 'espeak-ng --voices' lists them, such as English_(America), and"
                        + " after a + a variant such as f3. Empty: the language's own voice."))
        ]
    ).optional
    static let language = Input<String>(
        "language", default: "",
        options: [
            .init(
                "tooltip",
                .string(
                    "A tag such as en, en-US, zh, pt-BR. Empty: the voice's own; when that is empty too, each sentence"
                        + " in the language of its script, and English where that is Latin."))
        ]
    ).optional
    static let speed = Input<Double>(
        "speed", default: 1, in: 0.5...3,
        options: [.init("step", 0.05), .init("tooltip", "1 is the voice's own: about 175 words a minute in English.")]
    ).optional
    static let pitch = Input<Double>(
        "pitch", default: 1, in: 0...2,
        options: [.init("step", 0.05), .init("tooltip", "1 is the voice's own, 0 the lowest, 2 the highest.")]
    ).optional
    static let seed = Input<UInt64>(
        "seed", default: 0, in: 0...Int128(UInt64.max),
        options: [
            .init("control_after_generate", true),
            .init("tooltip", "For engines that speak differently each time. espeak always speaks the same."),
        ]
    ).optional
    static let engine = Input<String>(
        "engine", choices: .fixed(["espeak", "openai"]), default: "espeak",
        options: [
            .init("tooltip", "espeak speaks on this machine; openai is any server with OpenAI's route for speech.")
        ]
    ).optional
    static let paragraphPause = Input<Double>(
        "paragraph_pause", default: 0.6, in: 0...10,
        options: [.init("step", 0.1), .init("tooltip", "Seconds of silence between paragraphs.")]
    ).optional
    static let audio = Output<Audio>("AUDIO")

    static let maxCharacterCount = 4_000_000

    /// The node waits for a child or a server, and holds nobody's core meanwhile.
    public let schema = NodeSchema(
        type: "TTS", displayName: "Text to Speech", category: "audio/speech",
        description:
            "Speaks a text with espeak-ng, in the languages that it has voices for, or through a model server.",
        inputs: [
            text, voice, language, speed, pitch, seed, engine, paragraphPause, ProviderInputs.provider,
            ProviderInputs.model,
        ], outputs: [audio], resource: .network)

    private let espeak: EspeakProgram
    private let providers: Providers
    private let unfinished = UnfinishedSpeeches()

    public init(espeak: EspeakProgram = EspeakProgram(), providers: Providers = .none) {
        (self.espeak, self.providers) = (espeak, providers)
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let text = try SpeechText(checking: try inputs[Self.text])
        let request = SpeechRequest(
            voice: Self.trimmed(try inputs[Self.voice]), language: Self.trimmed(try inputs[Self.language]),
            speed: try inputs[Self.speed] ?? 1, pitch: try inputs[Self.pitch] ?? 1, seed: try inputs[Self.seed] ?? 0)
        let engine = try await engine(for: request, of: text, inputs, context)
        let run = SpeechRun(
            text: text, engine: engine, paragraphPause: try inputs[Self.paragraphPause] ?? 0.6,
            unfinished: unfinished, context: context)
        return [Self.audio(try await run.sound())]
    }

    private func engine(
        for request: SpeechRequest, of text: SpeechText, _ inputs: Inputs, _ context: NodeContext
    ) async throws -> any SpeechEngine {
        if try inputs[Self.engine] == "openai" {
            let server = try ProviderInputs.server(inputs, of: providers, for: schema.type)
            let model = try ProviderInputs.model(inputs, on: server, for: schema.type)
            return RemoteSpeechEngine(server, SpeechCall(request, model: model, on: server.provider, context))
        }
        let engine = try await EspeakEngine(espeak, request, for: text)
        for choice in try engine.choices(for: text) { context.log(.info, choice) }
        return engine
    }

    private static func trimmed(_ text: String?) -> String {
        let words = (text ?? "").split(omittingEmptySubsequences: true) { $0.isWhitespace }
        return words.joined(separator: " ")
    }
}
