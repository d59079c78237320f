public import GraphCore
internal import Media

/// Fades a mask toward its edges, over so many pixels on each side.
///
/// ComfyUI 0.3.64 counts the right and bottom edges from one pixel too early: the outermost column and row keep their
/// value, and the first fade step lands on the left column and the top row. The pixels here are the same.
public struct FeatherMask: Node {
    static let mask = Input<Mask>("mask")
    static let left = Input<Int>("left", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let top = Input<Int>("top", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let right = Input<Int>("right", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let bottom = Input<Int>("bottom", default: 0, in: 0...16384, options: [.init("step", 1)]).looseWhenLinked
    static let feathered = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "FeatherMask", displayName: "FeatherMask", category: "mask", inputs: [mask, left, top, right, bottom],
        outputs: [feathered], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let mask = try inputs[Self.mask]
        let columns = Self.factors(mask.width, first: try inputs[Self.left], last: try inputs[Self.right])
        let rows = Self.factors(mask.height, first: try inputs[Self.top], last: try inputs[Self.bottom])
        var values = mask.floats()
        var work = RowWork(context, rowCount: mask.batch * mask.height)
        let (width, height) = (mask.width, mask.height)
        try work.updateRows(of: &values, elementsPerRow: width, workPerRow: 4 * width) { bandRows, band in
            for (i, y) in bandRows.enumerated() {
                let (top, bottom) = rows[y % height]
                for x in 0..<width {
                    let (left, right) = columns[x]
                    band[i * width + x] = band[i * width + x] * left * right * top * bottom
                }
            }
        }
        return [Self.feathered(Mask(batch: mask.batch, height: height, width: width, floats: values))]
    }

    /// What each of `count` columns or rows is multiplied with, for the fade at either end.
    private static func factors(_ count: Int, first: Int, last: Int) -> [(first: Float, last: Float)] {
        var factors = [(first: Float, last: Float)](repeating: (1, 1), count: count)
        let (first, last) = (min(max(first, 0), count), min(max(last, 0), count))
        for i in 0..<first { factors[i].first = Float(Double(i + 1) / Double(first)) }
        for i in 0..<last { factors[(count - i) % count].last = Float(Double(i + 1) / Double(last)) }
        return factors
    }
}
