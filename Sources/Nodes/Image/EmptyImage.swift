public import GraphCore
internal import Media

/// A picture of one colour. `color` is 0xRRGGBB.
public struct EmptyImage: Node {
    static let width = Input<Int>("width", default: 512, in: 1...16384, options: [.init("step", 1)])
    static let height = Input<Int>("height", default: 512, in: 1...16384, options: [.init("step", 1)])
    static let batchSize = Input<Int>("batch_size", default: 1, in: 1...4096)
    static let color = Input<Int>(
        "color", default: 0, in: 0...0xFFFFFF, options: [.init("step", 1), .init("display", "color")])
    static let image = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "EmptyImage", category: "image", inputs: [width, height, batchSize, color], outputs: [image])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (width, height) = (try inputs[Self.width], try inputs[Self.height])
        let (batch, color) = (try inputs[Self.batchSize], try inputs[Self.color])
        try ImageSize.check(batch: batch, height: height, width: width)
        let rowCount = batch * height
        let rowsPerBand = max(1, Bands.elementCount / width)
        let pixel = [UInt8(color >> 16 & 0xFF), UInt8(color >> 8 & 0xFF), UInt8(color & 0xFF)]
        var bytes = PixelBuffer<UInt8>()
        bytes.reserveCapacity(rowCount * width * 3)
        let row = Array(repeatElement(pixel, count: width).joined())
        for y in 0..<rowCount {
            if rowCount > rowsPerBand, y % rowsPerBand == 0 { try context.step(y, of: rowCount) }
            bytes += row
        }
        return [Self.image(Image(batch: batch, height: height, width: width, channels: 3, bytes: bytes))]
    }
}
