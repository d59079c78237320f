public import GraphCore
internal import Media

/// Puts `image2` beside `image1`, with a gap between them. With `match_image_size` the second is scaled to the first's
/// height (or width), else the smaller is centred. The shorter batch repeats its last picture.
public struct ImageStitch: Node {
    enum Direction: String, CaseIterable { case right, down, left, up }

    enum Color: String, CaseIterable {
        case white, black, red, green, blue

        /// Of the gap. An alpha is opaque.
        func pixel(channels: Int) -> [Float] {
            let rgb: [Float] =
                switch self {
                case .white: [1, 1, 1]
                case .black: [0, 0, 0]
                case .red: [1, 0, 0]
                case .green: [0, 1, 0]
                case .blue: [0, 0, 1]
                }
            return (0..<channels).map { $0 < 3 ? rgb[$0] : $0 == 3 && channels == 4 ? 1 : 0 }
        }

        /// Around the smaller picture: ComfyUI's is white or black, in all of the picture's own channels.
        var margin: Float { self == .white ? 1 : 0 }
    }

    static let image1 = Input<Image>("image1")
    static let direction = Input<String>(
        "direction", choices: .fixed(Direction.allCases.map(\.rawValue)), default: "right")
    static let matchesSize = Input<Bool>("match_image_size", default: true)
    static let spacing = Input<Int>("spacing_width", default: 0, in: 0...1024, options: [.init("step", 2)])
    static let color = Input<String>(
        "spacing_color", choices: .fixed(Color.allCases.map(\.rawValue)), default: "white")
    static let image2 = Input<Image>("image2").optional
    static let stitched = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "ImageStitch", displayName: "Image Stitch", category: "image/transform",
        description:
            "\nStitches image2 to image1 in the specified direction.\nIf image2 is not provided, returns image1 unchanged.\nOptional spacing can be added between images.\n",
        inputs: [image1, direction, matchesSize, spacing, color, image2], outputs: [stitched],
        module: "comfy_extras.nodes_images")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let first = try inputs[Self.image1]
        guard var second = try inputs[Self.image2] else { return [Self.stitched(first)] }
        let direction = Direction(rawValue: try inputs[Self.direction]) ?? .right
        let isRow = direction == .right || direction == .left
        let color = Color(rawValue: try inputs[Self.color]) ?? .white
        let width = try inputs[Self.spacing]
        if try inputs[Self.matchesSize] { second = try Self.matched(second, to: first, isRow: isRow, context) }
        let seam = Seam(isRow: isRow, gap: width > 0 ? width + width % 2 : 0, color: color)
        let inOrder = direction == .left || direction == .up ? [second, first] : [first, second]
        return [Self.stitched(try seam.joined(inOrder, context))]
    }

    /// `image` as high as `model` (or as wide), its ratio kept and its other side rounded down.
    private static func matched(_ image: Image, to model: Image, isRow: Bool, _ context: NodeContext) throws -> Image {
        let ratio = Double(image.width) / Double(image.height)
        // Where ComfyUI fails, because nothing would be left, one pixel is.
        let size =
            isRow
            ? (width: max(1, Int(clamping: Double(model.height) * ratio)), height: model.height)
            : (width: model.width, height: max(1, Int(clamping: Double(model.width) / ratio)))
        return try image.scaled(to: size, method: ResamplingMethod.lanczos.rawValue, crop: false, context)
    }
}

/// Where two pictures meet.
private struct Seam {
    let isRow: Bool
    let gap: Int
    let color: ImageStitch.Color

    func joined(_ pair: [Image], _ context: NodeContext) throws -> Image {
        let batch = max(pair[0].batch, pair[1].batch)
        let height = isRow ? max(pair[0].height, pair[1].height) : pair[0].height + gap + pair[1].height
        let width = isRow ? pair[0].width + gap + pair[1].width : max(pair[0].width, pair[1].width)
        let channels = max(pair[0].channels, pair[1].channels)
        try ImageSize.check(batch: batch, height: height, width: width, channels: channels)
        // The margin of a picture without alpha is opaque, like the alpha that the picture gets.
        let margins = pair.map { image in
            (0..<channels).map { $0 < image.channels ? color.margin : 1 }
        }
        let gapColor = color.pixel(channels: channels)
        let (first, second) = try Image.withSameChannels(pair[0], pair[1], context)
        let images = [first, second]
        var work = RowWork(context, rowCount: batch * height)
        let (isRow, gap) = (isRow, gap)
        return try .assembled(
            batch: batch, height: height, width: width, from: images, colors: margins + [gapColor], work: &work
        ) { row in
            let (index, y) = (row / height, row % height)
            /// Row `y` of a picture centred in as many columns and rows.
            func piece(_ i: Int, y: Int, columns: Int, rows: Int) -> [RowPiece] {
                let image = images[i]
                let top = (rows - image.height) / 2
                guard (top..<top + image.height).contains(y) else { return [.color(margins[i], width: columns)] }
                let left = (columns - image.width) / 2
                let start = (min(index, image.batch - 1) * image.height + y - top) * image.width
                return [
                    .color(margins[i], width: left), .pixels(of: i, from: start, width: image.width),
                    .color(margins[i], width: columns - left - image.width),
                ]
            }
            if isRow {
                return piece(0, y: y, columns: first.width, rows: height) + [.color(gapColor, width: gap)]
                    + piece(1, y: y, columns: second.width, rows: height)
            }
            if y < first.height { return piece(0, y: y, columns: width, rows: first.height) }
            if y < first.height + gap { return [.color(gapColor, width: width)] }
            return piece(1, y: y - first.height - gap, columns: width, rows: second.height)
        }
    }
}
