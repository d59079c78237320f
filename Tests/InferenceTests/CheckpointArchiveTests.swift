import Foundation
import GraphCore
import Inference
import Testing

@Suite("The zip archive of a checkpoint")
struct CheckpointArchiveTests {
    private static let again = "Download or copy it again."
    private static let saveAgain = "Save it again with a current PyTorch: torch.save(torch.load(path), path)."
    private static let misplaced = "'x.pth' is damaged: its table of contents is not where its end says\n  \(again)"
    private static let contradiction = """
        'x.pth' is damaged: the entry 'made/data/0' contradicts the table of contents
          \(again)
        """

    /// A good one; its entries are data.pkl, byteorder, data/0 and version.
    private static let good = WrittenZip(
        pickle: Pickle.file(Pickle.dictionary([("a", Pickle.tensor("0", [4], held: 4))])), storages: [numbers(0..<4)])

    /// What is said of it after a change.
    private func said(_ change: (inout WrittenZip) -> Void) -> String {
        var zip = Self.good
        change(&zip)
        return complaint { try checkpoint(zip.bytes) }
    }

    @Test("may have the old end record alone, or the zip64 one too, with or without data descriptors")
    func good() throws {
        #expect(said { $0.hasZip64 = true } == "accepted")
        #expect(said { $0.hasZip64 = false } == "accepted")
        #expect(said { for i in $0.entries.indices { $0.entries[i].localSize = .max } } == "accepted")
        let isPlain = said {
            for i in $0.entries.indices {
                $0.entries[i].flags = 0
                $0.entries[i].localSize = UInt32($0.entries[i].bytes.count)
            }
        }
        #expect(isPlain == "accepted")
    }

