import Foundation
import Testing

@testable import Media

@Suite("A sound file")
struct SoundFileTests {
    let place: SoundPlace

    init() throws { place = try SoundPlace() }

    // MARK: Lossless

    @Test("of 16 bits comes back bit for bit", arguments: [SoundEncoding.flac(.bits16), .flac(.bits24), .wav])
    func exact(encoding: SoundEncoding) throws {
        for (frameCount, channelCount, sampleRate) in [(1, 1, 44_100), (100_000, 2, 44_100), (70_000, 8, 48_000)] {
            let audio = Audio.integers(frameCount: frameCount, sampleRate: sampleRate, channelCount: channelCount)
            let back = try place.roundTrip(audio, encoding)
            #expect(back.sampleRate == sampleRate && back.channelCount == channelCount)
            #expect(back.samples == audio.samples)
        }
    }

    @Test("of 24 bits comes back bit for bit")
    func deep() throws {
        let integers: [Int] = (0..<5000).map { ($0 * 2_654_435 + 77) % 16_777_216 - 8_388_608 }
        let samples: [Float] = integers.map { Float($0) / 8_388_608 }
        let audio = Audio(sampleRate: 96_000, samples: samples)
        #expect(try place.roundTrip(audio, .flac(.bits24)).samples == samples)
        #expect(try SoundEncoder.neededDepth(of: audio) == .bits24)
        #expect(try SoundEncoder.neededDepth(of: .integers(frameCount: 5000)) == .bits16)
    }

    @Test("keeps its sample rate, however low or high", arguments: [8000, 11_025, 192_000, 655_350])
    func rates(sampleRate: Int) throws {
        let audio = Audio.integers(frameCount: 3000, sampleRate: sampleRate)
        for encoding in [SoundEncoding.flac(.bits16), .wav] {
            let back = try place.roundTrip(audio, encoding)
            #expect(back.sampleRate == sampleRate && back.samples == audio.samples)
        }
    }

    @Test("may be empty", arguments: [SoundEncoding.flac(.bits16), .flac(.bits24), .wav, .mp3(.variable)])
    func empty(encoding: SoundEncoding) throws {
        let back = try place.roundTrip(Audio(sampleRate: 16_000, channelCount: 2, samples: []), encoding)
        #expect(back.frameCount == 0 && back.sampleRate == 16_000 && back.channelCount == 2)
    }

