internal import GraphCore

/// A page of an Ogg file, RFC 3533 section 6.
struct OggPage {
    static let headerByteCount = 27
    static let maxSegmentCount = 255
    /// Of flags.
    static let continued: UInt8 = 1, first: UInt8 = 2

    /// All of it.
    private(set) var bytes: [UInt8]

    var flags: UInt8 { bytes[5] }
    var segmentSizes: ArraySlice<UInt8> { bytes[Self.headerByteCount..<bodyStart] }
    var body: ArraySlice<UInt8> { bytes[bodyStart...] }
    var serial: ArraySlice<UInt8> { bytes[14..<18] }
    private var bodyStart: Int { Self.headerByteCount + Int(bytes[26]) }

    /// How long a page is that begins so; nil when none does. It takes 27 bytes to know where the sizes end, and up to
    /// 255 more to know where the page does.
    static func byteCount(_ start: some Collection<UInt8>) -> Int? {
        let version: UInt8 = 0
        guard start.count >= headerByteCount, start.starts(with: "OggS".utf8), start.dropFirst(4).first == version
        else {
            return nil
        }
        let count = Int(start.dropFirst(26).first ?? 0)
        let sizes = start.dropFirst(headerByteCount).prefix(count)
        return sizes.count == count ? sizes.reduce(headerByteCount + count) { $0 + Int($1) } : nil
    }

    /// - Parameter bytes: begin with the page.
    init?(_ bytes: some Collection<UInt8>) {
        guard let count = Self.byteCount(bytes), bytes.count >= count else { return nil }
        self.bytes = Array(bytes.prefix(count))
    }

    /// - Parameters:
    ///   - serial: of the stream, four bytes.
    ///   - endsPacket: whether a packet ends on it; the granule position then is 0, as that of headers is.
    init(
        flags: UInt8, serial: ArraySlice<UInt8>, number: UInt32, sizes: [UInt8], body: ArraySlice<UInt8>,
        endsPacket: Bool
    ) {
        bytes = "OggS".utf8 + [0, flags] + [UInt8](repeating: endsPacket ? 0 : 0xFF, count: 8) + serial
        bytes += [UInt8](repeating: 0, count: 8) + [UInt8(truncatingIfNeeded: sizes.count)] + sizes + body
        self.number = number
        seal()
    }

    /// Counts the pages of a stream. Whoever changes it seals the page anew.
    var number: UInt32 {
        get { bytes[18..<22].reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        set { for i in 0..<4 { bytes[18 + i] = UInt8(truncatingIfNeeded: newValue >> UInt32(8 * i)) } }
    }

    var hasRightChecksum: Bool {
        var copy = self
        copy.seal()
        return copy.bytes == bytes
    }

    /// Writes the checksum.
    mutating func seal() {
        for i in 22..<26 { bytes[i] = 0 }
        var crc: UInt32 = 0
        for byte in bytes { crc = crc << 8 ^ Self.table[Int(UInt8(truncatingIfNeeded: crc >> 24) ^ byte)] }
        for i in 0..<4 { bytes[22 + i] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * i)) }
    }

    /// CRC-32 with the polynomial 0x04C11DB7, not reflected, from 0.
    private static let table: [UInt32] = (0..<256).map { (index: UInt32) in
        (0..<8).reduce(index << 24) { crc, _ in crc << 1 ^ (crc & 0x8000_0000 == 0 ? 0 : 0x04C1_1DB7) }
    }
}
