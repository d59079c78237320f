import Testing

@testable import HTTP

/// Sections 9 (large messages, many fragments, small chops) and 10 of the Autobahn test suite, with a limit of 16 MiB.
@Suite("A WebSocket echo passes Autobahn's limits:")
struct AutobahnLimitTests {
    struct Load: Sendable, CustomTestStringConvertible {
        let number: String
        let isText: Bool
        let byteCount: Int
        var fragmentByteCount = Int.max
        var pieceByteCount = 64 << 10
        var messageCount = 1

        var testDescription: String { number }
    }

    static let loads: [Load] = [true, false].flatMap { isText -> [Load] in
        func number(_ section: Int, _ index: Int) -> String { "9.\(section + (isText ? 0 : 1)).\(index + 1)" }
        let large = [64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20]
        let fragments = (0...8).map { 64 << (2 * $0) }
        let chops = (0...5).map { 64 << $0 }
        let trips = [0, 16, 64, 256, 1024, 4096]
        return large.enumerated().map { Load(number: number(1, $0), isText: isText, byteCount: $1) }
            + fragments.enumerated().map {
                Load(number: number(3, $0), isText: isText, byteCount: 4 << 20, fragmentByteCount: $1)
            }
            + chops.enumerated().map {
                Load(number: number(5, $0), isText: isText, byteCount: 1 << 20, pieceByteCount: $1)
            }
            + trips.enumerated().map {
                Load(number: number(7, $0), isText: isText, byteCount: $1, messageCount: 1000)
            }
    }

    @Test("9.1 to 9.8", arguments: loads)
    func echoed(_ load: Load) throws {
        let pattern: [UInt8] = load.isText ? Array("BAsd7&jh23".utf8) : [0x00, 0xFE, 0x23, 0xFA, 0xF0]
        let payload = (0..<load.byteCount).map { pattern[$0 % pattern.count] }
        let opcode: UInt8 = load.isText ? 1 : 2
        let frames =
            load.fragmentByteCount == .max
            ? [SentFrame(opcode: opcode, payload)]
            : SentFrame.fragments(opcode: opcode, payload, byteCount: load.fragmentByteCount)
        let message = WebSocketDecoder.Event.message(
            load.isText ? .text(String(decoding: payload, as: UTF8.self)) : .binary(payload))
        let one = AutobahnCase.clean(load.number, frames, [message])
        for round in 1...load.messageCount {
            let answers = try one.answers(pieceByteCount: load.pieceByteCount, limit: 16 << 20)
            // Compared outside of #expect, which would print 16 MiB.
            let isEcho = answers == one.expected
            #expect(isEcho, "message \(round)")
        }
    }

    /// The sender's side: frames of the size asked for, and the rest in the last one.
    @Test("10.1.1, a message in fragments of 1300")
    func autoFragmented() throws {
        let payload = [UInt8](repeating: 0x2A, count: 65536)
        let frames = SentFrame.fragments(opcode: 1, payload, byteCount: 1300)
        #expect(frames.count == 50 + 1)
        let text = WebSocketDecoder.Event.message(.text(String(decoding: payload, as: UTF8.self)))
        let one = AutobahnCase.clean("10.1.1", frames, [text])
        let isEcho = try one.answers(pieceByteCount: nil) == one.expected
        #expect(isEcho)
    }

    /// A text of fragments without end: it is refused where it passes the limit, not when memory is gone.
    @Test("9.9.1, a message without end")
    func endless() throws {
        var echo = Echo(limit: 1 << 20)
        let first = SentFrame.text(String(repeating: "*", count: 4096), isFinal: false).encoded(mask: 7)
        let next = SentFrame.more(String(repeating: "*", count: 4096), isFinal: false).encoded(mask: 9)
        #expect(echo.answer(first[...]) == [])
        for _ in 1..<256 { #expect(echo.answer(next[...]) == []) }
        #expect(
            echo.answer(next[...])
                == WebSocketFrame.close(1009, "a message is larger than the limit of 1048576 bytes"))
    }

    @Test("section 9 in full")
    func counts() {
        #expect(Self.loads.count == 54)
        #expect(Set(Self.loads.map(\.number)).count == 54)
    }
}
