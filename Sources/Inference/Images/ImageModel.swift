internal import GraphCore

/// An ONNX model that turns a picture into a picture: of the same size, or enlarged by a whole number.
public final class ImageModel: Sendable {
    /// What a model's numbers mean.
    public enum ValueRange: String, CaseIterable, Sendable {
        /// 0...1 for models of floats, 0...255 for those of bytes.
        case auto
        case unit = "0..1"
        case bytes = "0..255"
        case signed = "-1..1"
    }

    /// [height, width, channels], row-major, 0...1.
    public struct Picture: Sendable, Equatable {
        public let height: Int
        public let width: Int
        public let channels: Int
        public let values: [Float]

        /// - Precondition: as many values as the sides and channels say.
        public init(height: Int, width: Int, channels: Int, values: [Float]) {
            precondition(values.count == height * width * channels, "a picture's values do not fit its sides")
            (self.height, self.width, self.channels) = (height, width, channels)
            self.values = values
        }
    }

    private enum Layout { case channelsFirst, channelsLast }

    /// Tiles are multiples of this, for networks that halve what they see.
    private static let granularity = 8
    /// What a model may be bound to, in pixels.
    private static let sides = 1...16_384
    /// A tile is held several times as floats: 16 Mi pixels are 200 MB.
    private static let maxTilePixelCount = 1 << 24
    /// More is no enlargement that anyone has trained.
    private static let maxScale = 16

    let model: PartedModel
    private let fileName: String
    private let layout: Layout
    private let channels: Int
    private let elementType: TensorPort.ElementType
    /// Sides that the model is bound to; nil where any will do.
    private let fixedHeight: Int?
    private let fixedWidth: Int?

    /// Why it computes on the processor although a graphics card was to be used if there is one.
    public var cudaRefusal: String? { model.cudaRefusal }

    /// - Throws: when the model's inputs and outputs are not those of pictures.
    init(_ model: PartedModel, fileName: String) throws(Diagnostic) {
        let session = model.parts[0].session
        (self.model, self.fileName) = (model, fileName)
        guard session.inputs.count == 1, let input = session.inputs.first, let output = session.outputs.first,
            input.shape.count == 4, output.shape.count == 4, input.elementType != .other, output.elementType != .other,
            input.shape[0] == nil || input.shape[0] == 1
        else { throw Self.foreign(fileName, session) }
        switch (input.shape[1], input.shape[3]) {
        case (1, _), (3, _): (layout, channels) = (.channelsFirst, input.shape[1] ?? 3)
        case (_, 1), (_, 3): (layout, channels) = (.channelsLast, input.shape[3] ?? 3)
        case (nil, _): (layout, channels) = (.channelsFirst, 3)
        default: throw Self.foreign(fileName, session)
        }
        elementType = input.elementType
        (fixedHeight, fixedWidth) =
            layout == .channelsFirst ? (input.shape[2], input.shape[3]) : (input.shape[1], input.shape[2])
        for side in [fixedHeight, fixedWidth] {
            if let side, !Self.sides.contains(side) { throw Self.foreign(fileName, session) }
        }
        guard (fixedHeight ?? 1) * (fixedWidth ?? 1) <= Self.maxTilePixelCount else {
            throw Self.foreign(fileName, session)
        }
    }

    private static func foreign(_ fileName: String, _ session: InferenceSession) -> Diagnostic {
        Diagnostic(
            .badFile, node: nil,
            "'\(fileName)' does not turn a picture into a picture: it goes from \(TensorPort.text(session.inputs)) to "
                + "\(TensorPort.text(session.outputs)) instead of from [1, 3, height, width] to the like",
            suggestion: "Choose a model for pictures with one input, of 1 or 3 channels.")
    }

    // MARK: Running

    /// Runs the model over tiles, each at most `tile` pixels a side, and puts them together.
    /// - Parameters:
    ///   - tile: longest side of a tile; a model bound to a size has its own.
    ///   - overlap: pixels that neighbouring tiles share.
    ///   - done: is told how many tiles of how many are done.
    /// - Returns: 3 channels, enlarged as the model does.
    public func run(
        _ picture: Picture, tile: Int, overlap: Int, range: ValueRange, done: (_ tiles: Int, _ of: Int) throws -> Void
    ) async throws -> Picture {
        let rows = TileGrid(
            length: picture.height, tileLength: fixedHeight ?? Self.tileLength(picture.height, tile), overlap: overlap)
        let columns = TileGrid(
            length: picture.width, tileLength: fixedWidth ?? Self.tileLength(picture.width, tile), overlap: overlap)
        let count = rows.starts.count * columns.starts.count
        try done(0, count)
        var result: Enlarged?
        for row in rows.starts.indices {
            for column in columns.starts.indices {
                let made = try await self.tile(picture, rows, columns, row, column, range)
                let scale = made.height / rows.tileLength
                if result == nil { result = try Enlarged(picture, scale: scale, fileName: fileName) }
                guard scale == result?.scale else { throw sizeChange(made) }
                result?.add(
                    made, atRow: rows.starts[row] * scale, column: columns.starts[column] * scale,
                    rows.weights(ofTile: row, scale: scale), columns.weights(ofTile: column, scale: scale))
                try done(row * columns.starts.count + column + 1, count)
            }
        }
        guard let result else { throw sizeChange(picture) }
        return result.picture
    }

    /// No longer than the picture, rounded up for networks that halve.
    private static func tileLength(_ length: Int, _ tile: Int) -> Int {
        (min(length, tile) + granularity - 1) / granularity * granularity
    }

