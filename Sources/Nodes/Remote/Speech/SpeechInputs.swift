internal import GraphCore

/// The inputs that the nodes for speech have in common.
enum SpeechInputs {
    static let text = Input<String>(
        "text",
        options: [
            .init("multiline", true),
            .init("tooltip", "What to speak. It is cut at sentences, which are spoken one after another."),
        ])
    /// What Xinference takes: 0 ... 2^31 - 1.
    static let seed = Input<Int>(
        "seed", default: 0, in: 0...2_147_483_647,
        options: [
            .init("control_after_generate", true), .init("tooltip", "The same seed speaks the same way again."),
        ]
    ).optional
    static let paragraphPause = Input<Double>(
        "paragraph_pause", default: 0.6, in: 0...10,
        options: [.init("step", 0.1), .init("tooltip", "Seconds of silence between paragraphs.")]
    ).optional
}
