/// The picture that the server "paints": red grows to the right, green downwards, blue says which of several it is.
public enum MadePicture {
    /// A PNG of 8 bits a channel, stored without compression.
    public static func png(width: Int, height: Int, number: Int = 0) -> [UInt8] {
        var rows: [UInt8] = []
        rows.reserveCapacity((width * 3 + 1) * height)
        for y in 0..<height {
            rows.append(0)
            for x in 0..<width {
                rows.append(UInt8(x * 255 / max(1, width - 1)))
                rows.append(UInt8(y * 255 / max(1, height - 1)))
                rows.append(UInt8(truncatingIfNeeded: number))
            }
        }
        let head = big(UInt32(width)) + big(UInt32(height)) + [8, 2, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", head) + chunk("IDAT", stored(rows))
            + chunk("IEND", [])
    }

    /// zlib's format (RFC 1950) around stored blocks (RFC 1951 section 3.2.4).
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        for start in stride(from: 0, to: bytes.count, by: 65_535) {
            let block = bytes[start..<min(start + 65_535, bytes.count)]
            let count = UInt16(block.count)
            out.append(start + 65_535 >= bytes.count ? 1 : 0)
            for part in [count, ~count] { out += [UInt8(truncatingIfNeeded: part), UInt8(part >> 8)] }
            out += block
        }
        return out + big(b << 16 | a)
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + content
        return big(UInt32(content.count)) + body + big(checksum(body))
    }

    /// CRC-32 as PNG has it (ISO 3309).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes { sum = sum >> 8 ^ table[Int((sum ^ UInt32(byte)) & 0xFF)] }
        return ~sum
    }

    private static let table: [UInt32] = (0..<256).map { start in
        (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    private static func big(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
}
