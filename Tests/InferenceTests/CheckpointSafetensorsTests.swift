import GraphCore
import Inference
import Testing

@Suite("A safetensors file")
struct CheckpointSafetensorsTests {
    private static let again = "Download or copy it again."

    private static func file(_ header: String, _ data: [UInt8] = numbers(0..<4)) -> [UInt8] {
        WrittenZip.eight(header.utf8.count) + Array(header.utf8) + data
    }

    private func said(_ header: String, _ data: [UInt8] = numbers(0..<4)) -> String {
        complaint { try checkpoint(Self.file(header, data), "x.safetensors") }
    }

    private func damaged(_ what: String) -> String { "'x.safetensors' is damaged: \(what)\n  \(Self.again)" }

    @Test("holds tensors and what it says of itself")
    func good() throws {
        let header = """
            {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,3],"data_offsets":[4,16]},\
            "none":{"dtype":"I8","shape":[0,7],"data_offsets":[4,4]},"n":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
            """
        let file = try checkpoint(Self.file(header + "   "), "x.pth")  // its name does not matter
        #expect(file.metadata == ["format": "pt"])
        #expect(file.entries.mapValues(\.shape) == ["a": [1, 3], "n": [], "none": [0, 7]])
        #expect(try file.floats("a") == [1, 2, 3])
        #expect(try file.floats("n") == [0])
        #expect(try file.floats("none") == [])
    }

