internal import GraphCore
internal import Media

/// Speaks a text with an engine: the next pieces while the present one is taken, in order, with progress in sentences.
struct SpeechRun {
    let text: SpeechText
    let engine: any SpeechEngine
    /// Silence between paragraphs besides what an engine puts behind a sentence.
    let paragraphPause: Double
    let context: NodeContext

    private struct Spoken: Sendable {
        let index: Int
        let sound: Audio?
    }

    /// - Throws: `.badInput` when the whole text has nothing to say; whatever the engine throws.
    func sound() async throws -> Audio {
        var taking = Taking(self)
        try await withThrowingTaskGroup(of: Spoken.self) { group in
            var waiting: [Int: Audio?] = [:]
            var (started, running) = (0, 0)
            try taking.tell()
            while taking.count < text.pieces.count {
                while started < min(text.pieces.count, taking.count + engine.pieceCountAtOnce) {
                    // One is always under way; more of them use cores that no node wants.
                    let needsCore = engine.usesCores && running > 0
                    guard !needsCore || (!context.spareCores.isWanted && context.spareCores.borrow()) else { break }
                    let index = started
                    group.addTask {
                        defer { if needsCore { context.spareCores.giveBack() } }
                        let sound = try await engine.speak(text.pieces[index], context)
                        return Spoken(index: index, sound: sound)
                    }
                    (started, running) = (started + 1, running + 1)
                }
                guard let spoken = try await group.next() else { break }
                running -= 1
                waiting[spoken.index] = .some(spoken.sound)
                while let sound = waiting.removeValue(forKey: taking.count) { try taking.take(sound) }
            }
        }
        return try taking.finish()
    }

    /// The sound so far.
    private struct Taking {
        private let run: SpeechRun
        private var builder: SoundBuilder
        private var format: (sampleRate: Int, channelCount: Int)?
        private var sentenceCount = 0
        /// Pieces that were taken.
        private(set) var count = 0

        init(_ run: SpeechRun) {
            self.run = run
            builder = SoundBuilder(scratchFolder: run.context.environment.scratchFolder)
        }

        func tell() throws {
            let total = run.text.sentenceCount
            try run.context.step(sentenceCount, of: total)
            if sentenceCount < total {
                run.context.phase("processing", "sentence \(sentenceCount + 1) of \(total)")
            }
        }

        mutating func take(_ sound: Audio?) throws {
            let piece = run.text.pieces[count]
            if let sound {
                let format = format ?? (sound.sampleRate, sound.channelCount)
                guard format == (sound.sampleRate, sound.channelCount) else {
                    throw Diagnostic(
                        .nodeFailed, node: nil,
                        "sentence \(sentenceCount + 1) was spoken at \(sound.sampleRate) Hz in \(sound.channelCount)"
                            + " channels, but those before it at \(format.sampleRate) Hz in \(format.channelCount)",
                        suggestion: "Choose another voice.")
                }
                let isFirst = self.format == nil
                self.format = format
                if piece.startsParagraph && !isFirst {
                    let pause = Int(run.paragraphPause * Double(format.sampleRate)) * format.channelCount
                    try builder.append(repeatElement(0, count: pause))
                }
                for block in sound.blocks {
                    try Task.checkCancellation()
                    try builder.append(sound.frames(block))
                }
                if isFirst && run.text.pieces.count > 1 {
                    try SpeechPreview.show(sound, "sentence", run.context)
                }
            }
            sentenceCount += piece.sentenceCount
            count += 1
            try tell()
        }

        consuming func finish() throws -> Audio {
            guard let format, builder.sampleCount > 0 else {
                throw Diagnostic(
                    .badInput, node: nil, input: "text", "the voice found nothing to say in the text",
                    suggestion: "Write words, or choose the language that the text is in.")
            }
            return Audio(
                sampleRate: format.sampleRate, channelCount: format.channelCount, items: [try builder.finish()])
        }
    }
}
