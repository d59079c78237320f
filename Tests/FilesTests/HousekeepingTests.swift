import Foundation
import GraphCore
import TestData
import Testing

@testable import Files

@Suite("Housekeeping")
struct HousekeepingTests {
    private let base: Base

    init() throws { base = try Base() }

    @Test("empties the temp folder, and leaves what links lead to")
    func temp() throws {
        try base.write("temp/a.png")
        try base.write("temp/sub/b.png")
        try base.write("temp/.hidden")
        try base.write("elsewhere/keep.png")
        try base.link("temp/file.png", to: "../elsewhere/keep.png")
        try base.link("temp/folder", to: "../elsewhere")
        try base.folders.emptyTemp()
        #expect(base.names("temp").isEmpty)
        #expect(base.names("elsewhere") == ["keep.png"])
    }

    @Test("has nothing to do when there is no temp folder")
    func noTemp() throws {
        try Folders(base: base.url.appending(path: "nowhere").path).emptyTemp()
    }

    @Test("empties no folder that was not made for it")
    func foreign() throws {
        try base.write("elsewhere/keep.png")
        try base.link("linked", to: "elsewhere")
        let linked = base.url.appending(path: "linked").path
        #expect(
            complaint { try Folders(base: base.url.path, overrides: [.temp: linked]).emptyTemp() } == """
                outsideFolder: the temp folder \(linked) is not emptied: it is a symbolic link
                  Choose a folder of its own with --temp-directory.
                """)
        #expect(
            complaint { try Folders(base: base.url.path, overrides: [.temp: base.url.path]).emptyTemp() } == """
                outsideFolder: the temp folder \(base.url.path) is not emptied: \(base.folders.path(.input)) lies in it
                  Choose a folder of its own with --temp-directory.
                """)
        #expect(
            complaint { try Folders(base: base.url.path, overrides: [.temp: "/"]).emptyTemp() }?
                .hasPrefix("outsideFolder: the temp folder / is not emptied: ") == true)
        #expect(base.names("elsewhere") == ["keep.png"])
    }

    @Test("removes half-written files of killed programs, however new, and nothing else")
    func dead() throws {
        let part = ".00000000-0000-4000-8000-000000000000.part"
        for path in [
            "input/\(part)", "output/sub/\(part)", "user/default/\(part)", "temp/\(part)", "input/old.part",
            "input/.a.part", "output/old.png",
        ] {
            try base.write(path)
        }
        #expect(base.folders.removeDeadParts() == 4)
        #expect(base.names("input") == [".a.part", "old.part"] && base.names("output") == ["old.png", "sub"])
        #expect(base.names("temp").isEmpty && base.names("user/default").isEmpty)
    }

    @Test("leaves what a running program is writing")
    func living() throws {
        let part = try PartFile(in: base.url.appending(path: "output").path)
        #expect(base.folders.removeDeadParts() == 0)
        try part.write([1, 2, 3] as [UInt8])
        #expect(try part.place(at: base.url.appending(path: "output/a.png").path))
        part.remove()
        #expect(base.names("output") == ["a.png"])
    }
}

@Suite("What the disk says", .enabled(if: FileTime.farFolder != nil))
struct DiskTests {
    /// In a file system that keeps any time.
    private func withFile(_ seconds: Int, _ body: (_ folders: Folders, _ path: String) throws -> Void) throws {
        let url = try #require(FileTime.farFolder).appending(path: "folders-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        let folder = url.appending(path: "user/default")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "a.json").path
        try Data("{}".utf8).write(to: URL(filePath: path))
        try FileTime.set(path, seconds: seconds)
        try body(Folders(base: url.path), path)
    }

    @Test("of a file's time is kept within JavaScript's dates", arguments: FileTime.farSeconds)
    func far(seconds: Int) throws {
        try withFile(seconds) { folders, path in
            let file = try #require(try folders.userFiles("", isRecursive: false).first)
            let limit = 8_640_000_000_000
            #expect(file.modifiedMilliseconds / 1000 == min(max(seconds, -limit), limit - 1))
            #expect(FileStatus(path)?.identity.contains("-\(seconds)-0-") == true)
            #expect(folders.removeDeadParts() == 0)
            try folders.deleteUserFile("a.json")
        }
    }

    @Test("of a time that no system should say is no reason to end either")
    func nonsense() {
        #expect(FileStatus.milliseconds(.max, .max) == 8_639_999_999_999_999)
        #expect(FileStatus.milliseconds(.min, .min) == -8_640_000_000_000_000)
        #expect(FileStatus.milliseconds(-1, 999_999_999) == -1)
    }

    @Test("of why nothing can be written is told apart: a full disk, a name in the way, a long name, anything else")
    func reasons() {
        let root = Folders(base: "base").root(.output)
        let folder = "with --output-directory."
        for (code, text, suggestion) in [
            (.ENOSPC, "diskFull: the disk is full", "Free some space, or choose another disk \(folder)"),
            (.EDQUOT, "diskFull: the disk is full", "Free some space, or choose another disk \(folder)"),
            (
                .EISDIR, "fileExists: a folder is in the way",
                "Choose another name, or move what has it out of the way."
            ),
            (
                .ENOTDIR, "fileExists: a file is in the way",
                "Choose another name, or move what has it out of the way."
            ),
            (.ENAMETOOLONG, "badFileName: the name is too long", "Use a shorter name."),
            (
                .EACCES, "fileNotWritable: permission denied",
                "Check its permissions, or choose another place \(folder)"
            ),
        ] as [(POSIXErrorCode, String, String)] {
            let told = text.replacing(": ", with: ": cannot write to base/output: ") + "\n  " + suggestion
            let diagnostic = root.notWritable(POSIXError(code))
            #expect("\(diagnostic.code): \(diagnostic.text)" == told)
        }
    }
}
