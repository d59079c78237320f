internal import GraphCore
internal import Media

/// A batch of sounds as numbered files that carry their workflow.
enum SoundFiles {
    static let audio = Input<Audio>("audio")
    static let prefix = Input<String>("filename_prefix", default: "audio/ComfyUI").prefixing(filesIn: .output)

    /// The number in "128k"; nil for other words.
    static func kilobits(_ quality: String) -> Int? { quality.hasSuffix("k") ? Int(quality.dropLast()) : nil }

    /// - Parameter encoding: FLAC becomes as deep as each sound needs.
    static func save(
        _ audio: Audio, as encoding: SoundEncoding, prefix: String, in folder: FolderName, _ context: NodeContext
    ) throws -> [BoundOutput] {
        let rate = encoding.sampleRate(for: audio.sampleRate)
        let readCount = SoundWork.frameCount(ofResampling: audio, to: rate)
        let frameCount = SoundResampler.frameCount(audio.frameCount, from: audio.sampleRate, to: rate)
        let total = max(1, readCount + frameCount * audio.items.count)
        if rate != audio.sampleRate {
            context.phase("resample", "\(encoding.name) has no \(audio.sampleRate) Hz: converting to \(rate) Hz")
        }
        let sound = try SoundResampler.resample(
            audio, to: rate, scratchFolder: context.environment.scratchFolder
        ) { done, _ in try context.step(done, of: total) }
        let texts = WorkflowNotes.text(context)
        var saved: [JSON] = []
        for item in sound.items.indices {
            context.phase("encode", "writing sound \(item + 1) of \(sound.items.count)")
            let file = try context.environment.save(
                prefix: FilenamePrefix(prefix, width: 0, height: 0, batchNumber: item),
                extension: encoding.fileExtension, in: folder
            ) { path in
                try write(sound, item, to: path, encoding, texts, context) {
                    try context.step(readCount + item * frameCount + $0, of: total)
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
}
