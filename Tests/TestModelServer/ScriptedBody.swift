internal import HTTP
internal import Synchronization

/// A body that comes in pieces, ends or breaks off, and may wait before a piece until it is let go on.
final class ScriptedBody: ByteSource {
    private struct State {
        var pieces: [[UInt8]]
        var sentCount = 0
        var wake: (@Sendable () -> Void)?
        var isDetached = false
    }

    private let state: Mutex<State>
    private let isCut: Bool
    /// How many pieces may go out now.
    private let allowed: @Sendable () -> Int

    init(_ pieces: [[UInt8]], isCut: Bool = false, allowed: @escaping @Sendable () -> Int = { .max }) {
        state = Mutex(State(pieces: pieces))
        (self.isCut, self.allowed) = (isCut, allowed)
    }

    func attach(wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }
    func detach() { state.withLock { $0.isDetached = true } }

    /// Its peer is gone, or all was sent.
    var isDetached: Bool { state.withLock { $0.isDetached } }
    func wake() { state.withLock { $0.wake }?() }

    func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        state.withLock { state in
            guard let piece = state.pieces.first else { return isCut ? .fail(code: 1011, reason: "cut") : .end }
            guard state.sentCount < allowed() else { return .idle }
            let now = piece.prefix(limit)
            out += now
            if now.count == piece.count {
                state.pieces.removeFirst()
                state.sentCount += 1
            } else {
                state.pieces[0] = Array(piece.dropFirst(now.count))
            }
            return .more
        }
    }
}
