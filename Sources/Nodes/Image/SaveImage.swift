public import GraphCore
internal import Media

/// Writes pictures as PNG files into the output folder, with the workflow inside them.
public struct SaveImage: Node {
    static let images = Input<Image>("images", options: [.init("tooltip", "The images to save.")])
    static let prefix = Input<String>(
        "filename_prefix", default: "ComfyUI",
        options: [
            .init(
                "tooltip",
                "The prefix for the file to save. This may include formatting information such as %date:yyyy-MM-dd% or %Empty Latent Image.width% to include values from nodes."
            )
        ]
    ).prefixing(filesIn: .output)

    public let schema = NodeSchema(
        type: "SaveImage", displayName: "Save Image", category: "image",
        description: "Saves the input images to your ComfyUI output directory.", inputs: [images, prefix],
        hidden: [.prompt, .extraPNGInfo], isOutput: true)

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        try PNGFiles.save(try inputs[Self.images], prefix: try inputs[Self.prefix], in: .output, context)
    }
}

/// Writes pictures into the temp folder, for people to look at.
public struct PreviewImage: Node {
    static let images = Input<Image>("images")

    public let schema = NodeSchema(
        type: "PreviewImage", displayName: "Preview Image", category: "image",
        description: "Saves the input images to your ComfyUI output directory.", inputs: [images],
        hidden: [.prompt, .extraPNGInfo], isOutput: true)

    private let prefix: String

    /// - Parameter suffix: tells the previews of one program from those of another; five random letters by default.
    public init(suffix: String? = nil) {
        let letters = "abcdefghijklmnopqrstupvxyz"
        prefix = "ComfyUI_temp_" + (suffix ?? String((0..<5).compactMap { _ in letters.randomElement() }))
    }

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        try PNGFiles.save(try inputs[Self.images], prefix: prefix, in: .temp, context)
    }
}

/// A batch of pictures as numbered PNG files that carry their workflow.
enum PNGFiles {
    static func save(
        _ images: Image, prefix: String, in folder: FolderName, _ context: NodeContext
    ) throws -> [BoundOutput] {
        let text = WorkflowNotes.text(context)
        return try PictureFiles.save(images, prefix: prefix, extension: "png", in: folder, context) {
            image, index throws(CodecError) in try PNGCodec.encode(image, at: index, text: text)
        }
    }
}

/// A batch of pictures as numbered files of any format.
enum PictureFiles {
    static func save(
        _ images: Image, prefix: String, extension: String, in folder: FolderName, _ context: NodeContext,
        encode: (_ images: Image, _ index: Int) throws(CodecError) -> [UInt8]
    ) throws -> [BoundOutput] {
        var saved: [JSON] = []
        for index in 0..<images.batch {
            context.phase("encode", "writing picture \(index + 1) of \(images.batch)")
            let bytes: [UInt8]
            do throws(CodecError) {
                bytes = try encode(images, index)
            } catch {
                try Task.checkCancellation()
                throw Diagnostic(.nodeFailed, node: nil, error.message, suggestion: error.suggestion)
            }
            try Task.checkCancellation()
            let file = try context.environment.save(
                bytes,
                prefix: FilenamePrefix(prefix, width: images.width, height: images.height, batchNumber: index),
                extension: `extension`, in: folder)
            saved.append(file.json)
            try context.step(index + 1, of: images.batch)
        }
        return [.shown(key: "images", saved)]
    }
}

/// The workflow as the notes that pictures carry.
enum WorkflowNotes {
    /// `prompt` and whatever the editor stored (`workflow`), as Python's json.dumps writes them: tools read them back.
    static func text(_ context: NodeContext) -> [TextChunk] {
        [TextChunk(keyword: "prompt", text: JSONWriter.text(context.prompt, style: .python))]
            + context.extraPNGInfo.members.map {
                TextChunk(keyword: $0.key, text: JSONWriter.text($0.value, style: .python))
            }
    }
}
