/// The sound that the server "speaks": a sine whose length says how long the text was.
public enum MadeSound {
    /// What CosyVoice2 gives.
    public static let sampleRate = 24_000
    /// 1/20 s a character.
    public static let samplesPerCharacter = 1_200

    public static func sampleCount(of text: String, speed: Double = 1) -> Int {
        Int(Double(max(2, text.count) * samplesPerCharacter) / speed)
    }

    /// 16-bit PCM, mono, little-endian.
    public static func samples(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 2)
        // A rotation instead of a sine for each sample: 440 Hz.
        let (cosine, sine) = (0.993374, 0.114929)
        var (x, y) = (0.5, 0.0)
        for _ in 0..<count {
            let sample = Int16(max(-1, min(1, y)) * 32_767)
            bytes.append(UInt8(truncatingIfNeeded: sample))
            bytes.append(UInt8(truncatingIfNeeded: sample >> 8))
            (x, y) = (x * cosine - y * sine, x * sine + y * cosine)
        }
        return bytes
    }

    /// - Parameter dataByteCount: nil for a stream, whose length nobody knows yet.
    public static func header(sampleRate: Int = sampleRate, dataByteCount: Int?) -> [UInt8] {
        let data = dataByteCount.map { UInt32($0) } ?? .max
        let all = dataByteCount.map { UInt32($0 + 36) } ?? .max
        return Array("RIFF".utf8) + little(all) + Array("WAVEfmt ".utf8) + little(16) + [1, 0, 1, 0]
            + little(UInt32(sampleRate)) + little(UInt32(sampleRate * 2)) + [2, 0, 16, 0] + Array("data".utf8)
            + little(data)
    }

    public static func wav(_ sampleCount: Int, sampleRate: Int = sampleRate) -> [UInt8] {
        header(sampleRate: sampleRate, dataByteCount: sampleCount * 2) + samples(sampleCount)
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
