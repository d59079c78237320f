import Testing

@testable import HTTP

/// Section 6 (UTF-8) of the Autobahn test suite; its sequences are those of Markus Kuhn's UTF-8 stress test.
@Suite("A WebSocket echo passes Autobahn's texts:")
struct AutobahnTextTests {
    private static let greek: [UInt8] = [0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xCF, 0x83, 0xCE, 0xBC, 0xCE, 0xB5]
    private static let edited = Array("edited".utf8)
    private static let hello = "Hello-µ@ßöäüàá-UTF-8!!"

    static let fragmented: [AutobahnCase] = {
        let surrogate = greek + [0xED, 0xA0, 0x80] + edited
        let greekText = String(decoding: greek, as: UTF8.self)
        return [
            .clean("6.1.1", [.text("")], [.message(.text(""))]),
            .clean(
                "6.1.2", [.text("", isFinal: false), .more("", isFinal: false), .more("")], [.message(.text(""))]),
            .clean(
                "6.1.3", [.text("", isFinal: false), .more("middle frame payload", isFinal: false), .more("")],
                [.message(.text("middle frame payload"))]),
            .clean("6.2.1", [.text(hello)], [.message(.text(hello))]),
            .clean("6.2.2", [.text("Hello-µ@ßöä", isFinal: false), .more("üàá-UTF-8!!")], [.message(.text(hello))]),
            .clean(
                "6.2.3", SentFrame.fragments(opcode: 1, Array(hello.utf8), byteCount: 1), [.message(.text(hello))]),
            .clean("6.2.4", SentFrame.fragments(opcode: 1, greek, byteCount: 1), [.message(.text(greekText))]),
            .failed("6.3.1", [SentFrame(opcode: 1, surrogate)], code: 1007),
            .failed("6.3.2", SentFrame.fragments(opcode: 1, surrogate, byteCount: 1), code: 1007),
        ]
    }()

    /// Hexadecimal, one message each; `!` marks those that are not UTF-8.
    private static let sequences: [(section: Int, messages: String)] = [
        (
            5,
            "68656c6c6f24776f726c64 68656c6c6fc2a2776f726c64 68656c6c6fe282ac776f726c64 "
                + "68656c6c6ff0a4ada2776f726c64 cebae1bdb9cf83cebcceb5"
        ),
        // All prefixes of the last one.
        (
            6,
            "!ce ceba !cebae1 !cebae1bd cebae1bdb9 !cebae1bdb9cf cebae1bdb9cf83 !cebae1bdb9cf83ce cebae1bdb9cf83cebc "
                + "!cebae1bdb9cf83cebcce cebae1bdb9cf83cebcceb5"
        ),
        // First and last of each length; five and six octets were never in RFC 3629.
        (7, "00 c280 e0a080 f0908080"),
        (8, "!f888808080 !fc8480808080"),
        (9, "7f dfbf efbfbf f48fbfbf"),
        (10, "!f7bfbfbf !fbbfbfbfbf !fdbfbfbfbfbf"),
        (11, "ed9fbf ee8080 efbfbd f48fbfbf !f4908080"),
        // Continuation octets alone, starts alone, ends missing, octets that never occur.
        (12, "!80 !bf !80bf !80bf80 !80bf80bf !80bf80bf80 !80bf80bf80bf !" + hex(0x80..<0xBF)),
        (
            13,
            [0xC0..<0xDF, 0xE0..<0xEF, 0xF0..<0xF7, 0xF8..<0xFB, 0xFC..<0xFD].map { "!" + hex($0, spaced: true) }
                .joined(separator: " ")
        ),
        (14, "!c0 !e080 !f08080 !f8808080 !fc80808080 !df !efbf !f7bfbf !fbbfbfbf !fdbfbfbfbf"),
        (15, "!c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"),
        (16, "!fe !ff !fefeffff"),
        // Overlong forms.
        (17, "!c0af !e080af !f08080af !f8808080af !fc80808080af"),
        (18, "!c1bf !e09fbf !f08fbfbf !f887bfbfbf !fc83bfbfbfbf"),
        (19, "!c080 !e08080 !f0808080 !f880808080 !fc8080808080"),
        // Surrogates, single and paired.
        (20, "!eda080 !edadbf !edae80 !edafbf !edb080 !edbe80 !edbfbf"),
        (
            21,
            "!eda080edb080 !eda080edbfbf !edadbfedb080 !edadbfedbfbf !edae80edb080 !edae80edbfbf !edafbfedb080 "
                + "!edafbfedbfbf"
        ),
        // Noncharacters and specials are valid.
        (
            22,
            "efbfbe efbfbf f09fbfbe f09fbfbf f0afbfbe f0afbfbf f0bfbfbe f0bfbfbf "
                + ["f1", "f2", "f3"].flatMap { plane in
                    ["8f", "9f", "af", "bf"].flatMap { part in [plane + part + "bfbe", plane + part + "bfbf"] }
                }.joined(separator: " ") + " f48fbfbe f48fbfbf"
        ),
        (23, "efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf"),
    ]

