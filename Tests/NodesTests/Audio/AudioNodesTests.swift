import Glibc
import GraphCore
import Media
import Testing

@testable import Nodes

extension NodeCall {
    static func audio(_ node: some Node, _ values: [String: Value]) async throws -> Audio {
        let first = try await outputs(node, values).first
        return try #require(first.flatMap { Audio($0) })
    }
}

extension Audio {
    /// 1, 2, 3... in every channel, channel `c` being 100 c more.
    static func counting(frames: Int, channels: Int = 1, rate: Int = 1_000, from first: Int = 1) -> Audio {
        Audio(
            sampleRate: rate, channelCount: channels,
            samples: (0..<frames * channels).map { Float(first + $0 / channels + 100 * ($0 % channels)) })
    }

    static func sine(
        _ frequency: Double = 997, decibels: Double = 0, rate: Int = 48_000, channels: Int = 1, seconds: Double = 1
    ) -> Audio {
        let amplitude = pow(10, decibels / 20)
        return Audio(
            sampleRate: rate, channelCount: channels,
            samples: (0..<Int(clamping: seconds * Double(rate)) * channels).map {
                Float(amplitude * sin(2 * .pi * frequency * Double($0 / channels) / Double(rate)))
            })
    }

    func samples(of item: Int = 0) throws -> [Float] { try frames(0..<frameCount, of: item) }

    /// In dB of full scale: of a sine, that of its amplitude.
    func level(of item: Int = 0) throws -> Double {
        let samples = try samples(of: item)
        let mean = samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(samples.count)
        return 10 * log10(2 * mean)
    }
}

@Suite("TrimAudioDuration")
struct TrimAudioDurationTests {
    private static func trimmed(_ audio: Audio, _ start: Double, _ duration: Double) async throws -> [Float] {
        let values: [String: Value] = [
            "audio": audio.value, "start_index": .double(start), "duration": .double(duration),
        ]
        return try await NodeCall.audio(TrimAudioDuration(), values).samples()
    }

    // 1,000 frames a second: a sample a millisecond.
    @Test(
        "cuts as ComfyUI does",
        arguments: [
            (0, 0.003, 1...3), (0.002, 0.002, 3...4), (-0.003, 1, 8...10), (-0.003, 0.001, 8...8), (-5, 0.002, 1...2),
            (0.0025, 0.0015, 3...4), (0, 60, 1...10), (0.009, 1e18, 10...10), (-1e19, 0.001, 1...1), (7, 1, 10...10),
        ] as [(Double, Double, ClosedRange<Int>)])
    func cuts(start: Double, duration: Double, expected: ClosedRange<Int>) async throws {
        #expect(try await Self.trimmed(.counting(frames: 10), start, duration) == expected.map(Float.init))
    }

    @Test("keeps channels and the sounds of a batch, whose silence belongs to them")
    func batch() async throws {
        let long = try Audio.counting(frames: 4, channels: 2).samples()
        let audio = Audio(sampleRate: 1_000, channelCount: 2, items: [SampleStore([7, 8]), SampleStore(long)])
        let result = try await NodeCall.audio(
            TrimAudioDuration(), ["audio": audio.value, "start_index": .double(-0.004), "duration": .double(0.002)])
        #expect(try result.samples(of: 0) == [7, 8, 0, 0])
        #expect(try result.samples(of: 1) == [1, 101, 2, 102])
    }

    @Test("refuses to cut nothing")
    func nothing() async {
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "a part of 0.0 s has no samples", suggestion: "Choose a longer duration.")
        ) { try await Self.trimmed(.counting(frames: 10), 0, 0) }
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "the sound is empty", suggestion: "Give a sound that has samples.")
        ) { try await Self.trimmed(Audio(sampleRate: 1_000, samples: []), 0, 1) }
    }
}

@Suite("AudioConcat")
struct AudioConcatTests {
    private static func joined(_ first: Audio, _ second: Audio, _ direction: String = "after") async throws -> Audio {
        try await NodeCall.audio(
            AudioConcat(), ["audio1": first.value, "audio2": second.value, "direction": .text(direction)])
    }

