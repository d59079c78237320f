public import GraphCore
internal import Media

/// A picture of a sound. From left to right is time: the whole sound, whatever its duration. From bottom to top is
/// frequency: from 0 (20 Hz with `log`) to `max_frequency`, in steps of the `scale`. The colour is the level in dB, from
/// `floor` to 0 below the `reference`.
public struct AudioSpectrogram: Node {
    static let audio = Input<Audio>("audio")
    static let width = Input<Int>(
        "width", default: 1024, in: 16...8192,
        options: [.init("tooltip", "Columns: together the whole sound, from left to right.")]
    ).optional
    static let height = Input<Int>(
        "height", default: 512, in: 16...4096,
        options: [.init("tooltip", "Rows: frequencies from the lowest at the bottom to the highest at the top.")]
    ).optional
    static let scale = Input<String>(
        "scale", choices: .fixed(FrequencyAxis.Scale.allCases.map(\.rawValue)), default: "mel",
        options: [
            .init(
                "tooltip", "Of the frequencies: mel as people hear pitch, linear in hertz, log in octaves from 20 Hz.")
        ]
    ).optional
    static let highest = Input<Double>(
        "max_frequency", default: 0, in: 0...384_000,
        options: [.init("step", 100), .init("tooltip", "In hertz, at the top. 0 is half the sample rate.")]
    ).optional
    static let window = Input<String>(
        "window", choices: .fixed(Spectrogram.windowLengths.map(String.init)), default: "2048",
        options: [
            .init("tooltip", "Samples looked at together: many tell frequencies apart, few tell moments apart.")
        ]
    ).optional
    static let reference = Input<String>(
        "reference", choices: .fixed(Spectrogram.Reference.allCases.map(\.rawValue)), default: "loudest",
        options: [
            .init(
                "tooltip", "What the lightest colour means: the loudest point of the picture, or a sine of full scale.")
        ]
    ).optional
    static let floor = Input<Double>(
        "floor", default: -80, in: -160...(-10),
        options: [.init("step", 5), .init("tooltip", "The level of the darkest colour, in dB of the reference.")]
    ).optional
    static let colors = Input<String>(
        "colors", choices: .fixed(SpectrumColors.allCases.map(\.rawValue)), default: "fire"
    ).optional
    static let picture = Output<Image>("IMAGE")

    public let schema = NodeSchema(
        type: "AudioSpectrogram", displayName: "Audio Spectrogram", category: "audio",
        description:
            "Draws a sound: time from left to right, frequency from bottom to top, level as colour. One picture for each sound of the batch; channels are mixed to one.",
        inputs: [audio, width, height, scale, highest, window, reference, floor, colors], outputs: [picture])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let audio = try inputs[Self.audio]
        var spectrogram = Spectrogram()
        if let width = try inputs[Self.width] { spectrogram.width = width }
        if let height = try inputs[Self.height] { spectrogram.height = height }
        spectrogram.scale = try inputs[Self.scale].flatMap(FrequencyAxis.Scale.init) ?? .mel
        let highest = try inputs[Self.highest] ?? 0
        spectrogram.highestFrequency = highest > 0 ? highest : nil
        spectrogram.windowLength = try inputs[Self.window].flatMap { Int($0) } ?? 2_048
        spectrogram.reference = try inputs[Self.reference].flatMap(Spectrogram.Reference.init) ?? .loudest
        spectrogram.floor = try inputs[Self.floor] ?? -80
        spectrogram.colors = try inputs[Self.colors].flatMap(SpectrumColors.init) ?? .fire
        try ImageSize.check(batch: audio.items.count, height: spectrogram.height, width: spectrogram.width)
        return [Self.picture(try spectrogram.draw(audio, step: context.step(_:of:)))]
    }
}
