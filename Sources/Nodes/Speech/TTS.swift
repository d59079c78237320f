public import GraphCore
internal import Media

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
    static let engine = Input<String>("engine", choices: .fixed(["espeak"]), default: "espeak").optional
    static let paragraphPause = Input<Double>(
        "paragraph_pause", default: 0.6, in: 0...10,
        options: [.init("step", 0.1), .init("tooltip", "Seconds of silence between paragraphs.")]
    ).optional
    static let audio = Output<Audio>("AUDIO")

    static let maxCharacterCount = 4_000_000

    public let schema = NodeSchema(
        type: "TTS", displayName: "Text to Speech", category: "audio/speech",
        description: "Speaks a text with espeak-ng, in the languages that it has voices for.",
        inputs: [text, voice, language, speed, pitch, seed, engine, paragraphPause], outputs: [audio])

    private let espeak: EspeakProgram

    public init(espeak: EspeakProgram = EspeakProgram()) { self.espeak = espeak }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let written = try inputs[Self.text]
        // A character has at least one byte and one scalar: counting them is quicker, and refuses what is far too long.
        guard written.unicodeScalars.count <= Self.maxCharacterCount else {
            throw Diagnostic(
                .tooLarge, node: nil, input: "text", "the text has more than 4,000,000 characters",
                suggestion: "Speak it in parts, such as chapters.")
        }
        let text = SpeechText(written)
        guard !text.pieces.isEmpty else {
            throw Diagnostic(
                .badInput, node: nil, input: "text", "there is no text to speak",
                suggestion: "Write something into 'text', or link a text to it.")
        }
        let request = SpeechRequest(
            voice: Self.trimmed(try inputs[Self.voice]), language: Self.trimmed(try inputs[Self.language]),
            speed: try inputs[Self.speed] ?? 1, pitch: try inputs[Self.pitch] ?? 1, seed: try inputs[Self.seed] ?? 0)
        let engine = try await EspeakEngine(espeak, request, for: text)
        for choice in try engine.choices(for: text) { context.log(.info, choice) }
        let run = SpeechRun(
            text: text, engine: engine, paragraphPause: try inputs[Self.paragraphPause] ?? 0.6, context: context)
        return [Self.audio(try await run.sound())]
    }

    private static func trimmed(_ text: String?) -> String {
        let words = (text ?? "").split(omittingEmptySubsequences: true) { $0.isWhitespace }
        return words.joined(separator: " ")
    }
}
