public import GraphCore
internal import Media

/// One channel: the mean of all.
public struct AudioToMono: Node {
    static let audio = Input<Audio>("audio")
    static let mono = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "AudioToMono", displayName: "Mix Audio to Mono", category: "audio",
        description: "Mixes all channels into one: their mean.", inputs: [audio], outputs: [mono])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let audio = try inputs[Self.audio]
        guard audio.channelCount > 1 else { return [Self.mono(audio)] }
        var work = SoundWork(context, frameCount: audio.totalFrameCount)
        let mono = try work.change(audio, channelCount: 1) { samples, _ in
            SoundChannels.mean(samples, of: audio.channelCount)
        }
        return [Self.mono(mono)]
    }
}

/// The left and the right channel of a stereo sound.
public struct SplitAudioChannels: Node {
    static let audio = Input<Audio>("audio")
    static let left = Output<Audio>("left")
    static let right = Output<Audio>("right")

    public let schema = NodeSchema(
        type: "SplitAudioChannels", displayName: "Split Audio Channels", category: "audio",
        description: "Separates the audio into left and right channels.", inputs: [audio], outputs: [left, right],
        module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let audio = try inputs[Self.audio]
        guard audio.channelCount == 2 else {
            throw Diagnostic(
                .nodeFailed, node: nil,
                "the sound has \(audio.channelCount == 1 ? "one channel" : "\(audio.channelCount) channels"), not two",
                suggestion: "Give a stereo sound, or mix it to mono with AudioToMono.")
        }
        var work = SoundWork(context, frameCount: 2 * audio.totalFrameCount)
        let channels = try (0..<2).map { channel in
            try work.change(audio, channelCount: 1) { samples, _ in SoundChannels.pick(channel, samples, of: 2) }
        }
        return [Self.left(channels[0]), Self.right(channels[1])]
    }
}

/// Two mono sounds as the channels of one, as long as the shorter and at the higher of their rates.
public struct JoinAudioChannels: Node {
    static let left = Input<Audio>("audio_left")
    static let right = Input<Audio>("audio_right")
    static let stereo = Output<Audio>("audio")

    public let schema = NodeSchema(
        type: "JoinAudioChannels", displayName: "Join Audio Channels", category: "audio",
        description: "Joins left and right mono audio channels into a stereo audio.", inputs: [left, right],
        outputs: [stereo], module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (left, right) = (try inputs[Self.left], try inputs[Self.right])
        for audio in [left, right] where audio.channelCount != 1 {
            throw Diagnostic(
                .nodeFailed, node: nil, "a channel to join is a sound of \(audio.channelCount) channels, not one",
                suggestion: "Mix it to mono with AudioToMono.")
        }
        let rate = max(left.sampleRate, right.sampleRate)
        let frameCount = min(
            SoundResampler.frameCount(left.frameCount, from: left.sampleRate, to: rate),
            SoundResampler.frameCount(right.frameCount, from: right.sampleRate, to: rate))
        let itemCount = max(left.items.count, right.items.count)
        var work = SoundWork(context, frameCount: AudioPair.frameCount(left, right) + itemCount * frameCount)
        let pair = try AudioPair(left, right, &work, context)
        if pair.first.frameCount != pair.second.frameCount {
            let longer = pair.first.frameCount > frameCount ? "left" : "right"
            context.log(.info, "the \(longer) channel is cut, so that it is as long as the other")
        }
        let items = try (0..<itemCount).map { item in
            try work.makeSound(frameCount: frameCount) { block in
                SoundChannels.interleave(
                    try AudioPair.frames(block, of: pair.first, item: item, channelCount: 1),
                    try AudioPair.frames(block, of: pair.second, item: item, channelCount: 1))
            }
        }
        return [Self.stereo(Audio(sampleRate: rate, channelCount: 2, items: items))]
    }
}
