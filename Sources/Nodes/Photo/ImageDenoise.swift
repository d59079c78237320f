public import GraphCore
internal import Media

/// Takes the grain out of a picture and leaves its edges: by non-local means, or by the median.
public struct ImageDenoise: Node {
    private enum Method: String, CaseIterable {
        case nonLocalMeans = "non_local_means"
        case median
    }

    static let image = Input<Image>("image")
    static let method = Input<String>(
        "method", choices: .fixed(Method.allCases.map(\.rawValue)), default: Method.nonLocalMeans.rawValue,
        options: .tooltip("non_local_means for grain, median for lone wrong pixels."))
    static let strength = Input<Double>(
        "strength", default: 0.5, in: 0...1,
        options: .number(
            step: 0.05,
            "non_local_means: 0.5 fits the noise of the picture, 1 takes it for twice as strong. median: mixes, 1 is the median alone."
        ))
    static let noise = Input<Double>(
        "noise", default: 0, in: 0...64,
        options: .number(step: 0.5, "Standard deviation of the noise in levels of 255; 0 measures it."))
    static let searchWindow = Input<Int>(
        "search_window", default: 21, in: Self.range(NonLocalMeans.searchWindows),
        options: .whole(step: 2, "Side of the square searched for similar patches, in pixels; odd."))
    static let patch = Input<Int>(
        "patch", default: 7, in: Self.range(NonLocalMeans.patches),
        options: .whole(step: 2, "Side of the patches compared, in pixels; odd."))
    static let medianSize = Input<Int>(
        "median_size", default: 3, in: Self.range(MedianFilter.sizes),
        options: .whole(step: 2, "Side of the median's window, in pixels; odd."))
    static let blend = Input<Double>(
        "blend", default: 1, in: 0...1,
        options: .number(step: 0.05, "Less than 1 lets some of the grain stay, which looks more natural."))
    static let denoised = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageDenoise", displayName: "Denoise", category: "image/restore",
        description: "Takes the grain out of a picture and leaves its edges.",
        inputs: [image, method, strength, noise, searchWindow, patch, medianSize, blend], outputs: [denoised])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        try PhotoChannels.check(image)
        let (strength, blend) = (try inputs[Self.strength], Float(try inputs[Self.blend]))
        if strength == 0 || blend == 0 { return [Self.denoised(image)] }
        try context.step(0, of: image.batch * image.height)
        var work = RowWork(context, rowCount: image.batch * image.height)
        switch Method(rawValue: try inputs[Self.method]) ?? .nonLocalMeans {
        case .median:
            let filter = try MedianFilter(size: try Self.odd(inputs, Self.medianSize), blend: Float(strength) * blend)
            context.phase("denoise", "median of \(filter.size)x\(filter.size)")
            return [Self.denoised(try image.denoised(filter, &work))]
        case .nonLocalMeans:
            let noise = try Self.noise(inputs, image)
            let means = try NonLocalMeans(
                searchWindow: try Self.odd(inputs, Self.searchWindow), patch: try Self.odd(inputs, Self.patch),
                sigma: noise * 2 * Float(strength), blend: blend)
            context.phase("denoise", "non-local means against noise of \(Self.tenths(noise * 255)) levels")
            return [Self.denoised(try image.denoised(means, &work))]
        }
    }

    /// As a share of white: what the input says, else the mean of what the images of the batch seem to have.
    private static func noise(_ inputs: Inputs, _ image: Image) throws -> Float {
        let given = Float(try inputs[Self.noise]) / 255
        if given > 0 { return given }
        return (0..<image.batch).reduce(0) { $0 + image.noiseEstimate(imageAt: $1) } / Float(image.batch)
    }

    private static func odd(_ inputs: Inputs, _ input: Input<Int>) throws -> Int {
        let value = try inputs[input]
        guard value % 2 == 1 else {
            throw Diagnostic(
                .nodeFailed, node: nil, input: input.spec.name,
                "\(input.spec.name) is \(value), and only a window with an odd side has a middle",
                suggestion: "Use \(value - 1) or \(value + 1).")
        }
        return value
    }

    private static func tenths(_ value: Float) -> String {
        let tenths = Int(clamping: (value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func range(_ range: ClosedRange<Int>) -> ClosedRange<Int128> {
        Int128(range.lowerBound)...Int128(range.upperBound)
    }
}
