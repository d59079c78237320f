internal import GraphCore

/// The `fmt ` chunk of a WAV file. Multimedia Programming Interface and Data Specifications 1.0, chapter 3; the form for
/// more than two channels: Multiple Channel Audio Data and WAVE Files (Microsoft, 2007).
struct WAVHeader {
    /// How samples are written, by the number that says so.
    enum Coding: Int {
        case pcm = 1
        case float = 3
        case aLaw = 6
        case muLaw = 7
        /// Extensible, with a code that this program does not know.
        case other = 0xFFFE
    }

    let coding: Coding
    let channelCount: Int
    /// In Hz.
    let sampleRate: Int
    /// A multiple of 8: the room that a sample takes, which it may not fill.
    let bitsPerSample: Int

    var bytesPerFrame: Int { channelCount * bitsPerSample / 8 }

    /// Reads it from the start of a file. Nil unless it is a header of samples as they are, without compression but the
    /// logarithmic one.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WAVE".utf8),
            let body = RIFFChunks.body(of: "fmt ", in: bytes)
        else { return nil }
        self.init(body: body)
    }

    /// Behind the two bytes of the code, in a code of 16 bytes of `WAVE_FORMAT_EXTENSIBLE`.
    private static let codeEnd: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]

    /// - Parameter body: of the chunk.
    init?(body: ArraySlice<UInt8>) {
        func number(_ offset: Int, _ size: Int) -> Int {
            body.dropFirst(offset).prefix(size).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard body.count >= 16, var coding = Coding(rawValue: number(0, 2)) else { return nil }
        if coding == .other, body.dropFirst(26).starts(with: Self.codeEnd) {
            coding = Coding(rawValue: number(24, 2)) ?? .other
        }
        self.coding = coding
        (channelCount, sampleRate, bitsPerSample) = (number(2, 2), number(4, 4), number(14, 2))
        guard (1...Audio.maxChannelCount).contains(channelCount), Audio.sampleRates.contains(sampleRate),
            [8, 16, 24, 32, 64].contains(bitsPerSample), number(12, 2) == bytesPerFrame
        else { return nil }
    }
}
