public import GraphCore
public import Inference

/// ComfyUI's loader of super-resolution models; here those in ONNX files.
public struct UpscaleModelLoader: ChangingNode {
    private static let source = ChoiceSource.models("upscale_models")
    static let modelName = Input<String>("model_name", choices: .named(source))
    static let model = Output<UpscaleModel>("UPSCALE_MODEL")

    public let schema = NodeSchema(
        type: "UpscaleModelLoader", displayName: "Load Upscale Model", category: "loaders",
        description: "Loads a super-resolution model, an ONNX file in models/upscale_models/.", inputs: [modelName],
        outputs: [model], resource: .model, module: "comfy_extras.nodes_upscale_model")

    private let models: ModelHost

    public init(_ models: ModelHost) { self.models = models }

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.modelToken(try inputs[Self.modelName], from: Self.source))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let name = try inputs[Self.modelName]
        let path = try context.environment.modelPath(name, from: Self.source)
        try ImageModelRun.checkEnding(name)
        // What cannot be loaded is this node's failure, not that of whoever uses it first.
        _ = try await models.imageModel(path: path) { _ in context.phase("loading_model", "loading \(name)") }
        return [Self.model(UpscaleModel(path: path, name: name))]
    }
}
