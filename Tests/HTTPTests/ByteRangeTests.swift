import Testing

@testable import HTTP

@Suite("A byte range")
struct ByteRangeTests {
    @Test(
        "is a part of what there is",
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=0-", 0..<10), ("bytes=2-4", 2..<5), ("bytes=9-", 9..<10),
            ("bytes=5-99", 5..<10),
            ("bytes=-3", 7..<10), ("bytes=-99", 0..<10), ("BYTES= 2-4 ", 2..<5),
            ("bytes=0-99999999999999999999999", 0..<10), ("bytes=0-9223372036854775807", 0..<10),
            ("bytes=-9223372036854775807", 0..<10),
        ])
    func part(field: String, range: Range<Int>) { #expect(ByteRange(field, byteCount: 10) == .part(range)) }

    @Test(
        "cannot be satisfied beyond the end",
        arguments: [
            "bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-",
            "bytes=99999999999999999999-99999999999999999999",
        ])
    func unsatisfiable(field: String) { #expect(ByteRange(field, byteCount: 10) == .unsatisfiable) }

    @Test(
        "is ignored when it is malformed, in another unit, or one of several",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=4-2", "bytes=a-b", "bytes=1-2-3", "bytes=+1-2", "bytes=1",
            "bytes=--1",
            "lines=0-1", "bytes=0-1,3-4", "bytes=0-1, 20-", "bytes =0-1", "bytes=0 -1", "bytes=0x1-2",
        ])
    func ignored(field: String) { #expect(ByteRange(field, byteCount: 10) == .whole) }

    @Test("of nothing cannot be satisfied")
    func empty() {
        for field in ["bytes=0-", "bytes=-1", "bytes=0-0"] { #expect(ByteRange(field, byteCount: 0) == .unsatisfiable) }
    }

    @Test(
        "counts only while the representation is the one the client has",
        arguments: [
            ("\"a\"", true), ("\"b\"", false), ("W/\"a\"", false), ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", false), ("nonsense", false),
        ])
    func conditional(condition: String, holds: Bool) {
        let head = RequestHead(method: "GET", target: "/", headers: ["Range": "bytes=1-2", "If-Range": condition])
        let range = ByteRange(head, byteCount: 10, etag: "\"a\"", lastModified: 784_111_777)
        #expect(range == (holds ? .part(1..<3) : .whole))
        #expect(ByteRange(head, byteCount: 10, etag: "W/\"a\"", lastModified: nil) == .whole)
    }

    @Test("is for GET")
    func methods() {
        let head = RequestHead(method: "HEAD", target: "/", headers: ["Range": "bytes=1-2"])
        #expect(ByteRange(head, byteCount: 10, etag: nil, lastModified: nil) == .whole)
    }
}

@Suite("A conditional request")
struct ConditionalTests {
    private static func isNotModified(_ headers: Headers, method: String = "GET", etag: String? = "\"a,b\"") -> Bool {
        let head = RequestHead(method: method, target: "/", headers: headers)
        return Conditional.isNotModified(head, etag: etag, lastModified: 784_111_777)
    }

    @Test(
        "compares entity tags weakly",
        arguments: [
            ("\"a,b\"", true), ("W/\"a,b\"", true), ("\"x\", \"a,b\"", true), ("\"x\",W/\"y\" , W/\"a,b\",\"z\"", true),
            ("*", true), (" * ", true), (", \"a,b\"", true), ("\"a\"", false), ("a,b", false), ("", false),
            ("\"", false),
            ("\"a,b", false), ("x \"a,b\"", false), ("\"A,B\"", false),
        ])
    func tags(list: String, expected: Bool) {
        #expect(Self.isNotModified(["If-None-Match": list]) == expected)
        #expect(Self.isNotModified(["If-None-Match": list], etag: "W/\"a,b\"") == expected)
        #expect(!Self.isNotModified(["If-None-Match": list], etag: nil))
    }

    @Test("reads all fields of the name")
    func severalFields() {
        #expect(Self.isNotModified(["If-None-Match": "\"x\"", "if-none-match": "\"a,b\""]))
    }

    @Test(
        "compares times where there are no tags",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", true), ("Sun, 06 Nov 1994 08:49:38 GMT", true),
            ("Sun, 06 Nov 1994 08:49:36 GMT", false), ("yesterday", false),
        ])
    func times(since: String, expected: Bool) {
        #expect(Self.isNotModified(["If-Modified-Since": since]) == expected)
        #expect(!Self.isNotModified(["If-Modified-Since": since, "If-None-Match": "\"x\""]))
    }

    @Test("is a GET or HEAD")
    func methods() {
        #expect(Self.isNotModified(["If-None-Match": "*"], method: "HEAD"))
        #expect(!Self.isNotModified(["If-None-Match": "*"], method: "POST"))
        #expect(!Self.isNotModified([:]))
    }
}
