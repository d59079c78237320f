internal import GraphCore
internal import Media

/// The first pieces of a text as one sound, which grows piece by piece.
struct SpeechBeginning: Sendable {
    private(set) var pieces: [SpeechText.Piece] = []
    private(set) var sentenceCount = 0
    /// Nil until a piece had something to say.
    private(set) var format: (sampleRate: Int, channelCount: Int)?
    private var builder: SoundBuilder
    /// Samples of whole pieces.
    private var wholeCount = 0

    init(scratchFolder: String?) { builder = SoundBuilder(scratchFolder: scratchFolder) }

    /// - Parameters:
    ///   - sound: nil when there was nothing to say.
    ///   - pause: seconds of silence in front of a paragraph that is not the first.
    /// - Throws: `.nodeFailed` for another format than before; `CancellationError`; `.fileNotWritable`.
    mutating func append(_ sound: Audio?, _ piece: SpeechText.Piece, pause: Double) throws {
        if let sound {
            let format = format ?? (sound.sampleRate, sound.channelCount)
            guard format == (sound.sampleRate, sound.channelCount) else {
                // Another model answers now: nobody can go on behind this.
                self.format = nil
                throw Diagnostic(
                    .nodeFailed, node: nil,
                    "sentence \(sentenceCount + 1) was spoken at \(Self.words(sound.sampleRate, sound.channelCount)), "
                        + "but those before it at \(Self.words(format.sampleRate, format.channelCount))",
                    suggestion: "Run it again, or choose another voice.")
            }
            if piece.startsParagraph && self.format != nil {
                let frameCount = Int(clamping: pause * Double(format.sampleRate))
                try builder.append(repeatElement(0, count: frameCount * format.channelCount))
            }
            self.format = format
            for block in sound.blocks {
                try Task.checkCancellation()
                try builder.append(sound.frames(block))
            }
        }
        wholeCount = builder.sampleCount
        sentenceCount += piece.sentenceCount
        pieces.append(piece)
    }

    private static func words(_ sampleRate: Int, _ channelCount: Int) -> String {
        "\(sampleRate) Hz in \(channelCount == 1 ? "mono" : "\(channelCount) channels")"
    }

    /// Makes it something that may lie around for long.
    /// - Returns: nil when there is nothing worth it: no sound, or a part of a piece at its end.
    /// - Throws: `.fileNotWritable` when the disk is full.
    consuming func stored() throws(Diagnostic) -> SpeechBeginning? {
        guard format != nil, builder.sampleCount == wholeCount else { return nil }
        try builder.leaveMemory()
        return self
    }

    /// - Throws: `.badInput` when there was nothing to say in all of the text.
    consuming func finish() throws(Diagnostic) -> Audio {
        guard let format, builder.sampleCount > 0 else {
            throw Diagnostic(
                .badInput, node: nil, input: "text", "the voice found nothing to say in the text",
                suggestion: "Write words, or choose the language that the text is in.")
        }
        return Audio(
            sampleRate: format.sampleRate, channelCount: format.channelCount, items: [try builder.finish()])
    }
}
