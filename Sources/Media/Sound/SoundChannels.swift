internal import GraphCore

/// Interleaved samples, taken apart and put together.
public enum SoundChannels {
    /// One channel: the mean of all.
    public static func mean(_ samples: [Float], of channelCount: Int) -> [Float] {
        guard channelCount > 1 else { return samples }
        let scale = 1 / Float(channelCount)
        return (0..<samples.count / channelCount).map { frame in
            var sum: Float = 0
            for i in frame * channelCount..<(frame + 1) * channelCount { sum += samples[i] }
            return sum * scale
        }
    }

    /// One channel, in as many as are wanted.
    public static func spread(_ samples: [Float], over channelCount: Int) -> [Float] {
        guard channelCount > 1 else { return samples }
        return (0..<samples.count * channelCount).map { samples[$0 / channelCount] }
    }

    /// One of the channels.
    public static func pick(_ channel: Int, _ samples: [Float], of channelCount: Int) -> [Float] {
        stride(from: channel, to: samples.count, by: channelCount).map { samples[$0] }
    }

    /// Two channels of one: left, right, left, right...
    public static func interleave(_ left: [Float], _ right: [Float]) -> [Float] {
        (0..<2 * left.count).map { $0 % 2 == 0 ? left[$0 / 2] : right[$0 / 2] }
    }
}
