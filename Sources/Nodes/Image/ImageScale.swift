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
        // ComfyUI nodes.py ImageScale.
        if width == 0 {
            width = ImageSize.rounded(Double(image.width * height) / Double(image.height))
        } else if height == 0 {
            height = ImageSize.rounded(Double(image.height * width) / Double(image.width))
        }
        let crop = try inputs[Self.crop] == "center"
        return [
            Self.scaled(try image.scaled(to: (width, height), method: try inputs[Self.method], crop: crop, context))
        ]
    }
}
