import Testing

@testable import HTTP

/// Section 7 (closing) of the Autobahn test suite.
@Suite("A WebSocket echo passes Autobahn's closing")
struct AutobahnClosingTests {
    private static func closed(_ number: String, _ frames: [SentFrame], by code: UInt16?) -> AutobahnCase {
        AutobahnCase(number: number, frames: frames, expected: [.close(code: code, reason: "")])
    }

    static let basic: [AutobahnCase] = {
        let hello = "Hello World!"
        let large = String(String(repeating: "BAsd7&jh23", count: 26215).prefix(256 << 10))
        return [
            .clean("7.1.1", [.text(hello)], [.message(.text(hello))]),
            closed("7.1.2", [.close(1000), SentFrame(opcode: 8)], by: 1000),
            closed("7.1.3", [.close(1000), .ping()], by: 1000),
            closed("7.1.4", [.close(1000), .text(hello)], by: 1000),
            closed("7.1.5", [.text("fragment1", isFinal: false), .close(1000), .more("fragment2")], by: 1000),
            AutobahnCase(
                number: "7.1.6", frames: [.text(large), .text(hello), .close(1000), .ping()],
                expected: [.message(.text(large)), .message(.text(hello)), .close(code: 1000, reason: "")]),
            // An empty close frame is answered by one.
            closed("7.3.1", [SentFrame(opcode: 8)], by: nil),
            closed("7.3.2", [SentFrame(opcode: 8, Array("a".utf8))], by: 1002),
            closed("7.3.3", [.close(1000)], by: 1000),
            closed("7.3.4", [.close(1000, Array(hello.utf8))], by: 1000),
            closed("7.3.5", [.close(1000, [UInt8](repeating: 0x2A, count: 123))], by: 1000),
            closed("7.3.6", [.close(1000, [UInt8](repeating: 0x2A, count: 124))], by: 1002),
            closed(
                "7.5.1",
                [.close(1000, Array("κόσμε".utf8) + [0xED, 0xA0, 0x80] + Array("edited".utf8))], by: 1007),
        ]
    }()

    static let codes: [AutobahnCase] =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].enumerated().map {
            closed("7.7.\($0 + 1)", [.close($1)], by: UInt16($1))
        }
        + [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].enumerated().map {
            closed("7.9.\($0 + 1)", [.close($1)], by: 1002)
        }
        // Informational in the suite; refused here, as all that is not assigned.
        + [closed("7.13.1", [.close(5000)], by: 1002), closed("7.13.2", [.close(65535)], by: 1002)]
        // Not in the suite: registered by IANA after it was written, and the one that means a failed TLS handshake.
        + [1012, 1013, 1014].map { closed("code \($0)", [.close($0)], by: UInt16($0)) }
        + [closed("code 1015", [.close(1015)], by: 1002)]

    @Test("section 7", arguments: basic + codes)
    func cases(_ one: AutobahnCase) throws {
        for pieceByteCount in [nil, 1, 1 << 20] {
            let answers = try one.answers(pieceByteCount: pieceByteCount)
            #expect(answers == one.expected)
        }
    }

    @Test("section 7 in full")
    func counts() { #expect((Self.basic + Self.codes).filter { $0.number.hasPrefix("7.") }.count == 37) }
}
