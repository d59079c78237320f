import Testing

@testable import GraphCore

@Suite("A literal")
struct LiteralConversionTests {
    private static let int = Input<Value>("n", type: .int).spec
    private static let float = Input<Double>("x").spec
    private static let boolean = Input<Bool>("flag").spec
    private static let string = Input<String>("text", type: .string).spec
    private static let combo = Input<String>("method", choices: .fixed(["area", "2", "Bilinear"])).spec

    /// What `text` becomes for an input: `int 64`, with its warning, or why it is refused.
    private func convert(_ text: String, for spec: InputSpec) throws -> String {
        let json = try JSONParser.parse(text)
        do throws(LiteralConversion.Problem) {
            let converted = try LiteralConversion.convert(json, for: spec, in: Pictures())
            let value =
                switch converted.literal {
                case .null: "null"
                case .bool(let bool): "bool \(bool)"
                case .int(let int): "int \(int)"
                case .double(let double): "double \(double)"
                case .string(let string): "string \(string)"
                case .json(let json): "json \(JSONWriter.text(json))"
                }
            return converted.warning.map { "\(value) (\($0))" } ?? value
        } catch {
            switch error {
            case .wrongType(let message, let suggestion): return "wrong type: \(message) \(suggestion)"
            case .outOfRange(let message, let suggestion): return "out of range: \(message) \(suggestion)"
            case .notInList(let message, let suggestion): return "not in list: \(message) \(suggestion)"
            case .refused(let refusal, let word, let source):
                return "not in list: \(refusal.message) \(source.hint(word, Pictures()))"
            }
        }
    }

