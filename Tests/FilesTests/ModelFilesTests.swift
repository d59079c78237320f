import Foundation
import GraphCore
import Testing

@testable import Files

@Suite("The models of a kind")
struct ModelFilesTests {
    private static let source = ChoiceSource.models("ddcolor", published: ["tiny.pth", "large.pth"])
    private let base: Base

    init() throws { base = try Base() }

    private func refusal(_ choice: String, _ source: ChoiceSource = source) -> String? {
        base.folders.refusal(of: choice, from: source).map { "\($0.code): \($0.text)" }
    }

    @Test("are the published ones in their order, there or not, then the others that are found, each once")
    func order() throws {
        #expect(base.folders.choices(Self.source) == ["tiny.pth", "large.pth"])
        for name in ["mine.safetensors", "large.pth", "art/b.ONNX", "a.pt"] { try base.write("models/ddcolor/\(name)") }
        #expect(
            base.folders.choices(Self.source) == ["tiny.pth", "large.pth", "a.pt", "art/b.ONNX", "mine.safetensors"])
        #expect(base.folders.choices(.models("ddcolor")) == ["a.pt", "art/b.ONNX", "large.pth", "mine.safetensors"])
    }

    @Test("are no other files: parts of downloads, hidden ones, texts, folders, links that lead away")
    func others() throws {
        for name in ["a.pth.part", ".b.pth", ".hidden/c.pth", "README.md", "pth", "d.pth/x.txt"] {
            try base.write("models/ddcolor/\(name)")
        }
        try base.write("secret.pth")
        try base.link("models/ddcolor/out.pth", to: "../../secret.pth")
        #expect(base.folders.choices(.models("ddcolor")).isEmpty)
        for name in ["a.pth.part", ".b.pth", ".hidden/c.pth", "README.md", "pth", "d.pth/x.txt"] {
            #expect(
                refusal(name) == """
                    badFileName: '\(name)' is no model file
                      Use a .pth, .pt, .safetensors or .onnx file.
                    """)
        }
        #expect(
            refusal("d.pth") == """
                fileNotReadable: 'd.pth' is a folder, not a file
                  Name a file inside it, such as 'd.pth/NAME'.
                """)
        for name in ["out.pth", "../../secret.pth", "/secret.pth/../a.pth"] {
            #expect(
                refusal(name) == """
                    outsideFolder: '\(name)' leads out of the models/ddcolor folder
                      Copy the file into models/ddcolor/ and name it from there.
                    """)
        }
    }

    @Test("say how to get a published one that is missing")
    func missing() throws {
        let told = """
            modelMissing: the model 'large.pth' is not in models/ddcolor/
              Get it with: graphrun models pull large
            """
        #expect(refusal("large.pth") == told)
        try base.makeFolder("models/ddcolor")
        #expect(refusal("large.pth") == told)
        #expect(complaint { _ = try base.folders.modelPath("large.pth", from: Self.source) } == told)
        #expect(complaint { _ = try base.folders.modelToken("large.pth", from: Self.source) } == told)
        try base.write("models/ddcolor/large.pth")
        #expect(refusal("large.pth") == nil)
    }

    @Test("say of any other name that it is not there")
    func unknown() {
        #expect(
            refusal("huge.pth") == """
                fileNotFound: 'huge.pth' was not found in models/ddcolor/
                  Put the file into models/ddcolor/.
                """)
        #expect(
            refusal("large.pth", .models("ddcolor")) == """
                fileNotFound: 'large.pth' was not found in models/ddcolor/
                  Put the file into models/ddcolor/.
                """)
        #expect(refusal("") == "fileNotFound: no model is named\n  Choose one of the list.")
        #expect(refusal("large.pth", .models("../input"))?.hasPrefix("fileNotFound") == true)
    }

    @Test("have a path to open, and a token that changes with every change of the file")
    func path() throws {
        try base.write("models/ddcolor/art/a.pth", "one")
        let path = try base.folders.modelPath("art/a.pth", from: Self.source)
        #expect(path.hasSuffix("/models/ddcolor/art/a.pth") && path.hasPrefix("/"))
        #expect(try base.folders.modelPath("art/a.pth", kind: "ddcolor") == path)
        var tokens = [try base.folders.modelToken("art/a.pth", from: Self.source)]
        #expect(try base.folders.modelToken("art/a.pth", kind: "ddcolor") == tokens[0])
        // In place and of the same size, its time set back; then another file under the name.
        let before = try FileManager.default.attributesOfItem(atPath: path)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.write(contentsOf: Data("two".utf8))
        try file.close()
        try FileManager.default.setAttributes(
            [.modificationDate: try #require(before[.modificationDate])], ofItemAtPath: path)
        tokens.append(try base.folders.modelToken("art/a.pth", from: Self.source))
        try base.write("models/ddcolor/b.pth", "two")
        #expect(unsafe rename(base.url.appending(path: "models/ddcolor/b.pth").path, path) == 0)
        tokens.append(try base.folders.modelToken("art/a.pth", from: Self.source))
        #expect(Set(tokens).count == 3)
    }
}
