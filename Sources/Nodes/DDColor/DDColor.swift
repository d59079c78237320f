public import GraphCore
public import Inference
internal import Media

/// The node as old workflows have it: `"type": "DDColor", "widgets_values": ["model", 512, false]`.
public struct DDColor: ChangingNode {
    static let image = Input<Image>("image")
    static let model = Input<String>(
        "model", default: "model",
        options: .tooltip("A checkpoint, with or without its ending; any other word takes the best one there is."))
    static let size = Input<Int>(
        "size", default: 512, in: 1...4096, options: .whole(step: 32, "Rounded to a multiple of 32."))
    static let flag = Input<Bool>("flag", default: false, options: .tooltip("Has no meaning here.")).optional
    static let colorized = Output<Image>("image", type: "IMAGE")

    public let schema = NodeSchema(
        type: "DDColor", displayName: "DDColor (old workflows)", category: "DDColor",
        description: "Stands for DDColor Colorize in old workflows. New ones take that.",
        inputs: [image, model, size, flag], outputs: [colorized], resource: .model,
        module: "custom_nodes.ComfyUI-DDColor")

    private let models: ModelHost

    public init(_ models: ModelHost) { self.models = models }

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        let checkpoint = try Self.checkpoint(try inputs[Self.model], environment)
        return .token(checkpoint + " " + (try environment.modelToken(checkpoint, from: DDColorCheckpoints.source)))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (name, size) = (try inputs[Self.model], try inputs[Self.size])
        let checkpoint = try Self.checkpoint(name, context.environment)
        let side = min(max((size + 16) / 32 * 32, 32), 4096)
        var remarks: [String] = []
        if !checkpoint.hasPrefix(name) || name.isEmpty {
            remarks.append("model '\(name)' names no checkpoint, so \(checkpoint) is used")
        }
        if side != size { remarks.append("size \(size) is taken as \(side)") }
        if try inputs[Self.flag] == true { remarks.append("the third value has no meaning") }
        if !remarks.isEmpty {
            let sentence = remarks.joined(separator: "; ")
            context.log(
                .info,
                "\(sentence.prefix(1).uppercased() + sentence.dropFirst()). DDColor_Colorize says all of it by name.")
        }
        let colorization = Colorization(models: models, checkpoint: checkpoint, side: side, upsampling: .nearest)
        return [Self.colorized(try await colorization.run(try inputs[Self.image], context))]
    }

    /// The checkpoint that `name` means: itself with any ending, or the best that is there.
    private static func checkpoint(_ name: String, _ environment: any NodeEnvironment) throws -> String {
        let offered = environment.choices(DDColorCheckpoints.source)
        let there = offered.filter { environment.refusal(of: $0, from: DDColorCheckpoints.source) == nil }
        // Named, it is that one, there or not: who asks for a network does not want another.
        if let named = offered.first(where: {
            $0 == name || $0.split(separator: ".").dropLast().joined(separator: ".") == name
        }) {
            return named
        }
        let best = ["ddcolor_modelscope.pth", "ddcolor_artistic.pth", "ddcolor_paper.pth", "ddcolor_paper_tiny.pth"]
        guard let chosen = best.first(where: there.contains) ?? there.first else {
            throw Diagnostic(
                .modelMissing, node: nil, input: Self.model.spec.name, "there is no checkpoint in models/ddcolor/",
                suggestion: "Get one with: graphrun models pull ddcolor_modelscope")
        }
        return chosen
    }
}
