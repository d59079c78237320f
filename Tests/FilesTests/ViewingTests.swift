import Foundation
import GraphCore
import Testing

@testable import Files

@Suite("A file to view")
struct ViewingTests {
    private let base: Base

    init() throws {
        base = try Base()
        try base.write("output/o.png")
        try base.write("input/up.png")
        try base.write("temp/a/b/t.png")
        try base.write("secret.png")
        try base.link("input/away", to: "..")
    }

    /// The path below the base, or which of the three is wrong and how.
    private func locate(_ filename: String, _ subfolder: String = "", _ type: String? = nil) -> String {
        do {
            let path = try base.folders.locate(filename: filename, subfolder: subfolder, type: type)
            return String(path.dropFirst(base.url.resolvingSymlinksInPath().path.count + 1))
        } catch {
            return "\(error.input ?? "-") \(error.code): \(error.message)"
        }
    }

    @Test("is found by name, subfolder and type; without a type in the output folder")
    func found() {
        #expect(locate("o.png") == "output/o.png")
        #expect(locate("up.png", "", "input") == "input/up.png")
        #expect(locate("t.png", "a/b", "temp") == "temp/a/b/t.png")
        #expect(locate("t.png", "./a//b/", "temp") == "temp/a/b/t.png")
    }

    @Test("may carry its type in its name, which goes before the type given")
    func annotated() {
        #expect(locate("up.png [input]") == "input/up.png")
        #expect(locate("up.png [input]", "", "output") == "input/up.png")
        #expect(locate("up.png [input]", "", "bogus") == "input/up.png")
        #expect(locate("up.png [input] [input]") == "filename fileNotFound: 'up.png [input]' was not found in input/")
    }

    @Test("has a plain name", arguments: ["../secret.png", "/etc/passwd", "..", "a/../t.png", "a\u{0}"])
    func plain(_ name: String) {
        #expect(locate(name) == "filename outsideFolder: '\(name)' leads out of the output folder")
    }

    @Test("has no path for a name", arguments: ["a/t.png", "a\\b.png"])
    func path(_ name: String) {
        #expect(locate(name) == "filename badFileName: '\(name)' is a path, not the name of a file")
    }

    @Test("lies in a subfolder of the folder", arguments: ["../../..", "..", "/etc", "a/../.."])
    func subfolder(_ name: String) {
        #expect(locate("up.png", name, "input") == "subfolder outsideFolder: '\(name)' leads out of the input folder")
    }

    @Test("lies behind no link that leads out")
    func link() {
        #expect(
            locate("secret.png", "away", "input")
                == "filename outsideFolder: 'away/secret.png' leads out of the input folder")
    }

    @Test("has a type that is input, output or temp", arguments: ["bogus", "models", "user", ""])
    func type(_ type: String) {
        #expect(locate("up.png", "", type) == "type notInList: there is no folder '\(type)'")
    }

    @Test("is a file that is there")
    func missing() throws {
        #expect(locate("up.png", "", "output") == "filename fileNotFound: 'up.png' was not found in output/")
        #expect(locate("") == "filename badFileName: the file has no name")
        try base.makeFolder("output/folder.png")
        #expect(locate("folder.png") == "filename fileNotReadable: 'folder.png' is a folder, not a file")
    }
}

@Suite("The lists of files")
struct ListingsTests {
    private let base: Base

    init() throws { base = try Base() }

    @Test("of a folder are newest first, each with its folder, files alone")
    func newest() throws {
        for (name, hours) in [("old.png", 30.0), ("new.txt", 1), ("middle.png", 5), (".hidden", 0)] {
            try base.write("input/\(name)")
            try base.age("input/\(name)", hours: hours)
        }
        try base.write("input/sub/deep.png")
        try base.write("secret.png")
        try base.link("input/away.png", to: "../secret.png")
        #expect(
            base.folders.annotatedFiles(in: .input) == ["new.txt [input]", "middle.png [input]", "old.png [input]"])
        #expect(base.folders.annotatedFiles(in: .output).isEmpty)
    }

    @Test("of models have ComfyUI's kinds first, then the folders there are")
    func kinds() throws {
        try base.write("models/ddcolor/tiny.onnx")
        try base.write("models/loras/a.safetensors")
        try base.write("models/file.txt")
        try base.makeFolder("models/.cache")
        let kinds = base.folders.modelKinds()
        #expect(kinds.prefix(3) == ["checkpoints", "configs", "loras"] && kinds.count == 21)
        #expect(kinds.last == "ddcolor")
    }

    @Test("of a kind of models name subfolders, follow no link out and are empty for a kind without a folder")
    func models() throws {
        try base.write("models/ddcolor/tiny.onnx")
        try base.write("models/ddcolor/sub/deep/large.onnx")
        try base.write("models/ddcolor/.hidden/x.onnx")
        try base.write("elsewhere/secret.onnx")
        try base.link("models/ddcolor/away.onnx", to: "../../elsewhere/secret.onnx")
        try base.link("models/ddcolor/loop", to: ".")
        try base.link("models/ddcolor/again.onnx", to: "tiny.onnx")
        #expect(try base.folders.modelFiles("ddcolor") == ["again.onnx", "sub/deep/large.onnx", "tiny.onnx"])
        #expect(try base.folders.modelFiles("checkpoints") == [])
    }

    @Test("of models are refused for what is no kind")
    func noKind() throws {
        try base.write("models/file.txt")
        for name in ["nope", "file.txt"] {
            #expect(
                complaint { _ = try base.folders.modelFiles(name) }
                    == "fileNotFound: '\(name)' was not found in models/\n  Put the file into models/.")
        }
        #expect(complaint { _ = try base.folders.modelFiles("..") }?.hasPrefix("outsideFolder: ") == true)
        #expect(complaint { _ = try base.folders.modelFiles("a/b") }?.hasPrefix("badFileName: ") == true)
    }
}
