public import GraphCore
internal import Media

/// Reads a picture from the input folder: its colours, and as MASK how transparent it is (0 opaque, 1 clear). The frames
/// of a file that has several are a batch. A picture whose colour profile says another colour space than sRGB is
/// converted, which ComfyUI does not do.
public struct LoadImage: ChangingNode {
    static let image = Input<String>(
        "image", choices: .named(.files(.input, .image)), options: [.init("image_upload", true)])
    static let picture = Output<Image>("IMAGE")
    static let mask = Output<Mask>("MASK")

    public let schema = NodeSchema(
        type: "LoadImage", displayName: "Load Image", category: "image", inputs: [image], outputs: [picture, mask])

    /// A compressed picture is never this large: 100 megapixels of noise make a PNG of about 300 MB.
    private static let maxFileByteCount = 512 << 20

    public init() {}

    public func changeToken(_ inputs: Inputs, _ environment: any NodeEnvironment) async throws -> ChangeToken {
        .token(try environment.contentToken(try inputs[Self.image], in: .input))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let name = try inputs[Self.image]
        let bytes = try context.environment.read(name, in: .input, maxByteCount: Self.maxFileByteCount)
        try Task.checkCancellation()
        context.phase("decode", "reading \(name)")
        let decoded: DecodedImage
        do throws(CodecError) {
            decoded = try ImageDecoder.decode(bytes, cores: context.spareCores)
        } catch {
            try Task.checkCancellation()
            throw Diagnostic(
                .badFile, node: nil, input: "image", "'\(name)': \(error.message)", suggestion: error.suggestion)
        }
        for note in decoded.notes { context.log(.warning, "'\(name)': \(note)") }
        return [Self.picture(decoded.image), Self.mask(try Self.mask(of: decoded, context))]
    }

    /// `1 - alpha / 255`; 64 x 64 zeros for each frame when the file has no alpha, as ComfyUI gives.
    private static func mask(of decoded: DecodedImage, _ context: NodeContext) throws -> Mask {
        let batch = decoded.image.batch
        guard let alpha = decoded.alpha else {
            return Mask(batch: batch, height: 64, width: 64, floats: Array(repeating: 0, count: batch * 64 * 64))
        }
        let levels = Image.standardLevels.map { 1 - $0 }
        return Mask(
            batch: batch, height: decoded.image.height, width: decoded.image.width,
            floats: try alpha.mapInBands(step: context.step(_:of:)) { levels[Int($0)] })
    }
}
