import GraphCore
import HTTP
import Testing

@Suite("A large upload")
struct LargeUploadTests {
    private static let head = Array(
        "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"large.png\"\r\n\r\n".utf8)
    private static let tail = Array("\r\n--b--\r\n".utf8)

    private static func request(_ port: Int, _ byteCount: Int) -> [UInt8] {
        Array(
            ("POST /upload/image HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
                + "Content-Type: multipart/form-data; boundary=b\r\n"
                + "Content-Length: \(head.count + byteCount + tail.count)\r\n\r\n").utf8)
    }

    @Test("of 90 MiB goes to the disk, and not through the server's memory")
    func constantMemory() async throws {
        try await withServerProcess { server, endpoint in
            let before = try #require(server.residentKilobytes)
            let wire = try Wire(endpoint.port)
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            wire.send(Self.request(endpoint.port, 90 << 20) + Self.head)
            var peak = before
            for _ in 0..<90 {
                #expect(wire.send(piece))
                peak = max(peak, server.residentKilobytes ?? 0)
            }
            wire.send(Self.tail)
            let answer = try wire.answer()
            #expect(answer.status == 200)
            #expect(
                try JSONParser.parse(answer.body) == ["name": "large.png", "subfolder": "", "type": "input"])
            // A quarter of it: far above what the server uses, far below what holding it would take.
            #expect(peak - before < 22 << 10, "from \(before) to \(peak) KiB")
        }
    }

    @Test("over the limit is refused before it is sent")
    func tooLarge() async throws {
        try await withServerProcess(["--max-upload-size", "1"]) { _, endpoint in
            let wire = try Wire(endpoint.port)
            wire.send(Self.request(endpoint.port, 90 << 20))
            #expect(try wire.answer().status == 413)
        }
    }
}
