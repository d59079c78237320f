public import GraphCore
internal import Media

/// The same sound at another sample rate.
public struct AudioResample: Node {
    static let audio = Input<Audio>("audio")
    static let sampleRate = Input<Int>(
        "sample_rate", default: 44_100, in: Int128(Audio.sampleRates.lowerBound)...Int128(Audio.sampleRates.upperBound),
        options: [.init("tooltip", "Samples a second. At most 256 times more or less than the sound has.")])
    static let quality = Input<String>(
        "quality", choices: .fixed(SoundResampler.Quality.allCases.map(\.rawValue)), default: "medium",
        options: [
            .init(
                "tooltip",
                "How much of the highest tones is kept: best is a third as fast as medium, fast is twice as fast.")
        ]
    ).optional
    static let resampled = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "AudioResample", displayName: "Resample Audio", category: "audio",
        description: "Changes the sample rate of a sound; pitch and duration stay.",
        inputs: [audio, sampleRate, quality], outputs: [resampled])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (audio, rate) = (try inputs[Self.audio], try inputs[Self.sampleRate])
        let quality = try inputs[Self.quality].flatMap(SoundResampler.Quality.init) ?? .medium
        var work = SoundWork(context, frameCount: audio.totalFrameCount)
        return [Self.resampled(try work.resample(audio, to: rate, quality: quality))]
    }
}
