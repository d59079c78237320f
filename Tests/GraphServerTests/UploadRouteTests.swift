import Foundation
import GraphCore
import HTTP
import Testing

@testable import GraphServer

@Suite("An upload")
struct UploadRouteTests {
    private let place: TestPlace

    init() throws { place = try TestPlace() }

    private func upload(
        _ name: String, _ content: [UInt8], _ fields: [(name: String, filename: String?, content: [UInt8])] = []
    ) async -> Answer {
        await place.postForm("/upload/image", [("image", name, content)] + fields)
    }

    private func field(_ name: String, _ text: String) -> (name: String, filename: String?, content: [UInt8]) {
        (name, nil, Array(text.utf8))
    }

    @Test("keeps its name, and gets another when there is other content under it")
    func names() async {
        let one = SmallPicture.clear, other = SmallPicture.plain
        let new = #"{"name":"up.png","subfolder":"","type":"input"}"#
        #expect(await upload("up.png", one).text == new)
        #expect(await upload("up.png", one).text == new)
        #expect(await upload("up.png", other).text == #"{"name":"up (1).png","subfolder":"","type":"input"}"#)
        #expect(await upload("up.png", other, [field("overwrite", "true")]).text == new)
        #expect(place.read("input/up.png") == other)
        #expect(await upload("up.png", one, [field("overwrite", "1")]).text == new)
        #expect(place.names("input") == ["up (1).png", "up.png"])
    }

    @Test("goes where the fields say, before the file or behind it")
    func folders() async {
        let image: (name: String, filename: String?, content: [UInt8]) = ("image", "a.wav", [1, 2])
        let fields = [field("type", "temp"), field("subfolder", "a/b"), field("else", "x")]
        for parts in [fields + [image], [image] + fields] {
            let answer = await place.postForm("/api/upload/image", parts)
            #expect(answer.text == #"{"name":"a.wav","subfolder":"a/b","type":"temp"}"#)
        }
        #expect(place.names("temp/a/b") == ["a.wav"])
        #expect(place.names("input") == [])
    }

    @Test("is refused in words when it is none")
    func refused() async {
        let noForm =
            "400 an upload is a form of the type multipart/form-data\n"
            + "Send the file as its field 'image': curl -F image=@photo.png URL."
        #expect(await place.post("/upload/image", "{}".utf8).problem == noForm)
        #expect(
            await place.postForm("/upload/image", [field("type", "input")]).problem
                == "400 the form has no field 'image'\nSend the file so: curl -F image=@photo.png URL.")
        #expect(
            await upload("a.png", [1], [field("type", "models")]).problem
                == "400 there is no folder 'models'\nUse the type input, output or temp.")
        #expect(await upload("", [1]).problem == "400 the file has no name\nGive it a name.")
        #expect(
            await upload("a.png", [1], [("image", "b.png", [2])]).problem
                == "400 the form has more than one 'image'\nUpload one at a time.")
        #expect(
            await upload("a.png", [1], [field("subfolder", String(repeating: "x", count: 70_000))]).problem
                == "413 the field 'subfolder' is longer than 65536 bytes\nSend the file as the field 'image'.")
        #expect(place.names("input") == [])
    }

    @Test("that is too large is refused, and leaves nothing")
    func tooLarge() async throws {
        let place = try TestPlace { options, _ in options.maxUploadByteCount = 500 }
        let answer = await place.postForm("/upload/image", [("image", "a.png", Array(repeating: 7, count: 600))])
        #expect(
            answer.problem
                == "413 the body is larger than the limit of 500 bytes\nUpload a smaller file, or start the server with a larger --max-upload-size (MB)."
        )
        #expect(place.names("input") == [])
        let features = await place.get("/features").json
        #expect(features["max_upload_size"] == 500)
    }

    @Test("that ends half-way leaves nothing")
    func vanished() async throws {
        let body = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\nhalf"
        let headers: Headers = ["Content-Type": "multipart/form-data; boundary=b"]
        #expect(
            await place.post("/upload/image", body.utf8, headers: headers).problem
                == "400 the form ends before its last boundary\nSend all of it again.")
        #expect(place.names("input") == [])

        var request = try Request(
            RequestHead(
                method: "POST", target: "/upload/image", headers: headers.merging(["Host": "localhost"])))
        guard case .streamed(_, let makeSink) = try place.server.router.route(&request).handler else {
            Issue.record("uploads are not streamed")
            return
        }
        let sink = try makeSink(request)
        try sink.write(Array(body.utf8)[...])
        #expect(place.names("input").count == 1)
        sink.abandon()
        #expect(place.names("input") == [])
    }

    @Test("of a mask gives the original that transparency")
    func mask() async throws {
        try place.write("output/sub/plain.png", SmallPicture.plain)
        let reference = field("original_ref", #"{"filename":"plain.png","subfolder":"sub","type":"output"}"#)
        let answer = await place.postForm(
            "/upload/mask", [("image", "mask.png", SmallPicture.clear), reference, field("type", "input")])
        #expect(answer.text == #"{"name":"mask.png","subfolder":"","type":"input"}"#)
        #expect(SmallPicture.colorType(place.read("input/mask.png") ?? []) == 6)
        #expect(place.names("input") == ["mask.png"])
    }

    @Test(
        "of a mask needs its original",
        arguments: [
            (
                #"{"filename":"nope.png","type":"input"}"#,
                "400 the original: 'nope.png' was not found in input/\nPut the file into input/."
            ),
            (
                #"{"filename":"../a.png","type":"input"}"#,
                "400 the original: '../a.png' leads out of the input folder\n"
                    + "Copy the file into input/ and name it from there."
            ),
            (
                "{}",
                "400 the field 'original_ref' does not name the picture that the mask is for\n"
                    + #"Send {"filename": "photo.png", "subfolder": "", "type": "input"} in it."#
            ),
        ])
    func noOriginal(_ reference: String, _ problem: String) async {
        let answer = await place.postForm(
            "/upload/mask", [("image", "mask.png", SmallPicture.clear), field("original_ref", reference)])
        #expect(answer.problem == problem)
        #expect(place.names("input") == [])
    }

    @Test("of a mask that is no picture says so")
    func noMask() async throws {
        try place.write("input/plain.png", SmallPicture.plain)
        let reference = field("original_ref", #"{"filename":"plain.png","type":"input"}"#)
        let answer = await place.postForm("/upload/mask", [("image", "mask.png", [0, 1, 2]), reference])
        #expect(
            answer.problem
                == "400 the mask: the file is not a picture of a known format\n"
                + "Choose a PNG, JPEG, WebP, TIFF, GIF or BMP file.")
        #expect(place.names("input") == ["plain.png"])
    }
}

extension Headers {
    fileprivate func merging(_ other: Headers) -> Headers { Headers(fields + other.fields) }
}
