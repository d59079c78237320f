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
