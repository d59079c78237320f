internal import Synchronization

/// A file's bytes as a body, read piece by piece as the peer takes them.
public final class FileSource: ByteSource {
    /// At once: a fast disk is not kept busy for longer than others can wait.
    private static let maxPieceByteCount = 256 << 10

    private let file: OpenedFile
    private let end: Int
    private let position: Mutex<Int>

    /// - Parameter range: within the file.
    public init(_ file: OpenedFile, range: Range<Int>) {
        (self.file, end) = (file, range.upperBound)
        position = Mutex(range.lowerBound)
    }

    public func attach(wake: @escaping @Sendable () -> Void) {}
    public func detach() {}

    public func fill(_ out: inout [UInt8], limit: Int) -> Filled {
        position.withLock { position in
            let count = min(end - position, max(limit, 1), Self.maxPieceByteCount)
            guard count > 0 else { return .end }
            guard let got = file.read(at: position, count: count, into: &out) else {
                return .fail(code: 1011, reason: "the file could not be read")
            }
            guard got > 0 else { return .fail(code: 1011, reason: "the file became shorter while it was sent") }
            position += got
            return position == end ? .end : .more
        }
    }
}
