/// Checks UTF-8 (RFC 3629) piece by piece, wherever it is cut, and finds the first wrong octet as it comes.
struct UTF8Checker: Sendable {
    /// Continuation octets that the code point under way still lacks, 0 to 3.
    private var missing = 0
    /// What the next continuation octet may be: narrower than 80 to BF behind E0, ED, F0 and F4, which rules out
    /// overlong forms, surrogates and what lies above U+10FFFF.
    private var allowed: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether the text may end here.
    var isComplete: Bool { missing == 0 }

    /// False once the text cannot become valid any more, whatever follows.
    mutating func accepts(_ bytes: ArraySlice<UInt8>) -> Bool {
        let span = bytes.span
        if missing == 0 {
            var all: UInt8 = 0
            for index in 0..<span.count { all |= span[index] }
            if all < 0x80 { return true }
        }
        for index in 0..<span.count {
            guard accepts(span[index]) else { return false }
        }
        return true
    }

    private mutating func accepts(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard allowed.contains(byte) else { return false }
            missing -= 1
            allowed = 0x80...0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: missing = 1
        case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
        case 0xED: (missing, allowed) = (2, 0x80...0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
        case 0xF1...0xF3: missing = 3
        case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
        default: return false
        }
        return true
    }
}
