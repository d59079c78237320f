internal import GraphCore

/// The table of contents of a zip archive as PyTorch writes it: entries stored as they are, one after another, no
/// comments. Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64).
///
/// Whatever could make two readers see two different archives, or make a small file large, is refused: compression,
/// encryption, entries that overlap or share a name, and local headers that contradict the central directory.
struct ZipArchive {
    static let maxEntryCount = 1 << 16
    static let maxDirectoryByteCount = 16 << 20
    static let maxNameByteCount = 1024

    /// The bytes of an entry, in the file.
    private(set) var entries: [String: Range<Int>] = [:]

    init(_ file: CheckpointFile) throws(Diagnostic) {
        let directory = try ZipDirectory(file)
        var headers: [ZipHeader] = []
        headers.reserveCapacity(directory.entryCount)
        var reader = ByteReader(try file.bytes(at: directory.range.lowerBound, count: directory.range.count))
        for _ in 0..<directory.entryCount { headers.append(try ZipHeader(&reader, file.name)) }
        guard reader.isAtEnd else {
            throw Complaint.damaged(file.name, "its table of contents holds more than the entries it counts")
        }
        headers.sort { $0.start < $1.start }
        for (index, header) in headers.enumerated() {
            // Up to here an entry may reach.
            let end = index + 1 < headers.count ? headers[index + 1].start : directory.range.lowerBound
            let data = try header.data(in: file, before: end)
            guard entries.updateValue(data, forKey: header.name) == nil else {
                throw Complaint.damaged(file.name, "it has two entries named \(Complaint.quoted(header.name))")
            }
        }
    }
}

/// Where the central directory stands.
private struct ZipDirectory {
    private static let endByteCount = 22, locatorByteCount = 20, end64ByteCount = 56

    let range: Range<Int>
    let entryCount: Int

    init(_ file: CheckpointFile) throws(Diagnostic) {
        let missing = Complaint.bad(
            file.name, "is cut off: the table of contents that ends a PyTorch checkpoint is missing",
            Complaint.downloadAgain)
        guard file.byteCount >= Self.endByteCount else { throw missing }
        var end = file.byteCount - Self.endByteCount
        var reader = ByteReader(try file.bytes(at: end, count: Self.endByteCount))
        guard reader.number(UInt32.self) == 0x0605_4B50, let disk = reader.number(UInt16.self),
            let startDisk = reader.number(UInt16.self), let countHere = reader.number(UInt16.self),
            let count = reader.int(UInt16.self), let size = reader.int(UInt32.self),
            let offset = reader.int(UInt32.self), reader.number(UInt16.self) == 0
        else { throw missing }
        var place = (count: count, size: size, offset: offset)
        guard disk == 0 || disk == .max, startDisk == 0 || startDisk == .max, Int(countHere) == count else {
            throw Complaint.damaged(file.name, "it claims to be one part of several")
        }
        if let large = try Self.zip64(file, before: end) {
            // What is too large for the old record is all ones there; the rest says the same.
            guard count == 0xFFFF || count == large.count, size == 0xFFFF_FFFF || size == large.size,
                offset == 0xFFFF_FFFF || offset == large.offset
            else { throw Complaint.damaged(file.name, "its two tables of contents contradict each other") }
            place = large
            end -= Self.locatorByteCount + Self.end64ByteCount
        }
        guard place.offset <= end, place.size == end - place.offset else {
            throw Complaint.damaged(file.name, "its table of contents is not where its end says")
        }
        guard place.count <= ZipArchive.maxEntryCount else {
            throw Complaint.tooLarge(file.name, "has \(place.count) entries; the limit is \(ZipArchive.maxEntryCount)")
        }
        guard place.size <= ZipArchive.maxDirectoryByteCount else {
            throw Complaint.tooLarge(
                file.name,
                "has a table of contents of \(place.size) bytes; the limit is \(ZipArchive.maxDirectoryByteCount)")
        }
        range = place.offset..<end
        entryCount = place.count
    }

    /// Nil when there is none.
    private static func zip64(
        _ file: CheckpointFile, before end: Int
    ) throws(Diagnostic) -> (count: Int, size: Int, offset: Int)? {
        let start = end - locatorByteCount - end64ByteCount
        guard start >= 0 else { return nil }
        var reader = ByteReader(try file.bytes(at: start + end64ByteCount, count: locatorByteCount))
        guard reader.number(UInt32.self) == 0x0706_4B50 else { return nil }
        let contradiction = Complaint.damaged(file.name, "its zip64 record is not where its locator says")
        guard reader.number(UInt32.self) == 0, reader.int(UInt64.self) == start, reader.number(UInt32.self) == 1
        else { throw contradiction }
        reader = ByteReader(try file.bytes(at: start, count: end64ByteCount))
        guard reader.number(UInt32.self) == 0x0606_4B50, reader.int(UInt64.self) == end64ByteCount - 12,
            reader.take(4) != nil, reader.number(UInt64.self) == 0,  // versions; disks
            let countHere = reader.int(UInt64.self), let count = reader.int(UInt64.self), countHere == count,
            let size = reader.int(UInt64.self), let offset = reader.int(UInt64.self)
        else { throw contradiction }
        return (count, size, offset)
    }
}

