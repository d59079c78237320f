import Testing

@testable import HTTP

@Suite("A WebSocket frame")
struct WebSocketFrameTests {
    /// RFC 6455 section 5.7.
    @Test("is written as the RFC's examples are")
    func examples() {
        var out: [UInt8] = []
        WebSocketFrame.encode(.text, Array("Hello".utf8), into: &out)
        #expect(out == [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
        out = []
        WebSocketFrame.encode(.text, Array("Hello".utf8), mask: 0x3d21_fa37, into: &out)
        #expect(out == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
        out = []
        WebSocketFrame.encode(.text, Array("Hel".utf8), isFinal: false, into: &out)
        WebSocketFrame.encode(.continuation, Array("lo".utf8), into: &out)
        #expect(out == [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f])
        for (count, header) in [(256, [0x82, 0x7E, 0x01, 0x00]), (65536, [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])] {
            out = []
            WebSocketFrame.encode(.binary, [UInt8](repeating: 7, count: count), into: &out)
            #expect(out.prefix(header.count).map(Int.init) == header)
            #expect(out.count == header.count + count)
        }
    }

    @Test(
        "comes back as it was sent, masked or not, whole or octet by octet", arguments: [true, false], [true, false])
    func roundTrip(masked: Bool, whole: Bool) throws {
        for count in [0, 1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 125, 126, 127, 65535, 65536, 65537] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            var wire: [UInt8] = []
            WebSocketFrame.encode(.binary, payload, mask: masked ? 0x8040_2010 : nil, into: &wire)
            var decoder = WebSocketDecoder(role: masked ? .server : .client)
            let events = try WebSocketFeed.events(of: &decoder, wire, pieceByteCount: whole ? wire.count : 1)
            #expect(events == [.message(.binary(payload))])
        }
    }

    @Test("that closes cuts its reason between two characters")
    func longReason() throws {
        let wire = WebSocketFrame.close(1013, String(repeating: "é", count: 100))
        #expect(wire.count == 2 + 2 + 122)
        var decoder = WebSocketDecoder(role: .client)
        let events = try WebSocketFeed.events(of: &decoder, wire, pieceByteCount: wire.count)
        #expect(events == [.close(code: 1013, reason: String(repeating: "é", count: 61))])
        #expect(WebSocketFrame.close(nil, "not sent") == [0x88, 0x00])
    }
}

/// Feeds a decoder in pieces and collects what it says.
enum WebSocketFeed {
    static func events(
        of decoder: inout WebSocketDecoder, _ wire: [UInt8], pieceByteCount: Int
    ) throws -> [WebSocketDecoder.Event] {
        var events: [WebSocketDecoder.Event] = []
        var rest = wire[...]
        while !rest.isEmpty {
            decoder.append(rest.prefix(pieceByteCount))
            rest = rest.dropFirst(pieceByteCount)
            while let event = try decoder.next() { events.append(event) }
        }
        return events
    }
}

@Suite("A WebSocket decoder")
struct WebSocketDecoderTests {
    @Test(
        "refuses what breaks a rule, in words",
        arguments: [
            ([0xC1, 0x80, 0, 0, 0, 0], 1002, "a reserved bit is set"),
            ([0x83, 0x80, 0, 0, 0, 0], 1002, "opcode 3 is reserved"),
            ([0x81, 0x00], 1002, "a client's frame has no mask"),
            ([0x09, 0x80, 0, 0, 0, 0], 1002, "a control frame is fragmented"),
            ([0x89, 0xFE, 0, 126], 1002, "a control frame is longer than 125 octets"),
            ([0x80, 0x80, 0, 0, 0, 0], 1002, "there is no message to continue"),
            ([0x01, 0x80, 0, 0, 0, 0, 0x82, 0x80], 1002, "a message begins inside another"),
            ([0x82, 0xFE, 0, 125], 1002, "a frame's length is not in its shortest form"),
            ([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 1002, "a frame's length is not in its shortest form"),
            ([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002, "a frame's length has its highest bit set"),
            (
                [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009,
                "a message is larger than the limit of 1000 bytes"
            ),
            ([0x82, 0xFE, 0x03, 0xE9], 1009, "a message is larger than the limit of 1000 bytes"),
            ([0x88, 0x81, 0, 0, 0, 0, 3], 1002, "a close frame holds half a code"),
            ([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED], 1002, "close code 1005 must not be sent"),
            ([0x88, 0x83, 0, 0, 0, 0, 0x03, 0xE8, 0xFF], 1007, "a close reason is not valid UTF-8"),
            ([0x81, 0x83, 0, 0, 0, 0, 0x41, 0xC0], 1007, "a text message is not valid UTF-8"),
            ([0x81, 0x81, 0, 0, 0, 0, 0xC3], 1007, "a text message is not valid UTF-8"),
        ] as [([UInt8], UInt16, String)])
    func violations(wire: [UInt8], code: UInt16, reason: String) throws {
        for pieceByteCount in [wire.count, 1] {
            var decoder = WebSocketDecoder(role: .server, maxMessageByteCount: 1000)
            let violation = WebSocketDecoder.Violation(code: code, reason: reason)
            #expect(throws: violation) {
                try WebSocketFeed.events(of: &decoder, wire, pieceByteCount: pieceByteCount)
            }
            #expect(throws: violation) { try decoder.next() }
        }
    }

    @Test("refuses a mask when it is a client's")
    func clientRole() throws {
        var decoder = WebSocketDecoder(role: .client)
        decoder.append([0x81, 0x80] as [UInt8])
        #expect(throws: WebSocketDecoder.Violation(code: 1002, reason: "a server's frame has a mask")) {
            try decoder.next()
        }
    }

    @Test("counts a message's limit over all its fragments")
    func fragmentLimit() throws {
        var decoder = WebSocketDecoder(role: .client, maxMessageByteCount: 10)
        var wire: [UInt8] = []
        WebSocketFrame.encode(.binary, [UInt8](repeating: 0, count: 6), isFinal: false, into: &wire)
        WebSocketFrame.encode(.continuation, [UInt8](repeating: 0, count: 4), isFinal: false, into: &wire)
        decoder.append(wire)
        #expect(try decoder.next() == nil)
        decoder.append([0x80, 0x01] as [UInt8])
        #expect(
            throws: WebSocketDecoder.Violation(code: 1009, reason: "a message is larger than the limit of 10 bytes")
        ) {
            try decoder.next()
        }
    }

    @Test("reads nothing behind a close frame")
    func afterClose() throws {
        var decoder = WebSocketDecoder(role: .client)
        let wire = WebSocketFrame.close(1000, "bye") + [0x81, 0x01, 0x41, 0xFF, 0xFF]
        let events = try WebSocketFeed.events(of: &decoder, wire, pieceByteCount: wire.count)
        #expect(events == [.close(code: 1000, reason: "bye")])
        #expect(decoder.isFinished)
    }
}
