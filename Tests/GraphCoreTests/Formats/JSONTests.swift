import Testing

@testable import GraphCore

@Suite("The JSON reader")
struct JSONParserTests {
    @Test("reads every kind of value")
    func kinds() throws {
        #expect(
            try JSONParser.parse(#" { "a" : [ null , true , false ] , "b" : { } , "c" : "x" , "d" : -1.5e3 } "#) == [
                "a": [nil, true, false], "b": [:], "c": "x",
                "d": .number(JSONNumber(checkedText: "-1.5e3")),
            ])
    }

    @Test(
        "keeps a number as it was written",
        arguments: ["0", "-0", "5", "5.0", "5.00", "1e999", "1E+2", "18446744073709551615", "-0.1e-7"])
    func numberText(text: String) throws {
        let value = try JSONParser.parse(text)
        #expect(value.number?.text == text)
        #expect(JSONWriter.text(value) == text)
    }

    @Test("tells 5 from 5.0, and 2^64 - 1 from its neighbours")
    func numberIdentity() throws {
        #expect(try JSONParser.parse("5") != JSONParser.parse("5.0"))
        let largest = try #require(try JSONParser.parse("18446744073709551615").number)
        #expect(largest.int == Int128(UInt64.max))
        #expect(largest.isInteger)
    }

    @Test("knows which numbers are whole, and which exceed what can be counted")
    func numberValues() throws {
        func number(_ text: String) throws -> JSONNumber { try #require(try JSONParser.parse(text).number) }
        #expect(try number("64").int == 64)
        #expect(try number("64.0").int == nil)
        #expect(try number("64.0").double == 64)
        #expect(try number("1e2").isInteger == false)
        #expect(try number("1e999").double == nil)
        #expect(try number("-1e999").double == nil)
        #expect(try number(String(repeating: "9", count: 40)).int == nil)
    }

    @Test("keeps the order of keys")
    func keyOrder() throws {
        let text = #"{"z":1,"a":2,"10":3,"9":4}"#
        let value = try JSONParser.parse(text)
        #expect(value.object?.members.map(\.key) == ["z", "a", "10", "9"])
        #expect(JSONWriter.text(value) == text)
    }

    @Test("accepts a key given twice, remembers it, and reads the last")
    func duplicateKeys() throws {
        let object = try #require(try JSONParser.parse(#"{"a": 1, "b": 2, "a": 3, "a": 4}"#).object)
        #expect(object.duplicateKeys == ["a"])
        #expect(object["a"] == 4)
        #expect(object.members.count == 4)
        let many = (0..<20).map { #""k\#($0 % 12)": \#($0)"# }.joined(separator: ",")
        let large = try #require(try JSONParser.parse("{\(many)}").object)
        #expect(large.duplicateKeys == (0..<8).map { "k\($0)" })
    }

    @Test("finds 100,000 keys given twice without comparing them all")
    func manyDuplicateKeys() throws {
        let members = (0..<200_000).map { #""\#($0 % 100_000)":0"# }.joined(separator: ",")
        #expect(try JSONParser.parse("{\(members)}").object?.duplicateKeys.count == 100_000)
    }

    @Test("goes 128 deep and no deeper")
    func depth() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(complaint(nested(128)) == nil)
        #expect(complaint(nested(129)) == "line 1, column 129: lists and objects are nested more than 128 deep")
        #expect(complaint(nested(200)) == "line 1, column 129: lists and objects are nested more than 128 deep")
        let objects = String(repeating: #"{"a":"#, count: 129) + "1" + String(repeating: "}", count: 129)
        #expect(complaint(objects) == "line 1, column 641: lists and objects are nested more than 128 deep")
        let siblings = "[" + Array(repeating: "[]", count: 500).joined(separator: ",") + "]"
        #expect(complaint(siblings) == nil)
    }

    @Test("reads no more bytes than its limit")
    func size() {
        var limits = JSONParser.Limits()
        #expect(limits.maxByteCount == 64 << 20)
        limits.maxByteCount = 10
        #expect(complaint("[12345678]", limits: limits) == nil)
        #expect(
            complaint("[123456789]", limits: limits)
                == "line 1, column 1: the text has 11 bytes; the limit is 10")
    }

    @Test(
        "reads escapes",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{08}\u{0C}\n\r\t"),
            (#""\u0041\u00e9\u20AC""#, "A\u{E9}\u{20AC}"),
            (#""\ud83d\ude00""#, "\u{1F600}"),
            (#""\u0000""#, "\0"),
            (#""plain \u0041 plain""#, "plain A plain"),
        ])
    func escapes(text: String, value: String) throws {
        let read = try #require(try JSONParser.parse(text).string)
        #expect(Array(read.unicodeScalars) == Array(value.unicodeScalars))
    }

    @Test("skips a byte order mark")
    func byteOrderMark() throws {
        #expect(try JSONParser.parse([0xEF, 0xBB, 0xBF, 0x31]) == 1)
    }

    @Test(
        "says where it stopped, what it expected and what it found",
        arguments: [
            ("", "line 1, column 1: expected a value but found the end of the file"),
            ("{", "line 1, column 2: expected a name in double quotes or '}' but found the end of the file"),
            ("{\n  \"a\": 1,\n}", "line 3, column 1: expected a name in double quotes but found '}'"),
            ("{\"a\" 1}", "line 1, column 6: expected ':' after the name but found '1'"),
            ("{\"a\":}", "line 1, column 6: expected a value but found '}'"),
            ("{\"a\": 1 \"b\": 2}", "line 1, column 9: expected ',' or '}' but found '\"'"),
            ("{\"a\": 1", "line 1, column 8: expected ',' or '}' but found the end of the file"),
            ("{a: 1}", "line 1, column 2: expected a name in double quotes or '}' but found 'a'"),
            ("{'a': 1}", "line 1, column 2: expected a name in double quotes or '}' but found '''"),
            ("[1,]", "line 1, column 4: expected a value but found ']'"),
            ("[1 2]", "line 1, column 4: expected ',' or ']' but found '2'"),
            ("[1] // done", "line 1, column 5: expected the end of the file but found '/'"),
            ("\n\n  nope", "line 3, column 3: expected a value but found 'nope'"),
            ("[NaN]", "line 1, column 2: expected a value but found 'NaN'"),
            ("[-Infinity]", "line 1, column 3: expected a digit but found 'Infinity'"),
            ("[True]", "line 1, column 2: expected a value but found 'True'"),
            ("[tru]", "line 1, column 2: expected a value but found 'tru'"),
            (
                #"{"images": ddcolor_node.output}"#,
                "line 1, column 12: expected a value but found 'ddcolor_node.output'"
            ),
            ("01", "line 1, column 2: a number must not start with 0 followed by another digit"),
            ("[1.]", "line 1, column 4: expected a digit after the decimal point but found ']'"),
            ("[1e]", "line 1, column 4: expected a digit in the exponent but found ']'"),
            ("[+1]", "line 1, column 2: expected a value but found '+'"),
            ("\"ab", "line 1, column 4: expected '\"' at the end of the string but found the end of the file"),
            ("\"a\\", "line 1, column 4: expected an escaped character but found the end of the file"),
            (#""\x""#, #"line 1, column 3: expected one of " \ / b f n r t u after '\' but found 'x'"#),
            (#""\u12g""#, #"line 1, column 6: expected four hexadecimal digits after \u but found 'g'"#),
            (#""\ud800""#, #"line 1, column 8: the escape \u names half a surrogate pair, which is no character"#),
            (
                "\"a\nb\"",
                "line 1, column 3: a line break inside a string (write \\n, or close the string with '\"')"
            ),
            ("\"a\tb\"", "line 1, column 3: a control character (byte 9) inside a string"),
            ("[\"\u{E9}\u{1F600}\", x]", "line 1, column 8: expected a value but found 'x'"),
        ])
    func errors(text: String, message: String) {
        #expect(complaint(text) == message)
    }

    @Test("refuses bytes that are no UTF-8")
    func encoding() {
        func complaint(_ bytes: [UInt8]) -> String? {
            do { _ = try JSONParser.parse(bytes) } catch { return error.message }
            return nil
        }
        #expect(complaint([0x22, 0x61, 0xFF, 0x22]) == "line 1, column 2: this string is not valid UTF-8")
        #expect(
            complaint([0xFF, 0xFE, 0x5B, 0x00])
                == "line 1, column 1: the text is not UTF-8 (it looks like UTF-16 or binary data)")
        #expect(
            complaint([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A])
                == "line 1, column 1: expected a value but found '\u{FFFD}'")
    }

    @Test("names the bare word that stands where a value belongs")
    func bareWord() {
        #expect(throws: JSONError(line: 1, column: 2, reason: "expected a value but found 'a.b'", bareWord: "a.b")) {
            try JSONParser.parse("[a.b]")
        }
    }
}

@Suite("A JSON object")
struct JSONObjectTests {
    @Test("puts a new key last, replaces in place and removes by nil")
    func assignment() {
        var object = JSONObject([.init("a", 1), .init("b", 2)])
        object["c"] = 3
        object["a"] = "x"
        object["b"] = nil
        #expect(JSONWriter.text(.object(object)) == #"{"a":"x","c":3}"#)
    }

    @Test("is equal only in the same order")
    func order() {
        #expect(JSON.object(JSONObject([.init("a", 1), .init("b", 2)])) != ["b": 2, "a": 1])
    }
}

@Suite("The JSON writer")
struct JSONWriterTests {
    private let value: JSON = ["a": [1, 2.5, nil, true], "empty": [[], [:]], "text": "q\"\\\n\r\t\u{08}\u{0C}\u{01}"]

    @Test("writes compact text without white space")
    func compact() {
        #expect(
            JSONWriter.text(value)
                == #"{"a":[1,2.5,null,true],"empty":[[],{}],"text":"q\"\\\n\r\t\b\f\u0001"}"#)
    }

    @Test("writes what Python's json.dumps writes, everything beyond ASCII escaped")
    func python() {
        #expect(
            JSONWriter.text(value, style: .python)
                == #"{"a": [1, 2.5, null, true], "empty": [[], {}], "text": "q\"\\\n\r\t\b\f\u0001"}"#)
        #expect(
            JSONWriter.text("caf\u{E9} \u{20AC} \u{1F600} \u{7F} /", style: .python)
                == #""caf\u00e9 \u20ac \ud83d\ude00 \u007f /""#)
    }

    @Test("leaves letters of all scripts as they are in the other styles")
    func unicode() {
        #expect(JSONWriter.text("caf\u{E9} \u{1F600}") == "\"caf\u{E9} \u{1F600}\"")
    }

    @Test("indents by two spaces for people")
    func indented() {
        #expect(
            JSONWriter.text(["a": [1, 2], "b": [:], "c": []], style: .indented) == """
                {
                  "a": [
                    1,
                    2
                  ],
                  "b": {},
                  "c": []
                }
                """)
    }

    @Test("writes what reads back as the same value, in every style")
    func roundTrip() throws {
        let text = #"{"a":[1,1.0,1e999,-0],"s":"\u0000\ud83d\ude00é/\\","o":{"k":{"k":[]}},"n":null}"#
        let value = try JSONParser.parse(text)
        for style in [JSONWriter.Style.compact, .python, .indented] {
            #expect(try JSONParser.parse(JSONWriter.bytes(value, style: style)) == value)
        }
    }
}
