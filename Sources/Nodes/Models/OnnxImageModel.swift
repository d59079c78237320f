public import GraphCore
public import Inference
internal import Media

/// Any ONNX model that turns a picture into a picture: denoisers, sharpeners, style, line art.
public struct OnnxImageModel: ChangingNode {
    private static let source = ChoiceSource.models("onnx")
    static let image = Input<Image>("image")
    static let model = Input<String>(
        "model", choices: .named(source), options: .tooltip("An ONNX file in models/onnx/."))
    static let valueRange = Input<String>(
        "value_range", choices: .fixed(ImageModel.ValueRange.allCases.map(\.rawValue)),
        default: ImageModel.ValueRange.auto.rawValue,
        options: .tooltip("What the model takes for black and white: auto is 0..1 for floats and 0..255 for bytes."))
    static let tile = Input<Int>(
        "tile", default: 512, in: 64...4096,
        options: .whole(step: 64, "Longest side of what the model sees at once, in pixels; less needs less memory."))
    static let overlap = Input<Int>(
        "overlap", default: 32, in: 0...512,
        options: .whole(step: 8, "Pixels that neighbouring tiles share, so that no seam shows."))
    static let result = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "OnnxImageModel", displayName: "Run ONNX Image Model", category: "image/models",
        description: "Runs an ONNX model that turns a picture into a picture of the same or a larger size.",
        inputs: [image, model, valueRange, tile, overlap], outputs: [result], resource: .model)

    private let models: ModelHost

    public init(_ models: ModelHost) { self.models = models }

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.modelToken(try inputs[Self.model], from: Self.source))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let name = try inputs[Self.model]
        let path = try context.environment.modelPath(name, from: Self.source)
        try ImageModelRun.checkEnding(name)
        let run = ImageModelRun(
            models: models, path: path, name: name, tile: try inputs[Self.tile], overlap: try inputs[Self.overlap],
            range: ImageModel.ValueRange(rawValue: try inputs[Self.valueRange]) ?? .auto, verb: "computing")
        return [Self.result(try await run(try inputs[Self.image], context))]
    }
}
