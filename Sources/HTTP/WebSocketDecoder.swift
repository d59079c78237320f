/// Reads WebSocket frames (RFC 6455 section 5), without extensions, from octets cut anywhere.
///
/// Wrong octets are refused as soon as they are seen: reserved bits and opcodes, lengths not in their shortest form,
/// a message that grows over the limit by its announced length, text that is not UTF-8 at its first wrong octet.
/// It holds at most one message under way, and what was appended but not asked for yet.
public struct WebSocketDecoder: Sendable {
    /// A server reads masked frames only, a client unmasked ones only (section 5.1).
    public enum Role: Sendable { case server, client }

    public enum Event: Sendable, Equatable {
        case message(WebSocketMessage)
        /// To be answered by a pong with the same octets.
        case ping([UInt8])
        case pong([UInt8])
        /// The last event: what follows a close frame is not read. No code when the frame was empty.
        case close(code: UInt16?, reason: String)
    }

    /// Why the connection must be closed, and with which code (section 7.4.1): 1002 for a broken rule, 1007 for text
    /// that is not UTF-8, 1009 for a message over the limit.
    public struct Violation: Error, Sendable, Equatable {
        public let code: UInt16
        public let reason: String

        public init(code: UInt16, reason: String) { (self.code, self.reason) = (code, reason) }
    }

    private struct Frame {
        let opcode: WebSocketFrame.Opcode
        let isFinal: Bool
        let mask: UInt32?
        let byteCount: Int
        /// Of the payload already taken.
        var position = 0
    }

    private enum State { case open, closed, failed(Violation) }

    /// Buffers above this size are given back when they are empty, so that an idle connection is a small one.
    private static let keptByteCount = 16 << 10

    private let role: Role
    private let limit: Int
    private var state = State.open
    private var input: [UInt8] = []
    private var position = 0
    private var frame: Frame?
    /// Text or binary while a message is under way, from its first fragment's header on.
    private var kind: WebSocketFrame.Opcode?
    private var message: [UInt8] = []
    private var text = UTF8Checker()
    private var control: [UInt8] = []

    /// - Parameter maxMessageByteCount: of a message's payload, over all its fragments.
    public init(role: Role, maxMessageByteCount: Int = 1 << 20) {
        (self.role, limit) = (role, maxMessageByteCount)
    }

    /// The memory that unread octets and the message under way take.
    public var heldByteCount: Int { input.count - position + message.capacity }

    /// Whether a close frame or a violation ended it.
    public var isFinished: Bool {
        if case .open = state { false } else { true }
    }

