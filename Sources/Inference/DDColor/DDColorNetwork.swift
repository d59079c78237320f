internal import GraphCore
internal import Foundation
internal import Synchronization

/// A DDColor network ready to run, for squares of any side that is a multiple of 32, or of the one side that an ONNX
/// file was exported for.
public final class DDColorNetwork: Sendable {
    public let model: PartedModel
    /// The side an exported file is bound to; nil when any will do.
    public let fixedSide: Int?
    /// Where each position of the three levels is, for the side used last: the same for every picture of a batch.
    private let places = Mutex<(side: Int, tensors: [String: Tensor])?>(nil)

    /// What an exported file may be bound to: as many pixels as nodes offer.
    private static let sides = 1...4096

    /// From a folder that `DDColorWriter` wrote.
    init(parts: PartedModel) {
        (model, fixedSide) = (parts, nil)
    }

    /// An ONNX file such as the official script exports: `input` [1, 3, side, side], `output` [1, 2, side, side].
    /// - Throws: when its inputs and outputs are others.
    init(exported model: PartedModel, fileName: String) throws(Diagnostic) {
        let session = model.parts[0].session
        guard session.inputs.count == 1, session.outputs.count == 1, let input = session.inputs.first,
            let output = session.outputs.first, input.shape.count == 4, output.shape.count == 4,
            input.elementType != .other, input.elementType != .uint8, output.elementType != .other,
            input.shape[1] == nil || input.shape[1] == 3, output.shape[1] == nil || output.shape[1] == 2,
            input.shape[0] == nil || input.shape[0] == 1, input.shape[2] == input.shape[3],
            input.shape[2].map(Self.sides.contains) ?? true
        else {
            throw Diagnostic(
                .badFile, node: nil,
                "'\(fileName)' is no DDColor network: it goes from \(TensorPort.text(session.inputs)) to "
                    + "\(TensorPort.text(session.outputs)) instead of from [1, 3, side, side] to [1, 2, side, side]",
                suggestion: "Use OnnxImageModel for other models that turn pictures into pictures.")
        }
        (self.model, fixedSide) = (model, input.shape[2])
    }

    /// The colours of one gray picture.
    /// - Parameters:
    ///   - gray: [1, 3, side, side], three equal channels, 0...1.
    ///   - done: is told the share of the work that is done, 0...1.
    /// - Returns: [1, 2, side, side]: a and b of CIELAB.
    public func colors(of gray: Tensor, done: (Double) throws -> Void) async throws -> Tensor {
        let first = model.parts[0]
        let last = model.parts[model.parts.count - 1]
        var inputs = [first.inputs[0]: gray]
        if let width = model.facts[DDColorWriter.placeWidth] {
            inputs.merge(places(side: gray.shape[3], width: width)) { own, _ in own }
        }
        let output = last.outputs[0]
        guard let colors = try await model.run(inputs, outputs: [output], done: done)[output],
            colors.shape == [1, 2, gray.shape[2], gray.shape[3]]
        else {
            throw Diagnostic(.nodeFailed, node: nil, "the network gave no colours for the whole picture")
        }
        return colors
    }

    private func places(side: Int, width: Int) -> [String: Tensor] {
        places.withLock { kept in
            if let kept, kept.side == side { return kept.tensors }
            var tensors: [String: Tensor] = [:]
            for level in 0..<DDColorSizes.levelCount {
                let side = side >> (4 - level)
                tensors[DDColorParts.place(level)] = SinePlaces.tensor(height: side, width: side, channels: width)
            }
            kept = (side, tensors)
            return tensors
        }
    }
}

/// Where a position is, as sines: Carion et al., "End-to-End Object Detection with Transformers", 2020, normalized to
/// 2 pi. Half the channels tell the row, half the column, by sine and cosine in turn.
enum SinePlaces {
    private static let temperature: Float = 10_000
    private static let epsilon: Float = 1e-6

    /// [1, channels, height * width]
    static func tensor(height: Int, width: Int, channels: Int) -> Tensor {
        let half = channels / 2
        let rows = waves(height, half)
        let columns = waves(width, half)
        var values: [Float] = []
        values.reserveCapacity(channels * height * width)
        for channel in 0..<half {
            for y in 0..<height { values += repeatElement(rows[channel * height + y], count: width) }
        }
        for channel in 0..<half {
            for _ in 0..<height { values += columns[channel * width..<(channel + 1) * width] }
        }
        return Tensor(shape: [1, channels, height * width], values: values)
    }

    /// [half, count]
    private static func waves(_ count: Int, _ half: Int) -> [Float] {
        (0..<half).flatMap { channel -> [Float] in
            let period = pow(temperature, Float(2 * (channel / 2)) / Float(half))
            return (1...count).map { position in
                let angle = Float(position) / (Float(count) + epsilon) * 2 * Float.pi / period
                return channel % 2 == 0 ? sin(angle) : cos(angle)
            }
        }
    }
}
