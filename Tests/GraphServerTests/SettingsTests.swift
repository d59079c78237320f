import GraphCore
import HTTP
import Testing

@Suite("The editor's settings")
struct SettingsTests {
    private let place: TestPlace
    private static let file = "user/default/comfy.settings.json"

    init() throws { place = try TestPlace() }

    @Test("are kept in ComfyUI's file, one at a time or many at once")
    func kept() async {
        #expect(await place.get("/settings").text == "{}")
        // Browsers send this type for a text body.
        let headers: Headers = ["Content-Type": "text/plain;charset=UTF-8"]
        #expect(await place.post("/api/settings/Comfy.ColorPalette", #""light""#.utf8, headers: headers).status == 200)
        #expect(await place.post("/settings", json: ["a": 1.5, "b": ["c": true]]).status == 200)
        #expect(await place.post("/settings/a", "2".utf8).status == 200)
        let all = #"{"Comfy.ColorPalette":"light","a":2,"b":{"c":true}}"#
        #expect(await place.get("/settings").text == all)
        #expect(place.read(Self.file).map { String(decoding: $0, as: UTF8.self) } == all)
        #expect(await place.get("/settings/Comfy.ColorPalette").text == #""light""#)
        #expect(await place.get("/settings/unknown").text == "null")
    }

    @Test("never tell that the tutorial was completed")
    func tutorial() async {
        #expect(await place.post("/settings/Comfy.TutorialCompleted", "true".utf8).status == 200)
        #expect(await place.get("/settings").text == "{}")
        #expect(await place.get("/settings/Comfy.TutorialCompleted").text == "null")
        #expect(
            place.read(Self.file).map { String(decoding: $0, as: UTF8.self) } == #"{"Comfy.TutorialCompleted":true}"#)
    }

    @Test("all stay when many are set at the same time")
    func concurrent() async {
        await withTaskGroup { group in
            for number in 0..<20 {
                group.addTask { _ = await place.post("/settings/k\(number)", "\(number)".utf8) }
            }
        }
        #expect(await place.get("/settings").json.object?.members.count == 20)
    }

    @Test("are refused in words")
    func refused() async {
        #expect(
            await place.post("/settings", "[]".utf8).problem
                == "400 settings are an object\n" + #"Send {"Comfy.ColorPalette": "dark"}."#)
        #expect(await place.post("/settings/a", "{".utf8).status == 400)
        let large = "\"" + String(repeating: "x", count: 600_000) + "\""
        #expect(await place.post("/settings/a", large.utf8).status == 200)
        #expect(
            await place.post("/settings/b", large.utf8).problem
                == "413 the settings would take 1200015 bytes; the limit is 1048576\nKeep large things in /userdata.")
        #expect(await place.get("/settings/b").text == "null")
    }

    @Test("begin anew when the file is damaged, which is kept")
    func damaged() async throws {
        try place.write(Self.file, "{oops".utf8)
        #expect(await place.get("/settings").text == "{}")
        #expect(place.names("user/default") == ["comfy.settings.json.damaged"])
        #expect(
            place.said.all == [
                "warning: the settings are not JSON\n"
                    + "  They are now in user/default/comfy.settings.json.damaged; new ones were begun."
            ])
    }
}
