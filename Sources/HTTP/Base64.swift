/// Base64 (RFC 4648 section 4), padded, in one line.
public enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    public static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var start = 0
        while start < bytes.count {
            let count = min(3, bytes.count - start)
            var group = UInt32(bytes[start]) << 16
            if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
            if count > 2 { group |= UInt32(bytes[start + 2]) }
            for sextet in 0...count { out.append(letters[Int(group >> (18 - 6 * sextet) & 63)]) }
            for _ in count..<3 { out.append(padding) }
            start += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil for any octet outside the alphabet (line breaks too) and for missing padding. Bits of the last letter that
    /// stand for nothing may be set, as most decoders have it.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 4) else { return nil }
        let padCount = digits.suffix(2).count { $0 == padding }
        let count = digits.count - padCount
        var out: [UInt8] = []
        out.reserveCapacity(digits.count / 4 * 3)
        var (group, bitCount): (UInt32, UInt32) = (0, 0)
        for digit in digits[..<count] {
            guard let value = sextet(digit) else { return nil }
            group = group << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            out.append(UInt8(truncatingIfNeeded: group >> bitCount))
        }
        return digits[count...].allSatisfy { $0 == padding } ? out : nil
    }

    private static func sextet(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x41...0x5A: digit - 0x41
        case 0x61...0x7A: digit - 0x61 + 26
        case 0x30...0x39: digit - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
