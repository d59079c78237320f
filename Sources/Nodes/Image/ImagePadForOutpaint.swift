public import GraphCore
internal import Media

/// Adds grey around the pictures, and a mask of what was added: 1 there, 0 in the picture, in between within
/// `feathering` pixels of an edge beyond which something was added.
public struct ImagePadForOutpaint: Node {
    static let image = Input<Image>("image")
    static let left = Input<Int>("left", default: 0, in: 0...16384, options: [.init("step", 8)])
    static let top = Input<Int>("top", default: 0, in: 0...16384, options: [.init("step", 8)])
    static let right = Input<Int>("right", default: 0, in: 0...16384, options: [.init("step", 8)])
    static let bottom = Input<Int>("bottom", default: 0, in: 0...16384, options: [.init("step", 8)])
    static let feathering = Input<Int>("feathering", default: 40, in: 0...16384, options: [.init("step", 1)])
    static let padded = Output<Image>("IMAGE")
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "ImagePadForOutpaint", displayName: "Pad Image for Outpainting", category: "image",
        inputs: [image, left, top, right, bottom, feathering], outputs: [padded, mask])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let margins = Margins(
            left: try inputs[Self.left], top: try inputs[Self.top], right: try inputs[Self.right],
            bottom: try inputs[Self.bottom])
        let width = margins.left + image.width + margins.right
        let height = margins.top + image.height + margins.bottom
        try ImageSize.check(batch: image.batch, height: height, width: width, channels: image.channels)
        let grey = [Float](repeating: 0.5, count: image.channels)
        var work = RowWork(context, rowCount: (image.batch + 1) * height)
        let padded = try Image.assembled(
            batch: image.batch, height: height, width: width, from: [image], colors: [grey], work: &work
        ) { row in
            let y = row % height - margins.top
            guard (0..<image.height).contains(y) else { return [.color(grey, width: width)] }
            let start = (row / height * image.height + y) * image.width
            return [
                .color(grey, width: margins.left), .pixels(from: start, width: image.width),
                .color(grey, width: margins.right),
            ]
        }
        let feathering = try inputs[Self.feathering]
        let mask: PixelBuffer<Float> = try work.makeRows(height, elementsPerRow: width, workPerRow: 8 * width) {
            rows, band in
            for i in 0..<rows.count * width {
                let (x, y) = (i % width - margins.left, rows.lowerBound + i / width - margins.top)
                guard (0..<image.width).contains(x), (0..<image.height).contains(y) else {
                    band[i] = 1
                    continue
                }
                band[i] = margins.feather(x, y, width: image.width, height: image.height, feathering)
            }
        }
        return [Self.padded(padded), Self.mask(Mask(batch: 1, height: height, width: width, floats: mask))]
    }
}

/// How much is added on each side, in pixels.
private struct Margins {
    let left: Int, top: Int, right: Int, bottom: Int

    /// The square of how near an edge with a margin is, as a part of `feathering`; the pixel at the left edge is 0 away
    /// from it, the one at the right edge 1. Pictures lower or narrower than twice the feathering have none.
    func feather(_ x: Int, _ y: Int, width: Int, height: Int, _ feathering: Int) -> Float {
        guard feathering > 0, feathering < (min(width, height) + 1) / 2 else { return 0 }
        let distance = min(
            top != 0 ? y : height, bottom != 0 ? height - y : height, left != 0 ? x : width,
            right != 0 ? width - x : width)
        guard distance < feathering else { return 0 }
        let part = Double(feathering - distance) / Double(feathering)
        return Float(part * part)
    }
}
