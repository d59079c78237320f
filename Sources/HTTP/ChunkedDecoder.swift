/// The chunked transfer coding (RFC 9112 section 7.1), read strictly. Extensions and trailers are bounded and dropped.
struct ChunkedDecoder: Sendable {
    /// Of one body: extensions mean nothing to us, and sending a great many would cost only the reader.
    private static let maxExtensionByteCount = 16 << 10
    /// RFC 9112 section 7.1: sizes can be large; 16 digits are 64 bits.
    private static let maxDigitCount = 16
    /// 256 TiB: more than any body may have, and far from where sums overflow.
    private static let maxChunkByteCount = 1 << 48

    private enum State: Sendable {
        case size(Int, digitCount: Int)
        /// Blanks behind the size, which only an extension may follow.
        case blanks(Int)
        case `extension`(Int)
        case sizeLineFeed(Int)
        case data(Int)
        case dataCarriageReturn
        case dataLineFeed
        case trailers
    }

    private var state = State.size(0, digitCount: 0)
    private var extensionByteCount = 0

    enum Step { case needsMore, data([UInt8]), end }

    /// - Throws: 400 for what is not a chunk, 431 for trailers beyond the limits.
    mutating func next(_ queue: inout ByteQueue, limits: RequestParser.Limits) throws(HTTPProblem) -> Step {
        while !queue.isEmpty {
            if case .data(let left) = state {
                let bytes = queue.take(upTo: left)
                state = bytes.count == left ? .dataCarriageReturn : .data(left - bytes.count)
                return .data(bytes)
            }
            if case .trailers = state { return try trailers(&queue, limits: limits) }
            let byte = queue[0]
            queue.drop(1)
            try step(byte)
        }
        return .needsMore
    }

    private mutating func step(_ byte: UInt8) throws(HTTPProblem) {
        switch state {
        case .size(let size, let digitCount):
            if let digit = Syntax.hexadecimal(byte) {
                guard digitCount < Self.maxDigitCount, size <= Self.maxChunkByteCount >> 4 else {
                    throw HeadParser.malformed("a chunk's size is too large", suggestion: "Send smaller chunks.")
                }
                state = .size(size << 4 | Int(digit), digitCount: digitCount + 1)
            } else {
                guard digitCount > 0 else { throw Self.notASize }
                try endSize(size, byte)
            }
        case .blanks(let size):
            if Syntax.isBlank(byte) { return try countExtensionByte() }
            guard byte == ByteQueue.Character.semicolon else { throw Self.notASize }
            try endSize(size, byte)
        case .extension(let size):
            if byte == ByteQueue.Character.carriageReturn {
                state = .sizeLineFeed(size)
            } else {
                guard Syntax.isFieldContent(byte) else {
                    throw HeadParser.malformed("a chunk extension holds a control character")
                }
                try countExtensionByte()
            }
        case .sizeLineFeed(let size):
            guard byte == ByteQueue.Character.lineFeed else { throw Self.notASize }
            state = size == 0 ? .trailers : .data(size)
        case .dataCarriageReturn:
            guard byte == ByteQueue.Character.carriageReturn else { throw Self.noLineEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == ByteQueue.Character.lineFeed else { throw Self.noLineEnd }
            state = .size(0, digitCount: 0)
        case .data, .trailers: break  // `next` reads these whole
        }
    }

    private mutating func endSize(_ size: Int, _ byte: UInt8) throws(HTTPProblem) {
        switch byte {
        case ByteQueue.Character.carriageReturn: state = .sizeLineFeed(size)
        case ByteQueue.Character.semicolon: state = .extension(size)
        case ByteQueue.Character.space, ByteQueue.Character.tab:
            try countExtensionByte()
            state = .blanks(size)
        default: throw Self.notASize
        }
    }

    private mutating func countExtensionByte() throws(HTTPProblem) {
        extensionByteCount += 1
        guard extensionByteCount <= Self.maxExtensionByteCount else {
            throw HeadParser.malformed(
                "the chunk extensions are longer than \(Self.maxExtensionByteCount) bytes",
                suggestion: "Leave them out.")
        }
    }

    private func trailers(_ queue: inout ByteQueue, limits: RequestParser.Limits) throws(HTTPProblem) -> Step {
        switch queue.section(limit: limits.headByteCount) {
        case .incomplete: return .needsMore
        case .bareLineFeed: throw RequestParser.bareLineFeed
        case .tooLong:
            throw HTTPProblem(
                431, "the trailer section is longer than \(limits.headByteCount) bytes",
                suggestion: "Leave the trailers out.")
        case .complete(let count):
            _ = try HeadParser.fields(queue.prefix(count), maxCount: limits.fieldCount)
            queue.drop(count)
            return .end
        }
    }

    private static let notASize = HeadParser.malformed(
        "a chunk does not begin with its size in hexadecimal and a line end")
    private static let noLineEnd = HeadParser.malformed("a chunk's data is not followed by a line end")
}