    @Test("puts stereo sounds behind one another, in the order asked for")
    func order() async throws {
        let (a, b) = (Audio.counting(frames: 2, channels: 2), Audio.counting(frames: 1, channels: 2, from: 50))
        #expect(try await Self.joined(a, b).samples() == [1, 101, 2, 102, 50, 150])
        #expect(try await Self.joined(a, b, "before").samples() == [50, 150, 1, 101, 2, 102])
    }

    @Test("makes mono stereo")
    func mono() async throws {
        let result = try await Self.joined(.counting(frames: 2), .counting(frames: 1, channels: 2, from: 50))
        #expect(result.channelCount == 2)
        #expect(try result.samples() == [1, 1, 2, 2, 50, 150])
        #expect(try await Self.joined(.counting(frames: 1), .counting(frames: 1)).samples() == [1, 1, 1, 1])
    }

    @Test("takes the higher of two rates")
    func rates() async throws {
        let result = try await Self.joined(.sine(rate: 8_000), .sine(rate: 16_000))
        #expect(result.sampleRate == 16_000 && result.frameCount == 32_000)
        let half = Audio(sampleRate: 16_000, channelCount: 2, samples: try result.frames(1_000..<15_000))
        #expect(abs(try half.level()) < 0.1)
    }

    @Test("goes with an empty sound, and with batches, of which the shorter repeats its last sound")
    func batch() async throws {
        let empty = Audio(sampleRate: 1_000, samples: [])
        #expect(try await Self.joined(empty, .counting(frames: 1)).samples() == [1, 1])
        let two = Audio(sampleRate: 1_000, channelCount: 1, items: [SampleStore([1, 2]), SampleStore([3])])
        let result = try await Self.joined(two, .counting(frames: 1, from: 9))
        #expect(try result.samples(of: 0) == [1, 1, 2, 2, 9, 9])
        #expect(try result.samples(of: 1) == [3, 3, 0, 0, 9, 9])
    }

    @Test("refuses sounds whose channels do not go together")
    func channels() async {
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "the sounds have 2 and 6 channels",
                suggestion: "Mix one of them to mono with AudioToMono: a mono sound goes with any.")
        ) { try await Self.joined(.counting(frames: 1, channels: 2), .counting(frames: 1, channels: 6)) }
    }
}

@Suite("AudioMerge")
struct AudioMergeTests {
    private static func merged(_ a: [Float], _ b: [Float], _ method: String) async throws -> [Float] {
        try await NodeCall.audio(
            AudioMerge(),
            [
                "audio1": Audio(sampleRate: 1_000, samples: a).value,
                "audio2": Audio(sampleRate: 1_000, samples: b).value, "merge_method": .text(method),
            ]
        ).samples()
    }

    @Test("adds, subtracts, multiplies and takes the mean")
    func methods() async throws {
        #expect(try await Self.merged([0.25, 0.5], [0.25, -0.25], "add") == [0.5, 0.25])
        #expect(try await Self.merged([0.25, 0.5], [0.25, -0.25], "subtract") == [0, 0.75])
        #expect(try await Self.merged([0.25, 0.5], [0.25, -0.25], "multiply") == [0.0625, -0.125])
        #expect(try await Self.merged([0.25, 0.5], [0.25, -0.25], "mean") == [0.25, 0.125])
    }

    @Test("is as long as the first, and scaled down when it would be too loud")
    func lengthAndPeak() async throws {
        #expect(try await Self.merged([1, 0.5], [1, 0, 1, 1], "add") == [1, 0.25])
        #expect(try await Self.merged([0.5, 0.5, 0.5], [0.25], "add") == [0.75, 0.5, 0.5])
        #expect(try await Self.merged([], [1], "add") == [])
    }

