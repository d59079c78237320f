public import GraphCore
internal import Media

/// How much of its new colours a colourised picture gets: L* of the original, and a* and b* (CIELAB) between the
/// original's, at `strength` 0, and the colourised picture's, at 1; up to 2 goes on the same way.
///
/// A single picture goes with every one of a batch.
public struct ColorizeStrength: Node {
    static let original = Input<Image>(
        "original", options: .tooltip("The picture as it was: its light and shade stay."))
    static let colorized = Input<Image>("colorized", options: .tooltip("The same picture with its new colours."))
    static let strength = Input<Double>(
        "strength", default: 1, in: 0...2,
        options: .number(step: 0.05, "0 is the original's colours, 1 the new ones, more than 1 exaggerates."))
    static let blended = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ColorizeStrength", displayName: "Colorize Strength", category: "DDColor",
        description: "Blends a colourised picture's colours with the original's and keeps the original's light.",
        inputs: [original, colorized, strength], outputs: [blended])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let original = try inputs[Self.original]
        let colorized = try inputs[Self.colorized]
        try PhotoChannels.check(original)
        try PhotoChannels.check(colorized)
        guard original.width == colorized.width, original.height == colorized.height else {
            throw Diagnostic(
                .nodeFailed, node: nil,
                "the original is \(original.width)x\(original.height) and the colorized picture "
                    + "\(colorized.width)x\(colorized.height), so their colours cannot be blended",
                suggestion: "Scale one of them to the size of the other.")
        }
        let batch = max(original.batch, colorized.batch)
        guard [1, batch].contains(original.batch), [1, batch].contains(colorized.batch) else {
            throw Diagnostic(
                .nodeFailed, node: nil,
                "batches of \(original.batch) and \(colorized.batch) pictures cannot be blended",
                suggestion: "Use batches of the same size, or a single picture.")
        }
        try ImageSize.check(batch: batch, height: original.height, width: original.width)
        var work = RowWork(context, rowCount: batch * original.height)
        let strength = Float(try inputs[Self.strength])
        return [Self.blended(try original.colored(like: colorized, strength: strength, &work))]
    }
}
