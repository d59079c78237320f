internal import GraphCore
internal import Media

/// The beginning of a speech as a file that can be listened to while the rest is made.
enum SpeechPreview {
    /// Minutes of it would help nobody to hear something sooner.
    private static let maxSeconds = 60

    /// A preview that cannot be written is said, and stops nothing.
    /// - Parameter part: what it is the first of: a sentence, a second.
    /// - Throws: `CancellationError`.
    static func show(_ sound: Audio, _ part: String, _ context: NodeContext) throws {
        let frames = 0..<min(sound.frameCount, maxSeconds * sound.sampleRate)
        let prefix = FilenamePrefix("tts_preview", width: 0, height: 0, batchNumber: 0)
        do {
            let bytes = try WAVFile.bytes(of: sound, frames: frames)
            context.preview(try context.environment.save(bytes, prefix: prefix, extension: "wav", in: .temp))
        } catch {
            try Task.checkCancellation()
            let reason = (error as? Diagnostic)?.message ?? (error as? CodecError)?.message ?? "\(error)"
            context.log(.warning, "the first \(part) cannot be heard yet: \(reason)")
        }
    }
}
