import TestData
import Testing

@testable import HTTP

@Suite("A JSON answer")
struct GzipTests {
    private static let large = Array(("[" + String(repeating: "{\"name\": \"value\"}, ", count: 100) + "0]").utf8)

    private static func answer(
        _ acceptEncoding: String?, body: [UInt8] = large, headers: Headers = ["Content-Type": "application/json"],
        status: Int = 200
    ) throws -> Response {
        var head = RequestHead(method: "GET", target: "/")
        head.headers["Accept-Encoding"] = acceptEncoding
        return Response(status, headers: headers, body: .bytes(body)).gzipped(for: try Request(head))
    }

    private static func bytes(_ response: Response) -> [UInt8] {
        if case .bytes(let bytes) = response.body { bytes } else { [] }
    }

    @Test("is compressed when the client asks for gzip")
    func compressed() throws {
        let response = try Self.answer(
            "gzip, deflate, br", headers: ["Content-Type": "Application/JSON; charset=utf-8", "ETag": "\"a\""])
        #expect(response.headers["Content-Encoding"] == "gzip")
        #expect(response.headers["Vary"] == "Accept-Encoding")
        #expect(response.headers["ETag"] == "W/\"a\"")
        #expect(Self.bytes(response).count < 200)
        #expect(Gzip.decompress(Self.bytes(response), limit: 10_000) == Self.large)
    }

    @Test("stays as it is for a client that does not, but says that it varies")
    func asIs() throws {
        let response = try Self.answer(nil)
        #expect(response.headers["Content-Encoding"] == nil)
        #expect(response.headers["Vary"] == "Accept-Encoding")
        #expect(Self.bytes(response) == Self.large)
    }

    @Test("of at most 1 KiB, of another type, or encoded already is left alone")
    func leftAlone() throws {
        let json: Headers = ["Content-Type": "application/json"]
        let cases: [(body: [UInt8], headers: Headers, status: Int)] = [
            (Array(Self.large.prefix(1024)), json, 200), (Self.large, ["Content-Type": "image/png"], 200),
            (Self.large, [:], 200), (Self.large, ["Content-Type": "application/json", "Content-Encoding": "br"], 200),
            (Self.large, json, 206),
        ]
        for (body, headers, status) in cases {
            let response = try Self.answer("gzip", body: body, headers: headers, status: status)
            #expect(response.headers == headers)
            #expect(Self.bytes(response) == body)
        }
    }

    @Test("stays as it is when compressing does not help")
    func incompressible() throws {
        var generator = SplitMix(seed: 1)
        let noise = (0..<4000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(Gzip.compress(noise) == nil)
        #expect(Gzip.compress([]) == nil)
        let response = try Self.answer("gzip", body: noise)
        #expect(response.headers["Content-Encoding"] == nil)
        #expect(Self.bytes(response) == noise)
    }

    @Test("of many megabytes comes back whole")
    func large() throws {
        let many = Array(repeatElement(Self.large, count: 1000).joined())
        let small = try #require(Gzip.compress(many))
        #expect(Gzip.decompress(small, limit: many.count) == many)
        #expect(Gzip.decompress(small, limit: many.count - 1) == nil)
        #expect(Gzip.decompress(Array(small.dropLast()), limit: many.count) == nil)
        #expect(Gzip.decompress(small + [0], limit: many.count) == nil)
    }

    @Test(
        "is asked for by weights",
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("x-gzip", true), ("GZIP", true), ("deflate, gzip;q=1.0", true),
            ("gzip;q=0", false), ("gzip; q=0.000", false), ("gzip;q=0.001", true), ("*", true), ("*;q=0", false),
            ("gzip;q=0, *", false), ("*;q=0, gzip", true), ("identity", false), ("identity, gzip;q=0.5", false),
            ("identity;q=0.5, gzip", true), ("gzip;q=2", false), ("gzip;q=nan", false), ("gzip;q=", false),
            ("br, deflate", false), ("gzipped", false),
        ])
    func asked(field: String?, expected: Bool) {
        var headers = Headers()
        headers["Accept-Encoding"] = field
        #expect(AcceptEncoding.allowsGzip(headers) == expected)
    }
}
