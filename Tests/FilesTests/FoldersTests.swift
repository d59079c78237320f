import Foundation
import GraphCore
import Testing

@testable import Files

@Suite("The folders")
struct FoldersTests {
    private let base: Base

    init() throws { base = try Base() }

    // MARK: Reading

    @Test("read a file by name, from a subfolder, and from another folder by annotation")
    func names() throws {
        try base.write("input/a.png", "a")
        try base.write("input/sub/b c.png", "b")
        try base.write("temp/t.png", "t")
        try base.write("output/sub/o.png", "o")
        #expect(base.read("a.png") == "a")
        #expect(base.read("./a.png") == "a")
        #expect(base.read("a.png [input]") == "a")
        #expect(base.read("sub/b c.png") == "b")
        #expect(base.read("t.png [temp]") == "t")
        #expect(base.read("sub/o.png [output]") == "o")
        #expect(base.read("a.png [models]") == "'a.png [models]' was not found in input/\n  Put the file into input/.")
        #expect(base.read("") == "no file is named\n  Name a file of input/.")
        #expect(base.read("a.png [temp]") == "'a.png' was not found in temp/\n  Put the file into temp/.")
    }

    @Test(
        "keep names inside",
        arguments: ["../secret", "sub/../../secret", "/etc/passwd", "..", "a\u{0}b", "sub/../a.png"])
    func outside(_ name: String) throws {
        try base.write("secret")
        try base.write("input/a.png")
        try base.makeFolder("input/sub")
        #expect(
            base.read(name) == """
                '\(name)' leads out of the input folder
                  Copy the file into input/ and name it from there.
                """)
        #expect(base.folders.refusal(of: name, from: .files(.input, .image)) != nil)
    }

    @Test("follow links that stay inside, and no others")
    func links() throws {
        try base.write("input/real/a.png", "a")
        try base.write("elsewhere/secret.png")
        try base.write("input-2/secret.png")
        try base.link("input/inside.png", to: "real/a.png")
        try base.link("input/again", to: "real")
        try base.link("input/out.png", to: "../elsewhere/secret.png")
        try base.link("input/away", to: "../elsewhere")
        try base.link("input/sibling", to: "../input-2")
        try base.link("input/twice.png", to: "away/secret.png")
        try base.link("input/gone.png", to: "nowhere.png")
        try base.link("input/loop.png", to: "loop.png")
        #expect(base.read("inside.png") == "a" && base.read("again/a.png") == "a")
        for name in ["out.png", "away/secret.png", "sibling/secret.png", "twice.png"] {
            #expect(
                base.read(name) == """
                    '\(name)' leads out of the input folder
                      Copy the file into input/ and name it from there.
                    """)
        }
        for name in ["gone.png", "loop.png"] {
            #expect(base.read(name) == "'\(name)' was not found in input/\n  Put the file into input/.")
        }
        #expect(base.folders.choices(.files(.input, .image)) == ["inside.png"])
    }

    @Test("read through an input folder that is itself a link")
    func linkedFolder() throws {
        try base.write("elsewhere/a.png", "a")
        try base.link("in", to: "elsewhere")
        let folders = Folders(base: base.url.path, overrides: [.input: base.url.appending(path: "in").path])
        #expect(try folders.read("a.png", in: .input, maxByteCount: 10) == Array("a".utf8))
        #expect(folders.choices(.files(.input, .image)) == ["a.png"])
    }

    @Test("refuse what is no file, or too large")
    func noFile() throws {
        try base.makeFolder("input/sub.png")
        try base.write("input/large.png", "0123456789")
        #expect(
            base.read("sub.png") == """
                'sub.png' is a folder, not a file
                  Name a file inside it, such as 'sub.png/NAME'.
                """)
        #expect(
            base.read("large.png", maxByteCount: 9) == """
                'large.png' has 10 bytes; the limit is 9
                  Use a smaller file.
                """)
        #expect(base.read("large.png", maxByteCount: 10) == "0123456789")
        let made = unsafe mkfifo(base.url.appending(path: "input/pipe.png").path, 0o600)
        #expect(made == 0)
        #expect(base.read("pipe.png") == "'pipe.png' is not a regular file\n  Name a file with content.")
    }

    @Test("offer the readable files of a kind, sorted, hidden ones aside")
    func choices() throws {
        for name in ["b.PNG", "a.jpeg", "c.txt", ".d.png", "e.wav", "f"] { try base.write("input/\(name)") }
        try base.makeFolder("input/g.png")
        try base.write("models/ddcolor/tiny.onnx")
        let made = unsafe mkfifo(base.url.appending(path: "input/h.png").path, 0o600)
        #expect(made == 0)
        #expect(base.folders.choices(.files(.input, .image)) == ["a.jpeg", "b.PNG"])
        #expect(base.folders.choices(.files(.input, .audio)) == ["e.wav"])
        #expect(base.folders.choices(.files(.temp, .image)).isEmpty)
        #expect(base.folders.choices(.models("ddcolor")) == ["tiny.onnx"])
        #expect(base.folders.choices(.models("none")).isEmpty)
        try base.write("models/ddcolor/large/artistic.onnx")
        #expect(base.folders.choices(.models("ddcolor")) == ["large/artistic.onnx", "tiny.onnx"])
    }

    @Test("accept what they do not list: subfolders, annotations, models by kind")
    func accepts() throws {
        try base.write("input/sub/a.png")
        try base.write("temp/t.png")
        try base.write("models/ddcolor/tiny.onnx")
        let images = ChoiceSource.files(.input, .image)
        #expect(base.folders.refusal(of: "sub/a.png", from: images) == nil)
        #expect(base.folders.refusal(of: "t.png [temp]", from: images) == nil)
        #expect(base.folders.refusal(of: "t.png", from: images) != nil)
        #expect(base.folders.refusal(of: "tiny.onnx", from: .models("ddcolor")) == nil)
        #expect(base.folders.refusal(of: "../ddcolor/tiny.onnx", from: .models("ddcolor")) != nil)
    }

    @Test("give a token that changes with the content, not with the name")
    func token() throws {
        try base.write("input/a.png", "one")
        try base.write("input/b.png", "one")
        let token = try base.folders.contentToken("a.png", in: .input)
        #expect(token == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")  // sha256sum
        #expect(try base.folders.contentToken("b.png", in: .input) == token && token.count == 64)
        try base.write("input/a.png", "two")
        #expect(try base.folders.contentToken("a.png", in: .input) != token)
    }

    // MARK: Writing

    @Test("number what they save, each prefix and subfolder for itself")
    func numbering() throws {
        #expect(base.save("x") == "x_00001_.png")
        #expect(base.save("x") == "x_00002_.png")
        #expect(base.save("y") == "y_00001_.png")
        #expect(base.save("sub/deep/x") == "sub/deep/x_00001_.png")
        #expect(base.save("sub/") == "sub/_00001_.png")
        #expect(base.save("./a//b") == "a/b_00001_.png")
        #expect(base.save("x", extension: "wav") == "x_00003_.wav")
        #expect(base.names("output") == ["a", "sub", "x_00001_.png", "x_00002_.png", "x_00003_.wav", "y_00001_.png"])
    }

    @Test("go on from the highest number there is")
    func highest() throws {
        for name in ["x_00007_.png", "x_00012_.jpg", "x_y_00099_.png", "x_abc.png", "x_.png", "xx_00500_.png"] {
            try base.write("output/\(name)")
        }
        #expect(base.save("x") == "x_00013_.png")
        #expect(base.save("x_y") == "x_y_00100_.png")
    }

    @Test("count past 99,999 and not from numbers beyond all counting")
    func large() throws {
        try base.write("output/x_99999_.png")
        try base.write("output/x_9223372036854775807_.png")
        try base.write("output/x_99999999999999999999_.png")
        #expect(base.save("x") == "x_100000_.png")
    }

    @Test("never replace a file that appeared meanwhile")
    func meanwhile() throws {
        #expect(base.save("x") == "x_00001_.png")
        try base.write("output/x_00002_.png", "another program's")
        #expect(base.save("x") == "x_00003_.png")
        let kept = try Data(contentsOf: base.url.appending(path: "output/x_00002_.png"))
        #expect(String(decoding: kept, as: UTF8.self) == "another program's")
    }

    @Test("give savers at once numbers of their own, in one program and in two")
    func atOnce() async throws {
        let other = Folders(base: base.url.path)
        let all = [base.folders, other]
        let saved = await withTaskGroup(of: String?.self) { group in
            for index in 0..<60 {
                group.addTask {
                    let prefix = FilenamePrefix("x", width: 1, height: 1, batchNumber: 0)
                    let bytes = Array("\(index)".utf8)
                    return (try? all[index % 2].save(bytes, prefix: prefix, extension: "png", in: .output))?.filename
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1 ?? "failed") }
        }
        #expect(Set(saved).count == 60 && !saved.contains("failed"))
        #expect(base.names("output") == saved.sorted())
        let contents = try saved.map { try Data(contentsOf: base.url.appending(path: "output/\($0)")) }
        #expect(Set(contents).count == 60)
    }

    @Test("fill in the fields of a prefix")
    func fields() {
        #expect(base.save("%date:yyyy-MM-dd%") == "2026-03-04_00001_.png")
        #expect(base.save("%date:yy.M.d h-m-s%") == "26.3.4 5-6-7_00001_.png")
        #expect(base.save("%date:hhmmss% at %date:dd%") == "050607 at 04_00001_.png")
        #expect(base.save("%date%") == "20260304050607_00001_.png")
        #expect(base.save("%date:yyyy/MM%/x") == "2026/03/x_00001_.png")
        #expect(base.save("%year%%month%%day%_%hour%%minute%%second%") == "20260304_050607_00001_.png")
        #expect(base.save("%width%x%height%") == "640x480_00001_.png")
        #expect(base.save("100% %unknown% %date:") == "100% %unknown% %date:_00001_.png")
    }

    @Test("number a batch on while %batch_num% counts from 0")
    func batch() {
        let saved = (0..<3).map { base.save("x%batch_num%", batchNumber: $0) }
        #expect(saved == ["x0_00001_.png", "x1_00002_.png", "x2_00003_.png"])
    }

    @Test("keep prefixes inside", arguments: ["../x", "a/../../x", "a/..", "/x", "a\u{0}b"])
    func prefixOutside(_ prefix: String) {
        #expect(
            base.save(prefix) == """
                the prefix '\(prefix)' leads out of the output folder
                  Use a name, or SUBFOLDER/NAME.
                """)
        #expect(base.names("output").isEmpty)
    }

    @Test("write through no link that a subfolder may be")
    func linkedSubfolder() throws {
        try base.makeFolder("elsewhere")
        try base.link("output/away", to: "../elsewhere")
        #expect(
            base.save("away/x") == """
                'away' is a symbolic link in the output folder
                  Use a real folder, or choose another place with --output-directory.
                """)
        #expect(base.names("elsewhere").isEmpty)
    }

    @Test("replace no link that has a file's name")
    func linkedName() throws {
        try base.write("elsewhere/keep.png", "keep")
        try base.link("output/x_00001_.png", to: "../elsewhere/keep.png")
        try base.link("output/y_00001_.png", to: "../elsewhere/new.png")
        #expect(base.save("x") == "x_00002_.png")
        #expect(base.save("y") == "y_00002_.png")
        #expect(base.names("elsewhere") == ["keep.png"])
    }

    @Test("say why a file cannot be written, and leave no part of it")
    func notWritable() throws {
        try base.write("output/sub", "a file")
        #expect(
            base.save("sub/x") == """
                cannot write to \(base.folders.path(.output)): a file is in the way
                  Choose another name, or move what has it out of the way.
                """)
        let long = String(repeating: "ä", count: 101)
        #expect(base.save(long) == "the prefix is longer than a file name may be\n  Use at most 200 bytes.")
        #expect(base.names("output") == ["sub"])
    }

    @Test("make the folder they save into, and leave nothing beside the file")
    func makeFolder() throws {
        try FileManager.default.removeItem(at: base.url.appending(path: "output"))
        #expect(base.save("x") == "x_00001_.png")
        #expect(base.names("output") == ["x_00001_.png"])
    }

    @Test("show paths as people gave them")
    func paths() {
        let file = SavedFile(filename: "x_00001_.png", subfolder: "sub", folder: .output)
        #expect(Folders(base: ".").path(of: file) == "output/sub/x_00001_.png")
        #expect(Folders(base: "base/").path(of: file) == "base/output/sub/x_00001_.png")
        #expect(Folders(base: ".", overrides: [.output: "../out"]).path(of: file) == "../out/sub/x_00001_.png")
    }

    @Test("write a file of several pieces whole, and nothing of one whose writing was cancelled")
    func pieces() async throws {
        let bytes = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let prefix = FilenamePrefix("big", width: 1, height: 1, batchNumber: 0)
        let folders = base.folders
        let file = try folders.save(bytes, prefix: prefix, extension: "bin", in: .output)
        #expect(try Data(contentsOf: URL(filePath: folders.path(of: file))) == Data(bytes))
        let cancelled = Task {
            while !Task.isCancelled { await Task.yield() }
            return try folders.save(bytes, prefix: prefix, extension: "bin", in: .output)
        }
        cancelled.cancel()
        await #expect(throws: (any Error).self) { try await cancelled.value }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folders.path(.output)) == [file.filename])
    }
}
