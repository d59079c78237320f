import Testing

@testable import HTTP

/// Sections 1 (framing), 2 (pings), 3 (reserved bits), 4 (opcodes) and 5 (fragmentation) of the Autobahn test suite,
/// each case whole, frame by frame and octet by octet.
@Suite("A WebSocket echo passes Autobahn's")
struct AutobahnFramingTests {
    private static let hello = "Hello, world!"
    private static let helloEcho = WebSocketDecoder.Event.message(.text(hello))
    private static let notText: [UInt8] = [0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF]

    private static func text(_ text: String) -> WebSocketDecoder.Event { .message(.text(text)) }
    private static func pong(_ text: String) -> WebSocketDecoder.Event { .pong(Array(text.utf8)) }

    static let framing: [AutobahnCase] = [0, 125, 126, 127, 128, 65535, 65536, 65536].enumerated()
        .flatMap { (index, count) -> [AutobahnCase] in
            let text = String(repeating: "*", count: count)
            let bytes = [UInt8](repeating: 0xFE, count: count)
            return [
                .clean("1.1.\(index + 1)", [.text(text)], [.message(.text(text))]),
                .clean("1.2.\(index + 1)", [SentFrame(opcode: 2, bytes)], [.message(.binary(bytes))]),
            ]
        }

    static let pings: [AutobahnCase] = {
        let long = [UInt8](repeating: 0xFE, count: 125)
        let ten = (0..<10).map { "payload-\($0)" }
        let unsolicited = SentFrame(opcode: 10, Array("unsolicited pong payload".utf8))
        return [
            .clean("2.1", [.ping()], [.pong([])]),
            .clean("2.2", [.ping(hello)], [pong(hello)]),
            .clean("2.3", [.ping(notText)], [.pong(notText)]),
            .clean("2.4", [.ping(long)], [.pong(long)]),
            .failed("2.5", [.ping(long + [0xFE])]),
            .clean("2.6", [.ping(long)], [.pong(long)]),
            .clean("2.7", [SentFrame(opcode: 10)]),
            .clean("2.8", [unsolicited]),
            .clean("2.9", [unsolicited, .ping("ping payload")], [pong("ping payload")]),
            .clean("2.10", ten.map { .ping($0) }, ten.map { pong($0) }),
            .clean("2.11", ten.map { .ping($0) }, ten.map { pong($0) }),
        ]
    }()

    static let reservedBits: [AutobahnCase] =
        [.failed("3.1", [.text(hello, reserved: 1)])]
        + ([2, 3, 4] as [UInt8]).map { bits in
            .failed("3.\(bits)", [.text(hello), .text(hello, reserved: bits), .ping()], after: [helloEcho])
        } + [
            .failed("3.5", [SentFrame(opcode: 2, notText, reserved: 5)]),
            .failed("3.6", [SentFrame(opcode: 2, Array(hello.utf8), reserved: 6)]),
            .failed("3.7", [SentFrame(opcode: 8, reserved: 7)]),
        ]

    static let opcodes: [AutobahnCase] = [("4.1", 3), ("4.2", 11)].flatMap {
        (section: String, opcode: UInt8) -> [AutobahnCase] in
        [
            .failed("\(section).1", [SentFrame(opcode: opcode)]),
            .failed("\(section).2", [SentFrame(opcode: opcode + 1, Array("reserved opcode payload".utf8))]),
            .failed("\(section).3", [.text(hello), SentFrame(opcode: opcode + 2), .ping()], after: [helloEcho]),
        ]
            + ([4, 5] as [UInt8]).map { number in
                let reserved = SentFrame(opcode: opcode + number - 1, Array(hello.utf8))
                return .failed("\(section).\(number)", [.text(hello), reserved, .ping()], after: [helloEcho])
            }
    }

    static let fragmentation: [AutobahnCase] = {
        let (one, two) = ("fragment1", "fragment2")
        let start = SentFrame.text(one, isFinal: false)
        let control = [SentFrame.more(two)]
        var cases: [AutobahnCase] = [
            .failed("5.1", [SentFrame(opcode: 9, Array(one.utf8), isFinal: false)] + control),
            .failed("5.2", [SentFrame(opcode: 10, Array(one.utf8), isFinal: false)] + control),
        ]
        for number in 3...5 { cases.append(.clean("5.\(number)", [start, .more(two)], [text(one + two)])) }
        for number in 6...8 {
            cases.append(
                .clean(
                    "5.\(number)", [start, .ping("ping payload"), .more(two)], [pong("ping payload"), text(one + two)]))
        }
        for number in 9...14 {
            let lonely = SentFrame.more("non-continuation payload", isFinal: number < 12)
            cases.append(.failed("5.\(number)", [lonely, .text(hello)]))
        }
        cases.append(
            .failed(
                "5.15", [start, .more(two), .more("fragment3", isFinal: false), .text("fragment4")],
                after: [text(one + two)]))
        for (number, isFinal) in [(16, false), (17, true)] {
            let round = [SentFrame.more(one, isFinal: isFinal), .text(two, isFinal: false), .more("fragment3")]
            cases.append(.failed("5.\(number)", round + round))
        }
        cases.append(.failed("5.18", [start, .text(two)]))
        for number in 19...20 {
            cases.append(
                .clean(
                    "5.\(number)",
                    [
                        start, .more(two, isFinal: false), .ping("pongme 1!"), .more("fragment3", isFinal: false),
                        .more("fragment4", isFinal: false), .ping("pongme 2!"), .more("fragment5"),
                    ],
                    [
                        pong("pongme 1!"), pong("pongme 2!"),
                        text("fragment1fragment2fragment3fragment4fragment5"),
                    ]))
        }
        return cases
    }()

    @Test("sections 1 to 5", arguments: framing + pings + reservedBits + opcodes + fragmentation)
    func cases(_ one: AutobahnCase) throws {
        for pieceByteCount in [nil, 1, 997, 1 << 20] {
            let answers = try one.answers(pieceByteCount: pieceByteCount)
            #expect(answers == one.expected)
        }
    }

    @Test("sections 1 to 5 in full")
    func counts() {
        #expect(Self.framing.count == 16)
        #expect(Self.pings.count == 11)
        #expect(Self.reservedBits.count == 7)
        #expect(Self.opcodes.count == 10)
        #expect(Self.fragmentation.count == 20)
    }
}
