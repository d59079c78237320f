import Foundation
import GraphCore
import Testing

@testable import Files

@Suite("A file of extra model paths")
struct ModelPathsTests {
    private let base: Base

    init() throws { base = try Base() }

    private var file: String { base.url.appending(path: "paths.yaml").path }

    private func read(_ text: String) throws -> ModelPaths {
        try base.write("paths.yaml", text)
        var paths = ModelPaths()
        try paths.read(file)
        return paths
    }

    /// Of one kind, in order, below the test's folder; `*` stands for models/KIND.
    private func order(_ paths: ModelPaths, _ kind: String = "ddcolor") -> [String] {
        func names(_ folders: [ModelPaths.Folder]?) -> [String] {
            (folders ?? []).map { $0.path.replacing(base.url.path + "/", with: "") }
        }
        return names(paths.before[kind]) + ["*"] + names(paths.after[kind])
    }

    /// What is wrong with a text, without the file's name.
    private func wrong(_ text: String) -> String? {
        complaint { _ = try read(text) }?.replacing("badFile: \(file), ", with: "")
    }

    @Test("names folders by section and kind: one, or several a line, below the base path or beside the file")
    func reads() throws {
        let paths = try read(
            """
            # ComfyUI's example has comments
            comfyui:
                base_path: big/disk/
                checkpoints: models/checkpoints/
                ddcolor: |
                     one
                     two/three

                     /srv/four
                unet: u
            a111: {base_path: "/opt/a 1", ddcolor: 'x y', clip: c}
            none:
            bare:
                base_path:
                ddcolor: beside
                loras: ~
            """)
        #expect(
            order(paths) == ["*", "big/disk/one", "big/disk/two/three", "/srv/four", "/opt/a 1/x y", "beside"])
        #expect(order(paths, "checkpoints") == ["*", "big/disk/models/checkpoints"])
        #expect(order(paths, "diffusion_models") == ["*", "big/disk/u"])
        #expect(order(paths, "text_encoders") == ["*", "/opt/a 1/c"])
        #expect(paths.kinds == ["checkpoints", "ddcolor", "diffusion_models", "text_encoders"])
        #expect(
            paths.after["ddcolor"]?.map(\.name) == [
                "comfyui: one", "comfyui: two/three", "comfyui: four", "a111: x y", "bare: beside",
            ])
    }

    @Test("knows the home folder by its sign")
    func home() throws {
        let paths = try read("a:\n  base_path: ~/models\n  ddcolor: x\nb:\n  ddcolor: ~/y\n")
        let home = NSHomeDirectory()
        #expect(order(paths) == ["*", "\(home)/models/x", "\(home)/y"])
    }

    @Test("puts default folders first, the last of them foremost, each folder once")
    func defaults() throws {
        var paths = try read(
            "a:\n  ddcolor: |\n    one\n    two\n    one\nb:\n  is_default: true\n  ddcolor: |\n    two\n    three/\n")
        #expect(order(paths) == ["three", "two", "*", "one"])
        try base.write("more.yaml", "c: {ddcolor: four}\nd: {is_default: no, ddcolor: three}")
        try paths.read(base.url.appending(path: "more.yaml").path)
        #expect(order(paths) == ["three", "two", "*", "one", "four"])
    }

    @Test("may be empty")
    func empty() throws {
        for text in ["", "\n", "# nothing", "---\n", "a:\n"] { #expect(try read(text).kinds.isEmpty) }
    }

    @Test("that names missing folders is taken, with a warning")
    func missing() throws {
        try base.write("there/x")
        let paths = try read("a:\n  ddcolor: there\n  loras: gone\n  vae: |\n    there/x\n    there\n")
        #expect(
            paths.warnings == [
                "\(file): no such folder: \(base.url.path)/gone (line 3), \(base.url.path)/there/x (line 4)"
            ])
        #expect(try read("a:\n  ddcolor: there\n").warnings.isEmpty)
    }

    @Test("with a wrong shape is refused, with its line")
    func shapes() {
        let example = "\n  docs/MODELS.md shows an example."
        #expect(wrong("- a\n") == "line 1: the file is a list; sections with folders are expected" + example)
        #expect(wrong("hello") == "line 1: the file is the text 'hello'; sections with folders are expected" + example)
        #expect(
            wrong("\nddcolor: /x") == """
                line 2: section 'ddcolor' is the text '/x'; kinds with folders are expected
                  Write 'ddcolor:', and below it, indented, 'ddcolor: FOLDER'.
                """)
        #expect(
            wrong("a:\n  ddcolor:\n    - x\n") == """
                line 3: 'ddcolor' is a list; a folder is expected
                  Write one folder behind ':', or several below '|', one a line.
                """)
        #expect(
            wrong("a:\n  base_path: {x: y}\n") == """
                line 2: 'base_path' is a section; a folder is expected
                  Write one folder behind ':', or several below '|', one a line.
                """)
        #expect(
            wrong("a:\n  is_default: perhaps\n") == """
                line 2: 'is_default' is neither true nor false
                  Write 'is_default: true', or leave it out.
                """)
        #expect(
            wrong("a:\n  ../x: y\n") == """
                line 2: '../x' is no kind of models
                  Use a name such as 'ddcolor'.
                """)
        #expect(wrong("a:\n  ? [x]\n  : y\n") == "line 2: a name is expected before ':'" + example)
        #expect(
            wrong("a: {b: \"x\\0y\"}") == """
                line 1: 'b' has no path
                  Write one folder behind ':', or several below '|'.
                """)
    }

    @Test("that is no YAML is refused, with its line")
    func syntax() {
        let hint = "\n  Check the indentation, made of spaces, never tabs."
        #expect(
            wrong("a:\n\tb: c") == "line 2: this is not YAML: found character that cannot start any token" + hint)
        #expect(wrong("a: b: c") == "line 1: this is not YAML: mapping values are not allowed in this context" + hint)
        #expect(wrong("a:\n  b: [x") == "line 3: this is not YAML: did not find expected ',' or ']'" + hint)
        #expect(wrong("a: 'x")?.hasPrefix("line ") == true)
        #expect(
            wrong("a:\n  b: x\u{0}y\n")
                == "line 2: this is not YAML: control characters are not allowed\n  Save the file as UTF-8 text.")
        #expect(
            wrong("a: {b: c}\n---\nd: {e: f}\n") == """
                line 2: a second document begins here
                  Put its sections into the first one.
                """)
    }

    @Test("cannot cost more than it weighs: no aliases, bounds on depth, values, folders and bytes")
    func bounds() throws {
        let alias = "\n  Write the value out; put a text that begins with * into quotes."
        #expect(
            wrong("a: &x {b: c}\nd: *x\n") == "line 2: '*' refers to another place, which is not read here" + alias)
        #expect(
            wrong("a: {b: *nobody}\n") == "line 1: '*' refers to another place, which is not read here" + alias)
        #expect(
            wrong(String(repeating: "[", count: 100_000)) == """
                line 1: the values lie deeper than 16 levels
                  Write it with fewer levels.
                """)
        #expect(
            wrong("a: [" + String(repeating: "b,", count: 20_001) + "]") == """
                line 1: there are more than 20000 values
                  Write a shorter file.
                """)
        #expect(
            wrong("a:\n  b: |\n" + String(repeating: "    c\n", count: 1001)) == """
                line 2: there are more than 1000 folders
                  Name fewer folders.
                """)
        #expect(
            complaint { _ = try read(String(repeating: "#", count: YAML.maxByteCount + 1)) } == """
                tooLarge: '\(file)' is larger than 1048576 bytes
                  Name a YAML file such as ComfyUI's extra_model_paths.yaml.
                """)
    }

    @Test("that cannot be read says why")
    func unreadable() throws {
        let hint = "\n  Name a YAML file such as ComfyUI's extra_model_paths.yaml."
        var paths = ModelPaths()
        #expect(
            complaint { try paths.read(file) } == "fileNotReadable: '\(file)' cannot be read: no such file or folder"
                + hint)
        #expect(
            complaint { try paths.read(base.url.path) }?.hasPrefix(
                "fileNotReadable: '\(base.url.path)' cannot be read: ") == true)
    }

    @Test("has its folders looked through in their order: the first file of a name wins")
    func models() throws {
        for name in ["models/ddcolor/a.pth", "models/ddcolor/b.pth", "x/b.pth", "x/c.pth", "y/a.pth", "y/d.txt"] {
            try base.write(name, name)
        }
        try base.link("else", to: "x")
        let paths = try read("p: {ddcolor: else}\nq: {is_default: true, ddcolor: y}\nr: {ddcolor: gone, novel: gone}\n")
        let folders = Folders(base: base.url.path, models: paths)
        let source = ChoiceSource.models("ddcolor", published: ["tiny.pth", "c.pth"])
        #expect(folders.choices(source) == ["tiny.pth", "c.pth", "a.pth", "b.pth"])
        #expect(try folders.modelFiles("ddcolor") == ["a.pth", "b.pth", "c.pth", "d.txt"])
        #expect(try folders.modelFiles("novel").isEmpty)
        #expect(folders.modelKinds().suffix(2) == ["ddcolor", "novel"])
        for (name, place) in [("a.pth", "y/a.pth"), ("b.pth", "models/ddcolor/b.pth"), ("c.pth", "x/c.pth")] {
            #expect(folders.refusal(of: name, from: source) == nil)
            #expect(try folders.modelPath(name, from: source).hasSuffix("/" + place))
        }
        #expect(folders.refusal(of: "tiny.pth", from: source)?.code == .modelMissing)
        for name in ["../x/c.pth", "d.txt"] { #expect(folders.refusal(of: name, from: source) != nil) }
        try base.write("secret.pth")
        try base.link("x/out.pth", to: "../secret.pth")
        #expect(
            folders.refusal(of: "out.pth", from: source)?.message
                == "'out.pth' leads out of the models/ddcolor folder")
        #expect(!folders.choices(source).contains("out.pth"))
    }
}
