internal import GraphCore

/// How a sound is written.
public enum SoundEncoding: Sendable, Equatable {
    /// Bits of a sample.
    public enum Depth: Sendable { case bits16, bits24 }

    /// Lossless but for the depth; up to 8 channels.
    case flac(Depth)
    /// One or two channels, at one of the rates of MPEG audio.
    case mp3(MP3Quality)
    /// In Ogg, at one of five rates. RFC 6716 and 7845.
    case opus(kilobits: Int)
    /// PCM of 16 bits.
    case wav

    /// As people call it.
    public var name: String {
        switch self {
        case .flac: "FLAC"
        case .mp3: "MP3"
        case .opus: "Opus"
        case .wav: "WAV"
        }
    }

    /// Of its files.
    public var fileExtension: String { name.lowercased() }

    public var maxChannelCount: Int {
        switch self {
        case .flac, .opus: 8
        case .mp3: 2
        case .wav: Audio.maxChannelCount
        }
    }

    /// The sample rates that it has, in Hz and ascending; nil for any.
    public var sampleRates: [Int]? {
        switch self {
        case .flac, .wav: nil
        case .mp3: [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
        case .opus: [8_000, 12_000, 16_000, 24_000, 48_000]
        }
    }

    /// The rate to convert a sound to before it is written: its own if that can be, or the next higher one, so that
    /// nothing that can be heard is lost; else the highest.
    public func sampleRate(for rate: Int) -> Int {
        guard let rates = sampleRates else {
            // FLAC writes a rate beyond 65,535 Hz in tens of Hz, up to 655,350 (RFC 9639 section 9.1.2).
            if case .flac = self { return min(rate, 655_350) }
            return rate
        }
        return rates.first { $0 >= rate } ?? rates.last ?? rate
    }
}

/// ComfyUI's choices for MP3.
public enum MP3Quality: Sendable, Equatable {
    /// LAME's V0: as many bits as the sound needs, about 245 kbit/s of stereo music.
    case variable
    /// So many kbit/s, or what a low sample rate allows: 160 below 32 kHz, 64 below 16 kHz.
    case constant(kilobits: Int)

    /// libsndfile's compression level, 0 to 1, which it turns into a bit rate between the bounds of MPEG-1, 2 and 2.5.
    static func level(kilobits: Int, sampleRate: Int) -> Double {
        let (least, most) =
            sampleRate >= 32_000 ? (32.0, 320.0) : sampleRate >= 16_000 ? (8.0, 160.0) : (8.0, 64.0)
        return min(max((most - Double(kilobits)) / (most - least), 0), 1)
    }
}
