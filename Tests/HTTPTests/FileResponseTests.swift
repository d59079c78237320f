import Foundation
import TestData
import Testing

@testable import HTTP

@Suite("A file as an answer")
struct FileResponseTests {
    /// Removed with the test's value.
    private final class Folder: Sendable {
        let url = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)")
        let path: String

        init() throws {
            path = url.appending(path: "a.png").path
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            try Data("0123456789".utf8).write(to: URL(filePath: path))
            let date = Date(timeIntervalSince1970: 784_111_777)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private let folder: Folder
    private static let etag = "\"ae1b981bc490a00-a\""
    private static let fields: Headers = [
        "ETag": etag, "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT", "Accept-Ranges": "bytes",
    ]

    init() throws { folder = try Folder() }

    private func answer(_ method: String = "GET", _ headers: Headers = [:], path: String? = nil) throws -> Response {
        try Response.file(
            path: path ?? folder.path, request: Request(RequestHead(method: method, target: "/", headers: headers)))
    }

    /// The body, taken so many bytes at a time, and what was said at its end.
    private static func content(_ response: Response, limit: Int) -> (String, Filled) {
        guard case .source(let source, _) = response.body else { return ("", .end) }
        var out: [UInt8] = []
        source.attach {}
        defer { source.detach() }
        while true {
            let filled = source.fill(&out, limit: limit)
            if filled != .more { return (String(decoding: out, as: UTF8.self), filled) }
        }
    }

    private static func byteCount(_ response: Response) -> Int? {
        if case .source(_, let count) = response.body { count } else { nil }
    }

    @Test(
        "has a date and a tag whatever its time is",
        .enabled(if: FileTime.farFolder != nil), arguments: FileTime.farSeconds)
    func farDate(seconds: Int) throws {
        let path = try #require(FileTime.farFolder).appending(path: "graphrun-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("0123456789".utf8).write(to: URL(filePath: path))
        try FileTime.set(path, seconds: seconds)
        let response = try answer(path: path)
        let date = HTTPDate.text(secondsSince1970: seconds)
        #expect(response.headers["Last-Modified"] == date)
        #expect(response.headers["ETag"] == "\"\(String(Int128(seconds) * 1_000_000_000, radix: 16))-a\"")
        #expect(try answer("GET", ["If-Modified-Since": date], path: path).status == 304)
    }

    @Test("comes whole, piece by piece", arguments: [1, 3, 10, 1000])
    func whole(limit: Int) throws {
        let response = try answer()
        #expect(response.status == 200)
        #expect(response.headers.fields == Self.fields.fields + [.init("Content-Type", "image/png")])
        #expect(Self.byteCount(response) == 10)
        #expect(Self.content(response, limit: limit) == ("0123456789", .end))
    }

    @Test("comes in part when a range is asked for")
    func part() throws {
        let response = try answer("GET", ["Range": "bytes=2-4", "If-Range": Self.etag])
        #expect(response.status == 206)
        #expect(response.headers["Content-Range"] == "bytes 2-4/10")
        #expect(Self.byteCount(response) == 3)
        #expect(Self.content(response, limit: 2) == ("234", .end))
    }

    @Test("has no bytes behind its end")
    func unsatisfiable() throws {
        #expect(
            throws: HTTPProblem(
                416, "the file has only 10 bytes", suggestion: "Ask for a range within them.",
                headers: ["Content-Range": "bytes */10"])
        ) { try answer("GET", ["Range": "bytes=10-"]) }
    }

    @Test("need not come again while it is the same", arguments: ["GET", "HEAD"])
    func notModified(method: String) throws {
        for headers: Headers in [
            ["If-None-Match": Self.etag], ["If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"],
            ["If-None-Match": Self.etag, "Range": "bytes=10-"],
        ] {
            let response = try answer(method, headers)
            #expect(response.status == 304)
            #expect(response.headers == Self.fields)
            #expect(Self.byteCount(response) == nil)
        }
        #expect(try answer(method, ["If-None-Match": "\"x\""]).status == 200)
    }

    @Test("tells its length to HEAD")
    func head() throws {
        let response = try answer("HEAD", ["Range": "bytes=2-4"])
        #expect(response.status == 200)
        #expect(Self.byteCount(response) == 10)
    }

    @Test("is a regular file", arguments: ["", "/", "/missing.png", "/a.png/b", "/pipe"])
    func refused(name: String) throws {
        #expect(unsafe mkfifo(folder.url.path + "/pipe", 0o600) == 0)
        #expect(throws: HTTPProblem(404, "there is no such file")) { try answer(path: folder.url.path + name) }
    }

    @Test("may be empty")
    func empty() throws {
        try Data().write(to: URL(filePath: folder.path))
        #expect(Self.content(try answer(), limit: 10) == ("", .end))
    }

    @Test("is cut off when it becomes shorter under way")
    func shorter() throws {
        let response = try answer()
        try FileHandle(forWritingTo: URL(filePath: folder.path)).truncate(atOffset: 4)
        #expect(
            Self.content(response, limit: 3)
                == ("0123", .fail(code: 1011, reason: "the file became shorter while it was sent")))
    }

    @Test(
        "is of the type its extension says",
        arguments: [
            ("a/b.PNG", "image/png"), ("b.tar.webp", "image/webp"), ("b.safetensors", "application/octet-stream"),
            ("a.png/b", "application/octet-stream"), (".png", "application/octet-stream"),
            ("", "application/octet-stream"), ("b.", "application/octet-stream"),
            ("index.html", "text/html; charset=utf-8"), ("b.js", "text/javascript; charset=utf-8"),
        ])
    func types(path: String, type: String) { #expect(MIMETypes.type(ofPath: path) == type) }
}
