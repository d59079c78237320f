public import GraphCore
internal import Media

/// Two sounds at once. As long as `audio1`; scaled down when it would be beyond full scale, as in ComfyUI.
public struct AudioMerge: Node {
    enum Method: String, CaseIterable {
        case add, mean, subtract, multiply

        func callAsFunction(_ a: Float, _ b: Float) -> Float {
            switch self {
            case .add: a + b
            case .mean: (a + b) / 2
            case .subtract: a - b
            case .multiply: a * b
            }
        }
    }

    static let audio1 = Input<Audio>("audio1")
    static let audio2 = Input<Audio>("audio2")
    static let method = Input<String>(
        "merge_method", choices: .fixed(Method.allCases.map(\.rawValue)),
        options: [.init("tooltip", "The method used to combine the audio waveforms.")])
    static let merged = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "AudioMerge", displayName: "Audio Merge", category: "audio",
        description: "Combine two audio tracks by overlaying their waveforms.", inputs: [audio1, audio2, method],
        outputs: [merged], module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (first, second) = (try inputs[Self.audio1], try inputs[Self.audio2])
        let method = Method(rawValue: try inputs[Self.method]) ?? .add
        let rate = max(first.sampleRate, second.sampleRate)
        let itemCount = max(first.items.count, second.items.count)
        let frameCount = SoundResampler.frameCount(first.frameCount, from: first.sampleRate, to: rate)
        var work = SoundWork(
            context, frameCount: AudioPair.frameCount(first, second) + 2 * itemCount * frameCount)
        let pair = try AudioPair(first, second, &work, context)
        let channelCount = try pair.channelCount()
        if pair.second.frameCount != pair.first.frameCount {
            let change = pair.second.frameCount > pair.first.frameCount ? "is cut" : "is followed by silence"
            context.log(.info, "audio2 \(change), so that it is as long as audio1")
        }
        var peak: Float = 0
        let items = try (0..<itemCount).map { item in
            try work.makeSound(frameCount: pair.first.frameCount) { block in
                let a = try AudioPair.frames(block, of: pair.first, item: item, channelCount: channelCount)
                let b = try AudioPair.frames(block, of: pair.second, item: item, channelCount: channelCount)
                return a.indices.map { i in
                    let sample = method(a[i], b[i])
                    peak = max(peak, abs(sample))
                    return sample
                }
            }
        }
        var merged = Audio(sampleRate: rate, channelCount: channelCount, items: items)
        if peak > 1 {
            merged = try work.change(merged) { samples, _ in samples.map { $0 / peak } }
        }
        return [Self.merged(merged)]
    }
}
