import Foundation
import GraphCore
import Inference
import Testing
import TestData

@Suite("A checkpoint file")
struct CheckpointFileTests {
    private func said(_ bytes: [UInt8]) -> String { complaint { try checkpoint(bytes) } }

    @Test("in a format that is not read is refused with what to do about it")
    func foreign() {
        let saveAgain = "Save it again with a current PyTorch: torch.save(torch.load(path), path)."
        let old: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        #expect(said(old) == "'x.pth' is in PyTorch's format from before version 1.6\n  \(saveAgain)")
        let tar = [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8) + [UInt8](repeating: 0, count: 250)
        #expect(said(tar) == "'x.pth' is in PyTorch's format from before version 1.6\n  \(saveAgain)")
        #expect(
            said([0x80, 4, 0x4E, 0x2E])
                == "'x.pth' is a bare pickle, not a file that torch.save wrote\n  \(saveAgain)")
        #expect(
            said(Array("version https://git-lfs.github.com/spec/v1\noid sha256:0".utf8)) == """
                'x.pth' is a Git LFS pointer: it says where the weights are and does not hold them
                  Run 'git lfs pull', or download the file itself.
                """)
        #expect(
            said(Array("\n<!DOCTYPE html><html>".utf8)) == """
                'x.pth' is a web page, not a checkpoint
                  Download the file itself, not its page.
                """)
        #expect(
            said(Array("GGUF and more of it".utf8)) == """
                'x.pth' is neither a PyTorch checkpoint nor a safetensors file
                  Choose a .pth, .pt or .safetensors file.
                """)
        #expect(said([]) == "'x.pth' is empty\n  Download or copy it again.")
    }

    @Test("is a regular file that is there and may be read")
    func places() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "graphrun-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder + "/a.pth", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(complaint { try Checkpoint(path: folder + "/a.pth") } == "'a.pth' is a folder, not a file")
        #expect(complaint { try Checkpoint(path: folder + "/no.pth") } == "there is no file 'no.pth'")
        #expect(complaint { try Checkpoint(path: folder + "/no/a\u{7}.pth") } == "there is no file 'a?.pth'")
        let made = unsafe mkfifo(folder + "/pipe.pth", 0o600)
        #expect(made == 0)
        #expect(complaint { try Checkpoint(path: folder + "/pipe.pth") } == "'pipe.pth' is no regular file")
        #expect(complaint { try Checkpoint(path: "/dev/null") } == "'null' is no regular file")
        #expect(complaint { try Checkpoint(path: "") } == "there is no file ''")
    }

    @Test("that is changed or cut off after it was opened gives no numbers", arguments: [false, true])
    func changed(_ isCutOff: Bool) throws {
        let body = Pickle.dictionary([("a", Pickle.tensor("0", [4], held: 4))])
        let bytes = WrittenZip(pickle: Pickle.file(body), storages: [numbers(0..<4)]).bytes
        let file = try ScratchFile(bytes, "x.pth")
        let checkpoint = try file.open()
        #expect(try checkpoint.floats("a") == [0, 1, 2, 3])
        // In place, as cp does it.
        if isCutOff { try file.cut(to: 40) } else { try file.write(bytes, at: bytes.count) }
        let changed = Diagnostic(
            .badFile, node: nil, "'x.pth' was changed, or the disk failed, while it was read",
            suggestion: "Load it again.")
        #expect(throws: changed) { try checkpoint.floats("a") }
        #expect(throws: changed) { try checkpoint.contentDigest() }
    }

    @Test("has the digest that sha256sum tells, with progress, and can be stopped")
    func digest() throws {
        let header = Array(#"{"a":{"dtype":"U8","shape":[3145728],"data_offsets":[0,3145728]}}"#.utf8)
        let bytes = WrittenZip.eight(header.count) + header + [UInt8](repeating: 0, count: 3 << 20)
        let file = try checkpoint(bytes)
        var steps: [Int] = []
        let digest = try file.contentDigest { done, total in
            #expect(total == bytes.count)
            steps.append(done)
        }
        #expect(steps == [0, 1 << 20, 2 << 20, 3 << 20])
        #expect(digest == "0a5b0b62c03e9f34fceb23064819801077637310287afa2bcbbcdb0c5bf3fe66")
        #expect(throws: CancellationError.self) {
            try file.contentDigest { done, _ in if done > 0 { throw CancellationError() } }
        }
    }
}

@Suite("A checkpoint", .enabled(if: Shared.has("ddcolor/mini.pth")))
struct CheckpointTests {
    private static func open(_ name: String) throws -> Checkpoint {
        try Checkpoint(path: Shared.folder.appending(path: "ddcolor").appending(path: name).path)
    }

    @Test("holds the tensors that PyTorch says it holds", arguments: ["mini.pth", "mini.safetensors"])
    func contents(_ name: String) throws {
        let keys = try #require(try JSONParser.parse(Shared.bytes("ddcolor/mini.json"))["keys"]?.object)
        let expected = keys.members.map { member in
            (member.key, (member.value.array ?? []).compactMap { $0.number?.int.map { Int($0) } })
        }
        let checkpoint = try Self.open(name)
        #expect(checkpoint.entries.mapValues(\.shape) == Dictionary(uniqueKeysWithValues: expected))
        #expect(checkpoint.entries["mean"]?.elementType == .float32)
        #expect(checkpoint.entries["decoder.layers.0.bn.num_batches_tracked"]?.elementType == .int64)
        let mean = try checkpoint.floats("mean")
        #expect(mean == [0.485, 0.456, 0.406])
    }

    @Test("has the same numbers in both formats, bit for bit")
    func bothFormats() throws {
        let (torch, safe) = (try Self.open("mini.pth"), try Self.open("mini.safetensors"))
        #expect(torch.entries == safe.entries)
        for name in torch.entries.keys {
            #expect(try torch.floats(name).map(\.bitPattern) == safe.floats(name).map(\.bitPattern), "\(name)")
        }
    }
}
