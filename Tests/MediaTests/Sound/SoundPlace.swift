import Foundation
import Testing

@testable import Media

/// A folder for sound files that goes with the test.
final class SoundPlace: Sendable {
    let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sounds-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? [] }
    func path(_ name: String) -> String { folder + "/" + name }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))) }

    func decode(_ bytes: [UInt8], _ name: String = "in.wav") throws -> DecodedSound {
        try SoundDecoder.decode(path: try write(bytes, name), scratchFolder: folder)
    }

    /// What is said of a file that is not read; nil when it is.
    func complaint(about bytes: [UInt8], _ name: String = "in.wav") throws -> CodecError? {
        do {
            _ = try decode(bytes, name)
            return nil
        } catch let error as CodecError { return error }
    }

    func encoded(_ audio: Audio, _ encoding: SoundEncoding, texts: [TextChunk] = []) throws -> [UInt8] {
        let name = "out." + encoding.fileExtension
        #expect(try SoundEncoder.encode(audio, to: path(name), as: encoding, texts: texts, scratchFolder: folder) == [])
        return try bytes(name)
    }

    func roundTrip(_ audio: Audio, _ encoding: SoundEncoding) throws -> Audio {
        let decoded = try decode(try encoded(audio, encoding), "back." + encoding.fileExtension)
        #expect(decoded.notes == [])
        return decoded.audio
    }
}

extension Audio {
    /// A sine in all channels.
    static func tone(
        _ frequency: Double, seconds: Double, sampleRate: Int = 48_000, channelCount: Int = 1, level: Double = 0.5
    ) -> Audio {
        let samples = (0..<Int(seconds * Double(sampleRate))).flatMap { frame in
            let sample = Float(level * sin(2 * Double.pi * frequency * Double(frame) / Double(sampleRate)))
            return [Float](repeating: sample, count: channelCount)
        }
        return Audio(sampleRate: sampleRate, channelCount: channelCount, samples: samples)
    }

    /// Every value of 16 bits that matters, in each channel another one.
    static func integers(frameCount: Int, sampleRate: Int = 44_100, channelCount: Int = 1) -> Audio {
        let edges: [Int16] = [0, 1, -1, .max, .min, 12_345, -12_345, 16_385]
        let samples = (0..<frameCount * channelCount).map { index in
            index < edges.count ? edges[index] : Int16(truncatingIfNeeded: index &* 7919 &+ index / 3)
        }
        return Audio(sampleRate: sampleRate, channelCount: channelCount, samples: samples.map { Float($0) / 32_768 })
    }

    var samples: [Float] { (try? frames(0..<frameCount)) ?? [] }

    /// Amplitude of one frequency in the first channel (Goertzel's algorithm), the edges left out.
    func amplitude(of frequency: Double) -> Double {
        let all = samples
        let kept = frameCount / 8..<frameCount - frameCount / 8
        let (step, channelCount) = (2 * Double.pi * frequency / Double(sampleRate), channelCount)
        let sums = kept.reduce((0.0, 0.0)) { sums, frame in
            let sample = Double(all[frame * channelCount])
            return (sums.0 + sample * cos(step * Double(frame)), sums.1 + sample * sin(step * Double(frame)))
        }
        return 2 * (sums.0 * sums.0 + sums.1 * sums.1).squareRoot() / Double(kept.count)
    }
}
