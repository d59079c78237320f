import Foundation
import GraphCore
import HTTP
import Media
import Nodes
import TestData
import Testing

@testable import GraphServer

/// Routes of ComfyUI 0.3.64 that only some of its clients call.
@Suite("A route that few clients call")
struct ComfyRouteTests {
    @Test("gives the picture beside a model as WebP")
    func modelPicture() async throws {
        let place = try TestPlace(files: [
            "models/loras/sub/a.safetensors": [1], "models/loras/sub/a.png": SmallPicture.plain,
            "models/loras/b.safetensors": [1], "models/loras/b.preview.png": SmallPicture.plain,
            "models/loras/c.safetensors": [1], "models/loras/d.png": SmallPicture.plain,
        ])
        for name in ["sub%2Fa.safetensors", "sub/a.safetensors", "b.safetensors"] {
            let answer = await place.get("/api/experiment/models/preview/loras/0/\(name)")
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"] == "image/webp")
            #expect(ImageFormat.sniff(answer.bytes) == .webp)
        }
        // Without a picture, without a model, of another place.
        for target in [
            "loras/0/c.safetensors", "loras/0/d.safetensors", "loras/1/b.safetensors", "loras/-1/b.safetensors",
            "loras/x/b.safetensors", "nowhere/0/b.safetensors", "loras/0/..%2Floras%2Fb.safetensors",
        ] {
            let answer = await place.get("/experiment/models/preview/\(target)")
            #expect(answer.status == 404, "\(target)")
            #expect(answer.json["error"]?["message"] == "there is no picture of that model", "\(answer.text)")
        }
    }

