public import GraphCore
internal import Media

/// Stretches a faded picture's tones to the full range, channel by channel or together.
public struct ImageAutoContrast: Node {
    private enum Mode: String, CaseIterable {
        case perChannel = "per_channel"
        case joint
    }

    static let image = Input<Image>("image")
    static let mode = Input<String>(
        "mode", choices: .fixed(Mode.allCases.map(\.rawValue)), default: Mode.perChannel.rawValue,
        options: .tooltip("per_channel takes a faded picture's cast away; joint keeps its colours."))
    static let blackClip = Input<Double>(
        "black_percent", default: 0.5, in: 0...25,
        options: .number(step: 0.1, "How much of the picture may become plain black, in percent."))
    static let whiteClip = Input<Double>(
        "white_percent", default: 0.5, in: 0...25,
        options: .number(step: 0.1, "How much of the picture may become plain white, in percent."))
    static let keepCast = Input<Double>(
        "keep_cast", default: 0, in: 0...1,
        options: .number(step: 0.05, "How much of the cast stays with per_channel: a little keeps a sepia tone."))
    static let strength = Input<Double>(
        "strength", default: 1, in: 0...1, options: .number(step: 0.05, "0 leaves the picture as it is."))
    static let stretched = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageAutoContrast", displayName: "Auto Contrast", category: "image/restore",
        description: "Stretches the tones of a faded picture from black to white.",
        inputs: [image, mode, blackClip, whiteClip, keepCast, strength], outputs: [stretched])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        try PhotoChannels.check(image)
        let settings = AutoContrast(
            blackClip: try inputs[Self.blackClip] / 100, whiteClip: try inputs[Self.whiteClip] / 100,
            perChannel: try inputs[Self.mode] == Mode.perChannel.rawValue,
            keptCast: Float(try inputs[Self.keepCast]), strength: Float(try inputs[Self.strength]))
        var work = RowWork(context, rowCount: 2 * image.batch * image.height)
        return [Self.stretched(try image.autoContrast(settings, &work))]
    }
}