/// An entry as the central directory tells it.
private struct ZipHeader {
    /// Data descriptor behind the data (then the local header need not know sizes), and UTF-8 names.
    private static let knownFlags: UInt16 = 0x0808

    let name: String
    /// Of the local header, in the file.
    let start: Int
    private let byteCount: Int
    private let hasDescriptor: Bool

    init(_ reader: inout ByteReader, _ file: String) throws(Diagnostic) {
        let broken = Complaint.damaged(file, "its table of contents cannot be read")
        guard reader.number(UInt32.self) == 0x0201_4B50, reader.take(4) != nil,  // versions
            let flags = reader.number(UInt16.self), let method = reader.number(UInt16.self),
            reader.take(8) != nil,  // time, date, CRC
            var stored = reader.int(UInt32.self), var unpacked = reader.int(UInt32.self),
            let nameCount = reader.int(UInt16.self), let extraCount = reader.int(UInt16.self),
            let commentCount = reader.int(UInt16.self), let disk = reader.number(UInt16.self),
            reader.take(6) != nil,  // attributes
            var start = reader.int(UInt32.self), nameCount <= ZipArchive.maxNameByteCount,
            let nameBytes = reader.take(nameCount), let name = String(validating: nameBytes, as: UTF8.self),
            let extra = reader.take(extraCount), reader.take(commentCount) != nil, disk == 0, !name.isEmpty
        else { throw broken }
        let quoted = Complaint.quoted(name)
        guard method == 0 else {
            throw Complaint.bad(
                file,
                "holds the compressed entry \(quoted), which could unpack to any size and which PyTorch never writes",
                Complaint.saveAgain)
        }
        guard flags & ~Self.knownFlags == 0 else {
            throw Complaint.bad(file, "holds the entry \(quoted) encrypted or in an unknown way", Complaint.saveAgain)
        }
        // Zip64 (4.5.3): the fields that are all ones here follow as 8 bytes each, in this order.
        var large = ByteReader(Array(Self.field(0x0001, in: extra) ?? []))
        if unpacked == 0xFFFF_FFFF { unpacked = large.int(UInt64.self) ?? -1 }
        if stored == 0xFFFF_FFFF { stored = large.int(UInt64.self) ?? -1 }
        if start == 0xFFFF_FFFF { start = large.int(UInt64.self) ?? -1 }
        guard stored >= 0, unpacked >= 0, start >= 0 else { throw broken }
        guard stored == unpacked else {
            throw Complaint.bad(
                file, "lies about the entry \(quoted): \(unpacked) bytes are said to unpack from \(stored)",
                Complaint.downloadAgain)
        }
        (self.name, self.start, byteCount, hasDescriptor) = (name, start, stored, flags & 8 != 0)
    }

    /// - Parameter end: of what may belong to this entry.
    /// - Returns: its bytes, in the file.
    func data(in file: CheckpointFile, before end: Int) throws(Diagnostic) -> Range<Int> {
        let quoted = Complaint.quoted(name)
        let fixedCount = 30
        guard start <= end, fixedCount <= end - start else { throw overlap(file.name) }
        var reader = ByteReader(try file.bytes(at: start, count: fixedCount))
        let contradiction = Complaint.damaged(
            file.name, "the entry \(quoted) contradicts the table of contents")
        guard reader.number(UInt32.self) == 0x0403_4B50, reader.take(2) != nil,
            let flags = reader.number(UInt16.self), reader.number(UInt16.self) == 0,  // stored
            reader.take(8) != nil,
            let stored = reader.int(UInt32.self), let unpacked = reader.int(UInt32.self),
            let nameCount = reader.int(UInt16.self), let extraCount = reader.int(UInt16.self),
            flags & ~Self.knownFlags == 0, (flags & 8 != 0) == hasDescriptor
        else { throw contradiction }
        // 0 when a descriptor follows, all ones when zip64 says it.
        let permitted = hasDescriptor ? [0, 0xFFFF_FFFF, byteCount] : [0xFFFF_FFFF, byteCount]
        guard permitted.contains(stored), permitted.contains(unpacked), nameCount == name.utf8.count else {
            throw contradiction
        }
        let headerCount = fixedCount + nameCount + extraCount
        guard headerCount <= end - start, byteCount <= end - start - headerCount else { throw overlap(file.name) }
        guard try file.bytes(at: start + fixedCount, count: nameCount) == Array(name.utf8) else { throw contradiction }
        let dataStart = start + headerCount
        return dataStart..<dataStart + byteCount
    }

    private func overlap(_ file: String) -> Diagnostic {
        Complaint.bad(
            file, "lies about the entry \(Complaint.quoted(name)): its \(byteCount) bytes do not fit where it stands",
            Complaint.downloadAgain)
    }

    /// The extra field of a kind (4.5.1).
    private static func field(_ kind: UInt16, in extra: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var reader = ByteReader(Array(extra))
        while let found = reader.number(UInt16.self), let count = reader.int(UInt16.self),
            let field = reader.take(count)
        {
            if found == kind { return field }
        }
        return nil
    }
}