    @Test("lists the user's files and folders, folders first")
    func userEntries() async throws {
        let place = try TestPlace(files: [
            "user/default/workflows/b/c.json": [1, 2], "user/default/a.txt": [1], "user/default/.hidden/x": [1],
        ])
        func listed(_ query: String) async -> [String] {
            (await place.get("/v2/userdata\(query)").json.array ?? []).map { entry in
                let size = entry["size"].map { " \(JSONWriter.text($0))" } ?? ""
                #expect((entry["type"] == "file") == (entry["modified"] != nil && entry["created"] != nil))
                return
                    "\(entry["type"]?.string ?? "") \(entry["path"]?.string ?? "") \(entry["name"]?.string ?? "")\(size)"
            }
        }
        #expect(
            await listed("?path=") == [
                "directory workflows workflows", "directory workflows/b b", "file a.txt a.txt 1",
                "file workflows/b/c.json c.json 2",
            ])
        #expect(await listed("?path=workflows") == ["directory workflows/b b", "file workflows/b/c.json c.json 2"])
        #expect(await place.get("/v2/userdata?path=nowhere").status == 404)
        #expect(await place.get("/v2/userdata?path=..").status == 403)
        #expect(await place.get("/v2/userdata?path=a.txt").status == 404)
        let empty = try TestPlace()
        #expect(await empty.get("/v2/userdata").text == "[]")
    }

    @Test("says whether there was something to cancel")
    func cancelled() async throws {
        try await withServerProcess { _, endpoint in
            let id = try endpoint.submit(["1": Graphs.image(), "2": Graphs.node("PreviewImage", ["images": ["1", 0]])])
            let isOver = try eventually { try endpoint.queueRemaining() == 0 }
            #expect(isOver)
            let answer = try endpoint.post("/api/jobs/\(id)/cancel", [:])
            #expect(answer.status == 200)
            #expect(answer.json == ["cancelled": false])
            let long = try endpoint.submit([
                "1": Graphs.node("PrimitiveInt", ["value": 1]),
                "2": Graphs.node("TestSleep", ["value": ["1", 0], "seconds": 60]),
                "3": Graphs.node("PreviewAny", ["source": ["2", 0]]),
            ])
            #expect(try endpoint.post("/api/jobs/\(long)/cancel", [:]).json == ["cancelled": true])
        }
    }

    private static let editorFile = """
        {"last_node_id": 2, "last_link_id": 1, "version": 0.4,
         "nodes": [
          {"id": 1, "type": "EmptyImage", "inputs": [], "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}],
           "widgets_values": [8, 8, 1, 0]},
          {"id": 2, "type": "PreviewImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 1}], "outputs": []}],
         "links": [[1, 1, 0, 2, 0, "IMAGE"]]}
        """

    @Test("converts a file of the editor and runs nothing", arguments: [editorFile, #"{"workflow": \#(editorFile)}"#])
    func converted(body: String) async throws {
        let place = try TestPlace()
        let answer = await place.post("/workflow/convert", body.utf8)
        #expect(answer.status == 200)
        #expect(answer.json["1"]?["class_type"] == "EmptyImage")
        #expect(answer.json["1"]?["inputs"] == ["width": 8, "height": 8, "batch_size": 1, "color": 0])
        #expect(answer.json["2"]?["inputs"] == ["images": ["1", 0]])
        #expect(answer.json.object?.members.count == 2)
        let noted = await place.post("/workflow/convert?notes=true", body.utf8)
        #expect(noted.json["prompt"] == answer.json && noted.json["notes"] == [])
        #expect(await place.get("/prompt").json["exec_info"]?["queue_remaining"] == 0)
    }

    @Test("refuses what it cannot convert, with the reason")
    func unconverted() async throws {
        let place = try TestPlace()
        let unknown = Self.editorFile.replacing("EmptyImage", with: "NoSuchNode")
        let answer = await place.post("/workflow/convert", unknown.utf8)
        #expect(answer.status == 400)
        #expect(answer.json["error"]?["details"]?.string?.contains("NoSuchNode") == true)
        #expect(await place.post("/workflow/convert", "{".utf8).json["error"]?["type"] == "invalid_json")
        #expect(await place.post("/workflow/convert", "{}".utf8).json["error"]?["type"] == "no_prompt")
    }

    @Test("has the templates and documentation that pip puts beside the frontend")
    func packages() async throws {
        let site = "site-packages"
        let place = try TestPlace(files: [
            "\(site)/comfyui_frontend_package/static/index.html": Array("<html>".utf8),
            "\(site)/comfyui_frontend_package/static/templates/own.json": Array("[1]".utf8),
            "\(site)/comfyui_workflow_templates_json/templates/index.json": Array("[2]".utf8),
            "\(site)/comfyui_workflow_templates_media_image/templates/a-1.webp": [1, 2, 3],
            "\(site)/comfyui_embedded_docs/docs/LoadImage/en.md": Array("# Load".utf8),
            "\(site)/comfyui_embedded_docs/secret.md": Array("x".utf8),
        ]) { $0.frontEndRoot = $1.appending(path: "\(site)/comfyui_frontend_package/static").path }
        #expect(await place.get("/templates/index.json").text == "[2]")
        #expect(await place.get("/templates/own.json").text == "[1]")
        #expect(await place.get("/templates/a-1.webp").bytes == [1, 2, 3])
        #expect(await place.get("/docs/LoadImage/en.md").text == "# Load")
        #expect(await place.get("/docs/..%2Fsecret.md").status == 404)
        #expect(await place.get("/templates/none.json").status == 404)
    }

    @Test("lists ddcolor among the kinds of models, on a server without any")
    func kinds() async throws {
        #expect(try await TestPlace().get("/models").json.array?.last == "ddcolor")
    }

    @Test("gives every node a display name")
    func names() async throws {
        let nodes = try await TestPlace(nodes: BuiltInNodes.all()).get("/object_info").json.object?.members ?? []
        #expect(nodes.count > 70)
        #expect(nodes.filter { $0.value["display_name"]?.string?.isEmpty != false }.map(\.key) == [])
    }

    /// `GET`, `POST`... and a path a line, as ComfyUI 0.3.64 registers them.
    private static let table: [String] = {
        let file = ServerProcess.packageRoot.appending(path: "Tests/Fixtures/comfyui-routes/routes.txt")
        return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }()

    @Test("of ComfyUI 0.3.64 is there, or named as absent in COMPATIBILITY.md")
    func table() throws {
        #expect(Self.table.count > 40)
        let place = try TestPlace(files: ["site/comfyui_embedded_docs/docs/a.md": []]) {
            $0.frontEndRoot = $1.appending(path: "site/comfyui_frontend_package/static").path
        }
        func plain(_ pattern: String) -> String { pattern.replacing(#/{[^}]*}/#, with: "*") }
        let served = Set(place.server.router.routes.map { "\($0.method) \(plain($0.pattern))" })
        let document = try String(
            contentsOf: ServerProcess.packageRoot.appending(path: "docs/COMPATIBILITY.md"), encoding: .utf8)
        let absent = document.split(separator: "\n").filter { $0.contains("| absent |") }
        for line in Self.table {
            let isNamed = absent.contains { $0.contains("`\(line)`") }
            #expect(served.contains(plain(line)) != isNamed, "\(line)")
        }
    }
}
