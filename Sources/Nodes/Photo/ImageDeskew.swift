public import GraphCore
internal import Media

/// Turns a crooked picture upright by the lines in it. ANGLE is by how many degrees, counterclockwise; of a batch, the
/// first picture.
public struct ImageDeskew: Node {
    /// What is straighter than this stays as it is, bit for bit.
    private static let leastAngle = 0.1

    static let image = Input<Image>("image")
    static let maxAngle = Input<Double>(
        "max_angle", default: 10, in: 0.5...20,
        options: .number(step: 0.5, "Degrees to look for on either side; more would be a turn, not a slip."))
    static let border = Input<String>(
        "border", choices: .fixed(RotationBorder.allCases.map(\.rawValue)), default: RotationBorder.crop.rawValue,
        options: .tooltip("What becomes of the empty corners: cut off, or filled."))
    static let turned = Output<Image>("IMAGE")
    static let angle = Output<Double>("ANGLE")

    public let schema = NodeSchema(
        type: "ImageDeskew", displayName: "Deskew", category: "image/restore",
        description: "Turns a crooked picture upright by its level and upright lines.",
        inputs: [image, maxAngle, border], outputs: [turned, angle])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        try PhotoChannels.check(image)
        let border = RotationBorder(rawValue: try inputs[Self.border]) ?? .crop
        let maxAngle = try inputs[Self.maxAngle]
        var work = RowWork(context, rowCount: image.batch * (image.skewRowCount + image.height))
        var angles: [Double] = []
        for index in 0..<image.batch {
            context.phase("measure", "looking for level and upright lines")
            let name = image.batch == 1 ? "the picture" : "picture \(index + 1)"
            if let skew = try image.skew(imageAt: index, maxAngle: maxAngle, &work) {
                let isStraight = abs(skew) < Self.leastAngle
                if isStraight { context.log(.info, "\(name) is straight") }
                angles.append(isStraight ? 0 : skew)
            } else {
                context.log(
                    .warning, "no angle stands out of the edges of \(name), so it is left as it is")
                angles.append(0)
            }
        }
        if angles.allSatisfy({ $0 == 0 }) { return [Self.turned(image), Self.angle(0)] }
        context.phase("turn", "by \(Self.hundredths(angles[0])) degrees")
        return [
            Self.turned(try image.turned(degrees: angles, border: border, &work)), Self.angle(angles[0]),
        ]
    }

    private static func hundredths(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
