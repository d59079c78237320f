internal import CSampleRate
public import GraphCore

/// Changes the sample rate of sounds, with libsamplerate's band-limited (sinc) interpolation.
///
/// Nothing shifts: frame `i` of the result is the sound at `i / rate` seconds.
public enum SoundResampler {
    /// How steep the filter is. Measured with libsamplerate 0.2.2 on one core, one channel, 48,000 to 44,100 Hz and
    /// 48,000 to 16,000 Hz; f is the lower of the two Nyquist frequencies.
    public enum Quality: String, CaseIterable, Sendable {
        /// -0.3 dB at 0.95 f, -120 dB from f on; noise -138 dB; 30 times as fast as the sound.
        case best
        /// -2 dB at 0.9 f, -91 dB at f and -120 dB soon after; noise -126 dB; 100 times as fast as the sound. The
        /// default: what it loses against `best` lies above 19.8 kHz at 44,100 Hz, where hardly anyone hears, and its
        /// noise is below that of 20 bits.
        case medium
        /// -20 dB at 0.9 f, -100 dB from f on; noise -102 dB; 220 times as fast as the sound.
        case fast

        fileprivate var converter: Int32 {
            switch self {
            case .best: Int32(SRC_SINC_BEST_QUALITY)
            case .medium: Int32(SRC_SINC_MEDIUM_QUALITY)
            case .fast: Int32(SRC_SINC_FASTEST)
            }
        }
    }

    /// By how much libsamplerate can change a rate at once (its SRC_MAX_RATIO).
    public static let maxRatio = 256

    /// The same sounds at another rate: each of exactly `round(frames * to / from)` frames.
    /// - Parameters:
    ///   - rate: 1...768,000 Hz, at most 256 times more or less than the sound's.
    ///   - scratchFolder: as `SoundBuilder` takes it.
    ///   - step: is called before each block with the frames read so far and the frames of all items together; what it
    ///     throws ends the work.
    /// - Throws: `.outOfRange` for a rate out of reach, and as `SoundBuilder`.
    public static func resample(
        _ audio: Audio, to rate: Int, quality: Quality = .medium, scratchFolder: String?,
        step: (_ completed: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> Audio {
        try check(from: audio.sampleRate, to: rate)
        guard rate != audio.sampleRate else { return audio }
        let total = audio.totalFrameCount
        var completed = 0
        var items: [SampleStore] = []
        for item in audio.items.indices {
            let conversion = try Conversion(audio, item: item, to: rate, quality: quality)
            items.append(try conversion.run(scratchFolder: scratchFolder) { try step(completed + $0, total) })
            completed += audio.frameCount(of: item)
        }
        return Audio(sampleRate: rate, channelCount: audio.channelCount, items: items)
    }

    /// - Throws: `.outOfRange` when no sound of one rate can become one of the other.
    public static func check(from: Int, to: Int) throws(Diagnostic) {
        guard Audio.sampleRates.contains(to) else {
            throw Diagnostic(
                .outOfRange, node: nil,
                "a sample rate of \(to) Hz is not between \(Audio.sampleRates.lowerBound) and \(Audio.sampleRates.upperBound) Hz",
                suggestion: "Choose a rate such as 44100 or 48000.")
        }
        guard to <= from * maxRatio && from <= to * maxRatio else {
            let between = Int(clamping: Double(from * to).squareRoot())
            throw Diagnostic(
                .outOfRange, node: nil,
                "a sound of \(from) Hz cannot become one of \(to) Hz at once: a rate changes by at most \(maxRatio) times",
                suggestion: "Resample to \(between) Hz first.")
        }
    }

    /// Frames of a sound at another rate: `frames * to / from`, halves rounded up.
    public static func frameCount(_ frames: Int, from: Int, to: Int) -> Int { (2 * frames * to + from) / (2 * from) }

    static var libraryVersion: String {
        // "libsamplerate-0.2.2 (c) 2002-2016 Erik de Castro Lopo"
        let text = unsafe String(cString: src_get_version())
        return text.split(separator: " ").first?.split(separator: "-").last.map(String.init) ?? text
    }
}

/// One sound on its way through libsamplerate, whose state is freed with it.
@safe private final class Conversion {
    private let audio: Audio, item: Int, rate: Int
    private let state: OpaquePointer

    init(_ audio: Audio, item: Int, to rate: Int, quality: SoundResampler.Quality) throws(Diagnostic) {
        (self.audio, self.item, self.rate) = (audio, item, rate)
        var error: Int32 = 0
        guard let state = unsafe src_new(quality.converter, Int32(audio.channelCount), &error) else {
            throw Self.failed(error)
        }
        unsafe self.state = state
    }

    deinit { _ = unsafe src_delete(state) }

    /// - Parameter step: is called with the frames read.
    func run(scratchFolder: String?, step: (_ completed: Int) throws -> Void) throws -> SampleStore {
        let frameCount = audio.frameCount(of: item)
        let wanted = SoundResampler.frameCount(frameCount, from: audio.sampleRate, to: rate)
        // The library may stop a frame early; silence behind the sound, which it assumes anyway, makes it go on.
        let padded = frameCount + 2 * max(1, audio.sampleRate / rate) + 2
        let channelCount = audio.channelCount
        // Few frames when there are many channels, so that a step is never far.
        let blockFrameCount = max(1024, Audio.blockFrameCount / channelCount)
        var builder = SoundBuilder(scratchFolder: scratchFolder)
        var output = [Float](repeating: 0, count: blockFrameCount * channelCount)
        var input: [Float] = []
        var (position, used, made) = (0, 0, 0)
        while made < wanted {
            try step(min(position, frameCount))
            if used == input.count / channelCount {
                let next = min(position + blockFrameCount, padded)
                (input, used) = (try audio.frames(position..<next, of: item), 0)
                position = next
            }
            let moved = try convert(input, from: used, isLast: position == padded, into: &output)
            used += moved.used
            let count = min(moved.made, wanted - made)
            try builder.append(output[..<(count * channelCount)])
            made += count
            // It has nothing more to give: a frame less than there should be is silence.
            if moved.used == 0 && moved.made == 0 { break }
        }
        try builder.append(repeatElement(0, count: (wanted - made) * channelCount))
        return try builder.finish()
    }

    private func convert(
        _ input: [Float], from start: Int, isLast: Bool, into output: inout [Float]
    ) throws(Diagnostic) -> (used: Int, made: Int) {
        let channelCount = audio.channelCount
        var data = unsafe SRC_DATA()
        let code = unsafe input.withUnsafeBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe data.data_in = input.baseAddress?.advanced(by: start * channelCount)
                unsafe data.input_frames = input.count / channelCount - start
                unsafe data.data_out = output.baseAddress
                unsafe data.output_frames = output.count / channelCount
                unsafe data.end_of_input = isLast ? 1 : 0
                unsafe data.src_ratio = Double(rate) / Double(audio.sampleRate)
                return unsafe src_process(state, &data)
            }
        }
        guard code == 0 else { throw Self.failed(code) }
        return unsafe (data.input_frames_used, data.output_frames_gen)
    }

    private static func failed(_ code: Int32) -> Diagnostic {
        let reason = unsafe src_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return Diagnostic(.nodeFailed, node: nil, "the sound cannot be resampled: \(reason)")
    }
}
