internal import GraphCore

/// Reads a WAV file as its bytes come through a pipe or a connection: no seeking, and no trust in the sizes that it
/// claims, which programs that write into pipes cannot know. Where one whole WAV follows another, as servers send that make a
/// sound piece by piece, its samples go on where the other's end.
///
/// Samples may be PCM of 8, 16, 24 or 32 bits or floats of 32 or 64; full scale is 1. A number that is none becomes 0.
public struct WAVStream: Sendable {
    public struct Format: Sendable, Equatable {
        /// In Hz.
        public let sampleRate: Int
        public let channelCount: Int
    }

    /// Known before the first sample is.
    public private(set) var format: Format?
    /// How many bytes of samples are still to come by what the file claims; nil when it claims nothing, or not yet.
    public private(set) var missingByteCount: Int?

    /// From here on a size means "until the end": what programs write that cannot know it. espeak-ng and SoX write
    /// 0x7FFFF000, FFmpeg 0xFFFFFFFF, others 0.
    static let leastUnknownSize = 0x7FFF_F000
    /// 1 GiB: no answer may be as long, so what a stream claims beyond it is made up, too (2,000,000,000 has been seen).
    private static let leastImplausibleSize = 1 << 30

    private static let maxFileCount = 10_000

    /// WAVs that have begun.
    public private(set) var fileCount = 0

    private enum Place {
        /// Before `RIFF`.
        case start
        case chunk
        case format(byteCount: Int)
        case skipping(byteCount: Int)
        case samples(WAVSamples)
        /// Behind the samples: other chunks, or another WAV.
        case end
        /// In a chunk there.
        case passing(byteCount: Int)
    }

    private var place = Place.start
    private var samples: WAVSamples?
    private var pending: [UInt8] = []
    private var headerByteCount = 0
    private let maxHeaderByteCount: Int

    /// - Parameter maxHeaderByteCount: how much may come before the samples, such as texts and pictures.
    public init(maxHeaderByteCount: Int = 1 << 20) { self.maxHeaderByteCount = maxHeaderByteCount }

    /// Takes more of the file, cut anywhere, also within a sample.
    /// - Returns: the interleaved samples of the frames that are whole now, -1...1 in PCM.
    /// - Throws: `CodecError` when this is no WAV, or none that can be read.
    public mutating func append(_ bytes: some Collection<UInt8>) throws(CodecError) -> [Float] {
        pending += bytes
        var floats: [Float] = []
        while true {
            switch place {
            case .start:
                guard let head = take(12) else { return floats }
                guard Self.isStart(head) else { throw Self.notWAV(head) }
                fileCount += 1
                guard fileCount <= Self.maxFileCount else {
                    throw CodecError(
                        "it holds more than \(Self.maxFileCount.grouped) WAVs one after another",
                        suggestion: "Ask for one WAV, or for another format.")
                }
                headerByteCount = 0
                place = .chunk
            case .chunk:
                guard let head = take(8) else { return floats }
                try enter(head.prefix(4), byteCount: head.dropFirst(4).reversed().reduce(0) { $0 << 8 | Int($1) })
            case .format(let byteCount):
                guard let body = take(byteCount + byteCount % 2) else { return floats }
                try read(body)
                place = .chunk
            case .skipping(let byteCount):
                let count = min(byteCount, pending.count)
                pending.removeFirst(count)
                headerByteCount += count
                if count < byteCount {
                    place = .skipping(byteCount: byteCount - count)
                    return floats
                }
                place = .chunk
            case .samples(let samples):
                floats += decoded(samples)
                // What follows may be another WAV.
                if case .samples = place { return floats }
            case .end:
                // A chunk of odd length has a byte of padding behind it.
                if pending.first == 0 { pending.removeFirst() }
                guard let head = pending.count >= 12 ? pending.prefix(12) : nil else { return floats }
                if Self.isStart(head) {
                    place = .start
                } else {
                    let byteCount = head.dropFirst(4).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                    pending.removeFirst(8)
                    place = .passing(byteCount: byteCount)
                }
            case .passing(let byteCount):
                let count = min(byteCount, pending.count)
                pending.removeFirst(count)
                if count < byteCount {
                    place = .passing(byteCount: byteCount - count)
                    return floats
                }
                place = .end
            }
        }
    }

    /// The last whole frames of a sound of unknown length, once nothing comes any more: what another WAV might have begun
    /// with was kept back.
    public mutating func rest() -> [Float] {
        guard case .samples(let samples) = place, missingByteCount == nil else { return [] }
        defer { pending = [] }
        return samples.floats(pending.prefix(pending.count / samples.bytesPerFrame * samples.bytesPerFrame))
    }

