import Foundation
import GraphCore
import Inference
import Testing
import TestData

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
