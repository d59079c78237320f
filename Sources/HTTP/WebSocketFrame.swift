/// Writes WebSocket frames (RFC 6455 section 5), without extensions.
public enum WebSocketFrame {
    public enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        /// Control frames are whole, at most 125 octets long, and may stand between the fragments of a message.
        public var isControl: Bool { rawValue >= 8 }
    }

    /// What a control frame may carry.
    public static let maxControlByteCount = 125

    /// Appends one frame: without a mask as servers send it, with one as clients must. The mask's lowest octet goes
    /// first. The caller keeps a control frame's limits.
    public static func encode(
        _ opcode: Opcode, _ payload: some Collection<UInt8>, isFinal: Bool = true, mask: UInt32? = nil,
        into out: inout [UInt8]
    ) {
        let count = payload.count
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        out.append(opcode.rawValue | (isFinal ? 0x80 : 0))
        switch count {
        case ..<126: out.append(UInt8(count) | maskBit)
        case ..<0x1_0000:
            out.append(126 | maskBit)
            for shift in [8, 0] { out.append(UInt8(truncatingIfNeeded: count >> shift)) }
        default:
            out.append(127 | maskBit)
            for shift in stride(from: 56, through: 0, by: -8) { out.append(UInt8(truncatingIfNeeded: count >> shift)) }
        }
        guard let mask else {
            out.append(contentsOf: payload)
            return
        }
        for shift in [0, 8, 16, 24] as [UInt32] { out.append(UInt8(truncatingIfNeeded: mask >> shift)) }
        let start = out.count
        out.append(contentsOf: payload)
        apply(mask, to: &out, from: start)
    }

    /// A whole message in one frame.
    public static func encode(_ message: WebSocketMessage, mask: UInt32? = nil, into out: inout [UInt8]) {
        switch message {
        case .text(let text): encode(.text, text.utf8, mask: mask, into: &out)
        case .binary(let bytes): encode(.binary, bytes, mask: mask, into: &out)
        }
    }

    /// A close frame (section 5.5.1). The reason is cut to 123 octets between two characters; without a code it is
    /// left out.
    public static func close(_ code: UInt16?, _ reason: String, mask: UInt32? = nil) -> [UInt8] {
        var payload: [UInt8] = []
        if let code {
            payload = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)]
            for scalar in reason.unicodeScalars {
                let encoded = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                guard payload.count + encoded.count <= maxControlByteCount else { break }
                payload.append(contentsOf: encoded)
            }
        }
        var out: [UInt8] = []
        encode(.close, payload, mask: mask, into: &out)
        return out
    }

    /// XORs the octets from `start` on with the mask (section 5.3), which is its own inverse.
    /// Written so that the compiler makes whole vectors of it: no branch, one known mask for each four octets.
    static func apply(_ mask: UInt32, to bytes: inout [UInt8], from start: Int) {
        let octets = SIMD4<UInt8>(
            UInt8(truncatingIfNeeded: mask), UInt8(truncatingIfNeeded: mask >> 8),
            UInt8(truncatingIfNeeded: mask >> 16), UInt8(truncatingIfNeeded: mask >> 24))
        var pattern = SIMD16<UInt8>()
        for index in 0..<16 { pattern[index] = octets[index & 3] }
        var span = bytes.mutableSpan
        var index = start
        while index + 16 <= span.count {
            var block = SIMD16<UInt8>()
            for lane in 0..<16 { block[lane] = span[index + lane] }
            block ^= pattern
            for lane in 0..<16 { span[index + lane] = block[lane] }
            index += 16
        }
        while index < span.count {
            span[index] ^= octets[(index - start) & 3]
            index += 1
        }
    }
}