    @Test("may say sizes and places in zip64 fields")
    func zip64Fields() throws {
        var zip = Self.good
        zip.entries[0].unpackedSize = .max
        zip.entries[0].storedSize = .max
        zip.entries[0].offset = .max
        let size = zip.entries[0].bytes.count
        // A field of another kind stands before it.
        zip.entries[0].extra =
            WrittenZip.two(0x7075, 1) + [0] + WrittenZip.two(0x0001, 24) + WrittenZip.eight(size, size, 0)
        #expect(try checkpoint(zip.bytes).floats("a") == [0, 1, 2, 3])
        for lie in [
            [size + 1, size + 1, 0], [size, size, 1 << 40], [size, size, -1], [-1, -1, 0], [.max, .max, .max],
        ] {
            zip.entries[0].extra = WrittenZip.two(0x0001, 24) + WrittenZip.eight(lie[0], lie[1], lie[2])
            #expect(complaint { try checkpoint(zip.bytes) }.hasPrefix("'x.pth' "))
            #expect(complaint { try checkpoint(zip.bytes) } != "accepted")
        }
        zip.entries[0].extra = WrittenZip.two(0x0001, 8) + WrittenZip.eight(size)
        #expect(
            complaint { try checkpoint(zip.bytes) } == """
                'x.pth' is damaged: its table of contents cannot be read
                  \(Self.again)
                """)
    }

    @Test("that is a bomb is refused: nothing in it is unpacked", arguments: [8, 9, 12, 14, 93] as [UInt16])
    func bomb(_ method: UInt16) {
        let bomb = said {
            $0.entries[2].method = method
            $0.entries[2].unpackedSize = 0xFFFF_FF00
        }
        #expect(
            bomb == """
                'x.pth' holds the compressed entry 'made/data/0', which could unpack to any size and which PyTorch never writes
                  \(Self.saveAgain)
                """)
    }

    @Test("cannot claim that stored bytes become more")
    func growing() {
        #expect(
            said { $0.entries[2].unpackedSize = 0xFFFF_FF00 } == """
                'x.pth' lies about the entry 'made/data/0': 4294967040 bytes are said to unpack from 16
                  \(Self.again)
                """)
    }

    @Test("holds no encrypted entry", arguments: [1, 0x2000, 0x40] as [UInt16])
    func encrypted(_ flag: UInt16) {
        #expect(
            said { $0.entries[2].flags |= flag } == """
                'x.pth' holds the entry 'made/data/0' encrypted or in an unknown way
                  \(Self.saveAgain)
                """)
    }

    @Test("whose entries overlap, or reach beyond its end, is refused")
    func overlaps() {
        func lie(_ size: Int) -> String {
            """
            'x.pth' lies about the entry 'made/data/0': its \(size) bytes do not fit where it stands
              \(Self.again)
            """
        }
        for size in [200, 0xFFFF_FFF0] as [UInt32] {
            let longer = said { zip in
                zip.entries[2].storedSize = size
                zip.entries[2].unpackedSize = size
            }
            #expect(longer == lie(Int(size)))
        }
        // Two names for the same bytes.
        #expect(said { $0.entries[3].offset = 0 } != "accepted")
        #expect(said { $0.entries[2].offset = 0xFFFF_FFF0 } == lie(16))
    }

    @Test("whose local headers say something else is refused")
    func contradictions() {
        #expect(said { $0.entries[2].localName = "made/data/1" } == Self.contradiction)
        #expect(said { $0.entries[2].localName = "made/data/10" } == Self.contradiction)
        #expect(said { $0.entries[2].localSize = 15 } == Self.contradiction)
        let inside = Self.good.entries[0].bytes.count
        #expect(said { $0.entries[2].offset = UInt32(inside) } != "accepted")
        var bytes = Self.good.bytes
        bytes[8] = 8  // method of the first entry
        #expect(
            complaint { try checkpoint(bytes) } == """
                'x.pth' is damaged: the entry 'made/data.pkl' contradicts the table of contents
                  \(Self.again)
                """)
    }

    @Test("has each name once")
    func twice() {
        #expect(
            said { $0.entries[3].name = "made/data/0" } == """
                'x.pth' is damaged: it has two entries named 'made/data/0'
                  \(Self.again)
                """)
    }

    @Test("whose end records lie is refused")
    func ends() {
        #expect(said { $0.directoryOffset = 1 } == Self.misplaced)
        #expect(said { $0.directoryOffset = 1 << 40 } == Self.misplaced)
        #expect(said { $0.directoryOffset = -1 } != "accepted")
        #expect(said { $0.directorySize = 10 } == Self.misplaced)
        #expect(said { $0.directorySize = .max } == Self.misplaced)
        let extra = "'x.pth' is damaged: its table of contents holds more than the entries it counts\n  \(Self.again)"
        #expect(said { $0.count = 3 } == extra)
        let unreadable = "'x.pth' is damaged: its table of contents cannot be read\n  \(Self.again)"
        #expect(said { $0.count = 5 } == unreadable)
        #expect(
            said { $0.count = 70_000 } == """
                'x.pth' has 70000 entries; the limit is 65536
                  Save the weights alone: torch.save(model.state_dict(), path).
                """)
        let locator = "'x.pth' is damaged: its zip64 record is not where its locator says\n  \(Self.again)"
        #expect(said { $0.locatorOffset = 0 } == locator)
        #expect(said { $0.locatorOffset = -1 } == locator)
        #expect(
            said { $0.count64 = 3 } == """
                'x.pth' is damaged: its two tables of contents contradict each other
                  \(Self.again)
                """)
    }

    @Test("with numbers in another byte order is refused", arguments: ["big", "", "little "])
    func byteOrder(_ order: String) {
        #expect(
            said { $0.entries[1].bytes = Array(order.utf8) } == """
                'x.pth' holds its numbers in another byte order than little-endian
                  \(Self.saveAgain)
                """)
    }

    @Test("is one that torch.save wrote")
    func others() {
        let other =
            "'x.pth' is a zip archive, but none that torch.save wrote\n  Choose a .pth, .pt or .safetensors file."
        #expect(said { $0.entries[0].name = "made/word/document.xml" } == other)
        #expect(said { $0.entries[0].name = "data.pkl" } == other)
        #expect(said { $0.entries[3].name = "other/data.pkl" } == other)
        let script = """
            'x.pth' is a TorchScript program, not weights
              Save its weights: torch.save(torch.jit.load(path).state_dict(), other_path).
            """
        #expect(said { $0.entries[3].name = "made/constants.pkl" } == script)
        #expect(said { $0.entries[3].name = "made/code/__torch__.py" } == script)
    }

    @Test("is whole: each of its beginnings is refused", arguments: [false, true])
    func truncated(_ isFromPyTorch: Bool) throws {
        let whole =
            isFromPyTorch ? [UInt8](try Data(contentsOf: URL(filePath: seedPath("protocol4.pth")))) : Self.good.bytes
        let file = try ScratchFile(whole, "x.pth")
        for count in (0..<whole.count).reversed() {
            try file.cut(to: count)
            let what =
                switch count {
                case 0: "is empty"
                case 1...3: "is cut off or damaged: it ends before its contents do"
                default: "is cut off: the table of contents that ends a PyTorch checkpoint is missing"
                }
            #expect(complaint { try file.open() } == "'x.pth' \(what)\n  \(Self.again)")
        }
    }

    @Test("is refused or read, and nothing worse, with any one byte changed")
    func changed() throws {
        let whole = Self.good.bytes
        let file = try ScratchFile(whole, "x.pth")
        for place in whole.indices {
            for change in [0x01, 0x80, 0xFF] as [UInt8] {
                try file.write([whole[place] ^ change], at: place)
                guard let weights = try? file.open() else { continue }
                for name in weights.entries.keys { _ = try weights.floats(name) }
            }
            try file.write([whole[place]], at: place)
        }
    }
}
