internal import GraphCore

/// The inputs that both nodes that paint have. All but the prompt may be left out.
enum PictureInputs {
    static let prompt = Input<String>("prompt", default: "", options: [.init("multiline", true)])
    static let negativePrompt = Input<String>(
        "negative_prompt", default: "",
        options: [.init("multiline", true), .init("tooltip", "What is not to be seen.")]
    ).optional
    static let count = Input<Int>(
        "n", default: 1, in: 1...16, options: [.init("tooltip", "Pictures of the batch.")]
    ).optional
    static let steps = Input<Int>(
        "steps", default: 0, in: 0...1000,
        options: [.init("tooltip", "More steps take longer and show more detail. 0 is the model's own number.")]
    ).optional
    static let guidance = Input<Double>(
        "guidance", default: -1, in: -1...100,
        options: [
            .init("step", 0.1),
            .init("tooltip", "How closely the prompt is followed; below 0 it is the model's own number."),
        ]
    ).optional
    static let seed = Input<UInt64>(
        "seed", default: 0, in: 0...Int128(UInt64.max),
        options: [
            .init("control_after_generate", true), .init("tooltip", "The same seed paints the same picture again."),
        ]
    ).optional

    /// Behind the node's own inputs.
    static let last: [any InputDeclaration] = [
        count, steps, guidance, seed, ProviderInputs.provider, ProviderInputs.model,
    ]

    /// What the workflow says, without size and source.
    static func order(_ inputs: Inputs) throws -> PictureOrder {
        var order = PictureOrder(prompt: try inputs[prompt])
        order.negativePrompt = try inputs[negativePrompt] ?? ""
        order.count = try inputs[count] ?? 1
        order.seed = try inputs[seed] ?? 0
        if let steps = try inputs[steps], steps > 0 { order.steps = steps }
        if let guidance = try inputs[guidance], guidance >= 0 { order.guidance = guidance }
        return order
    }
}
