public import GraphCore
internal import Media

/// Combines `source`, its corner at (x, y), with the part of `destination` it covers. Everything is clamped to 0...1.
public struct MaskComposite: Node {
    enum Operation: String, CaseIterable {
        case multiply, add, subtract, and, or, xor

        func apply(_ destination: Float, _ source: Float) -> Float {
            /// Python's `round(x)` is not 0: beyond one half, to either side.
            func isSet(_ x: Float) -> Bool { x.rounded(.toNearestOrEven) != 0 }
            return switch self {
            case .multiply: destination * source
            case .add: destination + source
            case .subtract: destination - source
            case .and: isSet(destination) && isSet(source) ? 1 : 0
            case .or: isSet(destination) || isSet(source) ? 1 : 0
            case .xor: isSet(destination) != isSet(source) ? 1 : 0
            }
        }
    }

    static let destination = Input<Mask>("destination")
    static let source = Input<Mask>("source")
    static let x = Input<Int>("x", default: 0, in: 0...16384, options: [.init("step", 1)])
    static let y = Input<Int>("y", default: 0, in: 0...16384, options: [.init("step", 1)])
    static let operation = Input<String>("operation", choices: .fixed(Operation.allCases.map(\.rawValue)))
    static let combined = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "MaskComposite", displayName: "MaskComposite", category: "mask",
        inputs: [destination, source, x, y, operation], outputs: [combined], module: "comfy_extras.nodes_mask")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (mask, source) = (try inputs[Self.destination], try inputs[Self.source])
        let (left, top) = (try inputs[Self.x], try inputs[Self.y])
        let operation = Operation(rawValue: try inputs[Self.operation]) ?? .multiply
        guard source.batch == 1 || source.batch == mask.batch else {
            throw Diagnostic(
                .nodeFailed, node: nil, "batches of \(mask.batch) and \(source.batch) masks cannot be combined",
                suggestion: "Use batches of the same size, or a single source mask.")
        }
        let columns = min(left, mask.width)..<min(left + source.width, mask.width)
        let (width, height, added) = (mask.width, mask.height, source.floats())
        var values = mask.floats()
        var work = RowWork(context, rowCount: mask.batch * height)
        try work.updateRows(of: &values, elementsPerRow: width, workPerRow: 4 * width) { rows, band in
            for (i, row) in rows.enumerated() {
                let y = row % height - top
                if (0..<source.height).contains(y) {
                    let from = (row / height % source.batch * source.height + y) * source.width - left
                    for x in columns {
                        band[i * width + x] = operation.apply(band[i * width + x], added[from + x])
                    }
                }
            }
            for i in band.indices { band[i] = min(max(band[i], 0), 1) }
        }
        return [Self.combined(Mask(batch: mask.batch, height: height, width: width, floats: values))]
    }
}
