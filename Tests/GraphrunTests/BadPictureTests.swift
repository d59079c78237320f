import Foundation
import Testing

@Suite("A picture that cannot be loaded", .timeLimit(.minutes(1)))
struct BadPictureTests {
    private let workplace: Workplace

    init() throws {
        workplace = try Workplace()
        try workplace.write("input/photo.png", Samples.picture)
    }

    /// What is told of a workflow that loads `name`; it leaves nothing behind.
    private func complaint(_ name: String, code: Int32) async throws -> String {
        try workplace.write("w.json", Samples.load(name))
        let result = try await workplace.graphrun("w.json", "--quiet")
        #expect(result.code == code && result.output.isEmpty)
        #expect(workplace.outputs.isEmpty)
        return result.errors
    }

    @Test(
        "is refused before the run when it is not there",
        arguments: [
            ("phot.png", "'phot.png' was not found in input/", "Did you mean 'photo.png'?"),
            ("no.jpeg", "'no.jpeg' was not found in input/", "Put it into input/, or choose one of: photo.png."),
            ("photo.png [temp]", "'photo.png' was not found in temp/", "Put the file into temp/."),
            ("", "no file is named", "Choose one of: photo.png."),
        ])
    func missing(_ name: String, _ message: String, _ suggestion: String) async throws {
        let told = try await complaint(name, code: 2)
        #expect(
            told == """
                error: node 1 (LoadImage 'the photo'): input 'image': \(message)
                  \(suggestion)

                """)
    }

    @Test(
        "is refused before the run when it lies outside, by name or by link",
        arguments: ["../secret.png", "sub/../../secret.png", "ABSOLUTE", "link.png", "outside/secret.png"])
    func outside(_ name: String) async throws {
        try workplace.write("secret.png", Samples.picture)
        try workplace.write("elsewhere/secret.png", Samples.picture)
        try workplace.makeFolder("input/sub")
        try workplace.link("input/link.png", to: "../secret.png")
        try workplace.link("input/outside", to: "../elsewhere")
        let name = name == "ABSOLUTE" ? workplace.url("secret.png").path : name
        let told = try await complaint(name, code: 2)
        #expect(
            told == """
                error: node 1 (LoadImage 'the photo'): input 'image': '\(name.prefix(60))' leads out of the input folder
                  Copy the file into input/ and name it from there.

                """)
    }

    @Test("is refused before the run when there is no input folder")
    func noFolder() async throws {
        try workplace.write("w.json", Samples.load("photo.png"))
        let result = try await workplace.graphrun("w.json", "--input-directory", "none")
        #expect(result.code == 2 && result.output.isEmpty && workplace.outputs.isEmpty)
        #expect(
            result.errors == """
                error: node 1 (LoadImage 'the photo'): input 'image': 'photo.png' was not found in input/
                  Put the file into input/ (it holds none yet).

                """)
    }

    @Test(
        "fails its node when it is something else",
        arguments: [
            (
                "text.png", Array("<html>not found</html>".utf8), "the file is not a picture: it starts like text",
                "Open it in a text editor: a failed download often leaves a web page or an error message."
            ),
            ("empty.png", [], "the file is empty", "Copy the file again from its source."),
            (
                "bytes.png", Array(0...255), "the file is not a picture of a known format",
                "Choose a PNG, JPEG, WebP, TIFF, GIF or BMP file."
            ),
            (
                "huge.png",
                // About 10 kB that ask for 12.9 GB.
                Samples.png(width: 65_500, height: 65_500, rows: Array(repeating: 0, count: 10_000)),
                "the image is 65,500x65,500 pixels (4,290 megapixels), and the limit is 100 megapixels",
                "Make it smaller in an image editor."
            ),
            (
                "short.png", Samples.png(width: 8, height: 8, rows: [0, 1, 2]),
                "the PNG is damaged (Not enough image data)",
                "Copy the file again from its source, or open and re-save it in an image editor."
            ),
        ] as [(String, [UInt8], String, String)])
    func bytes(_ name: String, _ bytes: [UInt8], _ message: String, _ suggestion: String) async throws {
        try workplace.write("input/\(name)", bytes)
        let told = try await complaint(name, code: 1)
        #expect(told == "error: node 1 (LoadImage 'the photo'): '\(name)': \(message)\n  \(suggestion)\n")
    }

    @Test("fails its node when it is a truncated JPEG")
    func truncated() async throws {
        let photo = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "input/photo.jpg")
        try workplace.write("input/cut.jpg", Array(try Data(contentsOf: photo).prefix(4000)))
        let told = try await complaint("cut.jpg", code: 1)
        let sentence =
            #/error: node 1 \(LoadImage 'the photo'\): 'cut\.jpg': the JPEG ends early: \d+ of its 768 rows are missing/#
        #expect(told.prefixMatch(of: sentence) != nil)
        #expect(
            told.hasSuffix("\n  Copy the file again from its source, or open and re-save it in an image editor.\n"))
    }

    @Test("is refused before the run when it is a folder or a pipe")
    func noFile() async throws {
        try workplace.makeFolder("input/folder.png")
        #expect(
            try await complaint("folder.png", code: 2) == """
                error: node 1 (LoadImage 'the photo'): input 'image': 'folder.png' is a folder, not a file
                  Name a file inside it, such as 'folder.png/NAME'.

                """)
        let made = unsafe mkfifo(workplace.url("input/pipe.png").path, 0o600)
        #expect(made == 0)
        #expect(
            try await complaint("pipe.png", code: 2) == """
                error: node 1 (LoadImage 'the photo'): input 'image': 'pipe.png' is not a regular file
                  Name a file with content.

                """)
    }
}
