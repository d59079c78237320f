import Glibc
import GraphCore
import Testing

@testable import Media

@Suite("A resampled sound")
struct SoundResamplerTests {
    /// A sine of 997 Hz, which divides no usual rate.
    private static func sine(_ frequency: Double = 997, rate: Int, frames: Int, amplitude: Double = 0.5) -> Audio {
        Audio(
            sampleRate: rate,
            samples: (0..<frames).map { Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))) })
    }

    private static func resampled(_ audio: Audio, to rate: Int, _ quality: SoundResampler.Quality = .medium) throws
        -> Audio
    {
        try SoundResampler.resample(audio, to: rate, quality: quality, scratchFolder: nil)
    }

    /// Root of the mean square of what differs from `expected`, away from the ends.
    private static func difference(_ audio: Audio, _ expected: Audio, margin: Int) throws -> Double {
        let range = margin..<audio.frameCount - margin
        let (a, b) = (try audio.frames(range), try expected.frames(range))
        return (zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } / Double(range.count))
            .squareRoot()
    }

    @Test(
        "is the same sine, neither later nor softer",
        arguments: [(44_100, 48_000), (48_000, 44_100), (22_050, 48_000), (48_000, 16_000), (8_000, 44_100)],
        SoundResampler.Quality.allCases)
    func sine(rates: (from: Int, to: Int), quality: SoundResampler.Quality) throws {
        let result = try Self.resampled(Self.sine(rate: rates.from, frames: rates.from), to: rates.to, quality)
        #expect(result.sampleRate == rates.to)
        #expect(result.frameCount == rates.to)
        let expected = Self.sine(rate: rates.to, frames: rates.to)
        // -100 dB of a sine whose root mean square is 0.35: a shift by a thousandth of a frame would show.
        #expect(try Self.difference(result, expected, margin: rates.to / 8) < 0.35e-5)
    }

    @Test("has no frequency above its half rate", arguments: SoundResampler.Quality.allCases)
    func alias(quality: SoundResampler.Quality) throws {
        for frequency in [8_001.0, 8_500, 12_000, 20_000] {
            let result = try Self.resampled(
                Self.sine(frequency, rate: 48_000, frames: 48_000), to: 16_000, quality)
            let silence = Audio(sampleRate: 16_000, samples: [Float](repeating: 0, count: 16_000))
            let level = 20 * log10(try Self.difference(result, silence, margin: 2_000) / (0.5 / 2.0.squareRoot()))
            #expect(level < -80, "\(frequency) Hz")
        }
    }

    @Test("has an impulse where it was")
    func impulse() throws {
        var samples = [Float](repeating: 0, count: 4_000)
        samples[2_000] = 1
        let result = try Self.resampled(Audio(sampleRate: 8_000, samples: samples), to: 24_000)
        let louder = try result.frames(0..<12_000).enumerated().max { $0.element < $1.element }
        #expect(louder?.offset == 6_000)
    }

    @Test(
        "has round(frames * to / from) frames",
        arguments: [
            (0, 44_100, 48_000, 0), (1, 44_100, 48_000, 1), (1, 44_100, 8_000, 0), (1, 8_000, 44_100, 6),
            (2, 3, 4, 3), (12_345, 44_100, 48_000, 13_437), (99_999, 48_000, 44_100, 91_874), (5, 1, 256, 1_280),
            (70_000, 256, 1, 273), (100, 767_999, 768_000, 100),
        ])
    func length(frames: Int, from: Int, to: Int, expected: Int) throws {
        let result = try Self.resampled(Self.sine(rate: from, frames: frames), to: to)
        #expect(result.frameCount == expected)
    }

    @Test("does not depend on where its blocks end")
    func blocks() throws {
        let audio = Self.sine(rate: 44_100, frames: 3 * Audio.blockFrameCount + 17)
        let result = try Self.resampled(audio, to: 48_000)
        #expect(
            try Self.difference(result, Self.sine(rate: 48_000, frames: result.frameCount), margin: 5_000) < 0.35e-5)
    }

    @Test("keeps eight channels and the sounds of a batch apart")
    func channels() throws {
        let first = Self.sine(rate: 8_000, frames: 8_000)
        var interleaved = [Float](repeating: 0, count: 8_000 * 8)
        for (frame, sample) in try first.frames(0..<8_000).enumerated() { interleaved[frame * 8 + 5] = sample }
        let audio = Audio(
            sampleRate: 8_000, channelCount: 8,
            items: [SampleStore([Float](repeating: 0, count: 800 * 8)), SampleStore(interleaved)])
        let result = try Self.resampled(audio, to: 16_000)
        #expect(result.items.map(\.sampleCount) == [1_600 * 8, 16_000 * 8])
        #expect(try result.frames(0..<16_000, of: 0).allSatisfy { $0 == 0 })
        let alone = try Self.resampled(first, to: 16_000)
        let samples = try result.frames(0..<16_000, of: 1)
        for channel in 0..<8 {
            let one = stride(from: channel, to: samples.count, by: 8).map { samples[$0] }
            let expected = channel == 5 ? try alone.frames(0..<16_000) : [Float](repeating: 0, count: 16_000)
            #expect(zip(one, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "channel \(channel)")
        }
    }

    @Test("is the sound itself at the rate it has")
    func same() throws {
        let audio = Self.sine(rate: 8_000, frames: 10)
        #expect(try Self.resampled(audio, to: 8_000).items[0] === audio.items[0])
    }

    @Test("tells the frames it has read, and ends when told to stop")
    func steps() throws {
        struct Stop: Error {}
        let audio = Self.sine(rate: 8_000, frames: 5 * Audio.blockFrameCount)
        var told: [Int] = []
        #expect(throws: Stop.self) {
            _ = try SoundResampler.resample(audio, to: 16_000, scratchFolder: nil) { completed, total in
                #expect(total == 5 * Audio.blockFrameCount)
                told.append(completed)
                if completed >= 2 * Audio.blockFrameCount { throw Stop() }
            }
        }
        #expect(told.first == 0 && told.last == 2 * Audio.blockFrameCount)
        #expect(told == told.sorted())
    }

    @Test("is refused at a rate that no sound has")
    func badRate() {
        #expect(
            throws: Diagnostic(
                .outOfRange, node: nil, "a sample rate of 800000 Hz is not between 1 and 768000 Hz",
                suggestion: "Choose a rate such as 44100 or 48000.")
        ) { try Self.resampled(Self.sine(rate: 8_000, frames: 10), to: 800_000) }
    }

    @Test("is refused where the rates are more than 256 times apart")
    func badRatio() {
        #expect(
            throws: Diagnostic(
                .outOfRange, node: nil,
                "a sound of 48000 Hz cannot become one of 100 Hz at once: a rate changes by at most 256 times",
                suggestion: "Resample to 2190 Hz first.")
        ) { try Self.resampled(Self.sine(rate: 48_000, frames: 10), to: 100) }
    }
}
