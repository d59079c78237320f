import Testing

@testable import HTTP

@Suite("A Content-Range")
struct ContentRangeTests {
    @Test(
        "says where a part begins and how long the whole is",
        arguments: [
            ("bytes 100-199/1000", 100, 1000), ("BYTES 0-0/1", 0, 1), ("bytes 5-9/*", 5, nil), ("bytes */7", nil, 7),
        ] as [(String, Int?, Int?)])
    func good(text: String, start: Int?, byteCount: Int?) {
        let range = ContentRange(["Content-Range": text])
        #expect(range?.start == start && range?.byteCount == byteCount)
        #expect(range != nil)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "bytes", "bytes 1-2", "bytes 2-1/5", "bytes -1-2/5", "bytes 1-/5", "bytes 1-2/x", "x 1-2/3",
            "bytes +1-2/3", "bytes 1-2/+3", "bytes 0-9223372036854775808/*", "bytes 0-1/9223372036854775808",
        ])
    func bad(text: String) { #expect(ContentRange(["Content-Range": text]) == nil) }
}

@Suite("A number that another machine or a file system says")
struct ForeignNumberTests {
    @Test("is a count of bytes only in digits, up to 64 bits")
    func counts() {
        for (text, count) in [
            ("0", 0), (" 12 ", 12), ("9223372036854775807", .max), ("9223372036854775808", nil), ("-1", nil),
            ("+1", nil),
            ("-9223372036854775808", nil), ("", nil), ("1e3", nil), ("١", nil),
        ] as [(String, Int?)] {
            #expect(Headers([.init("Content-Length", text)]).byteCount("Content-Length") == count, "\(text)")
        }
    }

    @Test("of free room is at most what an Int holds")
    func room() {
        #expect(Download.freeByteCount(blocks: 3, ofBytes: 4096) == 12_288)
        #expect(Download.freeByteCount(blocks: .max, ofBytes: 4096) == .max)
        #expect(Download.freeByteCount(blocks: .max, ofBytes: 1) == .max)
        #expect(Download.freeByteCount(of: "/") ?? 0 > 0)
        #expect(Download.freeByteCount(of: "/nowhere at all") == nil)
    }
}
