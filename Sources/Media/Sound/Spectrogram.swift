internal import GraphCore
internal import Glibc

/// A picture of a sound: time from left to right, frequency from bottom to top, level as colour.
public struct Spectrogram: Sendable {
    /// What a colour's top means.
    public enum Reference: String, CaseIterable, Sendable {
        /// The loudest point of the picture.
        case loudest
        /// A sine of full scale (amplitude 1), so that pictures can be compared.
        case fullScale = "full scale"
    }

    /// Samples of a window: many tell frequencies apart, few tell moments apart.
    public static let windowLengths = [256, 512, 1_024, 2_048, 4_096, 8_192, 16_384]

    /// Columns: together the whole sound.
    public var width = 1_024
    public var height = 512
    public var scale = FrequencyAxis.Scale.mel
    /// At the top edge, in hertz; nil or what is beyond half the sample rate is half the sample rate.
    public var highestFrequency: Double?
    /// One of `windowLengths`.
    public var windowLength = 2_048
    public var reference = Reference.loudest
    /// The level in dB below the top that the darkest colour stands for: negative.
    public var floor = -80.0
    public var colors = SpectrumColors.fire

    public init() {}

    /// One picture for each sound of the batch, `[batch, height, width, 3]`; channels are mixed down.
    ///
    /// Windows (Hann) overlap by half at least; a column is the mean power of those that lie in its time, and a row shows
    /// the strongest of its frequencies.
    /// - Parameter step: is called every few windows with the windows done and all there are; what it throws ends the
    ///   work.
    public func draw(_ audio: Audio, step: (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }) throws
        -> Image
    {
        let table = colors.table()
        let total = audio.items.count * windowCount(audio)
        var completed = 0
        var bytes: [UInt8] = []
        bytes.reserveCapacity(audio.items.count * width * height * 3)
        for item in audio.items.indices {
            let levels = try levels(audio, item: item) { try step(completed + $0, total) }
            completed += windowCount(audio)
            for level in shades(levels) { bytes += table[Int(level)] }
        }
        return Image(batch: audio.items.count, height: height, width: width, channels: 3, bytes: bytes)
    }

    /// Windows of each column.
    private func windowsPerColumn(_ audio: Audio) -> Int {
        let samplesPerColumn = Double(audio.frameCount) / Double(width)
        return max(1, Int(clamping: (samplesPerColumn / Double(windowLength / 2)).rounded(.up)))
    }

    private func windowCount(_ audio: Audio) -> Int { width * windowsPerColumn(audio) }

    /// Of one sound, in dB of a sine of full scale: `[height, width]`, top row first; -infinity is silence.
    func levels(
        _ audio: Audio, item: Int, step: (_ windows: Int) throws -> Void = { _ in }
    ) throws -> [Float] {
        guard let transform = FourierTransform(count: windowLength) else {
            throw Diagnostic(
                .outOfRange, node: nil, "a window of \(windowLength) samples is not a power of two",
                suggestion: "Choose 2048.")
        }
        let half = Double(audio.sampleRate) / 2
        let axis = FrequencyAxis(scale, highest: min(highestFrequency ?? half, half))
        let rows = axis.rows(
            height: height, spacing: Double(audio.sampleRate) / Double(windowLength), last: windowLength / 2)
        let window = (0..<windowLength).map { i in
            Float(0.5 - 0.5 * cos(2 * Double.pi * Double(i) / Double(windowLength)))
        }
        let count = windowsPerColumn(audio)
        // A sine of amplitude 1 in the middle of a frequency has half the window's sum as its magnitude.
        let sineMagnitude = window.reduce(0, +) / 2
        let scale = 1 / (sineMagnitude * sineMagnitude * Float(count))
        let distance = Double(audio.frameCount) / Double(width * count)
        var mono = MonoReader(audio, item: item)
        var levels = [Float](repeating: -.infinity, count: width * height)
        for x in 0..<width {
            var powers = [Float](repeating: 0, count: windowLength / 2 + 1)
            for k in 0..<count {
                let number = x * count + k
                if number % 64 == 0 { try step(number) }
                let middle = Int(clamping: (distance * (Double(number) + 0.5)).rounded())
                var samples = try mono.samples(from: middle - windowLength / 2, count: windowLength)
                for i in samples.indices { samples[i] *= window[i] }
                transform.addPowers(of: samples, to: &powers)
            }
            for (y, row) in rows.enumerated() {
                let power =
                    switch row {
                    case .strongest(let range): powers[range].max() ?? 0
                    case .between(let i, let t): powers[i] * (1 - t) + powers[i + 1] * t
                    }
                levels[y * width + x] = 10 * log10(power * scale)
            }
        }
        return levels
    }

    /// From 0 at the floor to 255 at the top.
    private func shades(_ levels: [Float]) -> [UInt8] {
        let top: Float = reference == .fullScale ? 0 : levels.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
        let floor = Float(floor)
        return levels.map { level in
            let shade = (level - top - floor) / -floor
            // What is no number (silence, or a sample that is none) is dark.
            return UInt8(clamping: (shade * 255).rounded())
        }
    }
}

/// Reads a sound as the mean of its channels, with silence around it, and keeps the block that was read last.
private struct MonoReader {
    private let audio: Audio, item: Int
    private var start = 0
    private var block: [Float] = []

    init(_ audio: Audio, item: Int) { (self.audio, self.item) = (audio, item) }

    mutating func samples(from first: Int, count: Int) throws -> [Float] {
        if first < start || first + count > start + block.count {
            start = first
            block = try read(first..<first + max(count, Audio.blockFrameCount / audio.channelCount))
        }
        return Array(block[first - start..<first - start + count])
    }

    private func read(_ range: Range<Int>) throws -> [Float] {
        let there = range.clamped(to: 0..<max(audio.frameCount, 0))
        guard !there.isEmpty else { return [Float](repeating: 0, count: range.count) }
        let samples = SoundChannels.mean(try audio.frames(there, of: item), of: audio.channelCount)
        return [Float](repeating: 0, count: there.lowerBound - range.lowerBound) + samples
            + [Float](repeating: 0, count: range.upperBound - there.upperBound)
    }
}
