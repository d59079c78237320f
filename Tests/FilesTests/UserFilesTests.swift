import Foundation
import GraphCore
import Testing

@testable import Files

@Suite("The user's files")
struct UserFilesTests {
    private let base: Base

    init() throws { base = try Base() }

    private func write(_ name: String, _ text: String, overwrite: Bool = false) throws -> UserFile {
        try base.folders.writeUserFile(name, Array(text.utf8), overwrite: overwrite)
    }

    private func read(_ name: String) throws -> String {
        String(decoding: try base.folders.readUserFile(name), as: UTF8.self)
    }

    @Test("lie in user/default, and are read as they were written")
    func written() throws {
        let file = try write("workflows/sub/a b.json", "{}")
        #expect(file.path == "workflows/sub/a b.json" && file.byteCount == 2)
        #expect(abs(file.modifiedMilliseconds - Int(clamping: Date().timeIntervalSince1970 * 1000)) < 60_000)
        #expect(abs(file.createdMilliseconds - file.modifiedMilliseconds) < 60_000)
        #expect(try base.text("user/default/workflows/sub/a b.json") == "{}")
        #expect(try read("workflows/sub/a b.json") == "{}")
        _ = try write("workflows/.index.json", "[]")
        #expect(try read("./workflows//.index.json") == "[]")
        #expect(base.names("user/default/workflows") == [".index.json", "sub"])
    }

    @Test("are overwritten only when asked")
    func overwrite() throws {
        _ = try write("a.json", "one")
        #expect(
            complaint { _ = try write("a.json", "two") }
                == "fileExists: 'a.json' exists already\n  Choose another name, or overwrite it.")
        #expect(try read("a.json") == "one")
        #expect(try write("a.json", "three", overwrite: true).byteCount == 5)
        #expect(try read("a.json") == "three")
        #expect(base.names("user/default") == ["a.json"])
    }

    @Test("are listed below a folder, sorted, hidden ones aside; deeper ones when asked")
    func listed() throws {
        for name in ["workflows/b.json", "workflows/a.json", "workflows/sub/c.json", "workflows/.index.json", "x"] {
            _ = try write(name, "1")
        }
        func paths(_ directory: String, _ isRecursive: Bool) throws -> [String] {
            try base.folders.userFiles(directory, isRecursive: isRecursive).map(\.path)
        }
        #expect(try paths("workflows", false) == ["a.json", "b.json"])
        #expect(try paths("workflows/", true) == ["a.json", "b.json", "sub/c.json"])
        #expect(try paths("", false) == ["x"])
        for name in ["subgraphs", "x"] {
            #expect(
                complaint { _ = try paths(name, false) }
                    == "fileNotFound: '\(name)' was not found in user/default/\n  Put the file into user/default/.")
        }
    }

    @Test("are listed without what links lead to outside, and without end when a link leads to itself")
    func links() throws {
        _ = try write("workflows/a.json", "1")
        try base.write("user/other/secret.json")
        try base.link("user/default/workflows/away.json", to: "../../other/secret.json")
        try base.link("user/default/workflows/loop", to: ".")
        #expect(try base.folders.userFiles("workflows", isRecursive: true).map(\.path) == ["a.json"])
        #expect(complaint { _ = try read("workflows/away.json") }?.hasPrefix("outsideFolder: ") == true)
    }

    @Test("are deleted")
    func deleted() throws {
        _ = try write("workflows/a.json", "1")
        try base.folders.deleteUserFile("workflows/a.json")
        #expect(base.names("user/default/workflows").isEmpty)
        #expect(
            complaint { try base.folders.deleteUserFile("workflows/a.json") } == """
                fileNotFound: 'workflows/a.json' was not found in user/default/
                  Put the file into user/default/.
                """)
        #expect(
            complaint { try base.folders.deleteUserFile("workflows") }?.hasPrefix("fileNotReadable: ") == true)
        #expect(base.names("user/default") == ["workflows"])
    }

    @Test("are moved, through folders that are made, and replace only when asked")
    func moved() throws {
        _ = try write("workflows/a.json", "a")
        _ = try write("workflows/b.json", "b")
        let folders = base.folders
        #expect(try folders.moveUserFile("workflows/a.json", to: "new/c.json", overwrite: false).path == "new/c.json")
        #expect(try read("new/c.json") == "a")
        #expect(
            complaint { _ = try folders.moveUserFile("new/c.json", to: "workflows/b.json", overwrite: false) }
                == "fileExists: 'workflows/b.json' exists already\n  Choose another name, or overwrite it.")
        #expect(try read("workflows/b.json") == "b" && read("new/c.json") == "a")
        _ = try folders.moveUserFile("new/c.json", to: "workflows/b.json", overwrite: true)
        #expect(try read("workflows/b.json") == "a")
        #expect(base.names("user/default/new").isEmpty)
        _ = try folders.moveUserFile("workflows/b.json", to: "workflows/b.json", overwrite: false)
        #expect(try read("workflows/b.json") == "a")
        #expect(
            complaint { _ = try folders.moveUserFile("nope", to: "x", overwrite: false) }?.hasPrefix("fileNotFound: ")
                == true)
    }

    @Test(
        "keep their names inside", arguments: ["../a", "a/../../b", "/etc/passwd", "..", "a\u{0}", "../other/secret"])
    func outside(_ name: String) throws {
        try base.write("user/other/secret")
        let outside = """
            outsideFolder: '\(name)' leads out of the user/default folder
              Copy the file into user/default/ and name it from there.
            """
        _ = try write("x", "1")
        let folders = base.folders
        #expect(complaint { _ = try read(name) } == outside)
        #expect(complaint { _ = try write(name, "1", overwrite: true) } == outside)
        #expect(complaint { try folders.deleteUserFile(name) } == outside)
        #expect(complaint { _ = try folders.moveUserFile(name, to: "y", overwrite: true) } == outside)
        #expect(complaint { _ = try folders.moveUserFile("x", to: name, overwrite: true) } == outside)
        #expect(complaint { _ = try folders.userFiles(name, isRecursive: false) } == outside)
        #expect(base.names("user/other") == ["secret"] && base.names("user/default") == ["x"])
    }

    @Test("have a name, and an end")
    func bad() throws {
        for name in ["", "a/", "."] {
            #expect(
                complaint { _ = try write(name, "1") } == "badFileName: the file has no name\n  Give it a name.")
        }
        let bytes = [UInt8](repeating: 0, count: Folders.maxUserFileByteCount + 1)
        #expect(
            complaint { _ = try base.folders.writeUserFile("a", bytes, overwrite: true) } == """
                tooLarge: 'a' has 104857601 bytes; the limit is 104857600
                  Save less in one file.
                """)
        #expect(base.names("user/default").isEmpty)
    }
}
