public import GraphCore

/// Sound, ComfyUI's AUDIO: its waveform `[batch, channels, samples]` in float32, where 1 is full scale, and a sample rate.
///
/// A frame is one sample of every channel; frames are interleaved. Long sounds lie in files (`SampleStore`), so whoever
/// works on one goes block by block and never asks for all of it.
public struct Audio: Sendable {
    /// What libsndfile takes.
    public static let maxChannelCount = 64
    public static let sampleRates = 1...768_000
    /// Frames that are worked on at once: small enough for the cache, and to cancel within a moment.
    public static let blockFrameCount = 65_536

    /// Frames a second.
    public let sampleRate: Int
    public let channelCount: Int
    /// Of the longest item.
    public let frameCount: Int
    /// One for each sound of the batch; a shorter one is followed by silence.
    public let items: [SampleStore]

    /// - Parameter items: at least one, of interleaved frames.
    public init(sampleRate: Int, channelCount: Int, items: [SampleStore]) {
        precondition(Self.sampleRates.contains(sampleRate) && (1...Self.maxChannelCount).contains(channelCount))
        (self.sampleRate, self.channelCount, self.items) = (sampleRate, channelCount, items)
        frameCount = (items.map(\.sampleCount).max() ?? 0) / channelCount
    }

    /// One sound that is in memory.
    public init(sampleRate: Int, channelCount: Int = 1, samples: [Float]) {
        self.init(sampleRate: sampleRate, channelCount: channelCount, items: [SampleStore(samples)])
    }

    /// In seconds.
    public var duration: Double { Double(frameCount) / Double(sampleRate) }

    /// Interleaved samples of some frames; silence behind an item's end.
    /// - Throws: `.fileNotReadable` when the file that holds them fails.
    public func frames(_ range: Range<Int>, of item: Int = 0) throws(Diagnostic) -> [Float] {
        let store = items[item]
        let wanted = range.lowerBound * channelCount..<range.upperBound * channelCount
        let there = wanted.clamped(to: 0..<store.sampleCount)
        var samples = there.isEmpty ? [] : try store.read(there)
        if samples.count < wanted.count {
            samples += [Float](repeating: 0, count: wanted.count - samples.count)
        }
        return samples
    }

    /// The ranges of frames to work through, in order.
    public var blocks: [Range<Int>] { Self.blocks(of: 0..<frameCount) }

    public static func blocks(of range: Range<Int>) -> [Range<Int>] {
        stride(from: range.lowerBound, to: range.upperBound, by: blockFrameCount).map {
            $0..<min($0 + blockFrameCount, range.upperBound)
        }
    }
}

extension Audio: SocketValue {
    public static var socketType: SocketType { "AUDIO" }
    public var byteCount: Int { items.reduce(0) { $0 + $1.memoryByteCount } }
}