    /// Says that nothing comes any more.
    /// - Throws: `CodecError` when not even the header came. A sound that is shorter than it claims is no error:
    ///   `missingByteCount` tells.
    public func finish() throws(CodecError) {
        switch place {
        case .samples, .end, .passing: return
        case .start where fileCount > 0: return
        case .start where pending.isEmpty:
            throw CodecError("no sound came", suggestion: "Try again; see what the program that makes it says.")
        default:
            throw CodecError(
                "the sound ends before its first sample",
                suggestion: "Try again; see what the program that makes it says.")
        }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard pending.count >= count else { return nil }
        defer { pending.removeFirst(count) }
        headerByteCount += count
        return pending.prefix(count)
    }

    private mutating func enter(_ type: ArraySlice<UInt8>, byteCount: Int) throws(CodecError) {
        if type.elementsEqual("data".utf8) {
            guard let samples else {
                throw CodecError(
                    "the WAV has samples before it says what they are", suggestion: "Save it anew as a WAV file.")
            }
            missingByteCount = byteCount == 0 || byteCount >= Self.leastImplausibleSize ? nil : byteCount
            place = .samples(samples)
            return
        }
        let isFormat = type.elementsEqual("fmt ".utf8)
        // The form with a code for more than two channels has 40 bytes.
        guard headerByteCount + byteCount <= maxHeaderByteCount, !isFormat || byteCount <= 1024 else {
            throw CodecError(
                "more than \(maxHeaderByteCount.grouped) bytes come before the samples of the WAV",
                suggestion: "Save it anew without the texts and pictures in it.")
        }
        place = isFormat ? .format(byteCount: byteCount) : .skipping(byteCount: byteCount + byteCount % 2)
    }

    private mutating func read(_ body: ArraySlice<UInt8>) throws(CodecError) {
        guard let header = WAVHeader(body: body), let samples = WAVSamples(header) else {
            throw CodecError(
                "the samples of the WAV are neither PCM nor floats", suggestion: "Save it as a WAV file of 16-bit PCM.")
        }
        self.samples = samples
        let format = Format(sampleRate: header.sampleRate, channelCount: header.channelCount)
        if let first = self.format, first != format {
            throw CodecError(
                "its WAV number \(fileCount) has \(format.channelCount) channels at \(format.sampleRate.grouped) Hz, the "
                    + "first \(first.channelCount) at \(first.sampleRate.grouped) Hz",
                suggestion: "Ask for one WAV, or for another format.")
        }
        self.format = format
    }

    private mutating func decoded(_ samples: WAVSamples) -> [Float] {
        // Of unknown length, the samples end where another WAV begins.
        let next = missingByteCount == nil ? Self.start(in: pending) : nil
        let available = next ?? min(pending.count, missingByteCount ?? .max)
        let count = available / samples.bytesPerFrame * samples.bytesPerFrame
        let floats = samples.floats(pending.prefix(count))
        pending.removeFirst(count)
        if let next {
            // What is left of a frame goes; the rest waits for the bytes that say whether it is a start.
            if Self.isStart(pending[(next - count)...]) {
                pending.removeFirst(next - count)
                place = .start
            }
        } else if let missing = missingByteCount {
            missingByteCount = missing - count
            if missing - count < samples.bytesPerFrame {
                (missingByteCount, place) = (0, .passing(byteCount: missing - count))
            }
        }
        return floats
    }

    /// Whether a RIFF file with a WAV in it begins so.
    static func isStart(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.count >= 12 && bytes.starts(with: "RIFF".utf8) && bytes.dropFirst(8).starts(with: "WAVE".utf8)
    }

    /// Where a WAV begins, or may begin with bytes that have not come yet.
    private static func start(in bytes: [UInt8]) -> Int? {
        var position = bytes.startIndex
        while let found = bytes[position...].firstIndex(of: UInt8(ascii: "R")) {
            let rest = bytes[found...].prefix(12)
            if isStart(rest) || rest.count < 12 && "RIFF".utf8.starts(with: rest.prefix(4)) { return found }
            position = found + 1
        }
        return nil
    }

    private static func notWAV(_ start: ArraySlice<UInt8>) -> CodecError {
        let letters = start.prefix(4).map { (32..<127).contains($0) ? Character(Unicode.Scalar($0)) : "." }
        return CodecError(
            "the sound is not a WAV file: it starts with '\(String(letters))'",
            suggestion: "Ask for the format 'wav', or see what else was sent.")
    }
}
