import Files
import Foundation
import GraphCore
import GraphServer
import HTTP
import TestData
import Testing

@Suite("Files of the distant past and future", .enabled(if: FileTime.farFolder != nil))
struct FarDateTests {
    @Test("are shown, previewed, listed, run and replaced as any others", arguments: FileTime.farSeconds)
    func all(seconds: Int) async throws {
        let base = try #require(FileTime.farFolder).appending(path: "graphserver-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: base) }
        let place = try TestPlace { options, _ in options.baseDirectory = base.path }
        for name in ["input/a.png", "output/a.png", "temp/a.png", "user/default/a.json", "workflows/w.json"] {
            let file = base.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(name.hasSuffix("png") ? SmallPicture.plain : Array("{}".utf8)).write(to: file)
            try FileTime.set(file.path, seconds: seconds)
        }
        for target in [
            "/view?filename=a.png&type=input", "/view?filename=a.png", "/view?filename=a.png&preview=webp;50",
            "/view?filename=a.png&channel=rgb", "/userdata/a.json", "/userdata?dir=.&recurse=true&full_info=true",
            "/internal/files/input", "/templates/index.json", "/object_info/LoadImage",
        ] {
            #expect(await place.get(target).status == 200, "\(target)")
        }
        let graph: JSON = [
            "1": Graphs.node("LoadImage", ["image": "a.png"]), "2": Graphs.node("PreviewImage", ["images": ["1", 0]]),
        ]
        let posted = await place.post("/prompt", json: ["prompt": graph])
        let id = try #require(posted.json["prompt_id"]?.string)
        #expect(await place.ended(id)?["status"]?["status_str"] == "success")
        #expect(await place.post("/userdata/a.json", "[]".utf8).status == 200)
        #expect(await place.postForm("/upload/image", [("image", "a.png", [1])]).json["name"] == "a (1).png")
    }
}
