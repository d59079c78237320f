public import GraphCore
internal import Glibc
internal import Media

/// Louder or softer by decibels.
public struct AudioAdjustVolume: Node {
    static let audio = Input<Audio>("audio")
    static let volume = Input<Int>(
        "volume", default: 1, in: -100...100,
        options: [
            .init("tooltip", "Volume adjustment in decibels (dB). 0 = no change, +6 = double, -6 = half, etc")
        ])
    static let adjusted = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "AudioAdjustVolume", displayName: "Audio Adjust Volume", category: "audio", inputs: [audio, volume],
        outputs: [adjusted], module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let (audio, volume) = (try inputs[Self.audio], try inputs[Self.volume])
        guard volume != 0 else { return [Self.adjusted(audio)] }
        let gain = Float(pow(10, Double(volume) / 20))
        var work = SoundWork(context, frameCount: audio.totalFrameCount)
        return [Self.adjusted(try work.change(audio) { samples, _ in samples.map { $0 * gain } })]
    }
}

/// As loud as told, by EBU R 128, and nowhere beyond a peak.
public struct AudioNormalize: Node {
    static let audio = Input<Audio>("audio")
    static let loudness = Input<Double>(
        "loudness", default: -16, in: -60...0,
        options: [
            .init("step", 0.5),
            .init("tooltip", "In LUFS (EBU R 128): -16 for speech on the web, -14 for music there, -23 for broadcast."),
        ]
    ).optional
    static let peak = Input<Double>(
        "peak_limit", default: -1, in: -20...0,
        options: [
            .init("step", 0.1),
            .init(
                "tooltip",
                "In dB of full scale, between the samples too: where this would be passed, the sound is made less loud."
            ),
        ]
    ).optional
    static let normalized = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "AudioNormalize", displayName: "Normalize Audio Loudness", category: "audio",
        description:
            "Makes each sound of the batch as loud as told, measured by EBU R 128. Only the volume changes, not the dynamics.",
        inputs: [audio, loudness, peak], outputs: [normalized])

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let audio = try inputs[Self.audio]
        let (loudness, peak) = (try inputs[Self.loudness] ?? -16, try inputs[Self.peak] ?? -1)
        var work = SoundWork(context, frameCount: 2 * audio.totalFrameCount)
        let gains = try audio.items.indices.map { item in
            let name = audio.items.count > 1 ? "sound \(item + 1) of \(audio.items.count)" : "the sound"
            context.phase("measure", "measuring \(name)")
            let reading = try LoudnessMeter.measure(audio, item: item) { body in
                try work.forEachBlock(of: 0..<audio.frameCount(of: item), body)
            }
            guard let measured = reading.loudness, reading.peak > 0 else {
                context.log(.warning, "\(name) is silence, and stays as it is")
                return Float(1)
            }
            let wanted = pow(10, (loudness - measured) / 20)
            let most = pow(10, peak / 20) / reading.peak
            if wanted > most {
                let reached = Self.decimal(measured + 20 * log10(most))
                context.log(
                    .warning,
                    "\(name) has \(reached) LUFS instead of \(Self.decimal(loudness)): more would pass the peak of \(Self.decimal(peak)) dB"
                )
            } else {
                context.log(.info, "\(name) had \(Self.decimal(measured)) LUFS")
            }
            return Float(min(wanted, most))
        }
        context.phase("apply", "changing the volume")
        return [
            Self.normalized(
                try work.change(audio) { samples, item in
                    let gain = gains[item]
                    return gain == 1 ? samples : samples.map { $0 * gain }
                })
        ]
    }

    /// With one digit behind the point.
    private static func decimal(_ x: Double) -> String { "\((x * 10).rounded() / 10)" }
}