    @Test("spreads mono over eight channels")
    func channels() async throws {
        let result = try await NodeCall.audio(
            AudioMerge(),
            [
                "audio1": Audio(sampleRate: 1_000, samples: [0.5]).value,
                "audio2": Audio(sampleRate: 1_000, channelCount: 8, samples: [0, 1, 2, 3, 4, 5, 6, 7].map { $0 / 16 })
                    .value,
                "merge_method": .text("mean"),
            ])
        #expect(result.channelCount == 8)
        #expect(try result.samples() == [8, 9, 10, 11, 12, 13, 14, 15].map { Float($0) / 32 })
    }
}

@Suite("Channels of a sound")
struct AudioChannelsTests {
    @Test("mix to one: their mean")
    func mono() async throws {
        let audio = Audio(
            sampleRate: 1_000, channelCount: 2, items: [SampleStore([1, 3, 5, 5]), SampleStore([0, 8])])
        let result = try await NodeCall.audio(AudioToMono(), ["audio": audio.value])
        #expect(result.channelCount == 1)
        #expect(try result.samples(of: 0) == [2, 5])
        #expect(try result.samples(of: 1) == [4, 0])
    }

    @Test("split and join again, as long as the shorter")
    func splitAndJoin() async throws {
        let audio = Audio.counting(frames: 3, channels: 2)
        let halves = try await NodeCall.outputs(SplitAudioChannels(), ["audio": audio.value])
        #expect(try Audio(halves[0])?.samples() == [1, 2, 3])
        #expect(try Audio(halves[1])?.samples() == [101, 102, 103])
        let joined = try await NodeCall.audio(
            JoinAudioChannels(),
            ["audio_left": halves[0], "audio_right": Audio.counting(frames: 2, from: 101).value])
        #expect(try joined.samples() == [1, 101, 2, 102])
    }

    @Test("are told when they are not as many as needed")
    func refused() async {
        for (count, word) in [(1, "one channel"), (6, "6 channels")] {
            await #expect(
                throws: Diagnostic(
                    .nodeFailed, node: nil, "the sound has \(word), not two",
                    suggestion: "Give a stereo sound, or mix it to mono with AudioToMono.")
            ) {
                try await NodeCall.outputs(
                    SplitAudioChannels(), ["audio": Audio.counting(frames: 1, channels: count).value])
            }
        }
        await #expect(
            throws: Diagnostic(
                .nodeFailed, node: nil, "a channel to join is a sound of 2 channels, not one",
                suggestion: "Mix it to mono with AudioToMono.")
        ) {
            try await NodeCall.outputs(
                JoinAudioChannels(),
                [
                    "audio_left": Audio.counting(frames: 1).value,
                    "audio_right": Audio.counting(frames: 1, channels: 2).value,
                ])
        }
    }
}

@Suite("The volume of a sound")
struct AudioVolumeTests {
    private static func normalized(_ audio: Audio, loudness: Double = -16, peak: Double = -1) async throws -> Audio {
        try await NodeCall.audio(
            AudioNormalize(),
            ["audio": audio.value, "loudness": .double(loudness), "peak_limit": .double(peak)])
    }

    @Test("changes by decibels")
    func gain() async throws {
        for decibels in [-100, -6, 0, 6, 20] {
            let result = try await NodeCall.audio(
                AudioAdjustVolume(), ["audio": Audio.sine(decibels: -20).value, "volume": .int(decibels)])
            #expect(abs(try result.level() - Double(decibels - 20)) < 0.01)
        }
    }

    // EBU Tech 3341, test case 1: a stereo sine has as many LUFS as dBFS.
    @Test("becomes a loudness, each sound of the batch for itself", arguments: [-16.0, -23, -40])
    func loudness(target: Double) async throws {
        let (soft, loud) = (Audio.sine(decibels: -50, channels: 2), Audio.sine(decibels: -3, channels: 2))
        let audio = Audio(sampleRate: 48_000, channelCount: 2, items: soft.items + loud.items)
        let result = try await Self.normalized(audio, loudness: target)
        #expect(abs(try result.level(of: 0) - target) < 0.1)
        #expect(abs(try result.level(of: 1) - target) < 0.1)
    }

