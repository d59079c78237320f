public import GraphCore
internal import Media

/// Lightens the corners that a lens has darkened.
public struct ImageVignetteFix: Node {
    private enum Mode: String, CaseIterable { case fit, manual }

    static let image = Input<Image>("image")
    static let mode = Input<String>(
        "mode", choices: .fixed(Mode.allCases.map(\.rawValue)), default: Mode.fit.rawValue,
        options: .tooltip("fit measures the vignette in the picture, manual takes falloff."))
    static let falloff = Input<Double>(
        "falloff", default: 0.3, in: 0...0.9,
        options: .number(step: 0.05, "manual: how much darker the corners are than the middle."))
    static let strength = Input<Double>(
        "strength", default: 1, in: 0...1, options: .number(step: 0.05, "How much of it is taken away."))
    static let maxGain = Input<Double>(
        "max_gain", default: 2, in: 1...4,
        options: .number(step: 0.1, "No pixel becomes brighter than so many times what it was: nor does its noise."))
    static let flattened = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageVignetteFix", displayName: "Remove Vignette", category: "image/restore",
        description: "Lightens the corners that a lens has darkened.",
        inputs: [image, mode, falloff, strength, maxGain], outputs: [flattened])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        try PhotoChannels.check(image)
        var work = RowWork(context, rowCount: image.batch * (image.vignetteRowCount + image.height))
        var vignettes: [Vignette?] = []
        for index in 0..<image.batch {
            guard Mode(rawValue: try inputs[Self.mode]) != .manual else {
                vignettes.append(Vignette(falloff: try inputs[Self.falloff]))
                continue
            }
            let found = try image.vignette(imageAt: index, &work)
            // Less is what the subject may do by itself.
            vignettes.append(found.flatMap { $0.falloff >= 0.03 ? $0 : nil })
            let name = image.batch == 1 ? "the picture" : "picture \(index + 1)"
            if let vignette = vignettes[index] {
                context.log(.info, "the corners of \(name) are \(Int(clamping: vignette.falloff * 100)) % darker")
            } else {
                context.log(.warning, "\(name) shows no vignette, so it is left as it is")
            }
        }
        let flattened = try image.withoutVignette(
            vignettes, strength: try inputs[Self.strength], maxGain: try inputs[Self.maxGain], &work)
        return [Self.flattened(flattened)]
    }
}
