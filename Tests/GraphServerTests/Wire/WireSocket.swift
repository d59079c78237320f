import GraphCore
import HTTP

/// A WebSocket as a client of ComfyUI has it, written for tests alone: nothing of the server's codec is in it.
final class WireSocket {
    enum Frame: Equatable {
        case text(JSON)
        case binary([UInt8])
        case pong
        case closed(code: Int?)

        var json: JSON? { if case .text(let json) = self { json } else { nil } }
        var type: String? { json?["type"]?.string }
        /// A member of its `data`.
        subscript(key: String) -> JSON? { json?["data"]?[key] }
        var seq: UInt64? { self["seq"]?.number.flatMap { UInt64($0.text) } }

        /// `executing` without a node: nothing more comes of this run.
        func isEnd(of prompt: String) -> Bool {
            type == "executing" && self["node"] == .null && self["prompt_id"]?.string == prompt
        }
    }

    private let wire: Wire
    /// The server's answer to the handshake.
    let answer: WireAnswer

    /// - Parameter target: `/ws?clientId=...`.
    init(_ port: Int, _ target: String, headers: Headers = Headers(), receiveByteCount: Int32? = nil) throws {
        wire = try Wire(port, receiveByteCount: receiveByteCount)
        var all: Headers = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        ]
        for field in headers.fields { all.add(field.name, field.value) }
        wire.send(Wire.request("GET", target, nil, headers: all, port: port))
        let head = try wire.head()
        guard head.status == 101 else {
            answer = WireAnswer(
                status: head.status, headers: head.headers,
                body: try wire.read(exactly: head.headers["Content-Length"].flatMap { Int($0) } ?? 0))
            return
        }
        answer = head
    }

    // MARK: Reading

    /// The next frame. Pings are answered, but do not count: half a minute without anything else is a failure.
    func next() throws -> Frame {
        let start = ContinuousClock.now
        while true {
            guard start.duration(to: .now) < .seconds(30) else {
                throw Wire.Failure(description: "nothing but pings came")
            }
            let head = try wire.read(exactly: 2)
            guard head[0] & 0xF0 == 0x80, head[1] & 0x80 == 0 else {
                throw Wire.Failure(description: "not a whole, unmasked frame: \(head)")
            }
            var count = Int(head[1])
            if count >= 126 {
                count = try wire.read(exactly: count == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
            }
            let payload = try wire.read(exactly: count)
            switch head[0] & 0x0F {
            case 1: return .text(try JSONParser.parse(payload))
            case 2: return .binary(payload)
            case 8:
                send(opcode: 8, Array(payload.prefix(2)))
                return .closed(code: payload.count < 2 ? nil : Int(payload[0]) << 8 | Int(payload[1]))
            case 9: send(opcode: 10, payload)
            case 10: return .pong
            default: throw Wire.Failure(description: "a frame of opcode \(head[0] & 0x0F)")
            }
        }
    }

    /// The next text, binary frames passed over.
    func nextText() throws -> Frame {
        while true {
            let frame = try next()
            if case .binary = frame { continue }
            return frame
        }
    }

    /// All frames up to the first that is meant, with it. Throws when the server closes first.
    func read(until isLast: (Frame) -> Bool) throws -> [Frame] {
        var frames: [Frame] = []
        while true {
            let frame: Frame
            do { frame = try next() } catch {
                throw Wire.Failure(description: "\(error) after \(frames.suffix(40).map { $0.type ?? "binary" })")
            }
            frames.append(frame)
            if isLast(frame) { return frames }
            if case .closed(let code) = frame {
                throw Wire.Failure(
                    description: "closed with \(code ?? 0) after \(frames.dropLast().map { $0.type ?? "binary" })")
            }
        }
    }

    func read(untilEndOf prompt: String) throws -> [Frame] { try read { $0.isEnd(of: prompt) } }

    /// What has been on its way: everything before the answer to a ping.
    func readWaiting() throws -> [Frame] {
        send(opcode: 9, [])
        return try read { $0 == .pong }.dropLast()
    }

    // MARK: Writing

    func send(_ text: String) { send(opcode: 1, Array(text.utf8)) }

    private func send(opcode: UInt8, _ payload: [UInt8]) {
        precondition(payload.count < 65536, "a test's message is small")
        // A mask of zeros is a mask.
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)]
            : [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        wire.send([0x80 | opcode] + length + [0, 0, 0, 0] + payload)
    }
}
