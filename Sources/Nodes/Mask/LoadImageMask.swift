public import GraphCore
internal import Media

/// Reads one channel of a picture from the input folder as a mask; of the alpha it is how transparent the picture is
/// (0 opaque, 1 clear), and all 0 when it has none. Of several pictures in a file the first.
public struct LoadImageMask: ChangingNode {
    static let image = Input<String>(
        "image", choices: .named(.files(.input, .image)), options: [.init("image_upload", true)])
    static let channel = Input<String>("channel", choices: .fixed(["alpha", "red", "green", "blue"]))
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "LoadImageMask", displayName: "Load Image (as Mask)", category: "mask", inputs: [image, channel],
        outputs: [mask])

    public init() {}

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.contentToken(try inputs[Self.image], in: .input))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let decoded = try PictureFile.decoded(try inputs[Self.image], context)
        let image = decoded.image
        let count = image.height * image.width
        var work = RowWork(context, rowCount: image.batch * image.height)
        if let channel = ["red", "green", "blue"].firstIndex(of: try inputs[Self.channel]) {
            let values = try image.mask(ofChannel: channel, work: &work).floats()
            let first = image.batch == 1 ? values : PixelBuffer(values.prefix(count))
            return [Self.mask(Mask(batch: 1, height: image.height, width: image.width, floats: first))]
        }
        let levels = Image.standardLevels.map { 1 - $0 }
        let alpha = decoded.alpha ?? []
        let values: PixelBuffer<Float> = try work.makeRows(
            image.height, elementsPerRow: image.width, workPerRow: image.width
        ) { rows, band in
            guard !alpha.isEmpty else { return }
            let source = alpha.span.extracting(rows.lowerBound * image.width..<rows.upperBound * image.width)
            for i in source.indices { band[i] = levels[Int(source[i])] }
        }
        return [Self.mask(Mask(batch: 1, height: image.height, width: image.width, floats: values))]
    }
}
