public import GraphCore
internal import Media

/// Cuts a window out of each picture. What of it lies outside is left out; a corner beyond the picture is moved to its
/// last row or column, and a negative one (from a link) counts from the end, as Python's slices do.
public struct ImageCrop: Node {
    static let image = Input<Image>("image")
    static let width = Input<Int>("width", default: 512, in: 1...16384, options: [.init("step", 1)]).looseWhenLinked
    static let height = Input<Int>("height", default: 512, in: 1...16384, options: [.init("step", 1)]).looseWhenLinked
    static let x = Input<Int>("x", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let y = Input<Int>("y", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let cropped = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageCrop", displayName: "Image Crop", category: "image/transform",
        inputs: [image, width, height, x, y], outputs: [cropped], module: "comfy_extras.nodes_images")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let x = min(try inputs[Self.x], image.width - 1)
        let y = min(try inputs[Self.y], image.height - 1)
        let (right, bottom) = (x.addingClamped(try inputs[Self.width]), y.addingClamped(try inputs[Self.height]))
        return [
            Self.cropped(
                try image.cropped(
                    columns: pythonSlice(x, right, count: image.width),
                    rows: pythonSlice(y, bottom, count: image.height), context))
        ]
    }
}

extension Image {
    /// Throws when nothing is left.
    func cropped(columns: Range<Int>, rows: Range<Int>, _ context: NodeContext) throws -> Image {
        guard !columns.isEmpty && !rows.isEmpty else {
            throw Diagnostic(
                .nodeFailed, node: nil, "the window lies outside the \(width) x \(height) pixels, so nothing is left",
                suggestion: "Choose x and y inside the picture.")
        }
        let (width, height) = (width, height)
        var work = RowWork(context, rowCount: batch * rows.count)
        return try .assembled(
            batch: batch, height: rows.count, width: columns.count, from: [self], work: &work
        ) { row in
            let y = row / rows.count * height + rows.lowerBound + row % rows.count
            return [.pixels(from: y * width + columns.lowerBound, width: columns.count)]
        }
    }
}
