internal import GraphCore

/// Writes sounds into files.
public enum SoundEncoder {
    /// Writes one sound of a batch. Samples beyond full scale are clipped; those that are no number become silence.
    ///
    /// - Parameters:
    ///   - path: a new file, or one to replace.
    ///   - texts: go into the file, as ComfyUI's do. WAV has no place for them.
    ///   - scratchFolder: where the file may lie, without a name, until the texts are in it.
    ///   - progress: hears how many frames are written; what it throws stops the work.
    /// - Returns: the keywords of those texts that have no room in the file or no name that it takes.
    /// - Throws: `CodecError` when the format does not take the sound or the disk is full, `stopped` when the task is
    ///   cancelled; `Diagnostic` when the sound's own file fails.
    public static func encode(
        _ audio: Audio, item: Int = 0, to path: String, as encoding: SoundEncoding, texts: [TextChunk] = [],
        scratchFolder: String? = nil, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> [String] {
        try check(audio, encoding)
        let target = try ByteFile(writing: path)
        guard !texts.isEmpty, encoding != .wav else {
            try write(audio, item, to: target, encoding, progress)
            return []
        }
        let folder =
            scratchFolder
            ?? path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let plain = try ByteFile(namelessIn: folder.isEmpty ? "." : folder)
        try write(audio, item, to: plain, encoding, progress)
        return try SoundTagWriter.copy(plain, to: target, with: texts)
    }

    /// 16 bits when they say all that is in the sound, so that it comes back bit for bit, else 24.
    public static func neededDepth(of audio: Audio, item: Int = 0) throws -> SoundEncoding.Depth {
        for block in audio.blocks {
            try CodecError.checkStopped()
            let samples = try audio.frames(block, of: item)
            // Times a power of two is exact.
            if !samples.allSatisfy({ ($0 * 32_768).rounded() == $0 * 32_768 }) { return .bits24 }
        }
        return .bits16
    }

    private static func check(_ audio: Audio, _ encoding: SoundEncoding) throws(CodecError) {
        guard audio.channelCount <= encoding.maxChannelCount else {
            throw CodecError(
                "\(encoding.name) takes at most \(encoding.maxChannelCount) channels and the sound has"
                    + " \(audio.channelCount)",
                suggestion: "Mix it to fewer channels first, or save it in another format.")
        }
        if case .opus = encoding, audio.frameCount == 0 {
            throw CodecError("Opus cannot hold a sound without samples", suggestion: "Save it as FLAC.")
        }
        guard encoding.sampleRate(for: audio.sampleRate) == audio.sampleRate else {
            throw CodecError(
                "\(encoding.name) has no sample rate of \(audio.sampleRate.grouped) Hz",
                suggestion: "Resample it to \(encoding.sampleRate(for: audio.sampleRate).grouped) Hz first.")
        }
    }

    private static func write(
        _ audio: Audio, _ item: Int, to file: ByteFile, _ encoding: SoundEncoding,
        _ progress: (Int, Int) throws -> Void
    ) throws {
        let sound = try SoundFile(
            writing: file, encoding, sampleRate: audio.sampleRate, channelCount: audio.channelCount)
        for block in audio.blocks {
            try CodecError.checkStopped()
            let samples = try audio.frames(block, of: item)
            switch encoding {
            case .flac(.bits16), .wav: try sound.write(samples.map { Int32($0.integer(bits: 16)) << 16 })
            case .flac(.bits24): try sound.write(samples.map { Int32($0.integer(bits: 24)) << 8 })
            case .mp3, .opus: try sound.write(samples.map { min(max($0.orSilence, -1), 1) })
            }
            try progress(block.upperBound, audio.frameCount)
        }
        try sound.close()
    }
}

extension Float {
    /// A sample as an integer, so scaled that one which came from an integer goes back to it: full scale is a power of
    /// two, which the largest positive one is just below.
    func integer(bits: Int) -> Int {
        let scale = Float(1 << (bits - 1))
        return Int(clamping: min(max((orSilence * scale).rounded(), -scale), scale - 1))
    }
}