    @Test("passes no peak for the sake of a loudness")
    func peak() async throws {
        var samples = try Audio.sine(decibels: -40).samples()
        samples[20_000] = 1
        let result = try await Self.normalized(Audio(sampleRate: 48_000, samples: samples))
        let loudest = try result.samples().map(abs).max() ?? 0
        #expect(abs(20 * log10(Double(loudest)) + 1) < 0.3 && loudest <= Float(pow(10, -0.05)))
        let zero = try await Self.normalized(.sine(decibels: -10, channels: 2), loudness: 0, peak: 0)
        #expect(try zero.samples().allSatisfy { abs($0) <= 1 })
    }

    @Test("of silence, of one sample of it and of nothing stays")
    func silence() async throws {
        for count in [0, 1, 48_000] {
            let audio = Audio(sampleRate: 48_000, samples: [Float](repeating: 0, count: count))
            #expect(try await Self.normalized(audio).samples() == [Float](repeating: 0, count: count))
        }
    }
}

@Suite("A sound that is resampled or made by a node")
struct AudioMakingTests {
    @Test("keeps its duration, its level and its channels")
    func resample() async throws {
        let audio = Audio.sine(decibels: -6, rate: 44_100, channels: 8)
        for quality in ["best", "medium", "fast"] {
            let result = try await NodeCall.audio(
                AudioResample(), ["audio": audio.value, "sample_rate": .int(16_000), "quality": .text(quality)])
            #expect(result.sampleRate == 16_000 && result.channelCount == 8 && result.frameCount == 16_000)
            let middle = Audio(sampleRate: 16_000, channelCount: 8, samples: try result.frames(1_000..<15_000))
            #expect(abs(try middle.level() + 6) < 0.1)
        }
    }

    @Test("is silence of a duration")
    func empty() async throws {
        let audio = try await NodeCall.audio(
            EmptyAudio(), ["duration": .double(1.5), "sample_rate": .int(1_000), "channels": .int(2)])
        #expect(audio.sampleRate == 1_000 && audio.channelCount == 2 && audio.frameCount == 1_500)
        #expect(try audio.samples().allSatisfy { $0 == 0 })
        #expect(audio.byteCount == 0)
    }

    @Test("is refused when it would never end")
    func endless() async {
        await #expect(
            throws: Diagnostic(
                .tooLarge, node: nil, "1e+18 s of silence have more than 4294967296 samples",
                suggestion: "Choose a shorter duration, a lower sample rate or one channel.")
        ) { try await NodeCall.audio(EmptyAudio(), ["duration": .double(1e18)]) }
    }

    @Test("is a picture of the size asked for, one for each sound")
    func spectrogram() async throws {
        let tone = Audio.sine(1_000, rate: 16_000)
        let audio = Audio(sampleRate: 16_000, channelCount: 1, items: [SampleStore(silence: 16_000)] + tone.items)
        let image = try await NodeCall.image(
            AudioSpectrogram(),
            [
                "audio": audio.value, "width": .int(64), "height": .int(80), "scale": .text("linear"),
                "colors": .text("gray"),
            ])
        #expect(image.batch == 2 && image.width == 64 && image.height == 80 && image.channels == 3)
        let bytes = image.eightBit()
        // 100 Hz a row: 1,000 Hz is in the eleventh from below, and in the tenth, at its edge.
        let column = (0..<80).map { bytes[((80 + $0) * 64 + 32) * 3] }
        #expect(column.indices.filter { column[$0] > 200 } == [69, 70])
        #expect(bytes[..<(64 * 80 * 3)].allSatisfy { $0 == 0 })
    }

    @Test("ends at once when the run is cancelled")
    func cancelled() async throws {
        let audio = Audio.sine(seconds: 20)
        let nodes: [any Node] = [
            AudioResample(), AudioNormalize(), AudioAdjustVolume(), TrimAudioDuration(), AudioSpectrogram(),
        ]
        for node in nodes {
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await node.run(Inputs(node.schema, ["audio": audio.value]), NodeContext()).count
            }
            task.cancel()
            await #expect(throws: CancellationError.self, "\(node.schema.type)") { try await task.value }
        }
    }
}
