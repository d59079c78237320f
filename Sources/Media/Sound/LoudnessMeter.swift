internal import CEBUR128
internal import GraphCore

/// How loud a sound is, as EBU R 128 and ITU-R BS.1770-4 measure it: with libebur128.
public enum LoudnessMeter {
    public struct Reading: Sendable, Equatable {
        /// Integrated loudness in LUFS, gated; nil when nothing is louder than -70 LUFS, which counts as silence.
        public let loudness: Double?
        /// The largest amplitude of any channel between the samples too (true peak); 1 is full scale.
        public let peak: Double
    }

    /// The K-weighting filter of BS.1770 shapes frequencies up to 1.7 kHz: below twice that it is unstable.
    public static let sampleRates = 4_000...Audio.sampleRates.upperBound

    /// Beyond an hour, loudness is counted in steps of 0.1 LU instead of exactly, so that the blocks that have been heard
    /// take no memory.
    private static let maxExactDuration = 3_600.0

    /// Measures one sound of a batch. One shorter than a gating block of 400 ms is heard over and over until it fills one.
    /// - Parameter pass: calls its body with the frames of each block, in order: `SoundWork.forEachBlock` or the like.
    /// - Throws: `.outOfRange` below 4,000 Hz, and as `pass`.
    public static func measure(
        _ audio: Audio, item: Int, pass: (_ body: (_ block: Range<Int>) throws -> Void) throws -> Void
    ) throws -> Reading {
        guard sampleRates.contains(audio.sampleRate) else {
            throw Diagnostic(
                .outOfRange, node: nil,
                "the loudness of a sound of \(audio.sampleRate) Hz cannot be measured: at least \(sampleRates.lowerBound) Hz are needed",
                suggestion: "Resample it to 8000 Hz first.")
        }
        let meter = try Meter(audio, isExact: audio.duration <= maxExactDuration)
        try pass { block in try meter.hear(try audio.frames(block, of: item)) }
        let frameCount = audio.frameCount(of: item)
        let blockLength = (audio.sampleRate * 2 + 4) / 5
        if (1..<blockLength).contains(frameCount) {
            let samples = try audio.frames(0..<frameCount, of: item)
            for _ in 0..<(blockLength + frameCount - 1) / frameCount { try meter.hear(samples) }
        }
        return Reading(loudness: try meter.loudness(), peak: try meter.peak())
    }

    static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        unsafe ebur128_get_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }
}

/// A state of libebur128, which is freed with it.
@safe private final class Meter {
    private let channelCount: Int
    private var state: UnsafeMutablePointer<ebur128_state>?

    init(_ audio: Audio, isExact: Bool) throws(Diagnostic) {
        channelCount = audio.channelCount
        let modes = [EBUR128_MODE_I, EBUR128_MODE_TRUE_PEAK] + (isExact ? [] : [EBUR128_MODE_HISTOGRAM])
        let mode = modes.reduce(0) { $0 | $1.rawValue }
        unsafe state = ebur128_init(UInt32(channelCount), UInt(audio.sampleRate), Int32(mode))
        guard unsafe state != nil else { throw Self.failed }
        // The library knows five channels and leaves the others out. BS.1770-4, table 4: those at the sides weigh 1.41,
        // any others 1.
        for channel in 6..<max(6, channelCount) {
            let place = [EBUR128_Mp090, EBUR128_Mm090]
            let value = channel < 8 && channelCount == 8 ? place[channel - 6] : EBUR128_Mp000
            _ = unsafe ebur128_set_channel(state, UInt32(channel), Int32(value.rawValue))
        }
    }

    deinit { unsafe ebur128_destroy(&state) }

    func hear(_ samples: [Float]) throws(Diagnostic) {
        let code = unsafe samples.withUnsafeBufferPointer { samples in
            unsafe ebur128_add_frames_float(state, samples.baseAddress, samples.count / channelCount)
        }
        guard code == 0 else { throw Self.failed }
    }

    func loudness() throws(Diagnostic) -> Double? {
        var loudness = 0.0
        guard unsafe ebur128_loudness_global(state, &loudness) == 0 else { throw Self.failed }
        return loudness.isFinite ? loudness : nil
    }

    func peak() throws(Diagnostic) -> Double {
        var peak = 0.0
        for channel in 0..<channelCount {
            var one = 0.0
            guard unsafe ebur128_true_peak(state, UInt32(channel), &one) == 0 else { throw Self.failed }
            peak = max(peak, one)
        }
        return peak
    }

    private static let failed = Diagnostic(
        .outOfMemory, node: nil, "there is no memory left to measure a loudness",
        suggestion: "Run fewer nodes at once.")
}
