internal import GraphCore

/// The directories of a TIFF file, or of the EXIF in another file, told by their numbers alone: no pixels, no libtiff.
/// TIFF 6.0 section 2, and the BigTIFF proposal's 64-bit form.
struct TIFFStructure {
    /// One tag of a directory.
    struct Entry {
        let tag: Int, type: Int, count: Int
        /// Where its values begin in the file. They may reach beyond its end.
        let position: Int

        /// Of all values together; nil for types nobody knows and for products beyond Int.
        var byteCount: Int? {
            guard let size = Self.sizes[type] else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            return overflow ? nil : product
        }

        private static let sizes = [
            1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
        ]
    }

    struct Directory {
        let offset: Int
        let entries: [Entry]
        /// Where the next one begins; 0 behind the last.
        let next: Int

        func entry(_ tag: Int) -> Entry? { entries.first { $0.tag == tag } }
    }

    static let orientationTag = 0x0112, extraSamplesTag = 338, profileTag = 34_675

    private let bytes: ArraySlice<UInt8>
    private let isLittleEndian: Bool, isBig: Bool
    /// Where the first directory begins.
    private(set) var first = 0

    /// Nil when the bytes start like no TIFF, or end in its header.
    init?(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        let mark = bytes.prefix(4)
        isLittleEndian = mark.first == UInt8(ascii: "I")
        isBig = mark.elementsEqual("II+\0".utf8) || mark.elementsEqual("MM\0+".utf8)
        guard isBig || mark.elementsEqual("II*\0".utf8) || mark.elementsEqual("MM\0*".utf8) else { return nil }
        guard let first = number(at: isBig ? 8 : 4, size: isBig ? 8 : 4) else { return nil }
        self.first = first
    }

    init?(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Of the whole file.
    var byteCount: Int { bytes.count }

    /// Nil when it lies, wholly or in part, outside of the file.
    func directory(at offset: Int) -> Directory? {
        let (countSize, entrySize, wordSize) = isBig ? (8, 20, 8) : (2, 12, 4)
        guard let count = number(at: offset, size: countSize), count <= (byteCount - offset) / entrySize else {
            return nil
        }
        let start = offset + countSize
        let entries = (0..<count).compactMap { entry(at: start + $0 * entrySize) }
        guard entries.count == count, let next = number(at: start + count * entrySize, size: wordSize) else {
            return nil
        }
        return Directory(offset: offset, entries: entries, next: next)
    }

    private func entry(at position: Int) -> Entry? {
        let wordSize = isBig ? 8 : 4
        let value = position + 4 + wordSize
        guard let tag = number(at: position, size: 2), let type = number(at: position + 2, size: 2),
            let count = number(at: position + 4, size: wordSize), let pointer = number(at: value, size: wordSize)
        else { return nil }
        let entry = Entry(tag: tag, type: type, count: count, position: value)
        // Values that fit stand in the entry itself.
        if let size = entry.byteCount, size <= wordSize { return entry }
        return Entry(tag: tag, type: type, count: count, position: pointer)
    }

    /// Nil when the values do not lie inside the file.
    func bytes(of entry: Entry) -> ArraySlice<UInt8>? {
        guard let size = entry.byteCount, entry.position <= byteCount, size <= byteCount - entry.position else {
            return nil
        }
        return bytes[bytes.startIndex + entry.position..<bytes.startIndex + entry.position + size]
    }

    /// The first of unsigned numbers (bytes, shorts or longs). Nil when there is none.
    func number(of entry: Entry) -> Int? {
        numbers(of: entry, atMost: 1).first
    }

    /// Unsigned numbers, the first few of many.
    func numbers(of entry: Entry, atMost limit: Int) -> [Int] {
        guard let size = [1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8][entry.type] else { return [] }
        return (0..<min(entry.count, limit)).compactMap { number(at: entry.position + $0 * size, size: size) }
    }

    /// Text up to its first zero character, as UTF-8. Nil when the entry is of another type or lies outside.
    func text(of entry: Entry) -> String? {
        let ascii = 2
        guard entry.type == ascii, let bytes = bytes(of: entry) else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Nil when it does not lie inside, or is larger than an Int.
    private func number(at position: Int, size: Int) -> Int? {
        guard position >= 0, position <= byteCount - size else { return nil }
        let digits = bytes[bytes.startIndex + position..<bytes.startIndex + position + size]
        let number =
            isLittleEndian
            ? digits.reversed().reduce(0) { $0 << 8 | UInt64($1) } : digits.reduce(0) { $0 << 8 | UInt64($1) }
        return Int(exactly: number)
    }
}

extension TIFFStructure {
    /// More are no album but an attack: a page has at least 6 bytes, and one picture of a batch 12.
    static let maxPageCount = 10_000

    /// The directories of all pages, in file order, with every tag's values inside the file.
    func pages() throws(CodecError) -> [Directory] {
        var pages: [Directory] = []
        var numberAt: [Int: Int] = [:]
        var offset = first
        while offset != 0 {
            let number = pages.count + 1
            if let earlier = numberAt[offset] {
                throw .damaged("TIFF", "page \(pages.count) leads back to page \(earlier)")
            }
            guard number <= Self.maxPageCount else {
                throw CodecError(
                    "the TIFF has more than \(Self.maxPageCount.grouped) pages",
                    suggestion: "Cut it into single pages, for example with 'tiffsplit scan.tif page-'.")
            }
            guard let page = directory(at: offset) else {
                throw CodecError(
                    "the TIFF ends early: page \(number) should be described at byte \(offset.grouped) of "
                        + "\(byteCount.grouped)", suggestion: CodecError.copyAgain)
            }
            for entry in page.entries where entry.byteCount != nil && bytes(of: entry) == nil {
                throw .damaged(
                    "TIFF",
                    "tag \(entry.tag) of page \(number) claims \(entry.count.grouped) values, which the file does not "
                        + "hold")
            }
            numberAt[offset] = number
            pages.append(page)
            offset = page.next
        }
        guard !pages.isEmpty else { throw .damaged("TIFF", "it has no page") }
        return pages
    }
}
