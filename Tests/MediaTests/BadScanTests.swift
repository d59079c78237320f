import Testing

@testable import Media

/// Files that ask for too much, or lie.
@Suite("A bad TIFF, GIF or BMP")
struct BadScanTests {
    /// Little-endian: one entry of a directory, with the value in place.
    private static func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
        little(tag, 2) + little(type, 2) + little(count, 4) + little(value, 4)
    }

    private static func little(_ number: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    /// One directory at byte 8: gray, eight bits, its strip at the end of the file.
    private static func tiff(
        width: Int = 2, height: Int = 2, compression: Int = 1, samples: Int = 1, photometric: Int = 1,
        next: Int = 0, more: [UInt8] = []
    ) -> [UInt8] {
        let count = 9 + more.count / 12
        let end = 8 + 2 + count * 12 + 4
        let entries = [
            entry(256, 4, 1, width), entry(257, 4, 1, height), entry(258, 3, 1, 8), entry(259, 3, 1, compression),
            entry(262, 3, 1, photometric), entry(273, 4, 1, end), entry(277, 3, 1, samples), entry(278, 4, 1, height),
            entry(279, 4, 1, 4),
        ]
        return "II*\0".utf8 + little(8, 4) + little(count, 2) + entries.flatMap { $0 } + more + little(next, 4)
            + [1, 2, 3, 4]
    }

    private static let again = "Copy the file again from its source, or open and re-save it in an image editor."

    @Test("that is good is read")
    func good() throws {
        #expect(try ImageDecoder.decode(Self.tiff()).image.eightBit() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
    }

    private static let refusals: [(bytes: [UInt8], message: String)] = {
        var cases: [(bytes: [UInt8], message: String)] = []
        for lab in 8...10 {
            cases.append((tiff(photometric: lab), "the TIFF holds CIELAB colours, which cannot be read"))
        }
        cases.append((tiff(next: 8), "the TIFF is damaged (page 1 leads back to page 1)"))
        cases.append((tiff(next: 5000), "the TIFF ends early: page 2 should be described at byte 5,000 of 126"))
        cases.append(
            (
                tiff(more: entry(320, 3, 0xFFFF_FFFF, 8)),
                "the TIFF is damaged (tag 320 of page 1 claims 4,294,967,295 values, which the file does not hold)"
            ))
        cases.append(
            (
                tiff(width: 900_000, height: 900_000),
                "the image is 900,000x900,000 pixels (810,000 megapixels), and the limit is 100 megapixels"
            ))
        cases.append(
            (
                tiff(width: 2_000_000_000, height: 1),
                "the image is 2,000,000,000x1 pixels, and a side may have at most 1,000,000"
            ))
        cases.append(
            (
                tiff(compression: 6),
                "the TIFF holds old-style JPEG (compression 6), which TIFF gave up in 1995 and which cannot be read"
            ))
        cases.append((tiff(samples: 5000), "the TIFF has 5,000 samples a pixel, and the limit is 32"))
        cases.append((Array("II*\0".utf8) + little(0, 4), "the TIFF is damaged (it has no page)"))
        cases.append((Array("II*\0".utf8), "the file is not a TIFF"))
        cases.append(
            (
                tiff(more: entry(322, 4, 1, 1 << 24) + entry(323, 4, 1, 1 << 24)),
                "the TIFF has tiles of 16,777,216x16,777,216 pixels, and the limit is 16 megapixels"
            ))
        cases.append(
            (
                Array("GIF89a".utf8) + [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0] + [
                    0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 1, 4, 0,
                ],
                "the image is 65,535x65,535 pixels (4,294 megapixels), and the limit is 100 megapixels"
            ))
        cases.append((Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0, 0x3B], "the GIF holds no picture"))
        cases.append((Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0, 0x2C, 0], "the GIF ends early"))
        cases.append((bmp(bits: 7), "the BMP has 7 bits a pixel, which cannot be read"))
        cases.append((bmp(compression: 4), "the BMP has a JPEG inside, which cannot be read"))
        cases.append((bmp(height: 100_000), "the BMP ends early: 99,999 of its 100,000 rows are missing"))
        cases.append(
            (
                bmp(height: 1_000_000, width: 1_000_000),
                "the image is 1,000,000x1,000,000 pixels (1,000,000 megapixels), and the limit is 100 megapixels"
            ))
        cases.append((Array(bmp().prefix(30)), "the BMP ends early"))
        return cases
    }()

    @Test("is refused with one sentence", arguments: refusals)
    func refused(_ bytes: [UInt8], message: String) {
        #expect(complaint(about: bytes)?.message == message)
    }

    private static func bmp(bits: Int = 24, compression: Int = 0, height: Int = 1, width: Int = 1) -> [UInt8] {
        "BM".utf8 + little(58, 4) + little(0, 4) + little(54, 4) + little(40, 4) + little(width, 4) + little(height, 4)
            + little(1, 2) + little(bits, 2) + little(compression, 4) + little(0, 20) + [1, 2, 3, 0]
    }

    @Test("of 10,001 pages is refused before any is read")
    func pages() {
        // Directories without entries, each followed by the next.
        var bytes: [UInt8] = "II*\0".utf8 + Self.little(8, 4)
        for page in 1...10_001 { bytes += Self.little(0, 2) + Self.little(page > 10_000 ? 0 : 8 + page * 6, 4) }
        #expect(
            complaint(about: bytes)
                == CodecError(
                    "the TIFF has more than 10,000 pages",
                    suggestion: "Cut it into single pages, for example with 'tiffsplit scan.tif page-'."))
    }

    @Test("cut off anywhere never crashes, and is never a whole picture")
    func truncated() async throws {
        let kinds = ["tiff RGB 8, II, strips, deflate", "tiff Pillow's 1, group4", "gif plain", "bmp 24, header 40"]
        for picture in try await PeerScan.all() where kinds.contains(picture.name) {
            for count in 0..<picture.file.count where count % 7 == 0 {
                if let read = try? ImageDecoder.decode(Array(picture.file.prefix(count))) {
                    Issue.record("\(picture.name) of \(count) bytes is \(read.image.width) wide")
                }
            }
        }
    }

    @Test("with some bytes changed never crashes")
    func changed() async throws {
        var generator = Seeded(state: 5)
        for picture in try await PeerScan.all() {
            for _ in 0..<4 {
                var bytes = picture.file
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    bytes[.random(in: 4..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                _ = complaint(about: bytes)
                _ = EXIFText.read(from: bytes)
            }
        }
    }
}
