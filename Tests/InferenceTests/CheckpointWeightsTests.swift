import GraphCore
import Inference
import Testing

@Suite("The weights of a PyTorch checkpoint")
struct CheckpointWeightsTests {
    private static let a = Pickle.tensor("0", [4], held: 4)
    private static let again = "Download or copy it again."

    @Test(
        "are found under the keys that training programs use, or at the top",
        arguments: [
            [], ["params"], ["params_ema"], ["state_dict"], ["model"], ["generator"], ["net_g", "params"],
            ["model", "state_dict", "params"],
        ])
    func found(_ keys: [String]) throws {
        var body = Pickle.dictionary([("a", Self.a), ("note", Pickle.text("not a tensor")), ("none", [0x4E])])
        for key in keys.reversed() { body = Pickle.dictionary([("epoch", Pickle.integer(3)), (key, body)]) }
        let weights = try checkpoint(pickle: body)
        #expect(weights.entries.mapValues(\.shape) == ["a": [4]])
        #expect(try weights.floats("a") == [0, 1, 2, 3])
        #expect(weights.metadata.isEmpty)
    }

    @Test("are looked for in 'params' first")
    func order() throws {
        let other = Pickle.tensor("1", [4], held: 4)
        let both = Pickle.dictionary([
            ("params_ema", Pickle.dictionary([("a", other)])), ("params", Pickle.dictionary([("a", Self.a)])),
        ])
        #expect(try checkpoint(pickle: both).floats("a") == [0, 1, 2, 3])
    }

