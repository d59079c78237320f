import Foundation
import GraphCore
import Synchronization
import Testing

@testable import Files

@Suite("An upload")
struct UploadTests {
    private let base: Base

    init() throws { base = try Base() }

    private func upload(
        _ name: String, _ text: String, subfolder: String = "", folder: FolderName = .input, overwrite: Bool = false
    ) throws -> String {
        let upload = try base.folders.beginUpload(filename: name)
        let bytes = Array(text.utf8)
        for at in stride(from: 0, to: bytes.count, by: 3) { try upload.write(bytes[at..<min(at + 3, bytes.count)]) }
        let file = try upload.commit(subfolder: subfolder, folder: folder, overwrite: overwrite)
        #expect(file.folder == folder)
        return [file.subfolder, file.filename].filter { !$0.isEmpty }.joined(separator: "/")
    }

    @Test("goes where it is sent, through folders that are made")
    func placed() throws {
        #expect(try upload("up.png", "one") == "up.png")
        #expect(try upload("up.png", "two", subfolder: "a/b", folder: .temp) == "a/b/up.png")
        #expect(try upload("Grüße 猫.png", "", subfolder: "./a//c/", folder: .output) == "a/c/Grüße 猫.png")
        #expect(try base.text("input/up.png") == "one" && base.text("temp/a/b/up.png") == "two")
        #expect(base.names("output/a/c") == ["Grüße 猫.png"])
        #expect(base.names("input") == ["up.png"])
    }

    @Test("of the same content keeps the name, of other content gets a number")
    func numbered() throws {
        #expect(try upload("up.png", "one") == "up.png")
        #expect(try upload("up.png", "one") == "up.png")
        #expect(try upload("up.png", "two") == "up (1).png")
        #expect(try upload("up.png", "three") == "up (2).png")
        #expect(try upload("up.png", "two") == "up (1).png")
        #expect(base.names("input") == ["up (1).png", "up (2).png", "up.png"])
    }

    @Test("gets the number of a file that was removed, and keeps none that was changed")
    func renumbered() throws {
        for text in ["one", "two", "six"] { _ = try upload("up.png", text) }
        try FileManager.default.removeItem(at: base.url.appending(path: "input/up (1).png"))
        #expect(try upload("up.png", "ten") == "up (1).png")
        try Data("new".utf8).write(to: base.url.appending(path: "input/up (2).png"), options: .atomic)
        #expect(try upload("up.png", "six") == "up (3).png")
        #expect(try upload("up.png", "new") == "up (2).png")
        #expect(base.names("input") == ["up (1).png", "up (2).png", "up (3).png", "up.png"])
    }

    @Test("finds the equal one among files that were there before the program")
    func found() throws {
        for (number, text) in ["one", "two", "six"].enumerated() {
            let name = number == 0 ? "up.png" : "up (\(number)).png"
            try base.write("input/" + name, text)
        }
        #expect(try upload("up.png", "six") == "up (2).png")
        #expect(try upload("up.png", "ten") == "up (3).png")
    }

    @Test("reads no file of its name twice, and none that was uploaded")
    func work() throws {
        let reads = Mutex(0)
        let names = UploadNames { path in
            reads.withLock { $0 += 1 }
            return try FileDigest.sha256(ofFile: path)
        }
        for number in 0..<20 {
            try base.write("input/" + (number == 0 ? "up" : "up (\(number))"), "old \(number + 10)")
        }
        func place(_ text: String) throws -> String? {
            let part = base.url.appending(path: "input/.part").path
            try base.write("input/.part", text)
            let content = UploadNames.Content(
                byteCount: text.utf8.count, digest: try FileDigest.sha256(ofFile: part))
            return try names.place(part, as: "up", in: base.url.appending(path: "input").path, content)
        }
        for number in 0..<100 { #expect(try place("new \(number + 100)") == "up (\(number + 20))") }
        // All are of another size than those that were there.
        #expect(reads.withLock { $0 } == 0)
        #expect(try place("old 99") == "up (120)")
        #expect(reads.withLock { $0 } == 20)
        for number in 0..<50 { #expect(try place("tmp \(number + 10)") == "up (\(number + 121))") }
        #expect(try place("old 12") == "up (2)" && place("new 150") == "up (70)")
        #expect(reads.withLock { $0 } == 20)
    }

    @Test(
        "has its number before the extension",
        arguments: [
            ("a.tar.gz", "a.tar (1).gz"), ("plain", "plain (1)"), (".hidden", ".hidden (1)"), ("..x", "..x (1)"),
            ("a.", "a (1)."), (".a.b", ".a (1).b"),
        ])
    func splits(name: String, second: String) throws {
        #expect(try upload(name, "one") == name)
        #expect(try upload(name, "two") == second)
    }

    @Test("that overwrites takes the place of the file")
    func overwrites() throws {
        #expect(try upload("up.png", "one") == "up.png")
        #expect(try upload("up.png", "two", overwrite: true) == "up.png")
        #expect(try base.text("input/up.png") == "two")
        #expect(base.names("input") == ["up.png"])
    }

    @Test("neither follows nor compares links, and replaces them instead of what they lead to")
    func links() throws {
        try base.write("elsewhere/keep.png", "keep")
        try base.link("input/up.png", to: "../elsewhere/keep.png")
        try base.link("input/gone.png", to: "../elsewhere/gone.png")
        #expect(try upload("up.png", "keep") == "up (1).png")
        #expect(try upload("gone.png", "new") == "gone (1).png")
        #expect(try upload("up.png", "new", overwrite: true) == "up.png")
        #expect(try base.text("elsewhere/keep.png") == "keep" && base.text("input/up.png") == "new")
        #expect(base.names("elsewhere") == ["keep.png"])
    }

    @Test(
        "keeps its name in the folder",
        arguments: ["../up.png", "/etc/passwd", "..", ".", "a/../b.png", "a\\..\\b.png", "a\u{0}.png"])
    func outside(_ name: String) {
        #expect(
            complaint { _ = try upload(name, "x") } == """
                outsideFolder: '\(name)' leads out of the input folder
                  Copy the file into input/ and name it from there.
                """)
        #expect(base.names("input").isEmpty)
    }

    @Test("is refused when its name is a path", arguments: ["a/b.png", "a\\b.png"])
    func path(_ name: String) {
        #expect(
            complaint { _ = try upload(name, "x") } == """
                badFileName: '\(name)' is a path, not the name of a file
                  Name its folder apart.
                """)
    }

