internal import GraphCore
internal import Media
internal import Remote

/// A sound as speech models take it for an example: a WAV of 16 bits with one channel.
enum ReferenceSound {
    /// CosyVoice refuses more; IndexTTS2 listens to the first 15.
    static let maxSeconds = 30
    /// CosyVoice refuses less.
    static let leastSampleRate = 16_000

    /// - Parameters:
    ///   - field: what the server calls it.
    ///   - input: what the node calls it.
    /// - Throws: `.badInput` for a sound without a frame; `Diagnostic` when the sound's own file fails.
    static func part(
        _ field: String, _ audio: Audio, input: String, _ context: NodeContext
    ) throws -> RemoteRequest.Part {
        let frameCount = audio.frameCount(of: 0)
        guard frameCount > 0 else {
            throw Diagnostic(
                .badInput, node: nil, input: input, "'\(input)' is an empty sound",
                suggestion: "Link a sound of 3 to 10 seconds in which one person speaks.")
        }
        if audio.items.count > 1 {
            context.log(.warning, "\(input): only the first of \(audio.items.count) sounds is sent")
        }
        let sent = min(frameCount, maxSeconds * audio.sampleRate)
        if sent < frameCount {
            let seconds =
                frameCount / audio.sampleRate + (frameCount % audio.sampleRate * 2 >= audio.sampleRate ? 1 : 0)
            context.log(.warning, "\(input): only the first \(maxSeconds) s of \(seconds) s are sent")
        }
        var mono = try mono(audio, 0..<sent, context)
        if mono.sampleRate < leastSampleRate {
            context.log(
                .warning,
                "\(input): sample rate is \(kilohertz(mono.sampleRate))kHz, recommend \(kilohertz(leastSampleRate))kHz")
            var work = SoundWork(frameCount: sent, scratchFolder: context.environment.scratchFolder)
            mono = try work.resample(mono, to: leastSampleRate)
        }
        return RemoteRequest.Part(
            field, file: try WAVFile.bytes(of: mono), fileName: "\(input).wav", contentType: "audio/wav")
    }

    private static func mono(_ audio: Audio, _ frames: Range<Int>, _ context: NodeContext) throws -> Audio {
        var builder = SoundBuilder(scratchFolder: context.environment.scratchFolder)
        for block in Audio.blocks(of: frames) {
            try Task.checkCancellation()
            try builder.append(SoundChannels.mean(try audio.frames(block), of: audio.channelCount))
        }
        return Audio(sampleRate: audio.sampleRate, channelCount: 1, items: [try builder.finish()])
    }

    /// `8`, `11.025`.
    private static func kilohertz(_ rate: Int) -> String {
        let text = "\(Double(rate) / 1000)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
