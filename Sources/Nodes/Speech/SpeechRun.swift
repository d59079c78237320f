internal import GraphCore
internal import Media

/// Speaks a text with an engine: the next pieces while the present one is taken, in order, with progress in sentences.
struct SpeechRun {
    let text: SpeechText
    let engine: any SpeechEngine
    /// Silence between paragraphs besides what an engine puts behind a sentence.
    let paragraphPause: Double
    /// What earlier runs of the node left, and where this one leaves what it has spoken if it does not come to its end.
    let unfinished: UnfinishedSpeeches
    let context: NodeContext

    private struct Spoken: Sendable {
        let index: Int
        let sound: Audio?
    }

    /// - Throws: `.badInput` when the whole text has nothing to say; whatever the engine throws.
    func sound() async throws -> Audio {
        var beginning = SpeechBeginning(scratchFolder: context.environment.scratchFolder)
        if let earlier = unfinished.take(engine.identity, paragraphPause, of: text) {
            beginning = earlier
            let count = earlier.sentenceCount
            let words =
                count == 1
                ? "1 sentence; this one goes on behind it" : "\(count) sentences; this one goes on behind them"
            context.log(.info, "an earlier run spoke \(words)")
        }
        do {
            try await speak(from: &beginning)
        } catch {
            unfinished.keep(beginning, engine.identity, paragraphPause)
            throw error
        }
        return try beginning.finish()
    }

    private func speak(from beginning: inout SpeechBeginning) async throws {
        try await withThrowingTaskGroup(of: Spoken.self) { group in
            var waiting: [Int: Audio?] = [:]
            var (started, running) = (beginning.pieces.count, 0)
            try tell(beginning)
            while beginning.pieces.count < text.pieces.count {
                while started < min(text.pieces.count, beginning.pieces.count + engine.pieceCountAtOnce) {
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
                while let sound = waiting.removeValue(forKey: beginning.pieces.count) {
                    try take(sound, into: &beginning)
                }
            }
        }
    }

    private func take(_ sound: Audio?, into beginning: inout SpeechBeginning) throws {
        let isFirst = beginning.format == nil
        try beginning.append(sound, text.pieces[beginning.pieces.count], pause: paragraphPause)
        if let sound, isFirst, text.pieces.count > 1 { try SpeechPreview.show(sound, "sentence", context) }
        try tell(beginning)
    }

    private func tell(_ beginning: SpeechBeginning) throws {
        let (done, total) = (beginning.sentenceCount, text.sentenceCount)
        try context.step(done, of: total)
        if done < total { context.phase("processing", "sentence \(done + 1) of \(total)") }
    }
}
