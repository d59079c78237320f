import Foundation
import GraphCore
import HTTP
import Testing

@testable import GraphServer

/// What public clients of ComfyUI send, and reported of what came back (shared/cases/http-answers).
@Suite("A request of a client")
struct ClientRequestTests {
    @Test("that is no JSON is told of a command that exists")
    func badJSON() async throws {
        let answer = try await TestPlace().post("/prompt", #"{"a":"#.utf8)
        #expect(
            answer.json["error"]?["suggestion"]
                == "Send {\"prompt\": {...}} as JSON; 'graphrun check FILE' checks a file.")
    }

    @Test(
        "for a file gets a Content-Disposition with a type and a name that clients read",
        arguments: [
            ("up.png", "inline; filename=\"up.png\""),
            ("a%20b.png", "inline; filename=\"a b.png\""),
            ("%E7%85%A7%E7%89%87.png", "inline; filename=\"__.png\"; filename*=UTF-8''%E7%85%A7%E7%89%87.png"),
            ("notes.html", "attachment; filename=\"notes.html\""),
        ])
    func disposition(target: String, field: String) async throws {
        let place = try TestPlace(files: [
            "input/up.png": SmallPicture.plain, "input/a b.png": SmallPicture.plain,
            "input/照片.png": SmallPicture.plain, "input/notes.html": Array("<script>".utf8),
        ])
        let answer = await place.get("/view?filename=\(target)&type=input")
        #expect(answer.headers["Content-Disposition"] == field)
    }

    @Test(
        "may name a file with its folders",
        arguments: ["sub/p.png", "sub%2Fp.png", "sub/p.png%20%5Binput%5D", "sub/../sub/p.png"])
    func viewed(name: String) async throws {
        let place = try TestPlace(files: ["input/sub/p.png": SmallPicture.plain])
        let answer = await place.get("/view?filename=\(name)&type=input")
        #expect(answer.status == (name.contains("..") ? 400 : 200))
        let deep = try TestPlace(files: ["input/a/b/p.png": SmallPicture.plain])
        #expect(await deep.get("/view?filename=b/p.png&subfolder=a&type=input&preview=webp").status == 200)
    }

    @Test("may upload a file with its folders, below the subfolder that it names")
    func uploaded() async throws {
        let place = try TestPlace()
        let file: (name: String, filename: String?, content: [UInt8]) = ("image", "sub/q.png", [1])
        #expect(
            await place.postForm("/upload/image", [file]).text == #"{"name":"q.png","subfolder":"sub","type":"input"}"#)
        #expect(
            await place.postForm("/upload/image", [file, ("subfolder", nil, Array("a".utf8))]).text
                == #"{"name":"q.png","subfolder":"a/sub","type":"input"}"#)
        for name in ["../q.png", "sub/../../q.png", "/q.png", "sub/.."] {
            #expect(await place.postForm("/upload/image", [("image", name, [1])]).status == 400, "\(name)")
        }
        #expect(place.names("input") == ["a", "sub"])
    }

    @Test("that is too large names the option that raises the limit")
    func tooLarge() async throws {
        let place = try TestPlace { options, _ in (options.maxUploadByteCount, options.maxBodyByteCount) = (1000, 500) }
        #expect(
            await place.postForm("/upload/image", [("image", "a.png", [UInt8](repeating: 0, count: 2000))]).problem
                == """
                413 the body is larger than the limit of 1000 bytes
                Upload a smaller file, or start the server with a larger --max-upload-size (MB).
                """)
        for target in ["/prompt", "/queue", "/history", "/userdata/a.json", "/workflow/convert"] {
            #expect(
                await place.post(target, [UInt8](repeating: 32, count: 501)).problem == """
                    413 the body is larger than the limit of 500 bytes
                    Send less at once, or start the server with a larger --max-body-size (MB).
                    """)
        }
    }

    @Test("may be as large as --max-body-size says, up to 100")
    func bodySize() throws {
        #expect(try ServerOptionTable.read([]).server.maxBodyByteCount == 16 << 20)
        #expect(try ServerOptionTable.read(["--max-body-size", "100"]).server.maxBodyByteCount == 100 << 20)
        for word in ["0", "101", "x", "-1", "9223372036854775808"] {
            #expect(throws: (any Error).self) { try ServerOptionTable.read(["--max-body-size=\(word)"]) }
        }
    }

    @Test("that is compressed is refused, with what to leave out")
    func compressed() async throws {
        let place = try TestPlace()
        for encoding in ["gzip", "deflate", "br"] {
            let answer = await place.post("/prompt", [0x1F, 0x8B], headers: ["Content-Encoding": encoding])
            #expect(
                answer.problem == """
                    415 the body is compressed (Content-Encoding: \(encoding))
                    Send it as it is, without Content-Encoding.
                    """)
            #expect(answer.headers["Accept-Encoding"] == "identity")
        }
        let plain = await place.post("/queue", "{}".utf8, headers: ["Content-Encoding": "identity"])
        #expect(plain.status == 200)
    }

    @Test("for a picture whose file was removed has it saved again, not told from the cache")
    func removed() async throws {
        try await withServerProcess { server, endpoint in
            let graph: JSON = [
                "1": Graphs.image(), "2": Graphs.node("SaveImage", ["images": ["1", 0], "filename_prefix": "gone"]),
                "3": Graphs.node("PreviewImage", ["images": ["1", 0]]),
            ]
            func shown() throws -> [String] {
                let outputs = try endpoint.history(try endpoint.run(graph).id)?["outputs"]
                return try ["2", "3"].map { node in
                    let file = try #require(outputs?[node]?["images"]?.array?.first)
                    return "\(file["type"]?.string ?? "")/\(file["filename"]?.string ?? "")"
                }
            }
            let first = try shown()
            #expect(try shown() == first)
            for path in first {
                try FileManager.default.removeItem(at: server.folder.appending(path: path))
                for path in try shown() {
                    #expect(FileManager.default.fileExists(atPath: server.folder.appending(path: path).path), "\(path)")
                }
            }
        }
    }
}
