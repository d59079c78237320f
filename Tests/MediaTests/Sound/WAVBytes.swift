/// WAV files made by hand, as the specification says.
enum WAVBytes {
    static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func chunk(_ type: String, _ body: [UInt8], size: Int? = nil) -> [UInt8] {
        Array(type.utf8) + little(size ?? body.count, 4) + body + [UInt8](repeating: 0, count: body.count % 2)
    }

    static func format(coding: Int = 1, channels: Int = 1, rate: Int = 22_050, bits: Int = 16) -> [UInt8] {
        let frame = channels * bits / 8
        return chunk(
            "fmt ",
            little(coding, 2) + little(channels, 2) + little(rate, 4) + little(rate * frame, 4) + little(frame, 2)
                + little(bits, 2))
    }

    /// `WAVE_FORMAT_EXTENSIBLE`.
    static func extensible(coding: Int, channels: Int, bits: Int) -> [UInt8] {
        let code: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        let plain = format(coding: 0xFFFE, channels: channels, rate: 48_000, bits: bits).dropFirst(8)
        return chunk("fmt ", Array(plain) + little(22, 2) + little(bits, 2) + little(0, 4) + little(coding, 2) + code)
    }

    static func file(_ chunks: [UInt8]..., riffSize: Int? = nil) -> [UInt8] {
        let body = chunks.flatMap(\.self)
        return Array("RIFF".utf8) + little(riffSize ?? body.count + 4, 4) + Array("WAVE".utf8) + body
    }

    static func samples(_ values: [Int16]) -> [UInt8] { values.flatMap { little(Int($0), 2) } }
}
