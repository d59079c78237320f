public import GraphCore
internal import Media

/// `1 - x`: what was selected is not, and the other way round.
public struct InvertMask: Node {
    static let mask = Input<Mask>("mask")
    static let inverted = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "InvertMask", displayName: "InvertMask", category: "mask", inputs: [mask], outputs: [inverted],
        module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [Self.inverted(Mask(try inputs[Self.mask].image.mapLevels(step: context.step(_:of:)) { 1 - $0 }))]
    }
}

/// 1 where the mask is above `value`, else 0.
public struct ThresholdMask: Node {
    static let mask = Input<Mask>("mask")
    static let value = Input<Double>("value", default: 0.5, in: 0...1, options: [.init("step", 0.01)])
    static let selected = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "ThresholdMask", displayName: "ThresholdMask", category: "mask", inputs: [mask, value],
        outputs: [selected], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let value = Float(try inputs[Self.value])
        let image = try inputs[Self.mask].image
        return [Self.selected(Mask(try image.mapLevels(step: context.step(_:of:)) { $0 > value ? 1 : 0 }))]
    }
}

/// Cuts a window out of the mask. What of it lies outside is left out.
public struct CropMask: Node {
    static let mask = Input<Mask>("mask")
    static let x = Input<Int>("x", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let y = Input<Int>("y", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let width = Input<Int>("width", default: 512, in: 1...16384, options: [.init("step", 1)]).looseWhenLinked
    static let height = Input<Int>("height", default: 512, in: 1...16384, options: [.init("step", 1)]).looseWhenLinked
    static let cropped = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "CropMask", displayName: "CropMask", category: "mask", inputs: [mask, x, y, width, height],
        outputs: [cropped], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let mask = try inputs[Self.mask]
        let (x, y) = (try inputs[Self.x], try inputs[Self.y])
        let columns = pythonSlice(x, x.addingClamped(try inputs[Self.width]), count: mask.width)
        let rows = pythonSlice(y, y.addingClamped(try inputs[Self.height]), count: mask.height)
        return [Self.cropped(Mask(try mask.image.cropped(columns: columns, rows: rows, context)))]
    }
}

/// Spreads what is selected by so many pixels, or shrinks it by a negative number of them.
public struct GrowMask: Node {
    static let mask = Input<Mask>("mask")
    static let expand = Input<Int>("expand", default: 0, in: -16384...16384, options: [.init("step", 1)])
    static let tapersCorners = Input<Bool>("tapered_corners", default: true)
    static let grown = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "GrowMask", displayName: "GrowMask", category: "mask", inputs: [mask, expand, tapersCorners],
        outputs: [grown], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let shape: GrowthShape = try inputs[Self.tapersCorners] ? .diamond : .square
        let grown = try inputs[Self.mask].grown(by: try inputs[Self.expand], shape) {
            RowWork(context, rowCount: $0)
        }
        return [Self.grown(grown)]
    }
}

extension Mask {
    /// Bilinear, as ComfyUI fits masks to pictures.
    mutating func resize(width: Int, height: Int, _ context: NodeContext) throws {
        if width == self.width && height == self.height { return }
        try ImageSize.check(batch: batch, height: height, width: width, channels: 1)
        self = Mask(
            try image.resized(
                width: width, height: height, method: .bilinear, centerCrop: false,
                work: { RowWork(context, rowCount: $0) }))
    }
}
