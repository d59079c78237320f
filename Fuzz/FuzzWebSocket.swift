import HTTP

/// WebSocket frames: no crash on any bytes, and the same events however they are cut; what was read is written and read
/// back as the same. The first octet picks the role, the limit and the cuts.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let wire = bytes.dropFirst()
    let role = first & 1 == 0 ? WebSocketDecoder.Role.server : .client
    let limit = first & 2 == 0 ? 1 << 20 : 100
    let whole = read(wire, role: role, limit: limit, pieceByteCount: wire.count)
    let cut = read(wire, role: role, limit: limit, pieceByteCount: Int(first >> 2) + 1)
    precondition(whole.events == cut.events, "the cut changed the events")
    precondition(whole.violation == cut.violation, "the cut changed the violation")

    let mask: UInt32? = role == .server ? 0x1234_5678 : nil
    var again: [UInt8] = []
    for event in whole.events {
        switch event {
        case .message(let message): WebSocketFrame.encode(message, mask: mask, into: &again)
        case .ping(let payload): WebSocketFrame.encode(.ping, payload, mask: mask, into: &again)
        case .pong(let payload): WebSocketFrame.encode(.pong, payload, mask: mask, into: &again)
        case .close(let code, let reason): again += WebSocketFrame.close(code, reason, mask: mask)
        }
    }
    let back = read(again[...], role: role, limit: limit, pieceByteCount: again.count)
    precondition(back.violation == nil && back.events == whole.events, "what was read is written otherwise")
    return 0
}

private func read(
    _ wire: ArraySlice<UInt8>, role: WebSocketDecoder.Role, limit: Int, pieceByteCount: Int
) -> (events: [WebSocketDecoder.Event], violation: WebSocketDecoder.Violation?) {
    var decoder = WebSocketDecoder(role: role, maxMessageByteCount: limit)
    var events: [WebSocketDecoder.Event] = []
    var rest = wire
    while !rest.isEmpty {
        decoder.append(rest.prefix(pieceByteCount))
        rest = rest.dropFirst(pieceByteCount)
        do {
            while let event = try decoder.next() { events.append(event) }
        } catch { return (events, error) }
    }
    return (events, nil)
}
