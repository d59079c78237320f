public import GraphCore
internal import Media

/// Reads a picture from the input folder: its colours, and as MASK how transparent it is (0 opaque, 1 clear).
public struct LoadImage: ChangingNode {
    static let image = Input<String>(
        "image", choices: .named(.files(.input, .image)), options: [.init("image_upload", true)])
    static let picture = Output<Image>("IMAGE")
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "LoadImage", displayName: "Load Image", category: "image", inputs: [image], outputs: [picture, mask])

    public init() {}

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.contentToken(try inputs[Self.image], in: .input))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let decoded = try PictureFile.decoded(try inputs[Self.image], context)
        return [Self.picture(decoded.image), Self.mask(try Self.mask(of: decoded, context))]
    }

    /// `1 - alpha / 255`; 64 x 64 zeros when the file has no alpha, as ComfyUI gives.
    private static func mask(of decoded: DecodedImage, _ context: NodeContext) throws -> Mask {
        guard let alpha = decoded.alpha else {
            return Mask(batch: 1, height: 64, width: 64, floats: Array(repeating: 0, count: 64 * 64))
        }
        let levels = Image.standardLevels.map { 1 - $0 }
        return Mask(
            batch: 1, height: decoded.image.height, width: decoded.image.width,
            floats: try alpha.mapInBands(step: context.step(_:of:)) { levels[Int($0)] })
    }
}

/// Pictures of the input folder.
enum PictureFile {
    /// A compressed picture is never this large: 100 megapixels of noise make a PNG of about 300 MB.
    private static let maxByteCount = 512 << 20

    static func decoded(_ name: String, _ context: NodeContext) throws -> DecodedImage {
        let bytes = try context.environment.read(name, in: .input, maxByteCount: maxByteCount)
        try Task.checkCancellation()
        context.phase("decode", "reading \(name)")
        do throws(CodecError) {
            return try ImageDecoder.decode(bytes)
        } catch {
            try Task.checkCancellation()
            throw Diagnostic(
                .badFile, node: nil, input: "image", "'\(name)': \(error.message)", suggestion: error.suggestion)
        }
    }
}