    @Test("are not where none are known to be; the keys are named")
    func missing() {
        let body = Pickle.dictionary([("epoch", Pickle.integer(1)), ("gan\n", Pickle.dictionary([("a", Self.a)]))])
        #expect(
            complaint { try checkpoint(pickle: body) } == """
                'x.pth' holds no weights where they are looked for; its keys are: 'epoch', 'gan?'
                  Save the weights alone: torch.save(model.state_dict(), path).
                """)
        #expect(
            complaint { try checkpoint(pickle: Self.a) } == """
                'x.pth' holds a tensor, not a dictionary of weights
                  Save the weights alone: torch.save(model.state_dict(), path).
                """)
    }

    @Test("have one name each")
    func twice() {
        #expect(
            complaint { try checkpoint(pickle: Pickle.dictionary([("a", Self.a), ("a", Self.a)])) } == """
                'x.pth' is damaged: it has two tensors named 'a'
                  \(Self.again)
                """)
    }

    @Test("are complained of by name when asked for one that is not there")
    func unknown() throws {
        let weights = try checkpoint(pickle: Pickle.dictionary([("a", Self.a)]))
        #expect(throws: Diagnostic(.badFile, node: nil, "'x.pth' has no tensor 'b'")) { try weights.floats("b") }
    }

    /// Shape, strides, offset, and the numbers that the pickle says its storage has; in truth it has 4.
    @Test(
        "whose sizes lie are refused",
        arguments: [
            ([1000, 1000], [1000, 1], 0, 4), ([5], [1], 0, 4), ([4], [1], 1, 4), ([2], [4], 0, 4),
            ([2, 2], [2, 2], 1, 4),
            ([1 << 62, 4], [4, 1], 0, 4), ([1 << 32, 1 << 32], [0, 0], 0, 4), ([2], [.max], 0, 4), ([-1], [1], 0, 4),
            ([-2, -2], [1, 1], 0, 4), ([4], [1], -1, 4), ([4], [1], .max, 4), ([8], [0], 0, 4), ([0], [1], 5, 4),
            ([2, 2], [.max, .max], 0, 4), ([1 << 31], [1], 0, 4),
        ])
    func sizes(_ shape: [Int], _ strides: [Int], _ offset: Int, _ held: Int) {
        let lie = Pickle.tensor("0", shape, strides: strides, offset: offset, held: held)
        #expect(
            complaint { try checkpoint(pickle: Pickle.dictionary([("a", lie)])) } == """
                'x.pth' lies about the tensor 'a': \(shape) numbers, but only 4 are stored
                  \(Self.again)
                """)
    }

    @Test("whose storages lie are refused", arguments: [5, 1 << 60, .max, -1])
    func storages(_ held: Int) {
        let lie = Pickle.tensor("0", [4], held: held)
        #expect(
            complaint { try checkpoint(pickle: Pickle.dictionary([("a", lie)])) } == """
                'x.pth' lies about the tensor 'a': \(held) numbers in 16 bytes
                  \(Self.again)
                """)
    }

    @Test("with strides that PyTorch does not have, or too many dimensions, are refused")
    func strides() {
        func said(_ shape: [Int], _ strides: [Int]) -> String {
            complaint {
                try checkpoint(pickle: Pickle.dictionary([("a", Pickle.tensor("0", shape, strides: strides, held: 4))]))
            }
        }
        let damaged = "'x.pth' is damaged: the tensor 'a' has"
        #expect(said([2], [-1]) == "\(damaged) 1 dimensions and strides [-1]\n  \(Self.again)")
        #expect(said([2, 2], [1]) == "\(damaged) 2 dimensions and strides [1]\n  \(Self.again)")
        let many = [Int](repeating: 1, count: 17)
        #expect(
            said(many, many) == """
                'x.pth' is damaged: its pickle describes a tensor in a way that PyTorch does not
                  \(Self.again)
                """)
    }

    @Test("that are missing from the archive are named")
    func noStorage() {
        let body = Pickle.dictionary([("a", Pickle.tensor("7", [4], held: 4))])
        #expect(
            complaint { try checkpoint(pickle: body) } == """
                'x.pth' is cut off or damaged: the numbers of the tensor 'a' are missing
                  \(Self.again)
                """)
    }

    @Test("in kinds of numbers that are not read are refused by that kind")
    func kinds() {
        let complex = Pickle.tensor("0", [2], held: 2, storage: Pickle.global("torch", "ComplexFloatStorage"))
        let suggestion = "Save it as float32, float16 or bfloat16."
        #expect(
            complaint { try checkpoint(pickle: Pickle.dictionary([("a", complex)])) } == """
                'x.pth' stores the tensor 'a' as ComplexFloatStorage, which is not read here
                  \(suggestion)
                """)
        #expect(
            complaint { try seed("uint16.pth") } == """
                'uint16.pth' stores the tensor 'a' as uint16, which is not read here
                  \(suggestion)
                """)
    }

    @Test("may say their kind beside an untyped storage, as PyTorch does for new kinds")
    func untyped() throws {
        func tensor(_ type: String, storage: [UInt8], held: Int) -> [UInt8] {
            let id = Pickle.tuple(
                Pickle.text("storage"), storage, Pickle.text("0"), Pickle.text("cpu"), Pickle.integer(held))
            let one = Pickle.tuple(Pickle.integer(1))
            return Pickle.dictionary([
                (
                    "a",
                    Pickle.call(
                        Pickle.global("torch._utils", "_rebuild_tensor_v3"), id + [0x51], Pickle.integer(2),
                        Pickle.tuple(Pickle.integer(2)), one, [0x89], [0x4E], Pickle.global("torch", type))
                )
            ])
        }
        let untyped = Pickle.global("torch.storage", "UntypedStorage")
        let weights = try checkpoint(pickle: tensor("float32", storage: untyped, held: 16))
        #expect(weights.entries["a"]?.elementType == .float32)
        #expect(weights.entries["a"]?.count == 2)
        #expect(try weights.floats("a") == [2, 3])
        let typed = tensor("int64", storage: Pickle.global("torch", "FloatStorage"), held: 4)
        #expect(
            complaint { try checkpoint(pickle: typed) } == """
                'x.pth' is damaged: the tensor 'a' has two types
                  \(Self.again)
                """)
    }

    // MARK: Files that PyTorch 2.15 and safetensors wrote

    @Test("of every kind of number become float32", arguments: ["kinds.pth", "kinds.safetensors"])
    func everyKind(_ name: String) throws {
        let weights = try seed(name)
        let whole: [Float] = [0, 1, 2, -1, 100, 0], exact: [Float] = [0, 1, 2, -1.5, 100, 0.25]
        let expected: [String: (Checkpoint.ElementType, [Float])] = [
            "float64": (.float64, exact), "float32": (.float32, exact), "float16": (.float16, exact),
            "bfloat16": (.bfloat16, exact), "int64": (.int64, whole), "int32": (.int32, whole),
            "int16": (.int16, whole),
            "int8": (.int8, whole), "uint8": (.uint8, [0, 1, 2, 255, 100, 7]), "bool": (.bool, [0, 1, 1, 1, 1, 1]),
        ]
        #expect(weights.entries.keys.sorted() == expected.keys.sorted())
        for (name, (type, numbers)) in expected {
            #expect(weights.entries[name]?.shape == [2, 3])
            #expect(weights.entries[name]?.elementType == type)
            #expect(try weights.floats(name) == numbers, "\(name)")
        }
        #expect(weights.metadata == (name == "kinds.pth" ? [:] : ["format": "pt"]))
    }

    @Test("that share numbers, lie turned, or hold none come out in row-major order")
    func views() throws {
        let weights = try seed("shapes.pth")
        let expected: [String: ([Int], [Float])] = [
            "whole": ([12], (0..<12).map(Float.init)), "part": ([4], [4, 5, 6, 7]),
            "turned": ([4, 3], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]), "slice": ([2, 2], [1, 5, 7, 11]),
            "number": ([], [3.5]), "none": ([0, 4], []), "parameter": ([3], [0, 1, 2]), "repeated": ([3], [0, 0, 0]),
        ]
        #expect(weights.entries.mapValues(\.shape) == expected.mapValues(\.0))
        for (name, (_, numbers)) in expected { #expect(try weights.floats(name) == numbers, "\(name)") }
    }

    @Test("are found among all that a training program saved, in every protocol")
    func training() throws {
        #expect(
            try seed("training.pth").entries.mapValues(\.shape) == [
                "0.bias": [2], "0.weight": [2, 2], "1.bias": [2], "1.num_batches_tracked": [], "1.running_mean": [2],
                "1.running_var": [2], "1.weight": [2],
            ])
        #expect(try seed("protocol4.pth").floats("b") == [0, 1])
    }
}
