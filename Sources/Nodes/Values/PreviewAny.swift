public import GraphCore
internal import Media

/// Shows whatever comes as text.
public struct PreviewAny: Node {
    static let source = Input<Value>("source", options: [])

    public let schema = NodeSchema(
        type: "PreviewAny", displayName: "Preview Any", category: "utils", inputs: [source], isOutput: true,
        module: "comfy_extras.nodes_preview_any")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        [.shown(key: "text", [.string(Self.text(try inputs[Self.source]))])]
    }

    /// As Python's `str` spells constants; a picture and a sound by their shape.
    private static func text(_ value: Value) -> String {
        switch value {
        case .literal(.null): "None"
        case .literal(.bool(let bool)): bool ? "True" : "False"
        case .literal(.string(let text)): text
        case .literal(let literal): JSONWriter.text(literal.json, style: .python)
        case .object(let image as Image):
            "IMAGE [\(image.batch), \(image.height), \(image.width), \(image.channels)]"
        case .object(let mask as Mask): "MASK [\(mask.batch), \(mask.height), \(mask.width)]"
        case .object(let audio as Audio):
            "AUDIO [\(audio.items.count), \(audio.channelCount), \(audio.frameCount)] \(audio.sampleRate) Hz"
        case .object(let object): type(of: object).socketType.name
        case .link(let link): JSONWriter.text(link.json, style: .python)
        case .block: "None"
        }
    }
}
