public import GraphCore
internal import Media

/// Finds scratches and dust, and fills them from around. MASK is what was filled.
public struct ImageDescratch: Node {
    static let image = Input<Image>("image")
    static let kind = Input<String>(
        "kind", choices: .fixed(Descratch.Kind.allCases.map(\.rawValue)), default: Descratch.Kind.both.rawValue,
        options: .tooltip("Scratches brighter than the picture, darker, or both."))
    static let sensitivity = Input<Double>(
        "sensitivity", default: 0.5, in: 0...1,
        options: .number(step: 0.05, "More finds fainter scratches, and sooner takes something for one."))
    static let maxWidth = Input<Int>(
        "max_width", default: 4, in: Int128(Descratch.maxWidths.lowerBound)...Int128(Descratch.maxWidths.upperBound),
        options: .whole(step: 1, "The widest scratch, in pixels."))
    static let minLength = Input<Double>(
        "min_length", default: 12, in: 1...100,
        options: .number(
            step: 1, "The shortest scratch, in percent of the picture's shorter side. Window bars are shorter."))
    static let dust = Input<Bool>("dust", default: true, options: .tooltip("Specks too."))
    static let dustSize = Input<Int>(
        "dust_size", default: 7, in: Int128(Descratch.dustSizes.lowerBound)...Int128(Descratch.dustSizes.upperBound),
        options: .whole(step: 1, "The largest speck, in pixels."))
    static let grow = Input<Int>(
        "grow", default: 1, in: Int128(Descratch.grows.lowerBound)...Int128(Descratch.grows.upperBound),
        options: .whole(step: 1, "Widens what was found, by so many pixels."))
    static let filled = Output<Image>("IMAGE")
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "ImageDescratch", displayName: "Remove Scratches", category: "image/restore",
        description: "Finds thin bright or dark lines and dust, and fills them from around.",
        inputs: [image, kind, sensitivity, maxWidth, minLength, dust, dustSize, grow], outputs: [filled, mask])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        try PhotoChannels.check(image)
        let settings = try Descratch(
            kind: Descratch.Kind(rawValue: try inputs[Self.kind]) ?? .both,
            sensitivity: try inputs[Self.sensitivity], maxWidth: try inputs[Self.maxWidth],
            minLength: try inputs[Self.minLength] / 100, findsDust: try inputs[Self.dust],
            dustSize: try inputs[Self.dustSize], grow: try inputs[Self.grow])
        var work = RowWork(context, rowCount: Descratch.passCount * image.batch * image.height)
        let (filled, mask) = try image.descratched(settings, &work)
        let count = mask.floats().count { $0 > 0 }
        context.log(.info, "filled \(count) of \(mask.floats().count) pixels")
        return [Self.filled(filled), Self.mask(mask)]
    }
}
