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
        flush()
        let isWhole = byteCount <= Self.wholeByteCount
        return Response(
            200, headers: ["Content-Type": "application/json; charset=utf-8"],
            body: isWhole ? .bytes(Array(pieces.joined())) : .source(PieceSource(pieces), byteCount: byteCount))
    }
}

/// Gives pieces one after the other.
private final class PieceSource: ByteSource {
    private let pieces: [[UInt8]]
    private let position = Mutex((piece: 0, offset: 0))

    init(_ pieces: [[UInt8]]) { self.pieces = pieces }

    func attach(wake: @escaping @Sendable () -> Void) {}

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        position.withLock { position in
            var room = limit
            while room > 0, position.piece < pieces.count {
                let piece = pieces[position.piece]
                let end = min(position.offset + room, piece.count)
                out.append(contentsOf: piece[position.offset..<end])
                room -= end - position.offset
                position = end == piece.count ? (position.piece + 1, 0) : (position.piece, end)
            }
            return position.piece < pieces.count ? .more : .end
        }
    }

    func detach() {}
}