    @Test("has a name that headers and disks take")
    func badName() {
        #expect(
            complaint { _ = try upload("", "x") } == "badFileName: the file has no name\n  Give it a name.")
        #expect(
            complaint { _ = try upload("a\nb.png", "x") }
                == "badFileName: a file name holds control characters\n  Use letters, digits and punctuation.")
        let long = String(repeating: "ä", count: 128)
        #expect(
            complaint { _ = try upload(long, "x") } == """
                badFileName: the name '\(long.prefix(60))...' is longer than 255 bytes
                  Give it a shorter name.
                """)
        #expect(base.names("input").isEmpty)
    }

    @Test("keeps its subfolder in the folder", arguments: ["../x", "a/../../x", "/tmp", "a/..", "a\u{0}"])
    func subfolderOutside(_ subfolder: String) {
        #expect(
            complaint { _ = try upload("up.png", "x", subfolder: subfolder) } == """
                outsideFolder: '\(subfolder)' leads out of the input folder
                  Copy the file into input/ and name it from there.
                """)
        #expect(base.names("input").isEmpty)
    }

    @Test("makes at most 16 folders, and none behind a link")
    func subfolders() throws {
        let deep = String(repeating: "a/", count: 17)
        #expect(
            complaint { _ = try upload("up.png", "x", subfolder: deep) } == """
                badFileName: '\(deep)' is deeper than 16 folders
                  Use fewer folders inside each other.
                """)
        #expect(try upload("up.png", "x", subfolder: String(deep.dropLast(2))).split(separator: "/").count == 17)
        try base.makeFolder("elsewhere")
        try base.link("output/away", to: "../elsewhere")
        #expect(
            complaint { _ = try upload("up.png", "x", subfolder: "away/a", folder: .output) } == """
                outsideFolder: 'away/a' is a symbolic link in the output folder
                  Use a real folder, or choose another place with --output-directory.
                """)
        #expect(base.names("elsewhere").isEmpty && base.names("output") == ["away"])
    }

    @Test("goes into no other folder", arguments: [FolderName.models, .user])
    func folder(_ folder: FolderName) {
        #expect(
            complaint { _ = try upload("up.png", "x", folder: folder) } == """
                outsideFolder: nothing is uploaded into the \(folder.rawValue) folder
                  Use input, output or temp.
                """)
        #expect(base.names("input").isEmpty)
    }

    @Test("leaves nothing when it is discarded, let go, or too large")
    func discarded() throws {
        let upload = try base.folders.beginUpload(filename: "up.png", maxByteCount: 4)
        try upload.write([1, 2, 3])
        #expect(base.names("input").count == 1)
        upload.discard()
        upload.discard()
        #expect(base.names("input").isEmpty)
        let over = "fileNotWritable: the upload is over\n  Start it again."
        #expect(complaint { try upload.write([4]) } == over)
        #expect(complaint { _ = try upload.commit() } == over)
        do {
            let letGo = try base.folders.beginUpload(filename: "up.png")
            try letGo.write([1])
        }
        #expect(base.names("input").isEmpty)
        let large = try base.folders.beginUpload(filename: "up.png", maxByteCount: 4)
        try large.write([1, 2, 3, 4])
        #expect(
            complaint { try large.write([5]) } == """
                tooLarge: 'up.png' has more than 4 bytes
                  Upload a smaller file, or copy it into the folder yourself.
                """)
        #expect(base.names("input").isEmpty)
    }

    @Test("into a folder of its name says so")
    func folderInTheWay() throws {
        try base.makeFolder("input/up.png")
        #expect(try upload("up.png", "x") == "up (1).png")
        #expect(
            complaint { _ = try upload("up.png", "x", overwrite: true) } == """
                fileExists: cannot write to \(base.folders.path(.input)): a folder is in the way
                  Choose another name, or move what has it out of the way.
                """)
        #expect(base.names("input") == ["up (1).png", "up.png"])
    }

    @Test("of many at once under one name gets a name for each content")
    func atOnce() async throws {
        let folders = base.folders
        let names = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let upload = try folders.beginUpload(filename: "up.png")
                    try upload.write(Array("\(index / 2)".utf8)[...])
                    return try upload.commit().filename
                }
            }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(names.count == 40)
        let texts = try base.names("input").map { try base.text("input/" + $0) }
        #expect(Set(texts) == Set((0..<20).map(String.init)))
        #expect(texts.count <= 40 && !base.names("input").contains { $0.hasSuffix(".part") })
    }
}
