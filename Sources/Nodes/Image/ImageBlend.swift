public import GraphCore
internal import Media

/// Lays `image2` over `image1`. `blend_factor` 0 keeps the first, 1 is the blend alone; the result is clamped to 0...1.
public struct ImageBlend: Node {
    enum Mode: String, CaseIterable {
        case normal, multiply, screen, overlay
        case softLight = "soft_light"
        case difference
    }

    /// Elements between two steps: a millisecond or two, also for soft light.
    private static let bandCount = 1 << 18

    static let image1 = Input<Image>("image1")
    static let image2 = Input<Image>("image2")
    static let factor = Input<Double>("blend_factor", default: 0.5, in: 0...1, options: [.init("step", 0.01)])
    static let mode = Input<String>("blend_mode", choices: .fixed(Mode.allCases.map(\.rawValue)))
    static let blended = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageBlend", displayName: "Image Blend", category: "image/postprocessing",
        inputs: [image1, image2, factor, mode],
        outputs: [blended], module: "comfy_extras.nodes_post_processing", generation: .modern)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let lower = try inputs[Self.image1]
        var upper = try inputs[Self.image2]
        let factor = Float(try inputs[Self.factor])
        let mode = Mode(rawValue: try inputs[Self.mode]) ?? .normal
        var matching = RowWork(context, rowCount: upper.batch * upper.height)
        let matched =
            lower.channels == upper.channels ? upper : try upper.withChannelCount(lower.channels, work: &matching)
        guard let matched else {
            throw Diagnostic(
                .nodeFailed, node: nil,
                "the pictures have \(lower.channels) and \(upper.channels) channels, so they cannot be blended",
                suggestion: "Convert both to the same number of channels.")
        }
        upper = matched
        if lower.width != upper.width || lower.height != upper.height {
            upper = try upper.resized(
                width: lower.width, height: lower.height, method: .bicubic, centerCrop: true,
                work: { RowWork(context, rowCount: $0) })
        }
        let batch = max(lower.batch, upper.batch)
        guard [1, batch].contains(lower.batch), [1, batch].contains(upper.batch) else {
            throw Diagnostic(
                .nodeFailed, node: nil, "batches of \(lower.batch) and \(upper.batch) pictures cannot be blended",
                suggestion: "Use batches of the same size, or a single picture.")
        }
        try ImageSize.check(batch: batch, height: lower.height, width: lower.width)
        let count = lower.height * lower.width * lower.channels
        var floats = PixelBuffer<Float>()
        floats.reserveCapacity(batch * count)
        for index in 0..<batch {
            let (aStart, bStart) = (lower.batch == 1 ? 0 : index * count, upper.batch == 1 ? 0 : index * count)
            for start in stride(from: 0, to: count, by: Self.bandCount) {
                try context.step(index * count + start, of: batch * count)
                let end = min(start + Self.bandCount, count)
                let lowerBand = lower.floats(in: aStart + start..<aStart + end)
                let upperBand = upper.floats(in: bStart + start..<bStart + end)
                let (below, above) = (lowerBand.span(), upperBand.span())
                for i in below.indices {
                    let (x, y) = (below[i], above[i])
                    let mixed = x * (1 - factor) + Self.blend(x, y, mode) * factor
                    floats.append(min(max(mixed, 0), 1))
                }
            }
        }
        return [
            Self.blended(
                Image(batch: batch, height: lower.height, width: lower.width, channels: lower.channels, floats: floats))
        ]
    }

    /// ComfyUI nodes_post_processing.py, Blend.blend_mode; soft light is the W3C formula.
    private static func blend(_ a: Float, _ b: Float, _ mode: Mode) -> Float {
        switch mode {
        case .normal: return b
        case .multiply: return a * b
        case .screen: return 1 - (1 - a) * (1 - b)
        case .overlay: return a <= 0.5 ? 2 * a * b : 1 - 2 * (1 - a) * (1 - b)
        case .softLight:
            if b <= 0.5 { return a - (1 - 2 * b) * a * (1 - a) }
            let lightened = a <= 0.25 ? ((16 * a - 12) * a + 4) * a : a.squareRoot()
            return a + (2 * b - 1) * (lightened - a)
        case .difference: return a - b
        }
    }
}
