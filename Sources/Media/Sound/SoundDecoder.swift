internal import GraphCore

/// A sound as it came out of a file.
public struct DecodedSound: Sendable {
    /// In the file's own rate and channels.
    public var audio: Audio
    /// "FLAC (Free Lossless Audio Codec), Signed 16 bit PCM".
    public var formatName: String
    /// What a person should know about how the file was read, each the end of "a.flac: ...".
    public var notes: [String] = []
}

/// Reads a sound of any format this program knows: WAV, FLAC, Ogg (Vorbis, Opus, FLAC), MP3, AIFF, AU, CAF, Wave64.
public enum SoundDecoder {
    /// Reads all of a file, a block at a time: what it takes does not depend on what the file claims.
    ///
    /// - Parameters:
    ///   - scratchFolder: where a long sound may lie.
    ///   - progress: hears how many of the frames that the file claims are read, 0 of 0 when it claims nothing; what it
    ///     throws stops the work.
    /// - Throws: `CodecError` with one sentence about the file, `stopped` when the task is cancelled; `Diagnostic` when
    ///   the disk is full.
    public static func decode(
        path: String, scratchFolder: String?, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> DecodedSound {
        try decode(ByteFile(reading: path), into: SoundBuilder(scratchFolder: scratchFolder), progress: progress)
    }

    static func decode(
        _ file: ByteFile, into builder: consuming SoundBuilder, progress: (Int, Int) throws -> Void = { _, _ in }
    ) throws -> DecodedSound {
        let start = try file.read(SoundFormat.prefixByteCount, at: 0)
        try SoundFormat.check(start)
        if let note = try WAVLayout(file)?.peculiarity { return try decodeStream(file, note, into: builder) }
        let sound = try SoundFile(reading: file)
        try checkLimits(sound)
        let blockFrameCount = max(1, Audio.blockFrameCount / sound.channelCount)
        var frameCount = 0
        while true {
            try CodecError.checkStopped()
            let samples = sound.read(frameCount: blockFrameCount)
            if samples.isEmpty { break }
            try builder.append(samples.allSatisfy(\.isFinite) ? samples : samples.map(\.orSilence))
            frameCount += samples.count / sound.channelCount
            try progress(sound.claimedFrameCount.map { min(frameCount, $0) } ?? 0, sound.claimedFrameCount ?? 0)
        }
        let problem = sound.problem
        if frameCount == 0, let problem { throw damaged(problem) }
        if frameCount == 0, sound.claimedFrameCount != nil { throw damaged("it holds none of the sound it claims") }
        let audio = Audio(
            sampleRate: sound.sampleRate, channelCount: sound.channelCount, items: [try builder.finish()])
        var decoded = DecodedSound(audio: audio, formatName: sound.formatName)
        if isCut(start, file) || problem != nil || frameCount < sound.claimedFrameCount ?? 0 {
            decoded.notes.append(cutNote(audio))
        }
        return decoded
    }

    /// Reads a WAV that libsndfile refuses or takes for empty.
    private static func decodeStream(
        _ file: ByteFile, _ note: String, into builder: consuming SoundBuilder
    ) throws -> DecodedSound {
        var stream = WAVStream()
        var position = 0
        while position < file.byteCount {
            try CodecError.checkStopped()
            let bytes = try file.read(1 << 20, at: position)
            if bytes.isEmpty { break }
            position += bytes.count
            try builder.append(try stream.append(bytes))
        }
        try builder.append(stream.rest())
        try stream.finish()
        guard let format = stream.format else { throw damaged("it does not say what its samples are") }
        let audio = Audio(
            sampleRate: format.sampleRate, channelCount: format.channelCount, items: [try builder.finish()])
        let isCut = stream.missingByteCount ?? 0 > 0
        return DecodedSound(
            audio: audio, formatName: "WAV (Microsoft)", notes: [note] + (isCut ? [cutNote(audio)] : []))
    }

    private static func checkLimits(_ sound: SoundFile) throws(CodecError) {
        guard (1...Audio.maxChannelCount).contains(sound.channelCount) else {
            throw CodecError(
                "the sound has \(sound.channelCount.grouped) channels, more than \(Audio.maxChannelCount)",
                suggestion: "Save it with fewer channels.")
        }
        guard Audio.sampleRates.contains(sound.sampleRate) else {
            throw CodecError(
                "the sound claims a sample rate of \(sound.sampleRate.grouped) Hz",
                suggestion: "Save it at a usual rate, such as 48,000 Hz.")
        }
    }

    /// Whether a WAV ends before it says that it does, which libsndfile keeps to itself.
    private static func isCut(_ start: [UInt8], _ file: ByteFile) -> Bool {
        guard start.starts(with: "RIFF".utf8) else { return false }
        let size = start.dropFirst(4).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        return size < WAVStream.leastUnknownSize && size + 8 > file.byteCount
    }

    private static func cutNote(_ audio: Audio) -> String {
        "the file is cut off or damaged; the first \(seconds(audio.duration)) were read"
    }

    private static func seconds(_ duration: Double) -> String {
        let tenths = Int(clamping: (duration * 10).rounded())
        return "\((tenths / 10).grouped).\(tenths % 10) s"
    }

    private static func damaged(_ words: String) -> CodecError {
        CodecError("the sound is damaged (\(words))", suggestion: CodecError.copySound)
    }
}
