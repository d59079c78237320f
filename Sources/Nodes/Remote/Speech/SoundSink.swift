internal import GraphCore
internal import Media
internal import Synchronization

/// Takes the sound of an answer as it comes, a WAV sample by sample and anything else as a whole, and lets people hear
/// its beginning while the rest is made.
final class SoundSink: Sendable {
    private struct State {
        /// Bytes, while they do not say yet what they are, and those of anything but a WAV.
        var bytes: [UInt8] = []
        var stream: WAVStream?
        var builder: SoundBuilder
        /// The beginning, until it is shown.
        var early: [Float] = []
        var isShownEarly: Bool
        var note: String?
    }

    /// Of sound, before it is shown: less would be over before the next comes.
    static let earlySeconds = 1.0
    private let context: NodeContext
    private let state: Mutex<State>

    init(_ context: NodeContext, isShownEarly: Bool) {
        self.context = context
        let folder = context.environment.scratchFolder
        state = Mutex(State(builder: SoundBuilder(scratchFolder: folder), isShownEarly: isShownEarly))
    }

    /// The beginning of an answer that is no WAV.
    var start: [UInt8] { state.withLock { Array($0.bytes.prefix(64 << 10)) } }

    /// What a person should know about how the sound was read.
    var note: String? { state.withLock { $0.note } }

    /// Forgets what came of an answer that broke off. Its beginning is not shown a second time.
    func begin() {
        let folder = context.environment.scratchFolder
        state.withLock { state in
            state = State(builder: SoundBuilder(scratchFolder: folder), isShownEarly: state.isShownEarly)
        }
    }

    /// On the transfer's thread.
    /// - Throws: `CodecError` for a WAV that cannot be read; `Diagnostic` when the disk is full.
    func take(_ piece: ArraySlice<UInt8>) throws {
        let early: Audio? = try state.withLock { state in
            if state.stream != nil { return try decode(piece, &state) }
            state.bytes += piece
            guard state.bytes.count >= 12, state.bytes.starts(with: "RIFF".utf8) else { return nil }
            state.stream = WAVStream()
            defer { state.bytes = [] }
            return try decode(state.bytes[...], &state)
        }
        if let early { try SpeechPreview.show(early, "second", context) }
    }

    /// - Returns: the beginning, once there is enough of it.
    private func decode(_ bytes: ArraySlice<UInt8>, _ state: inout State) throws -> Audio? {
        guard let samples = try state.stream?.append(bytes) else { return nil }
        try state.builder.append(samples)
        guard state.isShownEarly, let format = state.stream?.format else { return nil }
        state.early += samples
        guard Double(state.early.count) >= Self.earlySeconds * Double(format.sampleRate * format.channelCount) else {
            return nil
        }
        state.isShownEarly = false
        defer { state.early = [] }
        return Audio(sampleRate: format.sampleRate, channelCount: format.channelCount, samples: state.early)
    }

    /// The sound, all of which is there.
    /// - Returns: nil when it has no samples.
    /// - Throws: as `take`, and for an answer that is no sound.
    func finish() throws -> Audio? {
        try state.withLock { state in
            guard var stream = state.stream else {
                if state.bytes.isEmpty { throw CodecError("it is empty") }
                let decoded = try SoundDecoder.decode(state.bytes, scratchFolder: context.environment.scratchFolder)
                state.note = decoded.notes.first.map { "of the server's answer: \($0)" }
                return decoded.audio.frameCount > 0 ? decoded.audio : nil
            }
            try state.builder.append(stream.rest())
            try stream.finish()
            if let missing = stream.missingByteCount, missing > 0 {
                throw CodecError("it ends \(missing) bytes before it should")
            }
            guard let format = stream.format, state.builder.sampleCount > 0 else { return nil }
            if stream.fileCount > 1 {
                state.note = "the server's answer holds \(stream.fileCount) WAVs one after another, which were joined"
            }
            return Audio(
                sampleRate: format.sampleRate, channelCount: format.channelCount, items: [try state.builder.finish()])
        }
    }
}