    static let whole: [AutobahnCase] = sequences.flatMap { (section, messages) in
        messages.split(separator: " ").enumerated().map { (index, message) in
            let digits = Array(message.utf8.drop { $0 == UInt8(ascii: "!") })
            let bytes = stride(from: 0, to: digits.count, by: 2).map { start in
                UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16) ?? 0
            }
            let frame = SentFrame(opcode: 1, bytes)
            let number = "6.\(section).\(index + 1)"
            return message.hasPrefix("!")
                ? .failed(number, [frame], code: 1007)
                : .clean(number, [frame], [.message(.text(String(decoding: bytes, as: UTF8.self)))])
        }
    }

    private static func hex(_ range: Range<Int>, spaced: Bool = false) -> String {
        range.map { String($0, radix: 16) + (spaced ? "20" : "") }.joined()
    }

    @Test("6.1 to 6.3, 6.5 to 6.23", arguments: fragmented + whole)
    func cases(_ one: AutobahnCase) throws {
        for pieceByteCount in [nil, 1, 1 << 20] {
            let answers = try one.answers(pieceByteCount: pieceByteCount)
            #expect(answers == one.expected)
        }
    }

    /// What comes before the wrong octet is taken, the wrong octet is refused, and nothing is waited for: 0x90 and 0xA0
    /// cannot follow 0xF4 and 0xED.
    @Test(
        "6.4, refused at the first wrong octet, in the next fragment or within one",
        arguments: [
            ("6.4.1", 11, true), ("6.4.2", 12, true), ("6.4.3", 11, false), ("6.4.4", 12, false),
        ])
    func failFast(number: String, goodByteCount: Int, isFragmented: Bool) throws {
        let payload = Self.greek + [0xF4, 0x90, 0x80, 0x80] + Self.edited
        var (first, second): ([UInt8], [UInt8])
        if isFragmented {
            first = SentFrame(opcode: 1, Array(payload[..<goodByteCount]), isFinal: false).encoded(mask: 0x0102_0304)
            second = SentFrame(opcode: 0, Array(payload[goodByteCount..<13]), isFinal: false).encoded(mask: 0x0908_0706)
        } else {
            let wire = SentFrame(opcode: 1, payload).encoded(mask: 0x0102_0304)
            (first, second) = (Array(wire[..<(6 + goodByteCount)]), Array(wire[(6 + goodByteCount)..<(6 + 13)]))
        }
        var echo = Echo(limit: 1000)
        #expect(echo.answer(first[...]) == [])
        #expect(echo.answer(second[...]) == WebSocketFrame.close(1007, "a text message is not valid UTF-8"))
    }

    @Test("section 6 in full")
    func counts() {
        #expect(Self.fragmented.count + 4 + Self.whole.count == 145)
        #expect(Set((Self.fragmented + Self.whole).map(\.number)).count == 141)
    }
}
