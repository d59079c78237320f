/// Chunks, for PNG files made by hand.
enum PNGBytes {
    static let signature: [UInt8] = [0x89] + "PNG\r\n\u{1A}\n".utf8

    /// 8-bit gray.
    static func header(width: Int, height: Int) -> [UInt8] {
        chunk("IHDR", bigEndian(width) + bigEndian(height) + [8, 0, 0, 0, 0])
    }

    static let end = chunk("IEND", [])

    static func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
        bigEndian(body.count) + type.utf8 + body + bigEndian(Int(crc(Array(type.utf8) + body)))
    }

    /// A zlib stream of one stored block, RFC 1950 and 1951.
    static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        let (low, high) = (UInt8(bytes.count & 0xFF), UInt8(bytes.count >> 8))
        var (a, b) = (1, 0)
        for byte in bytes {
            a = (a + Int(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return [0x78, 0x01, 1, low, high, ~low, ~high] + bytes + bigEndian(b << 16 | a)
    }

    /// A zlib stream of a zero and `count` times 258 zeros more, 13 bits each: a bomb. Without its checksum.
    static func zlibZeros(_ count: Int) -> [UInt8] {
        var bits: [UInt8] = [1, 1, 0]  // the last block, fixed codes
        func append(_ code: Int, _ size: Int) {
            for bit in (0..<size).reversed() { bits.append(UInt8(code >> bit & 1)) }
        }
        append(0b0011_0000, 8)  // a literal zero
        for _ in 0..<count { append(0b1100_0101_00000, 13) }  // the last 258 bytes again, from one back
        append(0, 7)
        bits += [UInt8](repeating: 0, count: -bits.count & 7)
        let bytes = stride(from: 0, to: bits.count, by: 8).map { at in
            bits[at..<at + 8].reversed().reduce(UInt8(0)) { $0 << 1 | $1 }
        }
        return [0x78, 0x01] + bytes
    }

    static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~crc
    }
}
