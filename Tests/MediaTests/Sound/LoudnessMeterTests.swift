import Glibc
import GraphCore
import Testing

@testable import Media

@Suite("The loudness of a sound")
struct LoudnessMeterTests {
    private static func sine(
        decibels: Double, rate: Int = 48_000, channelCount: Int = 2, seconds: Double = 2, frequency: Double = 997
    ) -> Audio {
        let amplitude = pow(10, decibels / 20)
        let frames = Int(clamping: seconds * Double(rate))
        return Audio(
            sampleRate: rate, channelCount: channelCount,
            samples: (0..<frames * channelCount).map {
                Float(amplitude * sin(2 * .pi * frequency * Double($0 / channelCount) / Double(rate)))
            })
    }

    private static func measure(_ audio: Audio, item: Int = 0) throws -> LoudnessMeter.Reading {
        var work = SoundWork(frameCount: audio.totalFrameCount)
        return try LoudnessMeter.measure(audio, item: item) { body in
            try work.forEachBlock(of: 0..<audio.frameCount(of: item), body)
        }
    }

    // EBU Tech 3341, test case 1; the rates besides are this project's.
    @Test("is -23 LUFS for a stereo sine of -23 dBFS", arguments: [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
    func ebu(rate: Int) throws {
        let reading = try Self.measure(Self.sine(decibels: -23, rate: rate))
        #expect(abs(try #require(reading.loudness) + 23) < 0.1)
        #expect(abs(20 * log10(reading.peak) + 23) < 0.1)
    }

    @Test("is 3 LU less when only one channel sounds, as BS.1770 counts")
    func mono() throws {
        let reading = try Self.measure(Self.sine(decibels: -23, channelCount: 1))
        #expect(abs(try #require(reading.loudness) + 26) < 0.1)
    }

    // BS.1770-4, table 3: both channels at the sides weigh 1.41, so that two of them are 1.5 dB above two in front.
    @Test("counts the seventh and eighth channel as those at the sides")
    func eight() throws {
        let stereo = try Self.sine(decibels: -23).frames(0..<96_000)
        var samples = [Float](repeating: 0, count: 96_000 * 8)
        for frame in 0..<96_000 {
            samples[frame * 8 + 6] = stereo[frame * 2]
            samples[frame * 8 + 7] = stereo[frame * 2 + 1]
        }
        let reading = try Self.measure(Audio(sampleRate: 48_000, channelCount: 8, samples: samples))
        #expect(abs(try #require(reading.loudness) + 21.5) < 0.1)
    }

    @Test("is that of the sound over and over when it is shorter than 400 ms")
    func short() throws {
        let reading = try Self.measure(Self.sine(decibels: -23, seconds: 0.1))
        #expect(abs(try #require(reading.loudness) + 23) < 0.3)
    }

    @Test("of an hour and more is as exact as EBU asks for")
    func long() throws {
        let audio = Self.sine(decibels: -20, rate: 4_000, channelCount: 1, seconds: 3_700, frequency: 500)
        let short = try Self.measure(Self.sine(decibels: -20, rate: 4_000, channelCount: 1, frequency: 500))
        #expect(abs(try #require(try Self.measure(audio).loudness) - (try #require(short.loudness))) < 0.1)
    }

    @Test("is none for silence, for hardly anything and for no samples")
    func silence() throws {
        #expect(
            try Self.measure(Audio(sampleRate: 8_000, samples: [Float](repeating: 0, count: 8_000)))
                == LoudnessMeter.Reading(loudness: nil, peak: 0))
        #expect(try Self.measure(Self.sine(decibels: -90)).loudness == nil)
        #expect(
            try Self.measure(Audio(sampleRate: 8_000, samples: []))
                == LoudnessMeter.Reading(loudness: nil, peak: 0))
    }

    @Test("comes with a peak that lies between the samples")
    func truePeak() throws {
        // A sine of a quarter of the sample rate, 45 degrees off: its samples are 0.707 of its peak.
        let audio = Audio(
            sampleRate: 48_000,
            samples: (0..<48_000).map { Float(0.5 * sin(.pi / 2 * Double($0) + .pi / 4)) })
        let peak = try Self.measure(audio).peak
        #expect(abs(20 * log10(peak / 0.5)) < 0.5)
    }

    @Test("cannot be told below 4,000 Hz")
    func lowRate() {
        #expect(
            throws: Diagnostic(
                .outOfRange, node: nil,
                "the loudness of a sound of 1000 Hz cannot be measured: at least 4000 Hz are needed",
                suggestion: "Resample it to 8000 Hz first.")
        ) { try Self.measure(Audio(sampleRate: 1_000, samples: [0, 0])) }
    }
}
