internal import GraphCore
internal import HTTP
internal import Synchronization

/// A JSON text that may be long, in pieces: what is kept of prompts is sent as it is, and not copied for each request.
struct JSONPieces {
    /// Shorter texts are copied.
    private static let shareByteCount = 4096
    /// A longer answer is sent piece by piece, and not compressed.
    private static let wholeByteCount = 4 << 20

    private var pieces: [[UInt8]] = []
    private(set) var byteCount = 0
    /// What follows the pieces; small things are written here.
    var text = JSONText()

    /// Text that is JSON already.
    mutating func raw(_ bytes: [UInt8]) {
        guard bytes.count >= Self.shareByteCount else { return text.raw(bytes) }
        flush()
        append(bytes)
    }

    private mutating func flush() {
        append(text.bytes)
        text = JSONText()
    }

    private mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        pieces.append(bytes)
        byteCount += bytes.count
    }

    /// It as an answer.
    consuming func response() -> Response {
        let (pieces, byteCount) = taken()
        let isWhole = byteCount <= Self.wholeByteCount
        return Self.response(
            isWhole ? .bytes(Array(pieces.joined())) : .source(PieceSource(pieces, nil), byteCount: byteCount))
    }

    fileprivate static func response(_ body: Response.Body) -> Response {
        Response(200, headers: ["Content-Type": "application/json; charset=utf-8"], body: body)
    }

    fileprivate consuming func taken() -> (pieces: [[UInt8]], byteCount: Int) {
        flush()
        return (pieces, byteCount)
    }
}

/// A JSON text of many entries. Of a long one only the beginning is written at once; the rest is written as the peer takes
/// it, so that an answer that is not read costs no memory but that of its entries.
struct JSONEntries: Sendable {
    /// A text up to here is sent whole.
    private static let wholeByteCount = 1 << 20
    /// How much is written at a time of a longer one.
    fileprivate static let partByteCount = 256 << 10

    let head: String
    let tail: String
    let count: Int
    /// Writes one entry, with the comma before it.
    let write: @Sendable (_ index: Int, _ json: inout JSONPieces) -> Void

    /// It as an answer. Call it off the connection's loop.
    /// - Parameter lane: where the rest of a long one is written.
    func response(on lane: BlockingPool) -> Response {
        var json = JSONPieces()
        json.text.raw(head)
        let next = write(from: 0, upTo: Self.wholeByteCount, &json)
        if next == count { return json.response() }
        return JSONPieces.response(.source(PieceSource(json.taken().pieces, (self, next, lane)), byteCount: nil))
    }

    /// - Returns: the first entry that is not written.
    fileprivate func write(from start: Int, upTo byteCount: Int, _ json: inout JSONPieces) -> Int {
        var index = start
        while index < count, json.byteCount + json.text.bytes.count < byteCount {
            write(index, &json)
            index += 1
        }
        if index == count { json.text.raw(tail) }
        return index
    }
}

/// Gives pieces one after the other, and has more of them made when they are out.
private final class PieceSource: ByteSource {
    private struct State {
        var pieces: [[UInt8]]
        var piece = 0
        var offset = 0
        var rest: (entries: JSONEntries, next: Int, lane: BlockingPool)?
        var isWriting = false
        var wake: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    init(_ pieces: [[UInt8]], _ rest: (entries: JSONEntries, next: Int, lane: BlockingPool)?) {
        state = Mutex(State(pieces: pieces, rest: rest))
    }

    func attach(wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        state.withLock { state in
            var room = limit
            while room > 0, state.piece < state.pieces.count {
                let piece = state.pieces[state.piece]
                let end = min(state.offset + room, piece.count)
                out.append(contentsOf: piece[state.offset..<end])
                room -= end - state.offset
                (state.piece, state.offset) = end == piece.count ? (state.piece + 1, 0) : (state.piece, end)
            }
            if state.piece < state.pieces.count { return .more }
            guard let rest = state.rest else { return .end }
            if !state.isWriting {
                state.isWriting = true
                rest.lane.add { [weak self] in self?.writeMore(rest.entries, from: rest.next) }
            }
            return .idle
        }
    }

    private func writeMore(_ entries: JSONEntries, from start: Int) {
        var json = JSONPieces()
        let next = entries.write(from: start, upTo: JSONEntries.partByteCount, &json)
        let pieces = json.taken().pieces
        let wake = state.withLock { state in
            (state.pieces, state.piece, state.offset, state.isWriting) = (pieces, 0, 0, false)
            if next == entries.count { state.rest = nil } else { state.rest?.next = next }
            return state.wake
        }
        wake?()
    }

    func detach() { state.withLock { ($0.pieces, $0.piece, $0.rest, $0.wake) = ([], 0, nil, nil) } }
}