    @Test("may not be empty in Opus, which has no such file")
    func emptyOpus() {
        #expect(throws: CodecError("Opus cannot hold a sound without samples", suggestion: "Save it as FLAC.")) {
            _ = try place.encoded(Audio(sampleRate: 16_000, samples: []), .opus(kilobits: 64))
        }
    }

    @Test("is clipped where it is too loud, and silent where it is no number")
    func clipping() throws {
        let audio = Audio(sampleRate: 8000, samples: [1, 2, 1e30, .infinity, -1, -2, -.infinity, .nan])
        let most = Float(32_767) / 32_768
        for encoding in [SoundEncoding.flac(.bits16), .wav] {
            #expect(try place.roundTrip(audio, encoding).samples == [most, most, most, 0, -1, -1, 0, 0])
        }
        let more = 8_388_607 / Float(8_388_608)
        #expect(try place.roundTrip(audio, .flac(.bits24)).samples == [more, more, more, 0, -1, -1, 0, 0])
    }

    // MARK: What other programs write

    /// Sines of 440 Hz made with FFmpeg, which the fuzzer begins with.
    @Test(
        "of any usual format is read",
        arguments: [
            ("wav", "WAV (Microsoft), Signed 16 bit PCM"),
            ("flac", "FLAC (Free Lossless Audio Codec), Signed 16 bit PCM"),
            ("aiff", "AIFF (Apple/SGI), Signed 16 bit PCM"), ("au", "AU (Sun/NeXT), Signed 16 bit PCM"),
            ("caf", "CAF (Apple Core Audio File), Signed 16 bit PCM"), ("mp3", "MPEG-1/2 Audio, MPEG Layer III"),
            ("ogg", "OGG (OGG Container format), Vorbis"), ("opus", "OGG (OGG Container format), Opus"),
        ])
    func formats(fileExtension: String, formatName: String) throws {
        let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/").dropFirst()
        let decoded = try SoundDecoder.decode(path: "\(root)/Fuzz/sounds/tone.\(fileExtension)", scratchFolder: nil)
        #expect(decoded.formatName == formatName && decoded.notes == [])
        #expect(decoded.audio.sampleRate == 8000 && decoded.audio.channelCount == 1)
        #expect((0.05...0.06).contains(decoded.audio.duration), "\(decoded.audio.duration)")
        #expect(decoded.audio.amplitude(of: 440) > 0.05)
    }

    // MARK: Lossy

    @Test(
        "that loses something keeps how long, how loud and how high it is",
        arguments: [
            SoundEncoding.mp3(.variable), .mp3(.constant(kilobits: 128)), .mp3(.constant(kilobits: 320)),
            .opus(kilobits: 64), .opus(kilobits: 320),
        ])
    func lossy(encoding: SoundEncoding) throws {
        for (sampleRate, channelCount) in [(48_000, 2), (24_000, 1), (8000, 1)] {
            let audio = Audio.tone(1000, seconds: 1, sampleRate: sampleRate, channelCount: channelCount)
            let back = try place.roundTrip(audio, encoding)
            #expect(back.sampleRate == sampleRate && back.channelCount == channelCount)
            // Frames of up to 60 ms are filled up.
            #expect((0.99...1.13).contains(back.duration), "\(encoding) \(sampleRate): \(back.duration) s")
            let loss = 20 * log10(back.amplitude(of: 1000) / audio.amplitude(of: 1000))
            #expect(abs(loss) < 0.5, "\(encoding) \(sampleRate): \(loss) dB")
            #expect(back.amplitude(of: 1500) < 0.01 && back.amplitude(of: 500) < 0.01)
        }
    }

    @Test(
        "that loses something never wraps what is too loud",
        arguments: [SoundEncoding.mp3(.variable), .opus(kilobits: 96)])
    func loud(encoding: SoundEncoding) throws {
        let back = try place.roundTrip(.tone(440, seconds: 0.5, level: 4), encoding)
        let square = 4 / Double.pi
        #expect((0.9 * square...1.1 * square).contains(back.amplitude(of: 440)))
    }

    @Test("is larger at a higher quality")
    func qualities() throws {
        let integers: [Int16] = (0..<96_000).map { Int16(truncatingIfNeeded: $0 &* $0 &* 40_503 >> 7) }
        let samples: [Float] = integers.map { Float($0) / 65_536 }
        let noise = Audio(sampleRate: 48_000, channelCount: 2, samples: samples)
        func kilobits(_ encoding: SoundEncoding) throws -> Int {
            Int((Double(try place.encoded(noise, encoding).count) * 8 / noise.duration / 1000).rounded())
        }
        let small = try kilobits(.mp3(.constant(kilobits: 128)))
        let large = try kilobits(.mp3(.constant(kilobits: 320)))
        #expect((126...140).contains(small) && (315...345).contains(large), "\(small) \(large)")
        let rates = try [64, 128, 320].map { try kilobits(.opus(kilobits: $0)) }
        #expect(rates[0] < rates[1] && rates[1] < rates[2], "\(rates)")
    }

    @Test("is refused when its format has no such rate or too few channels, with a way out")
    func unfit() throws {
        func complaint(_ audio: Audio, _ encoding: SoundEncoding) -> CodecError? {
            #expect(throws: CodecError.self) {
                _ = try SoundEncoder.encode(audio, to: place.path("a"), as: encoding)
            }
        }
        #expect(
            complaint(.integers(frameCount: 10, channelCount: 3), .mp3(.variable))
                == CodecError(
                    "MP3 takes at most 2 channels and the sound has 3",
                    suggestion: "Mix it to fewer channels first, or save it in another format."))
        #expect(
            complaint(.integers(frameCount: 10), .opus(kilobits: 64))
                == CodecError("Opus has no sample rate of 44,100 Hz", suggestion: "Resample it to 48,000 Hz first."))
        #expect(
            complaint(.integers(frameCount: 10, channelCount: 9), .flac(.bits16))?.message.hasPrefix("FLAC") == true)
        #expect(place.names == [])
    }

    @Test("gets the next higher rate that its format has")
    func fittingRates() {
        let opus = SoundEncoding.opus(kilobits: 64)
        #expect(
            [8000, 8001, 22_050, 44_100, 48_000, 96_000].map(opus.sampleRate) == [
                8000, 12_000, 24_000, 48_000, 48_000, 48_000,
            ])
        #expect(
            [7000, 22_050, 22_051, 96_000].map(SoundEncoding.mp3(.variable).sampleRate) == [
                8000, 22_050, 24_000, 48_000,
            ])
        #expect([7, 768_000].map(SoundEncoding.flac(.bits16).sampleRate) == [7, 655_350])
    }

    // MARK: Long sounds, and those that are stopped

    @Test("lies in a file when it is long, and is the same")
    func long() throws {
        let audio = Audio.integers(frameCount: 200_000, channelCount: 2)
        let bytes = try place.encoded(audio, .flac(.bits16))
        let file = try ByteFile(reading: try place.write(bytes, "long.flac"))
        let builder = SoundBuilder(scratchFolder: place.folder, memorySampleCount: 1000)
        let back = try SoundDecoder.decode(file, into: builder).audio
        #expect(back.byteCount == 0 && back.samples == audio.samples)
        #expect(try place.roundTrip(back, .flac(.bits16)).samples == audio.samples)
        #expect(place.names == ["back.flac", "long.flac", "out.flac"])
    }

    @Test("tells how far it is")
    func progress() throws {
        let path = try place.write(try place.encoded(.integers(frameCount: 150_000), .wav), "a.wav")
        var read: [Int] = []
        let audio = try SoundDecoder.decode(path: path, scratchFolder: nil) { done, total in
            #expect(total == 150_000)
            read.append(done)
        }.audio
        #expect(read == [65_536, 131_072, 150_000])
        var written: [Int] = []
        _ = try SoundEncoder.encode(audio, to: place.path("b.wav"), as: .wav) { done, _ in written.append(done) }
        #expect(written == read)
    }

    @Test("is neither read nor written on in a cancelled task, and leaves nothing behind")
    func cancelled() async throws {
        let audio = Audio.integers(frameCount: 150_000)
        let path = try place.write(try place.encoded(audio, .wav), "a.wav")
        let folder = place.folder
        await #expect(throws: CodecError.stopped) {
            try await whenCancelled { try SoundDecoder.decode(path: path, scratchFolder: folder) }
        }
        let texts = [TextChunk(keyword: "prompt", text: "{}")]
        for encoding in [SoundEncoding.flac(.bits16), .mp3(.variable)] {
            await #expect(throws: CodecError.stopped) {
                try await whenCancelled {
                    try SoundEncoder.encode(
                        audio, to: path, as: encoding, texts: texts, scratchFolder: folder)
                }
            }
        }
        #expect(place.names == ["a.wav", "out.wav"])
    }

    @Test("in memory is a WAV of 16 bits, of the part that was asked for, and no larger than allowed")
    func inMemory() throws {
        let audio = Audio.integers(frameCount: 100_000, sampleRate: 24_000, channelCount: 2)
        #expect(try place.decode(try WAVFile.bytes(of: audio)).audio.samples == audio.samples)
        let part = try WAVFile.bytes(of: audio, frames: 10..<70_010)
        #expect(part.count == 44 + 70_000 * 4)
        #expect(try place.decode(part).audio.samples == Array(audio.samples[20..<140_020]))
        #expect(
            throws: CodecError("the sound takes 400,044 bytes, more than 400,043", suggestion: "Trim it first.")
        ) { try WAVFile.bytes(of: audio, maxByteCount: 400_043) }
    }
}
