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
        arguments: ["", "bytes", "bytes 1-2", "bytes 2-1/5", "bytes -1-2/5", "bytes 1-/5", "bytes 1-2/x", "x 1-2/3"])
    func bad(text: String) { #expect(ContentRange(["Content-Range": text]) == nil) }
}