    /// Takes what came over the wire; `next` tells what it means.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        guard !isFinished else { return }
        if position == input.count {
            input.removeAll(keepingCapacity: true)
            position = 0
        } else if position > input.count / 2 {
            // Moving less than was already read keeps the cost linear.
            input.removeFirst(position)
            position = 0
        }
        input.append(contentsOf: bytes)
    }

    /// The next event, or nil when more octets are needed or the close frame was read. Once thrown, it throws the same
    /// again.
    public mutating func next() throws(Violation) -> Event? {
        switch state {
        case .open: break
        case .closed: return nil
        case .failed(let violation): throw violation
        }
        do {
            if let event = try read() { return event }
        } catch {
            state = .failed(error)
            release()
            throw error
        }
        if position == input.count, input.capacity > Self.keptByteCount { (input, position) = ([], 0) }
        return nil
    }

    private mutating func read() throws(Violation) -> Event? {
        while true {
            if frame == nil { frame = try readHeader() }
            guard var current = frame else { return nil }
            let count = min(current.byteCount - current.position, input.count - position)
            try take(count, of: current)
            current.position += count
            guard current.position == current.byteCount else {
                frame = current
                return nil
            }
            frame = nil
            if let event = try finish(current) { return event }
        }
    }

    /// Nil when the header is not complete yet.
    private mutating func readHeader() throws(Violation) -> Frame? {
        let count = input.count - position
        guard count >= 2 else { return nil }
        let (first, second) = (input[position], input[position + 1])
        let opcode = try checkedOpcode(first)
        let isFinal = first & 0x80 != 0
        guard (second & 0x80 != 0) == (role == .server) else {
            throw .protocolError(role == .server ? "a client's frame has no mask" : "a server's frame has a mask")
        }
        if opcode.isControl {
            guard isFinal else { throw .protocolError("a control frame is fragmented") }
            guard second & 0x7F <= 125 else { throw .protocolError("a control frame is longer than 125 octets") }
        } else if opcode == .continuation {
            guard kind != nil else { throw .protocolError("there is no message to continue") }
        } else {
            guard kind == nil else { throw .protocolError("a message begins inside another") }
        }

        let short = Int(second & 0x7F)
        let lengthCount = short == 127 ? 8 : short == 126 ? 2 : 0
        let headerCount = 2 + lengthCount + (role == .server ? 4 : 0)
        guard count >= 2 + lengthCount else { return nil }
        var length = UInt64(lengthCount == 0 ? short : 0)
        for byte in input[position + 2..<position + 2 + lengthCount] { length = length << 8 | UInt64(byte) }
        guard length < 1 << 63 else { throw .protocolError("a frame's length has its highest bit set") }
        guard lengthCount == 0 || length > (lengthCount == 2 ? 125 : 0xFFFF) else {
            throw .protocolError("a frame's length is not in its shortest form")
        }
        if !opcode.isControl, length > UInt64(max(0, limit - message.count)) {
            throw Violation(code: 1009, reason: "a message is larger than the limit of \(limit) bytes")
        }

        guard count >= headerCount else { return nil }
        var mask: UInt32?
        if role == .server {
            mask = input[position + headerCount - 4..<position + headerCount].reversed().reduce(0) { word, byte in
                word << 8 | UInt32(byte)
            }
        }
        position += headerCount
        if opcode == .text || opcode == .binary { kind = opcode }
        return Frame(opcode: opcode, isFinal: isFinal, mask: mask, byteCount: Int(length))
    }

    private func checkedOpcode(_ first: UInt8) throws(Violation) -> WebSocketFrame.Opcode {
        guard first & 0x70 == 0 else { throw .protocolError("a reserved bit is set") }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else {
            throw .protocolError("opcode \(first & 0x0F) is reserved")
        }
        return opcode
    }

    /// Moves octets of the frame's payload from the input to where they belong, unmasked and checked.
    private mutating func take(_ count: Int, of frame: Frame) throws(Violation) {
        guard count > 0 else { return }
        let piece = input[position..<position + count]
        position += count
        // The mask goes on where the last piece left off.
        let turn = UInt32(frame.position & 3) * 8
        let mask = frame.mask.map { $0 >> turn | $0 << ((32 - turn) & 31) }
        if frame.opcode.isControl {
            let start = control.count
            control.append(contentsOf: piece)
            if let mask { WebSocketFrame.apply(mask, to: &control, from: start) }
            return
        }
        let start = message.count
        message.append(contentsOf: piece)
        if let mask { WebSocketFrame.apply(mask, to: &message, from: start) }
        if kind == .text, !text.accepts(message[start...]) { throw .notUTF8("a text message") }
    }

    private mutating func finish(_ frame: Frame) throws(Violation) -> Event? {
        switch frame.opcode {
        case .continuation, .text, .binary: return frame.isFinal ? try finishMessage() : nil
        case .ping: return .ping(takeControl())
        case .pong: return .pong(takeControl())
        case .close:
            let event = try closeEvent(takeControl())
            state = .closed
            release()
            return event
        }
    }

    private mutating func finishMessage() throws(Violation) -> Event {
        defer {
            if message.capacity > Self.keptByteCount { message = [] } else { message.removeAll(keepingCapacity: true) }
            kind = nil
        }
        guard kind == .text else { return .message(.binary(message)) }
        guard text.isComplete else { throw .notUTF8("a text message") }
        return .message(.text(String(decoding: message, as: UTF8.self)))
    }

    private mutating func takeControl() -> [UInt8] {
        defer { control = [] }
        return control
    }

    /// Section 5.5.1 and, for the codes, 7.4 with IANA's registry: 1012 to 1014 came later.
    private func closeEvent(_ payload: [UInt8]) throws(Violation) -> Event {
        guard !payload.isEmpty else { return .close(code: nil, reason: "") }
        guard payload.count >= 2 else { throw .protocolError("a close frame holds half a code") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw .protocolError("close code \(code) must not be sent")
        }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { throw .notUTF8("a close reason") }
        return .close(code: code, reason: reason)
    }

    private mutating func release() { (input, position, message, control) = ([], 0, [], []) }
}

extension WebSocketDecoder.Violation {
    fileprivate static func protocolError(_ reason: String) -> Self { Self(code: 1002, reason: reason) }
    fileprivate static func notUTF8(_ what: String) -> Self { Self(code: 1007, reason: "\(what) is not valid UTF-8") }
}
