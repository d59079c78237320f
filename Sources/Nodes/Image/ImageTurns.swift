public import GraphCore
internal import Media

/// Turns pictures clockwise by quarters.
public struct ImageRotate: Node {
    static let image = Input<Image>("image")
    static let rotation = Input<String>(
        "rotation", choices: .fixed(["none", "90 degrees", "180 degrees", "270 degrees"]))
    static let rotated = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageRotate", displayName: "ImageRotate", category: "image/transform", inputs: [image, rotation],
        outputs: [rotated],
        module: "comfy_extras.nodes_images")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let (width, height) = (image.width, image.height)
        let rotated =
            switch try inputs[Self.rotation] {
            case "90 degrees":
                try image.turned(height: width, width: height, context) { x, y in (y, height - 1 - x) }
            case "180 degrees":
                try image.turned(height: height, width: width, context) { x, y in (width - 1 - x, height - 1 - y) }
            case "270 degrees":
                try image.turned(height: width, width: height, context) { x, y in (width - 1 - y, x) }
            default: image
            }
        return [Self.rotated(rotated)]
    }
}

/// Mirrors pictures: upside down around the x-axis, left to right around the y-axis.
public struct ImageFlip: Node {
    static let image = Input<Image>("image")
    static let method = Input<String>(
        "flip_method", choices: .fixed(["x-axis: vertically", "y-axis: horizontally"]))
    static let flipped = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageFlip", displayName: "ImageFlip", category: "image/transform", inputs: [image, method],
        outputs: [flipped],
        module: "comfy_extras.nodes_images")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let image = try inputs[Self.image]
        let upsideDown = try inputs[Self.method].hasPrefix("x")
        return [
            Self.flipped(
                try image.turned(height: image.height, width: image.width, context) { x, y in
                    upsideDown ? (x, image.height - 1 - y) : (image.width - 1 - x, y)
                })
        ]
    }
}

extension Image {
    /// A picture of `width` x `height` whose pixel (x, y) is the one at `place(x, y)` here. A row must come from a
    /// straight line.
    fileprivate func turned(
        height newHeight: Int, width newWidth: Int, _ context: NodeContext,
        _ place: @escaping @Sendable (_ x: Int, _ y: Int) -> (x: Int, y: Int)
    ) throws -> Image {
        let (width, height) = (width, height)
        var work = RowWork(context, rowCount: batch * newHeight)
        return try .assembled(batch: batch, height: newHeight, width: newWidth, from: [self], work: &work) { row in
            func pixel(_ x: Int) -> Int {
                let place = place(x, row % newHeight)
                return (row / newHeight * height + place.y) * width + place.x
            }
            return [.pixels(from: pixel(0), step: pixel(1) - pixel(0), width: newWidth)]
        }
    }
}
