import Foundation
import GraphCore
import HTTP
import Testing

@testable import GraphServer

@Suite("A name that leads out of its folder")
struct TraversalTests {
    private static let secret = Array("secret".utf8)
    private let place: TestPlace

    init() throws {
        place = try TestPlace(files: [
            "secret.txt": Self.secret, "input/a.png": SmallPicture.plain,
            "user/default/workflows/a.json": [0x7B, 0x7D],
            "models/loras/a.onnx": [1], "web/index.html": Array("<p>".utf8), "web/.git/config": Self.secret,
            "workflows/photo.json": Array(#"{"1":{"class_type":"X"}}"#.utf8),
        ]) { options, url in options.frontEndRoot = url.appending(path: "web").path }
        try place.link("input/link.png", to: "../secret.txt")
        try place.link("output/out", to: "..")
        try place.link("user/default/link.txt", to: "../../secret.txt")
        try place.link("user/default/out", to: "../..")
        try place.link("models/link", to: "..")
        try place.link("web/link.txt", to: "../secret.txt")
        try place.link("web/out", to: "..")
        try place.link("workflows/link.json", to: "../secret.txt")
    }

    @Test(
        "shows nothing, however it is written",
        arguments: [
            ("/view?filename=..%2Fsecret.txt", 400), ("/view?filename=%2e%2e%2fsecret.txt&type=input", 400),
            ("/view?filename=../secret.txt&type=input", 400), ("/view?filename=/etc/passwd", 400),
            ("/view?filename=..%5Csecret.txt&type=input", 400), ("/view?filename=..&type=input", 400),
            ("/view?filename=%2Fetc%2Fpasswd%20%5Boutput%5D", 400), ("/view?filename=a.png%00.txt&type=input", 400),
            ("/view?filename=secret.txt&subfolder=..&type=input", 403),
            ("/view?filename=secret.txt&subfolder=../../..&type=input", 403),
            ("/view?filename=passwd&subfolder=/etc&type=input", 403),
            ("/view?filename=secret.txt&subfolder=a/../..&type=input", 403),
            ("/view?filename=link.png&type=input", 403), ("/view?filename=secret.txt&subfolder=out", 403),
            ("/view?filename=..%2Fsecret.txt&type=input&preview=webp;50", 400),
            ("/view?filename=link.png&type=input&channel=rgb", 403),
            ("/userdata/..%2F..%2Fsecret.txt", 403), ("/userdata/%2Fetc%2Fpasswd", 403),
            ("/userdata/workflows%2F..%2F..%2F..%2Fsecret.txt", 403), ("/userdata/link.txt", 403),
            ("/userdata/out%2Fsecret.txt", 403), ("/userdata/a%00b", 400), ("/userdata?dir=..", 403),
            ("/userdata?dir=/etc", 403), ("/userdata?dir=out", 403), ("/userdata?dir=..%2F..", 403),
            ("/models/..", 404), ("/models/%2e%2e", 404), ("/models/..%2F..", 404), ("/models/link", 404),
            ("/experiment/models/..%2Finput", 404), ("/internal/files/..", 400), ("/internal/files/user", 400),
            ("/../secret.txt", 404), ("/%2e%2e/secret.txt", 404), ("/..%2Fsecret.txt", 404), ("//secret.txt", 404),
            ("/link.txt", 404), ("/out/secret.txt", 404), ("/.git/config", 404), ("/..%5Csecret.txt", 404),
            ("/%2Fetc%2Fpasswd", 404), ("/index.html%00.png", 400), ("/web", 404),
            ("/templates/..%2Fsecret.txt", 404), ("/templates/link.json", 404), ("/templates/%2e%2e%2fsecret.txt", 404),
            ("/object_info/..%2F..", 200),
        ])
    func shows(_ target: String, _ status: Int) async {
        let answer = await place.get(target)
        #expect(answer.status == status)
        #expect(!answer.text.contains("secret.txt") || answer.status != 200)
        #expect(!answer.bytes.starts(with: Self.secret))
        #expect(!answer.text.contains(place.url.path), "a path of the machine: \(answer.text)")
    }

    @Test(
        "of an upload is refused, and nothing is written",
        arguments: [
            ("../x.png", ""), ("/tmp/x.png", ""), ("..\\\\x.png", ""), ("..", ""),
            ("x.png", ".."), ("x.png", "../.."), ("x.png", "/tmp"), ("x.png", "a/../../b"),
            ("x.png", "a\0b"),
        ])
    func upload(_ filename: String, _ subfolder: String) async {
        let before = place.names("input")
        let answer = await place.postForm(
            "/upload/image", [("image", filename, [1]), ("subfolder", nil, Array(subfolder.utf8))])
        #expect(answer.status == 400)
        #expect(place.names("input") == before && place.names("") == place.names("").filter { $0 != "x.png" })
    }

    @Test("of an upload through a link is refused")
    func uploadThroughLink() async {
        let answer = await place.postForm(
            "/upload/image",
            [
                ("image", "x.png", [1]), ("subfolder", nil, Array("out".utf8)),
                ("type", nil, Array("output".utf8)),
            ])
        #expect(
            answer.problem == """
                400 'out' is a symbolic link in the output folder
                Use a real folder, or choose another place with --output-directory.
                """)
        #expect(!place.names("").contains("x.png"))
    }

