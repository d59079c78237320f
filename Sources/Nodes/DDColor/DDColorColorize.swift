public import GraphCore
public import Inference
internal import Media

/// ComfyUI-DDColor's node: gives a photo its colours by a DDColor network.
public struct DDColorColorize: ChangingNode {
    static let image = Input<Image>("image")
    static let modelInputSize = Input<Int>(
        "model_input_size", default: 512, in: 32...4096,
        options: .whole(
            step: 32,
            "Side of the square that the network sees, a multiple of 32. Colours change with it; more is not always better."
        ))
    static let checkpoint = Input<String>(
        "checkpoint", choices: .named(DDColorCheckpoints.source), default: DDColorCheckpoints.standard,
        options: .tooltip("scene_demo comes with graphrun and knows landscapes; the others are DDColor's own."))
    static let upsampling = Input<String>(
        "ab_upsample", choices: .fixed(ColorUpsampling.allCases.map(\.rawValue)),
        default: ColorUpsampling.nearest.rawValue,
        options: .tooltip(
            "How colours reach the picture's size: nearest as the official code does, bilinear looks better.")
    ).optional
    static let colorized = Output<Image>("colorized_image", type: "IMAGE")

    public let schema = NodeSchema(
        type: "DDColor_Colorize", displayName: "DDColor Colorize", category: "DDColor",
        description: "Gives a gray or faded photo its colours. The lightness stays that of the photo.",
        inputs: [image, modelInputSize, checkpoint, upsampling], outputs: [colorized], resource: .model,
        module: "custom_nodes.ComfyUI-DDColor")

    private let models: ModelHost

    public init(_ models: ModelHost) { self.models = models }

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.modelToken(try inputs[Self.checkpoint], from: DDColorCheckpoints.source))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let side = try inputs[Self.modelInputSize]
        guard side % 32 == 0 else {
            throw Diagnostic(
                .nodeFailed, node: nil, input: Self.modelInputSize.spec.name,
                "model_input_size is \(side), and the network halves it five times: it must be a multiple of 32",
                suggestion: "Use \(side / 32 * 32 == 0 ? 32 : side / 32 * 32) or \(min(side / 32 * 32 + 32, 4096)).")
        }
        let upsampling = try inputs[Self.upsampling].flatMap(ColorUpsampling.init(rawValue:)) ?? .nearest
        let colorization = Colorization(
            models: models, checkpoint: try inputs[Self.checkpoint], side: side, upsampling: upsampling)
        return [Self.colorized(try await colorization.run(try inputs[Self.image], context))]
    }
}

/// Where checkpoints come from.
enum DDColorCheckpoints {
    static let source = ModelCatalog.choices(of: "ddcolor")
    /// What ComfyUI-DDColor chooses.
    static let standard = "ddcolor_paper_tiny.pth"
}
