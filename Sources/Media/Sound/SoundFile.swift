internal import GraphCore
internal import CSndfile  // the only file that does
internal import Glibc

/// A sound file that libsndfile reads or writes, block by block. What kinds of files it is let near is decided by
/// `SoundFormat` and `SoundEncoding`.
@safe final class SoundFile {
    private let handle: OpaquePointer
    /// Open as long as the handle is.
    private let file: ByteFile
    private var isClosed = false
    /// Whether no frame was written.
    private var isEmpty = true

    let sampleRate: Int
    let channelCount: Int
    /// What the file claims when it is read, nil when it claims nothing. Nothing is allocated by it.
    let claimedFrameCount: Int?
    /// As libsndfile calls it: "FLAC (Free Lossless Audio Codec), Signed 16 bit PCM".
    let formatName: String

    static var libraryVersion: String {
        // "libsndfile-1.2.0"
        let text = unsafe String(cString: sf_version_string())
        return text.split(separator: "-").last.map(String.init) ?? text
    }

    /// Opens a file for reading. By its descriptor, because of a name libsndfile would guess: `a.vox` holds whatever is
    /// in it.
    init(reading file: ByteFile) throws(CodecError) {
        var info = SF_INFO()
        guard let handle = unsafe sf_open_fd(try Self.descriptor(of: file), SFM_READ.asInt32, &info, 1) else {
            throw Self.notOpened()
        }
        unsafe (self.handle, self.file) = (handle, file)
        (sampleRate, channelCount) = (Int(info.samplerate), Int(info.channels))
        claimedFrameCount = info.frames > 0 && info.frames < .max ? Int(info.frames) : nil
        formatName = [SF_FORMAT_TYPEMASK, SF_FORMAT_SUBMASK].compactMap {
            Self.name(of: info.format & $0.asInt32)
        }.joined(separator: ", ")
    }

    /// Writes into an empty file.
    init(writing file: ByteFile, _ encoding: SoundEncoding, sampleRate: Int, channelCount: Int) throws(CodecError) {
        var info = SF_INFO()
        (info.samplerate, info.channels) = (Int32(clamping: sampleRate), Int32(clamping: channelCount))
        info.format = Self.format(of: encoding)
        guard let handle = unsafe sf_open_fd(try Self.descriptor(of: file), SFM_WRITE.asInt32, &info, 1) else {
            throw CodecError(
                "a sound of \(channelCount) channels at \(sampleRate.grouped) Hz cannot be written as \(encoding.name)"
                    + " (\(Self.lastWords))",
                suggestion: "Change its sample rate, or save it in another format.")
        }
        unsafe (self.handle, self.file) = (handle, file)
        (self.sampleRate, self.channelCount, claimedFrameCount, formatName) =
            (sampleRate, channelCount, nil, encoding.name)
        try configure(encoding)
    }

    /// A descriptor for libsndfile to close: told to leave one open, it closes it all the same when a file cannot be opened
    /// (1.2.0), and by then the number may be another file's.
    private static func descriptor(of file: ByteFile) throws(CodecError) -> Int32 {
        let descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
        guard descriptor >= 0 else {
            throw CodecError(
                "too many files are open", suggestion: "Run less at once, or raise the limit of open files.")
        }
        return descriptor
    }

    deinit { if !isClosed { unsafe sf_close(handle) } }

    // MARK: Reading

    /// The interleaved samples of up to `frameCount` frames; none at the end, and where the file is damaged.
    func read(frameCount: Int) -> [Float] {
        unsafe [Float](unsafeUninitializedCapacity: frameCount * channelCount) { samples, initializedCount in
            let count = unsafe sf_readf_float(handle, samples.baseAddress, sf_count_t(frameCount))
            initializedCount = max(0, min(Int(count), frameCount)) * channelCount
        }
    }

    /// What libsndfile says went wrong; nil when nothing did.
    var problem: String? {
        unsafe sf_error(handle) == 0 ? nil : Self.words(of: handle)
    }

    // MARK: Writing

    /// Whole frames of integers of 32 bits, of which the format keeps the upper ones.
    func write(_ samples: [Int32]) throws(CodecError) {
        let count = unsafe sf_writef_int(handle, samples, sf_count_t(samples.count / channelCount))
        try check(Int(count), of: samples.count)
    }

