public import GraphCore
internal import Media

/// Resizes to `width` x `height` pixels; a side of 0 keeps the ratio, two leave the picture as it is.
public struct ImageScale: Node {
    static let image = Input<Image>("image")
    static let method = Input<String>("upscale_method", choices: .fixed(ResamplingMethod.allCases.map(\.rawValue)))
    static let width = Input<Int>("width", default: 512, in: 0...16384, options: [.init("step", 1)])
    static let height = Input<Int>("height", default: 512, in: 0...16384, options: [.init("step", 1)])
    static let crop = Input<String>("crop", choices: .fixed(["disabled", "center"]))
    static let scaled = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageScale", displayName: "Upscale Image", category: "image/upscaling",
        inputs: [image, method, width, height, crop], outputs: [scaled])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        var (width, height) = (try inputs[Self.width], try inputs[Self.height])
        if width == 0 && height == 0 { return [Self.scaled(image)] }
        // ComfyUI nodes.py ImageScale; Python rounds halves to even.
        if width == 0 {
            width = max(1, Int((Double(image.width * height) / Double(image.height)).rounded(.toNearestOrEven)))
        } else if height == 0 {
            height = max(1, Int((Double(image.height * width) / Double(image.width)).rounded(.toNearestOrEven)))
        }
        try ImageSize.check(batch: image.batch, height: height, width: width)
        let method = ResamplingMethod(rawValue: try inputs[Self.method]) ?? .nearestExact
        context.phase("scale", "\(image.width) x \(image.height) to \(width) x \(height), \(method.rawValue)")
        let scaled = try image.resized(
            width: width, height: height, method: method, centerCrop: try inputs[Self.crop] == "center",
            step: context.step(_:of:))
        return [Self.scaled(scaled)]
    }
}
