public import GraphCore
internal import Media

/// Writes pictures as PNG, JPEG, WebP or TIFF into the output folder, with the workflow inside them where it fits.
///
/// ComfyUI's node of this name has the first five inputs (the dotted ones belong to the format), and of the formats
/// PNG; the others are ours and may be left out.
public struct SaveImageAdvanced: Node {
    static let images = Input<Image>("images", options: [.init("tooltip", "The images to save.")])
    static let prefix = Input<String>("filename_prefix", default: "ComfyUI").prefixing(filesIn: .output)
    static let format = Input<String>("format", choices: .fixed(["png", "jpeg", "webp", "tiff"]), default: "png")
    static let bitDepth = Input<String>(
        "format.bit_depth", choices: .fixed(["8-bit", "16-bit"]), default: "8-bit",
        options: [.init("tooltip", "Of PNG and TIFF.")]
    ).optional
    static let colorSpace = Input<String>("format.input_color_space", choices: .fixed(["sRGB"]), default: "sRGB")
        .optional
    static let quality = Input<Int>(
        "quality", default: 90, in: 1...100,
        options: [.init("tooltip", "Of JPEG and lossy WebP. 1 is small, 100 is good.")]
    ).optional
    static let isLossless = Input<Bool>(
        "lossless", default: false, options: [.init("tooltip", "Of WebP.")]
    ).optional
    static let subsampling = Input<String>(
        "chroma_subsampling", choices: .fixed(["auto", "4:4:4", "4:2:0"]), default: "auto",
        options: [.init("tooltip", "Of JPEG. auto keeps colours at full resolution from quality 90 on.")]
    ).optional
    static let savesMetadata = Input<Bool>(
        "save_metadata", default: true, options: [.init("tooltip", "Keeps the workflow in the file.")]
    ).optional
    static let profile = Input<String>(
        "color_profile", choices: .fixed(["none", "sRGB"]), default: "none",
        options: [.init("tooltip", "The profile to embed.")]
    ).optional

    public let schema = NodeSchema(
        type: "SaveImageAdvanced", displayName: "Save Image (Advanced)", category: "image",
        description: "Saves the input images to your output directory in a format of your choice.",
        inputs: [
            images, prefix, format, bitDepth, colorSpace, quality, isLossless, subsampling, savesMetadata, profile,
        ], hidden: [.prompt, .extraPNGInfo], isOutput: true)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let images = try inputs[Self.images]
        let notes = try inputs[Self.savesMetadata] ?? true ? WorkflowNotes.text(context) : []
        let encoder = PictureEncoder(
            format: try inputs[Self.format], bits: try inputs[Self.bitDepth] == "16-bit" ? 16 : 8,
            quality: try inputs[Self.quality] ?? 90, isLossless: try inputs[Self.isLossless] ?? false,
            subsampling: try inputs[Self.subsampling] ?? "auto", text: notes,
            profile: try inputs[Self.profile] == "sRGB" ? ColorProfile.sRGB : nil)
        for note in encoder.notes { context.log(.warning, note) }
        return try PictureFiles.save(
            images, prefix: try inputs[Self.prefix], extension: encoder.fileExtension, in: .output, context
        ) { image, index throws(CodecError) in try encoder.encode(image, at: index) }
    }
}

/// One format with its settings.
private struct PictureEncoder {
    let format: String
    let bits: Int
    let quality: Int
    let isLossless: Bool
    let subsampling: String
    let text: [TextChunk]
    let profile: [UInt8]?

    var fileExtension: String {
        switch format {
        case "jpeg": "jpg"
        case "tiff": "tif"
        default: format
        }
    }

    /// What will be missing in the files.
    var notes: [String] {
        var notes: [String] = []
        if format == "jpeg", !JPEGCodec.hasRoom(for: text) {
            notes.append("the workflow is left out: a JPEG has room for 64 KiB of it. Save a PNG or WebP to keep it")
        }
        if bits == 16, format == "jpeg" || format == "webp" {
            notes.append("saved with 8 bits: a \(format) has no more. Save a PNG or TIFF to keep 16")
        }
        return notes
    }

    func encode(_ image: Image, at index: Int) throws(CodecError) -> [UInt8] {
        switch format {
        case "jpeg":
            let hasFullColour = subsampling == "4:4:4" || (subsampling == "auto" && quality >= 90)
            return try JPEGCodec.encode(
                image, at: index, quality: quality, hasFullColour: hasFullColour, text: text, profile: profile)
        case "webp":
            return try WebPCodec.encode(
                image, at: index, quality: quality, isLossless: isLossless, text: text, profile: profile)
        case "tiff": return try TIFFCodec.encode(image, at: index, bits: bits, text: text, profile: profile)
        default: return try PNGCodec.encode(image, at: index, text: text, bits: bits, profile: profile)
        }
    }
}
