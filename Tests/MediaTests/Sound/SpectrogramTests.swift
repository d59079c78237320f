import Glibc
import GraphCore
import Testing

@testable import Media

@Suite("A spectrogram")
struct SpectrogramTests {
    private static func sine(_ frequency: Double, rate: Int = 16_000, frames: Int = 16_000, amplitude: Double = 1)
        -> Audio
    {
        Audio(
            sampleRate: rate,
            samples: (0..<frames).map { Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))) })
    }

    private static func spectrogram(_ scale: FrequencyAxis.Scale, width: Int = 32, height: Int = 128) -> Spectrogram {
        var spectrogram = Spectrogram()
        (spectrogram.width, spectrogram.height, spectrogram.scale) = (width, height, scale)
        spectrogram.windowLength = 1_024
        spectrogram.colors = .gray
        return spectrogram
    }

    /// The lightest row of each column.
    private static func peaks(_ levels: [Float], width: Int) -> [Int] {
        let height = levels.count / width
        return (0..<width).map { x in (0..<height).max { levels[$0 * width + x] < levels[$1 * width + x] } ?? -1 }
    }

    @Test("has a line at the height of a tone", arguments: FrequencyAxis.Scale.allCases, [300.0, 1_000, 4_000, 7_500])
    func tone(scale: FrequencyAxis.Scale, frequency: Double) throws {
        let spectrogram = Self.spectrogram(scale)
        let levels = try spectrogram.levels(Self.sine(frequency), item: 0)
        let axis = FrequencyAxis(scale, highest: 8_000)
        for (x, y) in Self.peaks(levels, width: 32).enumerated() {
            let low = axis.frequency(at: Double(127 - y) / 128), high = axis.frequency(at: Double(128 - y) / 128)
            // Frequencies of a window of 1,024 samples are 15.6 Hz apart.
            #expect((low - 16...high + 16).contains(frequency), "column \(x): row \(y) is \(low) to \(high) Hz")
        }
    }

    @Test("says 0 dB of a sine of full scale, and 20 less of one a tenth as large")
    func level() throws {
        // In the middle of a frequency of the window, so that nothing is lost between two.
        let frequency = 64 * 16_000 / 1_024.0
        for (amplitude, expected) in [(1.0, Float(0)), (0.1, -20)] {
            let levels = try Self.spectrogram(.linear).levels(Self.sine(frequency, amplitude: amplitude), item: 0)
            let middle = (0..<128).map { levels[$0 * 32 + 16] }.max() ?? -.infinity
            #expect(abs(middle - expected) < 0.1)
        }
    }

    @Test("rises with a sound that does")
    func chirp() throws {
        let audio = Audio(
            sampleRate: 16_000,
            samples: (0..<32_000).map { i in
                // From 500 to 6,500 Hz in two seconds: the phase is the integral of the frequency.
                let t = Double(i) / 16_000
                return Float(0.5 * sin(2 * .pi * (500 * t + 1_500 * t * t)))
            })
        let peaks = Self.peaks(try Self.spectrogram(.linear).levels(audio, item: 0), width: 32)
        for x in 1..<31 {
            let frequency = 500 + 3_000 * (Double(x) + 0.5) / 16
            #expect(abs(Double(127 - peaks[x]) + 0.5 - frequency / 62.5) < 2, "column \(x)")
        }
    }

    @Test("shows a click in one column, whatever lies between")
    func click() throws {
        var samples = [Float](repeating: 0, count: 320_000)
        samples[155_000] = 1
        let levels = try Self.spectrogram(.linear).levels(Audio(sampleRate: 16_000, samples: samples), item: 0)
        // 10,000 samples a column.
        #expect((0..<32).filter { levels[64 * 32 + $0] > -120 } == [15])
    }

    @Test("is as dark as can be for silence, one frame of it and no samples", arguments: [0, 1, 5_000])
    func silence(frames: Int) throws {
        let image = try Self.spectrogram(.mel).draw(
            Audio(sampleRate: 8_000, samples: [Float](repeating: 0, count: frames)))
        #expect(image.eightBit().allSatisfy { $0 == 0 })
        #expect(image.width == 32 && image.height == 128)
    }

    @Test("of numbers that are none is a picture all the same")
    func notNumbers() throws {
        let image = try Self.spectrogram(.mel).draw(
            Audio(sampleRate: 8_000, samples: [.nan, .infinity, 0, 1] + [Float](repeating: 0.5, count: 4_000)))
        #expect(image.width == 32)
    }

    @Test("has a picture for each sound, as long as the longest, of its channels' mean")
    func batch() throws {
        let tone = try Self.sine(1_000).frames(0..<16_000)
        let opposite = (0..<32_000).map { $0 % 2 == 0 ? tone[$0 / 2] : -tone[$0 / 2] }
        let same = (0..<16_000).map { tone[$0 / 2] }
        let audio = Audio(sampleRate: 16_000, channelCount: 2, items: [SampleStore(opposite), SampleStore(same)])
        let image = try Self.spectrogram(.linear).draw(audio)
        #expect(image.batch == 2)
        let bytes = image.eightBit()
        let size = 32 * 128 * 3
        #expect(bytes[..<size].allSatisfy { $0 == 0 })
        // The second is half as long.
        let row = size + (127 - 16) * 32 * 3
        #expect(bytes[row + 8 * 3] > 200 && bytes[row + 20 * 3] == 0)
    }

    @Test("compares with full scale when told to")
    func reference() throws {
        var spectrogram = Self.spectrogram(.linear)
        let quiet = Self.sine(1_000, amplitude: 0.01)
        #expect(try spectrogram.draw(quiet).eightBit().max() == 255)
        spectrogram.reference = .fullScale
        // -40 of -80 dB.
        #expect(abs(Int(try spectrogram.draw(quiet).eightBit().max() ?? 0) - 127) <= 5)
    }

    @Test("ends when told to stop")
    func stopped() {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try Self.spectrogram(.mel).draw(Self.sine(440, frames: 1_600_000)) { completed, total in
                #expect(total == 32 * 98)
                if completed >= 1_000 { throw Stop() }
            }
        }
    }

    @Test("has colours that grow lighter step by step", arguments: SpectrumColors.allCases)
    func colors(colors: SpectrumColors) {
        let light = colors.table().map { rgb in
            // IEC 61966-2-1: luminance of linear light.
            zip([0.2126, 0.7152, 0.0722], rgb).reduce(0) { $0 + $1.0 * SRGB.light(Double($1.1) / 255) }
        }
        #expect(light.count == 256)
        // Rounding to bytes may take back a step's worth of one channel.
        #expect(zip(light, light.dropFirst()).allSatisfy { $1 > $0 - 0.002 })
        #expect(zip(light, light.dropFirst(8)).allSatisfy { $1 > $0 })
    }
}
