public import GraphCore
internal import Media

/// A part of a sound.
public struct TrimAudioDuration: Node {
    /// ComfyUI's bounds: 2^64.
    private static let longest = 18_446_744_073_709_551_616.0

    static let audio = Input<Audio>("audio")
    static let start = Input<Double>(
        "start_index", default: 0, in: -longest...longest,
        options: [
            .init("step", 0.01),
            .init("tooltip", "Start time in seconds, can be negative to count from the end (supports sub-seconds)."),
        ])
    static let duration = Input<Double>(
        "duration", default: 60, in: 0...longest,
        options: [.init("step", 0.01), .init("tooltip", "Duration in seconds")])
    static let part = Output<Audio>("AUDIO")

    public let schema = NodeSchema(
        type: "TrimAudioDuration", displayName: "Trim Audio Duration", category: "audio",
        description: "Trim audio tensor into chosen time range.", inputs: [audio, start, duration], outputs: [part],
        module: "comfy_extras.nodes_audio")

    public init() {}

    public func run(_ inputs: Inputs, _ context: NodeContext) async throws -> [BoundOutput] {
        let audio = try inputs[Self.audio]
        let (start, duration) = (try inputs[Self.start], try inputs[Self.duration])
        let range = Self.range(of: audio, start: start, duration: duration)
        guard !range.isEmpty else {
            throw Diagnostic(
                .nodeFailed, node: nil,
                audio.frameCount == 0 ? "the sound is empty" : "a part of \(duration) s has no samples",
                suggestion: audio.frameCount == 0 ? "Give a sound that has samples." : "Choose a longer duration.")
        }
        if start > audio.duration {
            // ComfyUI's answer, which is hardly what anyone wants: its last sample.
            context.log(
                .warning, "start_index \(start) s is behind the end of the sound, which has \(audio.duration) s")
        }
        var work = SoundWork(context, frameCount: audio.items.count * range.count)
        let items = try audio.items.indices.map { item in
            try work.makeSound(frameCount: range.count) { block in
                try audio.frames(range.lowerBound + block.lowerBound..<range.lowerBound + block.upperBound, of: item)
            }
        }
        return [Self.part(Audio(sampleRate: audio.sampleRate, channelCount: audio.channelCount, items: items))]
    }

    /// Frames from `start` seconds on, counted from the end when negative; cut where the sound ends.
    static func range(of audio: Audio, start: Double, duration: Double) -> Range<Int> {
        /// Python's `round`; far beyond any sound is as good as infinity.
        func frames(_ seconds: Double) -> Int {
            let count = (seconds * Double(audio.sampleRate)).rounded(.toNearestOrEven)
            return Int(clamping: min(max(count, -1e15), 1e15))
        }
        let first = max(0, min(frames(start) + (start < 0 ? audio.frameCount : 0), audio.frameCount - 1))
        return first..<max(first, min(first + frames(duration), audio.frameCount))
    }
}
