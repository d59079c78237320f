import Foundation
import GraphCore
import HTTP
import Testing

@testable import GraphServer

@Suite("A page")
struct PageTests {
    @Test("without a frontend says how the server is doing, and runs no script")
    func status() async throws {
        let place = try TestPlace()
        let posted = await place.post(
            "/prompt",
            json: [
                "prompt_id": "<b>&id",
                "prompt": [
                    "1": [
                        "class_type": "EmptyImage",
                        "inputs": ["width": 8, "height": 8, "batch_size": 1, "color": 0],
                    ],
                    "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "a&b"]],
                ],
            ])
        #expect(posted.status == 200)
        _ = try #require(await place.ended("<b>&id"))
        let page = await place.get("/")
        #expect(page.status == 200 && page.headers["Content-Type"] == "text/html; charset=utf-8")
        #expect(page.headers["Content-Security-Policy"]?.hasPrefix("default-src 'none'; style-src") == true)
        #expect(page.text.contains("<p>0 running, 0 waiting.</p>"))
        #expect(page.text.contains("<code>&lt;b&gt;&amp;id</code></td><td>succeeded</td>"))
        #expect(
            page.text.contains(
                #"<a href="/view?filename=a%26b_00001_.png&amp;subfolder=&amp;type=output">a&amp;b_00001_.png</a>"#))
        #expect(page.text.contains("curl -d @workflow.json http://127.0.0.1:8188/prompt"))
        #expect(!page.text.contains("<script") && !page.text.contains("<b>"))
        #expect(await place.get("/nope").problem == "404 there is no /nope here\nSee /openapi.json for what there is.")
    }

    private func withFrontEnd(_ files: [String: String] = [:]) throws -> TestPlace {
        var all = ["web/index.html": "<!doctype html>", "web/assets/index-DkX2fQ_a.js": "1", "web/a.json": "{}"]
        all.merge(files) { $1 }
        return try TestPlace(files: all.mapValues { Array($0.utf8) }) { options, url in
            options.frontEndRoot = url.appending(path: "web").path
        }
    }

    @Test(
        "of a frontend comes with its type, and is kept only when its name tells its content",
        arguments: [
            ("/", "text/html; charset=utf-8", "no-cache"), ("/index.html", "text/html; charset=utf-8", "no-cache"),
            ("/assets/index-DkX2fQ_a.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
            ("/assets/plain-settings.js", "text/javascript; charset=utf-8", "no-cache"),
            ("/extensions/core/x.mjs", "text/javascript; charset=utf-8", "no-cache"),
            ("/fonts/f.woff2", "font/woff2", "no-cache"), ("/a.json", "application/json", "no-cache"),
        ])
    func frontEnd(_ path: String, _ type: String, _ cache: String) async throws {
        let place = try withFrontEnd([
            "web/assets/plain-settings.js": "2", "web/extensions/core/x.mjs": "3", "web/fonts/f.woff2": "4",
        ])
        let answer = await place.get(path)
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == type && answer.headers["Cache-Control"] == cache)
        #expect(place.said.all == [])
    }

    @Test("of a frontend never stands in the way of a route")
    func priority() async throws {
        let place = try withFrontEnd(["web/queue": "no", "web/api/queue": "no"])
        #expect(await place.get("/queue").text == #"{"queue_running":[],"queue_pending":[]}"#)
        #expect(await place.get("/api/queue").text == #"{"queue_running":[],"queue_pending":[]}"#)
        #expect(await place.get("/extensions").text == "[]")
        #expect(await place.get("/assets").status == 404)
        #expect(await place.get("/nope.js").problem == "404 there is no file 'nope.js' here")
    }

    @Test("of a frontend that is not there is told of at the start")
    func missing() async throws {
        let place = try TestPlace { options, _ in options.frontEndRoot = "/nonexistent" }
        #expect(
            place.said.all == [
                "warning: there is no index.html in /nonexistent\n"
                    + "  Give --front-end-root the folder 'static' of an installed comfyui_frontend_package."
            ])
        #expect(await place.get("/").status == 404)
    }

    // MARK: Templates

    private static let api = #"{"1":{"class_type":"SaveImage","inputs":{}}}"#

    @Test("of templates offers the workflows of the base folder that an editor can open")
    func templates() async throws {
        let files = [
            "workflows/two-photos.json": Self.api, "workflows/two-photos-1.webp": "x",
            "workflows/wrapped.json": #"{"prompt":\#(Self.api)}"#, "workflows/ui.json": #"{"nodes":[{"id":1}]}"#,
            "workflows/hybrid.json": #"{"nodes":[{"id":"a"}]}"#, "workflows/broken.json": "{",
            "workflows/notes.txt": "x",
        ]
        let place = try TestPlace(files: files.mapValues { Array($0.utf8) })
        let index = await place.get("/templates/index.json")
        #expect(index.headers["Content-Type"] == "application/json; charset=utf-8")
        let templates = try #require(index.json.array?.first?["templates"]?.array)
        #expect(templates.map { $0["name"]?.string } == ["two-photos", "ui", "wrapped"])
        #expect(templates.map { $0["title"]?.string } == ["Two photos", "Ui", "Wrapped"])
        #expect(templates.map { $0["mediaSubtype"]?.string } == ["webp", "png", "png"])
        // The editor opens only files of its own format.
        for name in ["two-photos", "wrapped"] {
            let graph = await place.get("/templates/\(name).json").json
            #expect(graph["nodes"]?.array?.first?["type"] == "SaveImage")
            #expect(graph["version"]?.number?.text == "0.4")
        }
        #expect(await place.get("/templates/two-photos-1.webp").text == "x")
        for name in ["hybrid.json", "notes.txt", "nope.json"] {
            #expect(await place.get("/templates/\(name)").status == 404)
        }
        #expect(await place.get("/templates/index_logo.json").text == "{}")
    }

    @Test("of templates is the frontend's own where there are no workflows")
    func otherTemplates() async throws {
        #expect(await (try TestPlace()).get("/templates/index.json").text == "[]")
        let theirs = ["web/templates/index.json": #"["theirs"]"#, "web/templates/t.json": "{}"]
        var place = try withFrontEnd(theirs)
        #expect(await place.get("/templates/index.json").text == #"["theirs"]"#)
        place = try withFrontEnd(theirs.merging(["workflows/a.json": Self.api]) { $1 })
        #expect(await place.get("/templates/index.json").json.array?.first?["title"] == "graphrun")
        #expect(await place.get("/templates/t.json").text == "{}")
    }
}
