import Foundation
import GraphCore
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

    @Test("removes half-written files of a killed program, once they are a day old, and nothing else")
    func stale() throws {
        let part = ".00000000-0000-4000-8000-000000000000.part"
        for (path, hours) in [
            ("input/\(part)", 25.0), ("output/sub/\(part)", 25), ("user/default/\(part)", 30), ("temp/\(part)", 23),
            ("input/old.part", 99), ("input/.a.part", 99), ("output/old.png", 99),
        ] {
            try base.write(path)
            try base.age(path, hours: hours)
        }
        #expect(base.folders.removeStaleParts() == 3)
        #expect(base.names("input") == [".a.part", "old.part"] && base.names("output") == ["old.png", "sub"])
        #expect(base.names("temp") == [part] && base.names("user/default").isEmpty)
    }
}