    @Test("may hold nothing")
    func nothing() throws { #expect(try checkpoint(Self.file("{}", [])).entries.isEmpty) }

    @Test(
        "whose tensors' sizes lie is refused",
        arguments: [
            ("[1000,1000]", "[0,16]", "[1000, 1000] numbers, but only 4 are stored"),
            ("[5]", "[0,16]", "[5] numbers, but only 4 are stored"),
            ("[4611686018427387904,4]", "[0,16]", "[4611686018427387904, 4] numbers, but only 4 are stored"),
            ("[3]", "[0,16]", "[3] numbers in 16 bytes"), ("[3]", "[0,15]", "[3] numbers in 15 bytes"),
            ("[0]", "[0,16]", "[0] numbers in 16 bytes"),
        ])
    func lies(_ shape: String, _ offsets: String, _ what: String) {
        #expect(
            said(#"{"a":{"dtype":"F32","shape":\#(shape),"data_offsets":\#(offsets)}}"#) == """
                'x.safetensors' lies about the tensor 'a': \(what)
                  \(Self.again)
                """)
    }

    @Test("that is cut off is refused, wherever the cut is")
    func truncated() throws {
        let whole = Self.file(#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#)
        #expect(complaint { try checkpoint(whole) } == "accepted")
        let file = try ScratchFile(whole, "x.safetensors")
        for count in (0..<whole.count).reversed() {
            try file.cut(to: count)
            let what =
                switch count {
                case 0: "is empty"
                case 1...7, 9...: "is cut off or damaged: it ends before its contents do"
                default: "is neither a PyTorch checkpoint nor a safetensors file"
                }
            let suggestion = count == 8 ? "Choose a .pth, .pt or .safetensors file." : Self.again
            #expect(
                complaint { try file.open() }
                    == "'x.safetensors' \(what)\n  \(suggestion)")
        }
    }

    @Test("covers its bytes without gaps and overlaps")
    func coverage() {
        func tensor(_ name: String, _ from: Int, _ to: Int) -> String {
            #""\#(name)":{"dtype":"F32","shape":[\#((to - from) / 4)],"data_offsets":[\#(from),\#(to)]}"#
        }
        #expect(said("{\(tensor("a", 0, 8)),\(tensor("b", 8, 16))}") == "accepted")
        #expect(
            said("{\(tensor("a", 0, 12)),\(tensor("b", 8, 16))}") == damaged("the tensor 'b' overlaps another"))
        #expect(
            said("{\(tensor("a", 0, 4)),\(tensor("b", 8, 16))}")
                == damaged("the tensor 'b' leaves bytes before it unused"))
        #expect(said("{\(tensor("a", 0, 12))}") == damaged("4 bytes at its end belong to no tensor"))
        #expect(
            said("{\(tensor("a", 0, 20))}") == """
                'x.safetensors' is cut off or damaged: it ends before its contents do
                  \(Self.again)
                """)
    }

    @Test("has a header of strict JSON")
    func header() {
        #expect(
            said(#"{"a":}"#) == damaged("its header is not JSON (line 1, column 6: expected a value but found '}')"))
        #expect(said(#"{"a":1} x"#).hasPrefix("'x.safetensors' is damaged: its header is not JSON (line 1, column 9"))
        #expect(said(#"{"a":[[[[[[1]]]]]]}"#).contains("nested more than 4 deep"))
        let tensor = #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#
        #expect(said(#"{"a":\#(tensor),"a":\#(tensor)}"#) == damaged("its header names 'a' twice"))
    }

    @Test(
        "describes each tensor in full",
        arguments: [
            #"{}"#, #"1"#, #"{"dtype":"F32","shape":[4]}"#, #"{"dtype":1,"shape":[4],"data_offsets":[0,16]}"#,
            #"{"dtype":"F32","shape":4,"data_offsets":[0,16]}"#,
            #"{"dtype":"F32","shape":[4.0],"data_offsets":[0,16]}"#,
            #"{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}"#, #"{"dtype":"F32","shape":[4],"data_offsets":[0]}"#,
            #"{"dtype":"F32","shape":[4],"data_offsets":[16,0]}"#,
            #"{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]}"#,
            #"{"dtype":"F32","shape":[4],"data_offsets":[0,16],"shape":[4]}"#,
        ])
    func tensors(_ tensor: String) {
        #expect(
            said(#"{"a":\#(tensor)}"#)
                == damaged("the tensor 'a' has no proper 'dtype', 'shape' and 'data_offsets'"))
    }

    @Test("in kinds of numbers that are not read is refused by that kind", arguments: ["F8_E4M3", "U16", "C64", "f32"])
    func kinds(_ kind: String) {
        #expect(
            said(#"{"a":{"dtype":"\#(kind)","shape":[4],"data_offsets":[0,16]}}"#) == """
                'x.safetensors' stores the tensor 'a' as '\(kind)', which is not read here
                  Save it as F32, F16 or BF16.
                """)
    }

    @Test("says of itself only strings", arguments: ["1", "[]", #"{"a":1}"#, #"{"a":"1","a":"2"}"#])
    func metadata(_ value: String) {
        #expect(said(#"{"__metadata__":\#(value)}"#, []) == damaged("its '__metadata__' is no object of strings"))
    }

    @Test("has a header of bounded length", arguments: [(4 << 20) + 1, .max, -1])
    func headerLength(_ length: Int) {
        let bytes = WrittenZip.eight(length) + Array("{}".utf8)
        #expect(
            complaint { try checkpoint(bytes, "x.safetensors") } == """
                'x.safetensors' is no safetensors file, or has a header of more than 4194304 bytes
                  Choose a .pth, .pt or .safetensors file.
                """)
    }

    @Test("has numbers that become float32 without a trap, whatever they are")
    func extremes() throws {
        func floats(_ kind: String, _ bytes: [UInt8], _ count: Int) throws -> [Float] {
            try checkpoint(
                Self.file(#"{"a":{"dtype":"\#(kind)","shape":[\#(count)],"data_offsets":[0,\#(bytes.count)]}}"#, bytes)
            ).floats("a")
        }
        let doubles = [1e300, -1e300, .nan, Double.leastNonzeroMagnitude, .infinity]
        let wide = try floats("F64", WrittenZip.eight(doubles.map { Int(bitPattern: UInt($0.bitPattern)) }), 5)
        #expect(wide.description == "[inf, -inf, nan, 0.0, inf]")
        #expect(try floats("I64", WrittenZip.eight(.max, .min), 2) == [0x1p63, -0x1p63])
        // Every half there is, as the standard library reads it.
        let all = (0...UInt16.max).flatMap { WrittenZip.two($0) }
        let halves = try floats("F16", all, 65536)
        let same = (0...UInt16.max).allSatisfy { bits in
            let (value, expected) = (halves[Int(bits)], Float(Float16(bitPattern: bits)))
            return value.bitPattern == expected.bitPattern || (value.isNaN && expected.isNaN)
        }
        #expect(same)
        let upper = try floats("BF16", all, 65536)
        #expect((0...UInt16.max).allSatisfy { upper[Int($0)].bitPattern == UInt32($0) << 16 })
    }
}