    @Test(
        "for an INT is a whole number, or text that spells one",
        arguments: [
            ("64", "int 64"), ("-3", "int -3"), ("-0", "int 0"), (#""64""#, "int 64"), (#"" +64\n""#, "int 64"),
            ("64.0", "int 64"), ("1e3", "int 1000"),
            ("true", "int 1 (true is not a number; 1 is used)"), ("false", "int 0 (false is not a number; 0 is used)"),
            ("7.9", "int 7 (7.9 is not a whole number; 7 is used)"),
            ("-7.9", "int -7 (-7.9 is not a whole number; -7 is used)"),
            ("18446744073709551615", "int 18446744073709551615"),
            (#""18446744073709551615""#, "int 18446744073709551615"),
            ("-9223372036854775808", "int -9223372036854775808"),
            (#"{"__value__": 5}"#, "int 5"),
            (
                "18446744073709551616",
                "out of range: 18446744073709551616 is beyond what an INT holds Use -2^63 to 2^64 - 1."
            ),
            (
                "-9223372036854775809",
                "out of range: -9223372036854775809 is beyond what an INT holds Use -2^63 to 2^64 - 1."
            ),
            ("1e19", "int 10000000000000000000"),
            ("1e20", "out of range: 1e20 is beyond what an INT holds Use -2^63 to 2^64 - 1."),
            ("-1e19", "out of range: -1e19 is beyond what an INT holds Use -2^63 to 2^64 - 1."),
            ("1e999", "out of range: 1e999 is beyond what an INT holds Use -2^63 to 2^64 - 1."),
            (
                "1234567890123456789012345678901234567890",
                "out of range: 1234567890123456789012345678901234567890 is beyond what an INT holds "
                    + "Use -2^63 to 2^64 - 1."
            ),
            (#""abc""#, #"wrong type: "abc" is not a whole number Give 'n' a whole number."#),
            (#""64.0""#, #"wrong type: "64.0" is not a whole number Give 'n' a whole number."#),
            (#""""#, #"wrong type: "" is not a whole number Give 'n' a whole number."#),
            ("null", "wrong type: null is not a whole number Give 'n' a whole number."),
            ("[1,2,3]", "wrong type: [1,2,3] is not a whole number Give 'n' a whole number."),
            (#"{"a": 1}"#, #"wrong type: {"a":1} is not a whole number Give 'n' a whole number."#),
        ])
    func ints(text: String, result: String) throws {
        #expect(try convert(text, for: Self.int) == result)
    }

    @Test(
        "for a FLOAT is a finite number, or text that spells one",
        arguments: [
            ("1", "double 1.0"), ("0.5", "double 0.5"), (#"" 0.5 ""#, "double 0.5"), (#""1e3""#, "double 1000.0"),
            ("true", "double 1.0 (true is not a number; 1 is used)"), (#"{"__value__": 0.25}"#, "double 0.25"),
            ("1e999", "out of range: 1e999 is beyond what a FLOAT holds Use a number below 1.8e308."),
            (#""1e999""#, #"wrong type: "1e999" is not a number Give 'x' a number."#),
            (#""nan""#, #"wrong type: "nan" is not a number Give 'x' a number."#),
            (#""inf""#, #"wrong type: "inf" is not a number Give 'x' a number."#),
            (#""0x10""#, #"wrong type: "0x10" is not a number Give 'x' a number."#),
            (#""half""#, #"wrong type: "half" is not a number Give 'x' a number."#),
            ("null", "wrong type: null is not a number Give 'x' a number."),
            ("[]", "wrong type: [] is not a number Give 'x' a number."),
        ])
    func floats(text: String, result: String) throws {
        #expect(try convert(text, for: Self.float) == result)
    }

    @Test(
        "for a BOOLEAN is true or false, a number, or one of the words",
        arguments: [
            ("true", "bool true"), ("false", "bool false"), ("1", "bool true"), ("0", "bool false"),
            ("0.0", "bool false"), ("2", "bool true"), (#""true""#, "bool true"), (#""False""#, "bool false"),
            (#""yes""#, #"wrong type: "yes" is not true or false Give 'flag' true or false."#),
            ("null", "wrong type: null is not true or false Give 'flag' true or false."),
        ])
    func booleans(text: String, result: String) throws {
        #expect(try convert(text, for: Self.boolean) == result)
    }

    @Test(
        "for a STRING is text, or a number or a boolean as Python spells it",
        arguments: [
            (#""a b""#, "string a b"), (#""""#, "string "), ("5", "string 5"), ("5.0", "string 5.0"),
            ("true", "string True"), ("false", "string False"), (#"{"__value__": "x"}"#, "string x"),
            ("null", "wrong type: null is not a text Give 'text' a text."),
            (#"["a"]"#, #"wrong type: ["a"] is not a text Give 'text' a text."#),
        ])
    func strings(text: String, result: String) throws {
        #expect(try convert(text, for: Self.string) == result)
    }

    @Test(
        "for a COMBO is one of its choices",
        arguments: [
            (#""area""#, "string area"), ("2", "string 2"), (#"{"__value__": "area"}"#, "string area"),
            (#""bilinear""#, "not in list: 'bilinear' is none of its choices Did you mean 'Bilinear'?"),
            (#""lanczos""#, "not in list: 'lanczos' is none of its choices Choose one of: area, 2, Bilinear."),
            ("true", "wrong type: true is not one of its choices Give 'method' one of its choices."),
            ("null", "wrong type: null is not one of its choices Give 'method' one of its choices."),
        ])
    func combos(text: String, result: String) throws {
        #expect(try convert(text, for: Self.combo) == result)
    }

    @Test(
        "for any other input is what the file says",
        arguments: [
            ("5", "int 5"), ("5.0", "double 5.0"), ("null", "null"), (#""x""#, "string x"),
            (#"[1,{"a":2.50}]"#, #"json [1,{"a":2.50}]"#), ("1e999", "json 1e999"),
            (#"{"__value__": [1, 2]}"#, "json [1,2]"),
        ])
    func wildcards(text: String, result: String) throws {
        #expect(try convert(text, for: Input<Value>("v").spec) == result)
    }

    @Test("keeps to its input's range, both ends included")
    func ranges() throws {
        let int = Input<Int>("n", in: -2...16384).spec
        #expect(try convert("-2", for: int) == "int -2")
        #expect(try convert("16384", for: int) == "int 16384")
        #expect(try convert("-3", for: int) == "out of range: -3 is below -2 Use a value from -2 to 16384.")
        #expect(try convert("16384.5", for: int).hasPrefix("int 16384 ("))
        #expect(
            try convert("\"16385\"", for: int) == "out of range: 16385 is above 16384 Use a value from -2 to 16384.")
        let seed = Input<UInt64>("seed", in: 0...Int128(UInt64.max)).spec
        #expect(try convert("18446744073709551615", for: seed) == "int 18446744073709551615")
        let float = Input<Double>("x", in: 0...1).spec
        #expect(try convert("1", for: float) == "double 1.0")
        #expect(try convert("1.01", for: float) == "out of range: 1.01 is above 1.0 Use a value from 0.0 to 1.0.")
        #expect(try convert("-1e-9", for: float) == "out of range: -1e-09 is below 0.0 Use a value from 0.0 to 1.0.")
    }

    @Test("that is long is shown by its beginning")
    func long() throws {
        let text = try convert("\"\(String(repeating: "x", count: 1000))\"", for: Self.int)
        #expect(text.count < 150)
    }

    @Test("of more choices than people read is told the first twenty")
    func manyChoices() throws {
        let spec = Input<String>("c", choices: .fixed((1...50).map { "choice number \($0)" })).spec
        let text = try convert("\"q\"", for: spec)
        #expect(text.hasSuffix("choice number 20 and 30 more."))
    }
}

@Suite("The nearest name")
struct NearestNameTests {
    @Test(
        "is the one with the fewest edits, at most three, and half the word",
        arguments: [
            ("ImageScal", "ImageScale"), ("imagescale", "ImageScale"), ("ImageInvret", "ImageInvert"), ("Sav", "Save"),
        ])
    func near(word: String, name: String) {
        #expect(NearestName.of(word, among: ["Save", "ImageScale", "ImageInvert"]) == name)
    }

    @Test("is none when all are far", arguments: ["", "x", "Blur", "ImageSomething"])
    func far(word: String) {
        #expect(NearestName.of(word, among: ["Save", "ImageScale", "ImageInvert"]) == nil)
    }

    @Test("is told as a question")
    func sentence() {
        #expect(NearestName.sentence("Sve", among: ["Save"]) == "Did you mean 'Save'?")
    }
}