    @Test("of the user's files is refused, and nothing is written")
    func userFiles() async {
        #expect(await place.post("/userdata/..%2F..%2Fx.json", "{}".utf8).status == 403)
        #expect(await place.post("/userdata/out%2Fx.json", "{}".utf8).status == 403)
        #expect(await place.post("/userdata/workflows%2Fa.json/move/..%2F..%2Fx.json", "".utf8).status == 403)
        #expect(await place.post("/userdata/..%2F..%2Fsecret.txt/move/x.json", "".utf8).status == 403)
        #expect(await place.send("DELETE", "/userdata/..%2F..%2Fsecret.txt").status == 403)
        #expect(await place.send("DELETE", "/userdata/link.txt").status == 403)
        #expect(place.read("secret.txt") == Self.secret)
        #expect(!place.names("").contains("x.json"))
    }

    @Test(
        "in a prompt reads nothing",
        arguments: [
            ("../secret.txt", "'../secret.txt' leads out of the input folder"),
            ("/etc/passwd [output]", "'/etc/passwd' leads out of the output folder"),
            ("../secret.txt [temp]", "'../secret.txt' leads out of the temp folder"),
            ("link.png", "'link.png' leads out of the input folder"),
        ])
    func reading(_ name: String, _ message: String) async {
        let answer = await place.post(
            "/prompt",
            json: [
                "prompt": [
                    "1": ["class_type": "LoadImage", "inputs": ["image": .string(name)]],
                    "2": ["class_type": "PreviewImage", "inputs": ["images": ["1", 0]]],
                ]
            ])
        #expect(answer.status == 400)
        #expect(answer.text.contains(message), "\(answer.text)")
    }

    @Test("in a prompt writes nothing", arguments: ["../x", "/tmp/graphserver-x", "out/x", "a/../../x"])
    func writing(_ prefix: String) async throws {
        let posted = await place.post(
            "/prompt",
            json: [
                "prompt": [
                    "1": [
                        "class_type": "EmptyImage",
                        "inputs": ["width": 8, "height": 8, "batch_size": 1, "color": 0],
                    ],
                    "2": [
                        "class_type": "SaveImage",
                        "inputs": ["images": ["1", 0], "filename_prefix": .string(prefix)],
                    ],
                ]
            ])
        if posted.status == 200 {
            let id = try #require(posted.json["prompt_id"]?.string)
            let entry = try #require(await place.ended(id))
            #expect(entry["status"]?["status_str"] == "error")
        }
        #expect(place.names("output") == ["out"])
        #expect(place.names("").filter { $0.hasSuffix(".png") } == [])
    }
}
