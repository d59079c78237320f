import Arguments
import Files
import Foundation
import GraphCore
import Testing

@testable import GraphServer

@Suite("The models")
struct ModelRouteTests {
    private let place: TestPlace

    init() throws {
        place = try TestPlace(files: [
            "models/loras/b.onnx": [1], "models/loras/sub/a.onnx": [1], "models/ddcolor/c.onnx": [1],
            "models/embeddings/style.pt": [1],
        ])
    }

    @Test("are listed by folder")
    func folders() async {
        let kinds = await place.get("/models").json.strings ?? []
        #expect(kinds.first == "checkpoints" && kinds.contains("custom_nodes") && kinds.last == "ddcolor")
        #expect(await place.get("/api/models/loras").text == #"["b.onnx","sub/a.onnx"]"#)
        #expect(await place.get("/models/vae").text == "[]")
        #expect(
            await place.get("/models/nope").problem
                == "404 there is no folder 'nope' of models\nGET /models lists them.")
    }

    @Test("are listed as newer editors want them")
    func experimental() async {
        let kinds = await place.get("/experiment/models").json.array ?? []
        #expect(kinds.first == ["name": "checkpoints", "folders": ["models/checkpoints"]])
        #expect(!kinds.contains { $0["name"] == "custom_nodes" || $0["name"] == "configs" })
        #expect(await place.get("/experiment/models/ddcolor").text == #"[{"name":"c.onnx","pathIndex":0}]"#)
        #expect(await place.get("/experiment/models/nope").status == 404)
    }

    @Test("are named below the base folder, wherever that is")
    func paths() async {
        let answer = await place.get("/internal/folder_paths")
        #expect(answer.json["ddcolor"] == ["models/ddcolor"])
        #expect(!answer.text.contains(place.url.path))
    }

    @Test("have embeddings without their extensions, and no metadata")
    func others() async {
        #expect(await place.get("/embeddings").text == #"["style"]"#)
        #expect(
            await place.get("/view_metadata/checkpoints?filename=x.safetensors").problem
                == "404 nothing is known of that model\nGET /models lists the models.")
    }

    @Test("of a .safetensors file say what its maker wrote into it")
    func metadata() async throws {
        func file(_ header: String, count: Int? = nil) -> [UInt8] {
            let count = UInt64(count ?? header.utf8.count)
            return (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + Array(header.utf8)
        }
        try place.write("models/loras/a.safetensors", file(#"{"__metadata__":{"author":"me"},"w":{}}"#))
        try place.write("models/loras/bare.safetensors", file(#"{"w":{}}"#))
        try place.write("models/loras/short.safetensors", file(#"{"__metadata__":{}}"#, count: 20))
        try place.write("models/loras/lying.safetensors", file(#"{"__metadata__":{}}"#, count: .max))
        try place.write("models/loras/wrong.safetensors", file("[1"))
        try place.write("models/loras/empty.safetensors", [])
        try place.write("secret.safetensors", file(#"{"__metadata__":{"author":"me"}}"#))
        #expect(await place.get("/view_metadata/loras?filename=a.safetensors").text == #"{"author":"me"}"#)
        for name in ["bare", "short", "lying", "wrong", "empty", "none", "../../secret"] {
            #expect(await place.get("/view_metadata/loras?filename=\(name).safetensors").status == 404)
        }
        #expect(await place.get("/view_metadata/loras?filename=b.onnx").status == 404)
    }

    @Test("lie in further folders, too, which are named by their section")
    func extraFolders() async throws {
        let place = try TestPlace(files: [
            "models/ddcolor/b.onnx": [1], "else/first/a.onnx": [1], "else/first/b.onnx": [1], "else/mine/z.onnx": [1],
            "paths.yaml": Array(
                """
                shared:
                    base_path: else
                    ddcolor: mine
                    novel: nowhere
                quick:
                    base_path: else
                    is_default: true
                    ddcolor: first/
                """.utf8),
        ]) { options, url in
            do { try options.models.read(url.appending(path: "paths.yaml").path) } catch { Issue.record("\(error)") }
        }
        #expect(await place.get("/models").json.strings?.suffix(2) == ["ddcolor", "novel"])
        #expect(await place.get("/models/ddcolor").text == #"["a.onnx","b.onnx","z.onnx"]"#)
        #expect(await place.get("/models/novel").text == "[]")
        #expect(
            await place.get("/experiment/models/ddcolor").text == """
                [{"name":"a.onnx","pathIndex":0},{"name":"b.onnx","pathIndex":0},{"name":"b.onnx","pathIndex":1},\
                {"name":"z.onnx","pathIndex":2}]
                """)
        let folders: JSON = ["quick: first/", "models/ddcolor", "shared: mine"]
        let kinds = await place.get("/experiment/models").json.array ?? []
        #expect(kinds.contains(["name": "ddcolor", "folders": folders]))
        let paths = await place.get("/internal/folder_paths")
        #expect(paths.json["ddcolor"] == folders)
        #expect(!paths.text.contains(place.url.path))
        #expect(
            place.said.all.contains(
                "warning: \(place.url.path)/paths.yaml: no such folder: \(place.url.path)/else/nowhere (line 4)"))
    }

    @Test("lie where the option --extra-model-paths-config says, given as often as need be")
    func option() throws {
        try place.write("a.yaml", Array("a: {loras: gone}\n".utf8))
        try place.write("b.yaml", Array("b: {novel: models}\n".utf8))
        try place.write("wrong.yaml", Array("b: [novel]\n".utf8))
        func path(_ name: String) -> String { place.url.appending(path: name).path }
        let option = "--extra-model-paths-config"
        let values = try ServerOptionTable.read([option, path("a.yaml"), "\(option)=\(path("b.yaml"))"])
        #expect(values.notes.isEmpty)
        #expect(values.server.models.warnings == ["\(path("a.yaml")): no such folder: \(path("gone")) (line 1)"])
        #expect(Folders(base: place.url.path, models: values.server.models).modelKinds().contains("novel"))
        let error = #expect(throws: UsageError.self) { try ServerOptionTable.read([option, path("wrong.yaml")]) }
        #expect(
            error?.message
                == "\(option): \(path("wrong.yaml")), line 1: section 'b' is a list; kinds with folders are expected")
    }

    @Test("stand beside the files that can be chosen")
    func files() async throws {
        try place.write("input/a.png", [1])
        #expect(await place.get("/internal/files/input").text == #"["a.png [input]"]"#)
        #expect(await place.get("/internal/files/output").text == "[]")
        #expect(
            await place.get("/internal/files/models").problem
                == "400 there is no folder 'models'\nUse input, output or temp.")
    }
}
