internal import GraphCore
internal import Media

/// A batch of sounds as numbered files that carry their workflow.
enum SoundFiles {
    static let audio = Input<Audio>("audio")
    static let prefix = Input<String>("filename_prefix", default: "audio/ComfyUI")

    /// The number in "128k"; nil for other words.
    static func kilobits(_ quality: String) -> Int? { quality.hasSuffix("k") ? Int(quality.dropLast()) : nil }

    /// - Parameter encoding: FLAC becomes as deep as each sound needs.
    static func save(
        _ audio: Audio, as encoding: SoundEncoding, prefix: String, in folder: FolderName, _ context: NodeContext
    ) throws -> [BoundOutput] {
        let sound = try fitted(audio, encoding, context)
        let texts = WorkflowNotes.text(context)
        let total = max(1, sound.frameCount * sound.items.count)
        var saved: [JSON] = []
        for item in sound.items.indices {
            context.phase("encode", "writing sound \(item + 1) of \(sound.items.count)")
            let file = try context.environment.save(
                prefix: FilenamePrefix(prefix, width: 0, height: 0, batchNumber: item),
                extension: encoding.fileExtension, in: folder
            ) { path in
                try write(sound, item, to: path, encoding, texts, context) {
                    try context.step(item * sound.frameCount + $0, of: total)
                }
            }
            saved.append(file.json)
        }
        return [.shown(key: "audio", saved)]
    }

    private static func write(
        _ audio: Audio, _ item: Int, to path: String, _ encoding: SoundEncoding, _ texts: [TextChunk],
        _ context: NodeContext, step: (_ frameCount: Int) throws -> Void
    ) throws {
        do {
            var encoding = encoding
            if case .flac = encoding { encoding = .flac(try SoundEncoder.neededDepth(of: audio, item: item)) }
            let leftOut = try SoundEncoder.encode(
                audio, item: item, to: path, as: encoding, texts: texts,
                scratchFolder: context.environment.scratchFolder
            ) { done, _ in try step(done) }
            for keyword in leftOut {
                context.log(.warning, "the note '\(keyword)' has no place in the \(encoding.name) and was left out")
            }
        } catch let error as CodecError {
            try Task.checkCancellation()
            throw Diagnostic(.nodeFailed, node: nil, error.message, suggestion: error.suggestion)
        }
    }

    /// The sound at a rate that the format has.
    private static func fitted(_ audio: Audio, _ encoding: SoundEncoding, _ context: NodeContext) throws -> Audio {
        audio
    }
}
