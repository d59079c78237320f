internal import GraphCore
internal import Media

/// Two sounds that are to become one: at one sample rate, with as many channels.
struct AudioPair {
    let first: Audio
    let second: Audio

    /// Frames that `init` works on, at most.
    static func frameCount(_ first: Audio, _ second: Audio) -> Int {
        let rate = max(first.sampleRate, second.sampleRate)
        return SoundWork.frameCount(ofResampling: first, to: rate)
            + SoundWork.frameCount(ofResampling: second, to: rate)
    }

    /// The one with the lower rate is resampled to the higher, as ComfyUI does.
    init(_ first: Audio, _ second: Audio, _ work: inout SoundWork, _ context: NodeContext) throws {
        let rate = max(first.sampleRate, second.sampleRate)
        for audio in [first, second] where audio.sampleRate != rate {
            context.log(.info, "a sound of \(audio.sampleRate) Hz is resampled to \(rate) Hz, the rate of the other")
            context.phase("resample", "resampling \(audio.sampleRate) Hz to \(rate) Hz")
        }
        self.first = try work.resample(first, to: rate)
        self.second = try work.resample(second, to: rate)
    }

    var sampleRate: Int { first.sampleRate }
    /// Of the longer batch; the shorter repeats its last sound.
    var itemCount: Int { max(first.items.count, second.items.count) }
    /// Of the longer sound.
    var frameCount: Int { max(first.frameCount, second.frameCount) }

    /// As many channels as both can have: that of the one that has more, when the other is mono.
    /// - Throws: when they have different ones otherwise.
    func channelCount(atLeast least: Int = 1) throws -> Int {
        let (a, b) = (first.channelCount, second.channelCount)
        guard a == b || a == 1 || b == 1 else {
            throw Diagnostic(
                .nodeFailed, node: nil, "the sounds have \(a) and \(b) channels",
                suggestion: "Mix one of them to mono with AudioToMono: a mono sound goes with any.")
        }
        return max(a, b, least)
    }

    /// Samples of some frames in as many channels as there are to be.
    static func frames(_ range: Range<Int>, of audio: Audio, item: Int, channelCount: Int) throws -> [Float] {
        let samples = try audio.frames(range, of: min(item, audio.items.count - 1))
        return audio.channelCount == channelCount ? samples : SoundChannels.spread(samples, over: channelCount)
    }
}
