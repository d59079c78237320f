import GraphCore
import Inference
import Testing

@Suite("The pickle of a checkpoint")
struct CheckpointPickleTests {
    private static let weights = Pickle.tensor("0", [4], held: 4)
    private static let saveWeights = "Save the weights alone: torch.save(model.state_dict(), path)."
    private static let again = "Download or copy it again."

    @Test("that calls os.system is refused by that name, and nothing is called")
    func system() {
        let call = Pickle.call(Pickle.global("posix", "system"), Pickle.text("touch /tmp/owned"))
        #expect(
            complaint { try checkpoint(pickle: Pickle.dictionary([("params", Self.weights), ("x", call)])) } == """
                'x.pth' asks to call 'posix.system' when it is loaded, which no weights need; it was not called
                  \(Self.saveWeights)
                """)
    }

    @Test(
        "may ask for no other name than weights need",
        arguments: [
            ("os", "system"), ("builtins", "eval"), ("__builtin__", "getattr"), ("torch", "load"),
            ("torch.hub", "load"),
            ("collections", "OrderedDict.__init__"), ("numpy._core.multiarray", "scalar"), ("_codecs", "encode"),
            ("torch._utils", "_rebuild_sparse_tensor"), ("torch", ""), ("", ""), ("torch", "Storage"),
        ])
    func names(_ module: String, _ name: String) {
        let expected = """
            'x.pth' asks to call '\(module).\(name)' when it is loaded, which no weights need; it was not called
              \(Self.saveWeights)
            """
        #expect(complaint { try checkpoint(pickle: Pickle.global(module, name)) } == expected)
        let stackGlobal = Pickle.text(module) + Pickle.text(name) + [0x93]
        #expect(complaint { try checkpoint(pickle: stackGlobal) } == expected)
    }

    @Test(
        "may hold no other instruction than weights need",
        arguments: [
            (Array("ios\nsystem\n".utf8), "INST"), ([0x6F], "OBJ"), ([0x81], "NEWOBJ"), ([0x92], "NEWOBJ_EX"),
            ([0x82, 1], "EXT1"), ([0x83, 1, 0], "EXT2"), ([0x84, 1, 0, 0, 0], "EXT4"), (Array("Pid\n".utf8), "PERSID"),
            ([0x8B, 0xFF, 0xFF, 0xFF, 0x7F], "LONG4"), ([0x97], "NEXT_BUFFER"), ([0x30], "POP"),
        ] as [([UInt8], String)])
    func instructions(_ bytes: [UInt8], _ name: String) {
        #expect(
            complaint { try checkpoint(pickle: [0x28] + bytes) } == """
                'x.pth' holds the pickle instruction '\(name)', which no weights need; it was not carried out
                  \(Self.saveWeights)
                """)
    }

    @Test("may hold no byte that is no instruction")
    func noInstruction() {
        #expect(
            complaint { try checkpoint(pickle: [0xFF]) } == """
                'x.pth' holds the pickle instruction 0xff, which no weights need; it was not carried out
                  \(Self.saveWeights)
                """)
    }

    @Test("sets no inner state but that of a dictionary")
    func state() {
        #expect(
            complaint { try checkpoint(pickle: Self.weights + Pickle.dictionary([]) + [0x62]) } == """
                'x.pth' sets the inner state of a tensor when it is loaded, which no weights need; it was not set
                  \(Self.saveWeights)
                """)
    }

    @Test("calls names of its list only as PyTorch does")
    func calls() {
        let ordered = Pickle.global("collections", "OrderedDict")
        let rebuild = Pickle.global("torch._utils", "_rebuild_tensor_v2")
        let parameter = Pickle.global("torch._utils", "_rebuild_parameter")
        func said(_ what: String) -> String { "'x.pth' is damaged: its pickle \(what)\n  \(Self.again)" }
        #expect(
            complaint { try checkpoint(pickle: Pickle.call(ordered, Pickle.integer(1))) }
                == said("calls 'OrderedDict' in a way that PyTorch does not"))
        #expect(
            complaint { try checkpoint(pickle: Pickle.call(rebuild, Pickle.integer(1))) }
                == said("calls '_rebuild_tensor_v2' in a way that PyTorch does not"))
        #expect(
            complaint { try checkpoint(pickle: Pickle.call(parameter, [0x4E], [0x88], [0x4E])) }
                == said("calls '_rebuild_parameter' in a way that PyTorch does not"))
        #expect(
            complaint { try checkpoint(pickle: Pickle.call(Pickle.global("torch", "float32"))) }
                == said("calls 'float32' in a way that PyTorch does not"))
        #expect(complaint { try checkpoint(pickle: Pickle.call(Pickle.text("eval"))) } == said("calls a string"))
        #expect(complaint { try checkpoint(pickle: ordered + [0x4E, 0x52]) } == said("calls with a value"))
        let five = (0..<6).map { _ in Pickle.integer(0) }
        #expect(
            complaint { try checkpoint(pickle: rebuild + Pickle.tuple(five) + [0x52]) }
                == said("describes a tensor in a way that PyTorch does not"))
    }

    @Test("refers to storages only, as PyTorch does")
    func persistentIDs() {
        let float = Pickle.global("torch", "FloatStorage"), one = Pickle.integer(1)
        let odd = [
            Pickle.text("id"), Pickle.integer(3), Pickle.tuple(), Pickle.dictionary([]),
            Pickle.tuple(Pickle.text("module"), float, Pickle.text("0"), Pickle.text("cpu"), one),
            Pickle.tuple(
                Pickle.text("storage"), Pickle.text("FloatStorage"), Pickle.text("0"), Pickle.text("cpu"), one),
            Pickle.tuple(Pickle.text("storage"), float, one, Pickle.text("cpu"), one),
            Pickle.tuple(Pickle.text("storage"), float, Pickle.text("0"), one, one),
            Pickle.tuple(Pickle.text("storage"), float, Pickle.text("0"), Pickle.text("cpu"), [0x4E]),
            Pickle.tuple(Pickle.text("storage"), float, Pickle.text("0"), Pickle.text("cpu"), one, one),
        ]
        for id in odd {
            #expect(
                complaint { try checkpoint(pickle: id + [0x51]) } == """
                    'x.pth' is damaged: its pickle refers to something that is no storage of numbers
                      \(Self.again)
                    """)
        }
    }

    @Test(
        "is refused where it is no proper pickle",
        arguments: [
            ([0x74], "takes what is not there"), ([0x85], "takes what is not there"),
            ([0x28, 0x85], "takes what is not there"),
            ([0x7D, 0x28, 0x4E, 0x75], "fills something that is no dictionary"),
            ([0x5D, 0x4E, 0x4E, 0x73], "fills something that is no dictionary"),
            ([0x7D, 0x4E, 0x61], "fills something that is no list"), ([0x68, 7], "remembers what was not there"),
            ([0x6A, 0xFF, 0xFF, 0xFF, 0xFF], "remembers what was not there"), ([0x71, 0], "takes what is not there"),
            ([0x4E, 0x4E], "does not end where it stops"), ([0x28, 0x4E], "does not end where it stops"),
            ([], "does not end where it stops"), ([0x4E, 0x2E, 0x4E], "does not end where it stops"),
            ([0x58, 0xFF, 0xFF, 0xFF, 0xFF], "is cut off"),
            ([0x58, 1, 0, 0, 0, 0xFF], "holds a name that is not UTF-8"),
            ([0x95, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "is cut off"),
            ([0x95, 0xFF, 0, 0, 0, 0, 0, 0, 0], "is cut off"),
            ([0x63] + [UInt8](repeating: 0x61, count: 2000), "asks for a name of more than 1024 bytes"),
            ([0x4E, 0x4E, 0x93], "asks for something that has no name"),
            ([UInt8](repeating: 0x28, count: 300), "is nested too deeply"),
            ([UInt8](repeating: 0x4E, count: 70_000), "is nested too deeply"),
        ] as [([UInt8], String)])
    func malformed(_ bytes: [UInt8], _ what: String) {
        #expect(
            complaint { try checkpoint(pickle: bytes) } == "'x.pth' is damaged: its pickle \(what)\n  \(Self.again)")
    }

    @Test("costs bounded work, however little it says")
    func bounded() {
        let endless = [0x4E] + [UInt8](repeating: 0x85, count: 3_000_000)  // a tuple in a tuple in a tuple ...
        #expect(
            complaint { try checkpoint(pickle: endless) } == """
                'x.pth' has a pickle of more than 2000000 instructions
                  \(Self.saveWeights)
                """)
        let nested = [0x4E] + [UInt8](repeating: 0x85, count: 1_000_000)
        #expect(
            complaint { try checkpoint(pickle: nested) } == """
                'x.pth' holds a tuple, not a dictionary of weights
                  \(Self.saveWeights)
                """)
    }

    @Test("that holds itself is read like any other")
    func cycle() throws {
        // {'params': {'params': itself, 'a': a tensor}}
        let inner =
            [0x7D, 0x71, 0, 0x28] + Pickle.text("params") + [0x68, 0] + Pickle.text("a") + Self.weights + [0x75]
        #expect(try checkpoint(pickle: [0x7D] + Pickle.text("params") + inner + [0x73]).entries.keys.sorted() == ["a"])
    }

    @Test("is whole: each of its beginnings is refused")
    func truncated() {
        let whole = Pickle.file(Pickle.dictionary([("params", Pickle.dictionary([("a", Self.weights)]))]))
        #expect(complaint { try checkpoint(WrittenZip(pickle: whole, storages: [numbers(0..<4)]).bytes) } == "accepted")
        for count in 0..<whole.count {
            let said = complaint { try checkpoint(WrittenZip(pickle: Array(whole[..<count])).bytes) }
            let first = count < 2 ? "does not begin as pickle protocols 2 to 5 do" : "is cut off"
            #expect(said == "'x.pth' is damaged: its pickle \(first)\n  \(Self.again)")
        }
    }
}
