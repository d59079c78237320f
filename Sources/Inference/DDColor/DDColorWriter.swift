internal import GraphCore

/// Turns a checkpoint of DDColor's architecture into ONNX models that compute the same for any input size: spectral and
/// batch norms folded in, the sum over channels moved before the last shuffle.
enum DDColorWriter {
    /// Of what is written. A cache made by another version is not used.
    static let version = 1

    /// The name of the one fact that running needs besides: channels of a position's place.
    static let placeWidth = "place_width"

    /// - Parameter folder: empty; its table of contents is written last.
    static func write(_ weights: NamedWeights, into folder: String) throws(Diagnostic) {
        let sizes = try DDColorSizes(weights)
        var list = PartList(folder: folder)
        var file = try WeightsFile(folder: folder, name: "weights.bin")
        let pixelDecoder = DDColorPixelDecoder(weights: weights, sizes: sizes)
        try DDColorEncoder(weights: weights, sizes: sizes).write(into: &list, &file)
        try pixelDecoder.write(into: &list, &file)
        try DDColorColorDecoder(weights: weights, sizes: sizes, pixelDecoder: pixelDecoder).write(into: &list, &file)
        try DDColorHead(weights: weights, sizes: sizes, pixelDecoder: pixelDecoder).write(into: &list, &file)
        try file.close()
        list.facts[placeWidth] = sizes.hiddenWidth
        try list.writeContents()
    }
}
