public import GraphCore
internal import Media

/// Silence.
public struct EmptyAudio: Node {
    static let duration = Input<Double>(
        "duration", default: 60, in: 0...18_446_744_073_709_551_616,
        options: [.init("step", 0.01), .init("tooltip", "Duration of the empty audio clip in seconds")])
    static let sampleRate = Input<Int>(
        "sample_rate", default: 44_100, in: 1...192_000,
        options: [.init("tooltip", "Sample rate of the empty audio clip.")])
    static let channels = Input<Int>(
        "channels", default: 2, in: 1...2,
        options: [.init("tooltip", "Number of audio channels (1 for mono, 2 for stereo).")])
    static let silence = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "EmptyAudio", displayName: "Empty Audio", category: "audio", inputs: [duration, sampleRate, channels],
        outputs: [silence], module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (duration, rate) = (try inputs[Self.duration], try inputs[Self.sampleRate])
        let channelCount = try inputs[Self.channels]
        let frameCount = (duration * Double(rate)).rounded(.toNearestOrEven)
        guard frameCount * Double(channelCount) <= Double(SoundBuilder.maxSampleCount) else {
            throw Diagnostic(
                .tooLarge, node: nil, "\(duration) s of silence have more than \(SoundBuilder.maxSampleCount) samples",
                suggestion: "Choose a shorter duration, a lower sample rate or one channel.")
        }
        let silence = SampleStore(silence: Int(clamping: frameCount) * channelCount)
        return [Self.silence(Audio(sampleRate: rate, channelCount: channelCount, items: [silence]))]
    }
}
