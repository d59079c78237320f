/// Bytes that came and are not consumed yet. Every byte is looked at a bounded number of times and moved at most twice,
/// however the input is cut.
struct ByteQueue: Sendable {
    /// Kept between requests: an idle connection should cost little.
    private static let keptCapacity = 8 << 10

    private var bytes: [UInt8] = []
    private var start = 0
    /// How far `sectionEnd` has looked, and where the line it is in began.
    private var scanned = 0
    private var lineStart = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { start == bytes.count }

    /// Counted from the first byte not consumed.
    subscript(offset: Int) -> UInt8 { bytes[start + offset] }

    mutating func append(_ new: some Collection<UInt8>) {
        if start > bytes.count / 2 {
            bytes.removeSubrange(..<start)
            scanned = max(0, scanned - start)
            lineStart = max(0, lineStart - start)
            start = 0
        }
        bytes.append(contentsOf: new)
    }

    mutating func drop(_ count: Int) {
        start += count
        guard start == bytes.count else { return }
        if bytes.capacity > Self.keptCapacity { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        (start, scanned, lineStart) = (0, 0, 0)
    }

    mutating func take(upTo limit: Int) -> [UInt8] {
        if start == 0, bytes.count <= limit {
            let all = bytes
            bytes = []
            (scanned, lineStart) = (0, 0)
            return all
        }
        let taken = Array(bytes[start..<start + min(limit, count)])
        drop(taken.count)
        return taken
    }

    /// What a section that ends in an empty line looks like so far.
    enum Section: Equatable {
        /// That many bytes, the empty line included.
        case complete(Int)
        case incomplete
        /// No end within the limit; whether at least its first line has one.
        case tooLong(hasLine: Bool)
        /// A line feed without a carriage return before it.
        case bareLineFeed
    }

    /// Looks for the empty line that ends a head or a trailer section, going on where the last call stopped.
    mutating func section(limit: Int) -> Section {
        if scanned < start { (scanned, lineStart) = (start, start) }
        let end = min(bytes.count, start + limit)
        while scanned < end {
            if bytes[scanned] == Character.lineFeed {
                guard scanned > start, bytes[scanned - 1] == Character.carriageReturn else { return .bareLineFeed }
                if scanned - 1 == lineStart { return .complete(scanned + 1 - start) }
                lineStart = scanned + 1
            }
            scanned += 1
        }
        return bytes.count - start > limit ? .tooLong(hasLine: lineStart > start) : .incomplete
    }

    /// Where a delimiter begins that starts with its only carriage return. Nil if its end is not here yet.
    /// - Parameter matched: how many bytes of the delimiter the queue begins with. Afterwards how many it ends with, and
    ///   the caller consumes those before; or all, and the caller consumes those before the delimiter.
    func search(_ delimiter: [UInt8], matched: inout Int) -> Int? {
        var at = start + matched
        while matched < delimiter.count {
            guard at < bytes.count else { return nil }
            let byte = bytes[at]
            // No other byte of the delimiter can begin it, so a mismatch leaves nothing or this one byte.
            matched = byte == delimiter[matched] ? matched + 1 : byte == Character.carriageReturn ? 1 : 0
            at += 1
            if matched == 0 {
                while at < bytes.count, bytes[at] != Character.carriageReturn { at += 1 }
            }
        }
        return at - start - delimiter.count
    }

    /// The first so many bytes, to be read by position.
    func prefix(_ count: Int) -> ArraySlice<UInt8> { bytes[start..<start + count] }

    /// Names for bytes that syntax is made of.
    enum Character {
        static let tab: UInt8 = 0x09
        static let lineFeed: UInt8 = 0x0A
        static let carriageReturn: UInt8 = 0x0D
        static let space: UInt8 = 0x20
        static let colon: UInt8 = 0x3A
        static let semicolon: UInt8 = 0x3B
    }
}
