import Testing

@testable import HTTP

/// One case of the Autobahn test suite by its number: the frames a client sends, and what it must see of an echo.
struct AutobahnCase: Sendable, CustomTestStringConvertible {
    let number: String
    let frames: [SentFrame]
    /// Messages, pongs and, last, the close frame that the echo answers with.
    let expected: [WebSocketDecoder.Event]

    var testDescription: String { number }

    /// The client closes by 1000 at the end, and sees its close echoed.
    static func clean(_ number: String, _ frames: [SentFrame], _ expected: [WebSocketDecoder.Event] = []) -> Self {
        Self(
            number: number, frames: frames + [.close(1000)],
            expected: expected + [.close(code: 1000, reason: "")])
    }

    /// The echo closes by `code` as soon as it sees what is wrong.
    static func failed(
        _ number: String, _ frames: [SentFrame], code: UInt16 = 1002, after expected: [WebSocketDecoder.Event] = []
    ) -> Self {
        Self(number: number, frames: frames, expected: expected + [.close(code: code, reason: "")])
    }

    /// Sends the frames to an echo, cut into pieces of so many octets (nil: frame by frame), and collects its answers.
    func answers(pieceByteCount: Int?, limit: Int = 1 << 20) throws -> [WebSocketDecoder.Event] {
        var echo = Echo(limit: limit)
        var client = WebSocketDecoder(role: .client, maxMessageByteCount: limit)
        let wire = frames.enumerated().map { $1.encoded(mask: UInt32($0 + 1) &* 0x9E37_79B9) }
        var answers: [WebSocketDecoder.Event] = []
        for piece in pieceByteCount == nil ? wire : [Array(wire.joined())] {
            var rest = piece[...]
            while !rest.isEmpty {
                client.append(echo.answer(rest.prefix(pieceByteCount ?? rest.count)))
                rest = rest.dropFirst(pieceByteCount ?? rest.count)
                while let event = try client.next() { answers.append(event) }
            }
        }
        return answers.map { event in
            // The suite looks at the code only.
            if case .close(let code, _) = event { .close(code: code, reason: "") } else { event }
        }
    }
}

/// A frame as a client may send it, right or wrong.
struct SentFrame: Sendable {
    let first: UInt8
    let payload: [UInt8]

    static func text(_ text: String, isFinal: Bool = true, reserved: UInt8 = 0) -> Self {
        Self(opcode: 1, Array(text.utf8), isFinal: isFinal, reserved: reserved)
    }

    static func more(_ text: String, isFinal: Bool = true) -> Self {
        Self(opcode: 0, Array(text.utf8), isFinal: isFinal)
    }

    static func ping(_ payload: [UInt8]) -> Self { Self(opcode: 9, payload) }
    static func ping(_ text: String = "") -> Self { ping(Array(text.utf8)) }

    /// The code is written whether or not it may be.
    static func close(_ code: Int, _ reason: [UInt8] = []) -> Self {
        Self(opcode: 8, [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)] + reason)
    }

    init(opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0) {
        first = opcode | reserved << 4 | (isFinal ? 0x80 : 0)
        self.payload = payload
    }

    /// A message in fragments of so many octets.
    static func fragments(opcode: UInt8, _ payload: [UInt8], byteCount: Int) -> [SentFrame] {
        stride(from: 0, to: payload.count, by: byteCount).map { start in
            let end = min(start + byteCount, payload.count)
            return SentFrame(
                opcode: start == 0 ? opcode : 0, Array(payload[start..<end]), isFinal: end == payload.count)
        }
    }

    func encoded(mask: UInt32) -> [UInt8] {
        var out: [UInt8] = []
        WebSocketFrame.encode(.binary, payload, mask: mask, into: &out)
        out[0] = first
        return out
    }
}

/// The endpoint under test: what a server does with the codec, and nothing more.
struct Echo {
    private var decoder: WebSocketDecoder

    init(limit: Int) { decoder = WebSocketDecoder(role: .server, maxMessageByteCount: limit) }

    mutating func answer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard !decoder.isFinished else { return [] }
        decoder.append(bytes)
        var out: [UInt8] = []
        do throws(WebSocketDecoder.Violation) {
            while let event = try decoder.next() {
                switch event {
                case .message(let message): WebSocketFrame.encode(message, into: &out)
                case .ping(let payload): WebSocketFrame.encode(.pong, payload, into: &out)
                case .pong: break
                case .close(let code, _): out += WebSocketFrame.close(code, "")
                }
            }
        } catch {
            out += WebSocketFrame.close(error.code, error.reason)
        }
        return out
    }
}