    /// What the model makes of one tile: 3 channels. Beyond the picture its edge is repeated.
    private func tile(
        _ picture: Picture, _ rows: TileGrid, _ columns: TileGrid, _ row: Int, _ column: Int, _ range: ValueRange
    ) async throws -> Picture {
        let (height, width) = (rows.tileLength, columns.tileLength)
        let (top, left) = (rows.starts[row], columns.starts[column])
        let isBytes = range == .bytes || range == .auto && elementType == .uint8
        let planes = (0..<picture.channels).prefix(3).map { channel -> [Float] in
            var plane: [Float] = []
            plane.reserveCapacity(height * width)
            for y in 0..<height {
                let start = min(top + y, picture.height - 1) * picture.width
                for x in 0..<width {
                    let value = picture.values[
                        (start + min(left + x, picture.width - 1)) * picture.channels + channel]
                    plane.append(
                        isBytes ? (value * 255).rounded() : range == .signed ? value * 2 - 1 : value)
                }
            }
            return plane
        }
        // A gray picture is one of three equal channels; a model of one channel is asked for each of them.
        let all = planes.count == 3 ? planes : Array(repeating: planes[0], count: 3)
        if channels == 3 { return try await call(all, height, width, isBytes, range) }
        var made: [Picture] = []
        for plane in planes.count == 3 ? all : [planes[0]] {
            made.append(try await call([plane], height, width, isBytes, range))
        }
        guard made.count == 3 else { return made[0] }
        let values = made[0].values.indices.map { made[$0 % 3].values[$0] }
        return Picture(height: made[0].height, width: made[0].width, channels: 3, values: values)
    }

    /// - Returns: 3 channels; a model that gives one gives it three times.
    private func call(
        _ planes: [[Float]], _ height: Int, _ width: Int, _ isBytes: Bool, _ range: ValueRange
    ) async throws -> Picture {
        let input: Tensor
        switch layout {
        case .channelsFirst:
            input = Tensor(shape: [1, planes.count, height, width], values: planes.flatMap(\.self))
        case .channelsLast:
            let values = (0..<height * width * planes.count).map { planes[$0 % planes.count][$0 / planes.count] }
            input = Tensor(shape: [1, height, width, planes.count], values: values)
        }
        let session = model.parts[0].session
        let name = session.outputs[0].name
        let outputs = try await model.run([session.inputs[0].name: input], outputs: [name]) { _ in }
        guard let output = outputs[name], output.shape.count == 4, output.shape[0] == 1 else {
            throw Self.foreign(fileName, session)
        }
        let isFirst = output.shape[1] == 1 || output.shape[1] == 3
        let (count, outHeight, outWidth) =
            isFirst
            ? (output.shape[1], output.shape[2], output.shape[3]) : (output.shape[3], output.shape[1], output.shape[2])
        guard count == 1 || count == 3 else { throw Self.foreign(fileName, session) }
        let isOutputBytes = range == .bytes || range == .auto && session.outputs[0].elementType == .uint8
        let pixelCount = outHeight * outWidth
        let values = (0..<pixelCount * 3).map { index -> Float in
            let (pixel, channel) = (index / 3, count == 1 ? 0 : index % 3)
            let value = output.values[isFirst ? channel * pixelCount + pixel : pixel * count + channel]
            return isOutputBytes ? value / 255 : range == .signed ? (value + 1) / 2 : value
        }
        let made = Picture(height: outHeight, width: outWidth, channels: 3, values: values)
        guard outHeight % height == 0, outWidth % width == 0, outHeight / height == outWidth / width,
            (1...Self.maxScale).contains(outHeight / height)
        else { throw sizeChange(made, from: (height, width)) }
        return made
    }

    private func sizeChange(_ made: Picture, from sides: (height: Int, width: Int)? = nil) -> Diagnostic {
        let before = sides.map { " of \($0.width)x\($0.height)" } ?? ""
        return Diagnostic(
            .badFile, node: nil,
            "'\(fileName)' makes \(made.width)x\(made.height) of a tile\(before), which is no enlargement by a whole number",
            suggestion: "Choose a model that keeps the size or enlarges by 2, 3 or 4.")
    }
}

/// The picture that tiles are added to.
private struct Enlarged {
    let scale: Int
    private let height: Int
    private let width: Int
    private var values: [Float]

    /// No picture made here has more pixels.
    private static let maxPixelCount = 1 << 28

    init(_ picture: ImageModel.Picture, scale: Int, fileName: String) throws(Diagnostic) {
        (self.scale, height, width) = (scale, picture.height * scale, picture.width * scale)
        guard height * width <= Self.maxPixelCount else {
            throw Diagnostic(
                .outOfMemory, node: nil,
                "'\(fileName)' would make \(width)x\(height) pixels, and \(Self.maxPixelCount / 1_000_000) million are the most",
                suggestion: "Make the picture smaller first, with ImageScale.")
        }
        values = [Float](repeating: 0, count: height * width * 3)
    }

    mutating func add(
        _ tile: ImageModel.Picture, atRow top: Int, column left: Int, _ rowWeights: [Float], _ columnWeights: [Float]
    ) {
        let columns = min(tile.width, width - left)
        for y in 0..<min(tile.height, height - top) where rowWeights[y] > 0 {
            let source = y * tile.width * 3
            let target = ((top + y) * width + left) * 3
            for x in 0..<columns {
                let weight = rowWeights[y] * columnWeights[x]
                for channel in 0..<3 {
                    values[target + x * 3 + channel] += weight * tile.values[source + x * 3 + channel]
                }
            }
        }
    }

    var picture: ImageModel.Picture {
        ImageModel.Picture(
            height: height, width: width, channels: 3, values: values.map { min(max($0, 0), 1) })
    }
}
