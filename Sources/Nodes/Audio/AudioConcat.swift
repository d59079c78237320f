public import GraphCore
internal import Media

/// One sound behind the other. As in ComfyUI mono becomes stereo, and the lower sample rate becomes the higher.
public struct AudioConcat: Node {
    static let audio1 = Input<Audio>("audio1")
    static let audio2 = Input<Audio>("audio2")
    static let direction = Input<String>(
        "direction", choices: .fixed(["after", "before"]), default: "after",
        options: [.init("tooltip", "Whether to append audio2 after or before audio1.")])
    static let joined = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "AudioConcat", displayName: "Audio Concat", category: "audio",
        description: "Concatenates the audio1 to audio2 in the specified direction.",
        inputs: [audio1, audio2, direction], outputs: [joined], module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        var (first, second) = (try inputs[Self.audio1], try inputs[Self.audio2])
        if try inputs[Self.direction] == "before" { swap(&first, &second) }
        let rate = max(first.sampleRate, second.sampleRate)
        let frameCounts = [first, second].map {
            SoundResampler.frameCount($0.frameCount, from: $0.sampleRate, to: rate)
        }
        let itemCount = max(first.items.count, second.items.count)
        var work = SoundWork(
            context, frameCount: AudioPair.frameCount(first, second) + itemCount * frameCounts.reduce(0, +))
        let pair = try AudioPair(first, second, &work, context)
        let channelCount = try pair.channelCount(atLeast: 2)
        let items = try (0..<itemCount).map { item in
            try work.joinSounds([pair.first.frameCount, pair.second.frameCount]) { part, block in
                try AudioPair.frames(
                    block, of: part == 0 ? pair.first : pair.second, item: item, channelCount: channelCount)
            }
        }
        return [Self.joined(Audio(sampleRate: rate, channelCount: channelCount, items: items))]
    }
}
