import HTTP
import Testing

@Suite("A file to view")
struct ViewTests {
    private let place: TestPlace

    init() throws {
        place = try TestPlace(files: [
            "input/up.png": SmallPicture.clear, "output/sub/plain.png": SmallPicture.plain, "temp/t.png": [1, 2, 3],
        ])
    }

    @Test("comes with its name, its type and what a cache needs")
    func plain() async {
        let answer = await place.get("/view?filename=up.png&type=input&rand=0.123")
        #expect(answer.status == 200)
        #expect(answer.bytes == SmallPicture.clear)
        #expect(answer.headers["Content-Type"] == "image/png")
        #expect(answer.headers["Content-Disposition"] == #"inline; filename="up.png""#)
        #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
        #expect(answer.headers["ETag"] != nil && answer.headers["Last-Modified"] != nil)
    }

    @Test(
        "is found by folder, subfolder, and the folder at the end of its name",
        arguments: [
            "/view?subfolder=sub&filename=plain.png", "/api/view?filename=plain.png&type=output&subfolder=sub",
            "/view?filename=up.png%20%5Binput%5D", "/view?filename=up.png%20%5Binput%5D&type=output",
        ])
    func found(_ target: String) async { #expect(await place.get(target).status == 200) }

    @Test("is sent in part, or not at all when the client has it")
    func parts() async throws {
        let target = "/view?filename=up.png&type=input"
        let part = await place.get(target, headers: ["Range": "bytes=0-9"])
        #expect(part.status == 206)
        #expect(part.bytes == Array(SmallPicture.clear.prefix(10)))
        #expect(part.headers["Content-Range"] == "bytes 0-9/\(SmallPicture.clear.count)")
        let tag = try #require(part.headers["ETag"])
        #expect(await place.get(target, headers: ["If-None-Match": tag]).status == 304)
        #expect(
            await place.get(target, headers: ["Range": "bytes=900-"]).problem == """
                416 the file has only \(SmallPicture.clear.count) bytes
                Ask for a range within them.
                """)
        #expect(await place.send("HEAD", target).status == 200)
    }

    @Test(
        "is refused by what is wrong with its name",
        arguments: [
            ("/view", "404 no file is named\nUse /view?filename=NAME&subfolder=&type=output."),
            ("/view?filename=nope.png", "404 'nope.png' was not found in output/\nPut the file into output/."),
            ("/view?filename=up.png&type=output", "404 'up.png' was not found in output/\nPut the file into output/."),
            ("/view?filename=", "400 the file has no name\nGive it a name."),
            (
                "/view?filename=x.png&type=bogus",
                "400 there is no folder 'bogus'\nUse input, output or temp."
            ),
            ("/view?filename=x.png&type=user", "400 there is no folder 'user'\nUse input, output or temp."),
            ("/view?filename=sub", "404 'sub' is a folder, not a file\nName a file inside it, such as 'sub/NAME'."),
        ])
    func refused(_ target: String, _ problem: String) async { #expect(await place.get(target).problem == problem) }

    @Test("may be a WebP, a JPEG, or one of its channels")
    func forms() async {
        let target = "/view?filename=up.png&type=input"
        let webP = await place.get(target + "&preview=webp;50")
        #expect(webP.headers["Content-Type"] == "image/webp" && webP.bytes.dropFirst(8).starts(with: "WEBP".utf8))
        #expect(webP.headers["Content-Disposition"] == #"inline; filename="up.png""#)
        let jpeg = await place.get(target + "&preview=jpeg")
        #expect(jpeg.headers["Content-Type"] == "image/jpeg" && jpeg.bytes.starts(with: [0xFF, 0xD8, 0xFF]))
        #expect(SmallPicture.colorType(await place.get(target + "&channel=rgb").bytes) == 2)
        #expect(SmallPicture.colorType(await place.get(target + "&channel=a").bytes) == 6)
        #expect(await place.get(target + "&channel=rgba").bytes == SmallPicture.clear)
    }

    @Test(
        "in another form is sent again only when the file has changed", arguments: ["preview=webp;50", "channel=rgb"])
    func unchanged(_ form: String) async throws {
        let target = "/view?filename=up.png&type=input&" + form
        let first = await place.get(target)
        let tag = try #require(first.headers["ETag"])
        #expect(first.headers["Last-Modified"] != nil)
        let again = await place.get(target, headers: ["If-None-Match": tag])
        #expect(again.status == 304 && again.bytes.isEmpty && again.headers["ETag"] == tag)
        let same = await place.get(target)
        #expect(same.status == 200 && same.bytes == first.bytes && same.headers["Content-Type"] != nil)
        let others = ["preview=webp;51", "preview=jpeg;50", "channel=a"]
        for other in others {
            let answer = await place.get("/view?filename=up.png&type=input&" + other, headers: ["If-None-Match": tag])
            #expect(answer.status == 200 && answer.headers["ETag"] != tag)
        }
        try place.write("input/up.png", SmallPicture.plain)
        let changed = await place.get(target, headers: ["If-None-Match": tag])
        #expect(changed.status == 200 && changed.bytes != first.bytes && changed.headers["ETag"] != tag)
    }

    @Test("that is no picture has no channels, and is its own preview")
    func noPicture() async throws {
        try place.write("input/note.txt", "hello".utf8)
        let target = "/view?filename=note.txt&type=input"
        #expect(await place.get(target + "&preview=webp;90").text == "hello")
        #expect(
            await place.get(target + "&channel=a").problem == """
                400 'note.txt': the file is not a picture: it starts like text
                Open it in a text editor: a failed download often leaves a web page or an error message.
                """)
    }

    @Test(
        "is an attachment unless it is the picture or sound that it claims to be",
        arguments: [
            ("page.html", "<script>alert(1)</script>", "application/octet-stream"),
            ("page.png", "<script>alert(1)</script>", "image/png"),
            ("drawing.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "application/octet-stream"),
            ("code.js", "alert(1)", "application/octet-stream"), ("style.css", "a {}", "application/octet-stream"),
            ("data.xml", "<a/>", "application/octet-stream"), ("data.json", "{}", "application/json"),
            ("no-extension", "<html>", "application/octet-stream"),
        ])
    func attachment(_ name: String, _ text: String, _ type: String) async throws {
        let posted = await place.postForm("/upload/image", [("image", name, Array(text.utf8))])
        #expect(posted.status == 200)
        let answer = await place.get("/view?type=input&filename=\(name)")
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Disposition"] == #"attachment; filename="\#(name)""#)
        #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
        #expect(answer.headers["Content-Type"] == type)
        #expect(answer.headers["Content-Security-Policy"]?.hasSuffix("sandbox") == true)
    }

    @Test("has a name that no header is broken by")
    func strangeName() async throws {
        try place.write("input/a\"b é.png", SmallPicture.plain)
        let answer = await place.get("/view?type=input&filename=a%22b%20%C3%A9.png")
        #expect(
            answer.headers["Content-Disposition"]
                == #"inline; filename="a_b _.png"; filename*=UTF-8''a%22b%20%C3%A9.png"#)
    }
}