    /// Whole frames of floats, for formats that are no integers.
    func write(_ samples: [Float]) throws(CodecError) {
        let count = unsafe sf_writef_float(handle, samples, sf_count_t(samples.count / channelCount))
        try check(Int(count), of: samples.count)
    }

    /// Completes what was written.
    func close() throws(CodecError) {
        // The header comes with the first frame; when there is none, it must be asked for.
        if isEmpty { _ = unsafe sf_command(handle, SFC_UPDATE_HEADER_NOW.asInt32, nil, 0) }
        isClosed = true
        guard unsafe sf_close(handle) == 0 else { throw Self.notWritten(nil) }
    }

    private func check(_ frameCount: Int, of sampleCount: Int) throws(CodecError) {
        guard frameCount * channelCount == sampleCount else { throw Self.notWritten(problem) }
        isEmpty = false
    }

    private func configure(_ encoding: SoundEncoding) throws(CodecError) {
        switch encoding {
        case .flac, .wav: return
        case .mp3(.variable):
            // libsndfile multiplies by ten and hands it to LAME, whose best quality is V0.
            set(bitRateMode: SF_BITRATE_MODE_VARIABLE.asInt32)
            try set(compressionLevel: 0)
        case .mp3(.constant(let kilobits)):
            set(bitRateMode: SF_BITRATE_MODE_CONSTANT.asInt32)
            try set(compressionLevel: MP3Quality.level(kilobits: kilobits, sampleRate: sampleRate))
        case .opus(let kilobits):
            // 6 to 256 kbit/s a channel, from level 1 to 0.
            let level = 1 - (Double(kilobits) * 1000 / Double(channelCount) - 6000) / 250_000
            try set(compressionLevel: min(max(level, 0), 1))
        }
    }

    /// Whether it was taken is told wrongly (libsndfile 1.2.0): no level fits the mode before one is set.
    private func set(bitRateMode: Int32) {
        var mode = bitRateMode
        _ = unsafe sf_command(handle, SFC_SET_BITRATE_MODE.asInt32, &mode, Int32(MemoryLayout<Int32>.size))
    }

    private func set(compressionLevel: Double) throws(CodecError) {
        var level = compressionLevel
        let size = Int32(MemoryLayout<Double>.size)
        guard unsafe sf_command(handle, SFC_SET_COMPRESSION_LEVEL.asInt32, &level, size) != 0 else {
            throw CodecError(
                "libsndfile does not take the quality that was asked for", suggestion: "Choose another quality.")
        }
    }

    private static func format(of encoding: SoundEncoding) -> Int32 {
        switch encoding {
        case .flac(.bits16): SF_FORMAT_FLAC.asInt32 | SF_FORMAT_PCM_16.asInt32
        case .flac(.bits24): SF_FORMAT_FLAC.asInt32 | SF_FORMAT_PCM_24.asInt32
        case .wav: SF_FORMAT_WAV.asInt32 | SF_FORMAT_PCM_16.asInt32
        case .mp3: SF_FORMAT_MPEG.asInt32 | SF_FORMAT_MPEG_LAYER_III.asInt32
        case .opus: SF_FORMAT_OGG.asInt32 | SF_FORMAT_OPUS.asInt32
        }
    }

    // MARK: Words

    private static func name(of format: Int32) -> String? {
        var info = unsafe SF_FORMAT_INFO()
        unsafe info.format = format
        let size = unsafe Int32(MemoryLayout<SF_FORMAT_INFO>.size)
        guard unsafe sf_command(nil, SFC_GET_FORMAT_INFO.asInt32, &info, size) == 0, let name = unsafe info.name else {
            return nil
        }
        return unsafe String(cString: name)
    }

    /// Why no handle came. It is one variable for the whole program, so at worst these are another file's words.
    private static var lastWords: String { unsafe words(of: nil) }

    private static func words(of handle: OpaquePointer?) -> String {
        guard let words = unsafe sf_strerror(handle) else { return "no reason given" }
        let text = unsafe String(cString: words)
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private static func notOpened() -> CodecError {
        CodecError("the sound is damaged (\(lastWords))", suggestion: CodecError.copySound)
    }

    private static func notWritten(_ words: String?) -> CodecError {
        CodecError(
            "the sound cannot be written" + (words.map { " (\($0))" } ?? ""),
            suggestion: "Make room on the disk, or choose another folder.")
    }
}

extension BinaryInteger {
    /// C's enumerations without a name come in various widths.
    fileprivate var asInt32: Int32 { Int32(truncatingIfNeeded: self) }
}
