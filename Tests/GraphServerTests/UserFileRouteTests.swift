import GraphCore
import HTTP
import Testing

@Suite("The user's files")
struct UserFileRouteTests {
    private let place: TestPlace

    init() throws {
        place = try TestPlace(files: [
            "user/default/workflows/a.json": Array(#"{"a":1}"#.utf8),
            "user/default/workflows/sub/b.json": [0x7B, 0x7D],
        ])
    }

    @Test(
        "are listed as asked for",
        arguments: [
            ("dir=workflows", #"["a.json"]"#), ("dir=workflows%2F", #"["a.json"]"#),
            ("dir=workflows&recurse=true", #"["a.json","sub/b.json"]"#),
            ("dir=workflows&recurse=true&split=true", #"[["a.json","a.json"],["sub/b.json","sub","b.json"]]"#),
            ("dir=workflows/sub&split=false", #"["b.json"]"#),
        ])
    func listed(_ query: String, _ list: String) async { #expect(await place.get("/userdata?\(query)").text == list) }

    @Test("are listed with size and times")
    func full() async throws {
        let answer = await place.get("/api/userdata?dir=workflows&recurse=true&split=false&full_info=true")
        let first = try #require(answer.json.array?.first?.object)
        #expect(first.members.map(\.key) == ["path", "size", "modified", "created"])
        #expect(first["path"] == "a.json" && first["size"] == 7)
        #expect(first["modified"]?.number?.int ?? 0 > 1_600_000_000_000)
    }

    @Test("are not listed without a folder")
    func noFolder() async {
        #expect(await place.get("/userdata").problem == "400 no folder is named\nUse /userdata?dir=workflows.")
        let missing = await place.get("/userdata?dir=subgraphs")
        #expect(missing.status == 404 && missing.text == "Directory not found")
    }

    @Test("are read, written, moved and deleted, one path segment each")
    func life() async {
        let read = await place.get("/userdata/workflows%2Fa.json", headers: ["Comfy-User": "somebody"])
        #expect(read.text == #"{"a":1}"# && read.headers["Content-Type"] == "application/json")

        let target = "/api/userdata/workflows%2Fnew%2Fc.json"
        #expect(await place.post(target + "?overwrite=false", "{}".utf8).text == #""workflows/new/c.json""#)
        #expect(
            await place.post(target + "?overwrite=false&full_info=true", "1".utf8).problem
                == "409 'workflows/new/c.json' exists already\nChoose another name, or overwrite it.")
        let replaced = await place.post(target + "?overwrite=true&full_info=true", "[1]".utf8)
        #expect(replaced.json["path"] == "workflows/new/c.json" && replaced.json["size"] == 3)

        let move = "/userdata/workflows%2Fnew%2Fc.json/move/workflows%2F"
        #expect(await place.post(move + "a.json?overwrite=false", "".utf8).status == 409)
        #expect(await place.post(move + "d.json?overwrite=false", "".utf8).text == #""workflows/d.json""#)
        #expect(
            await place.post(move + "d.json", "".utf8).problem
                == "404 'workflows/new/c.json' was not found in user/default/\nPut the file into user/default/.")
        #expect(await place.send("DELETE", "/userdata/workflows%2Fd.json").status == 204)
        #expect(await place.send("DELETE", "/userdata/workflows%2Fd.json").status == 404)
        #expect(await place.get("/userdata/workflows%2Fd.json").status == 404)
        #expect(place.names("user/default/workflows") == ["a.json", "new", "sub"])
    }

    @Test("run nothing in a browser, but the editor's style is a style")
    func passive() async {
        _ = await place.post("/userdata/page.html", "<script>".utf8)
        let page = await place.get("/userdata/page.html")
        #expect(page.headers["Content-Type"] == "application/octet-stream")
        #expect(page.headers["Content-Disposition"] == #"attachment; filename="page.html""#)

        let none = await place.get("/user.css")
        #expect(none.status == 404 && none.headers["Content-Type"] == "text/css; charset=utf-8" && none.text == "")
        _ = await place.post("/userdata/user.css", "a {}".utf8)
        for target in ["/user.css", "/api/userdata/user.css"] {
            let style = await place.get(target)
            #expect(style.text == "a {}" && style.headers["Content-Type"] == "text/css; charset=utf-8")
        }
    }
}
