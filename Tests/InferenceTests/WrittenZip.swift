/// Writes zip archives as torch.save does, or with one thing wrong in them.
struct WrittenZip {
    struct Entry {
        var name: String
        var bytes: [UInt8]
        var method: UInt16 = 0
        var flags: UInt16 = 0x0808
        /// What the headers say instead of the truth.
        var localName: String?
        var localSize: UInt32 = 0
        var storedSize: UInt32?, unpackedSize: UInt32?
        var offset: UInt32?
        var extra: [UInt8] = []
    }

    var entries: [Entry] = []
    /// With the zip64 end record that PyTorch always writes.
    var hasZip64 = true
    /// What the end records say instead of the truth.
    var count: Int?, directorySize: Int?, directoryOffset: Int?, locatorOffset: Int?
    var count64: Int?

    /// A checkpoint: its pickle, and the bytes of storages 0, 1, ...
    init(pickle: [UInt8], storages: [[UInt8]] = [], others: [(String, [UInt8])] = [("byteorder", Array("little".utf8))])
    {
        entries = [Entry(name: "made/data.pkl", bytes: pickle)]
        for (name, bytes) in others { entries.append(Entry(name: "made/\(name)", bytes: bytes)) }
        for (key, bytes) in storages.enumerated() { entries.append(Entry(name: "made/data/\(key)", bytes: bytes)) }
        entries.append(Entry(name: "made/version", bytes: Array("3\n".utf8)))
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let start = bytes.count
            let localName = Array((entry.localName ?? entry.name).utf8)
            bytes += Self.two(0x4B50, 0x0403, 0, entry.flags, entry.method, 0, 0) + Self.four(0)
            bytes += Self.four(entry.localSize, entry.localSize) + Self.two(UInt16(localName.count), 0) + localName
            bytes += entry.bytes
            if entry.flags & 8 != 0 {
                bytes += Self.four(0x0807_4B50, 0, UInt32(entry.bytes.count), UInt32(entry.bytes.count))
            }
            let size = UInt32(entry.bytes.count)
            directory += Self.two(0x4B50, 0x0201, 0, 0, entry.flags, entry.method, 0, 0) + Self.four(0)
            directory += Self.four(entry.storedSize ?? size, entry.unpackedSize ?? size)
            directory += Self.two(UInt16(entry.name.utf8.count), UInt16(entry.extra.count), 0, 0, 0) + Self.four(0)
            directory += Self.four(entry.offset ?? UInt32(start)) + Array(entry.name.utf8) + entry.extra
        }
        let place = (size: directorySize ?? directory.count, offset: directoryOffset ?? bytes.count)
        let count = count ?? entries.count
        bytes += directory
        if hasZip64 {
            let start = bytes.count
            bytes += Self.four(0x0606_4B50) + Self.eight(44) + Self.two(0x031E, 45) + Self.four(0, 0)
            bytes += Self.eight(count64 ?? count, count64 ?? count, place.size, place.offset)
            bytes += Self.four(0x0706_4B50, 0) + Self.eight(locatorOffset ?? start) + Self.four(1)
        }
        bytes += Self.four(0x0605_4B50) + Self.two(0, 0, UInt16(clamping: count), UInt16(clamping: count))
        return bytes + Self.four(UInt32(clamping: place.size), UInt32(clamping: place.offset)) + Self.two(0)
    }

    static func two(_ values: UInt16...) -> [UInt8] { values.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } }
    static func four(_ values: UInt32...) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
    }
    static func eight(_ values: Int...) -> [UInt8] { eight(values) }
    static func eight(_ values: [Int]) -> [UInt8] {
        values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
    }
}
